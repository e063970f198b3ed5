"""Who else lives with it? One noun a file."""

from .communities import Community, Drift
from .members import Consent, Member
from .moderation import MemberLook, StrikeOut

__all__ = ["Community", "Consent", "Drift", "Member", "MemberLook", "StrikeOut"]
