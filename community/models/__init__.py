"""Who else lives with it, and where are they? One noun a file."""

from .communities import Community, Drift
from .link_decisions import LinkDecision
from .link_reports import LinkReport
from .links import Link
from .members import Consent, Member
from .moderation import MemberLook, StrikeOut
from .snapshots import CountrySnapshot, YearFigure

__all__ = [
    "Community",
    "Consent",
    "CountrySnapshot",
    "Drift",
    "Link",
    "LinkDecision",
    "LinkReport",
    "Member",
    "MemberLook",
    "StrikeOut",
    "YearFigure",
]
