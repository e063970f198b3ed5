"""Who else lives with it? One noun a file."""

from .communities import Community
from .members import Member

__all__ = ["Community", "Member"]
