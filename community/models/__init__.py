"""Who else lives with it, and where are they? One noun a file."""

from .communities import Community
from .link_decisions import LinkDecision
from .link_reports import LinkReport
from .links import Link
from .members import Member

__all__ = ["Community", "Link", "LinkDecision", "LinkReport", "Member"]
