"""On whose word may the reader see it? Reviewers, their credentials, requests, reviews, publications."""

from .checklists import Checklist
from .feedback import Feedback
from .ledger import LedgerEntry
from .people import Credential, CredentialCheck, Reviewer
from .publications import Publication, Withdrawal
from .reminders import Reminder
from .requests import ReviewRequest
from .reviews import Review, ReviewContributor
from .search import IndexedText

__all__ = [
    "Checklist",
    "Credential",
    "CredentialCheck",
    "Feedback",
    "IndexedText",
    "LedgerEntry",
    "Publication",
    "Reminder",
    "Review",
    "ReviewContributor",
    "ReviewRequest",
    "Reviewer",
    "Withdrawal",
]
