"""What a person could do now: short lists on the admin's first page. Each app adds its own to `DeskSite.panels`."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from .models import Letter


@dataclass(frozen=True)
class Line:
    """One thing to do: a link, where it leads somewhere, and what else is known about it."""

    words: str
    address: str
    detail: str = ""
    late: bool = False


@dataclass(frozen=True)
class Panel:
    """Things to do of one kind, the most pressing first; `nothing` is said where there are none."""

    title: str
    lines: Sequence[Line]
    nothing: str = ""


# What there is to do for the person who asks: only what they may do.
Panels = Callable[[HttpRequest], Iterable[Panel]]


def letters(request: HttpRequest) -> Iterable[Panel]:
    """Letters that the mail server refused, for those who look after the outbox."""
    if not request.user.has_perm("accounts.view_letter"):
        return
    refused = Letter.objects.in_state(Letter.State.FAILED).count()
    if refused:
        address = f"{reverse('admin:accounts_letter_changelist')}?state={Letter.State.FAILED}"
        words = "1 letter was not sent" if refused == 1 else f"{refused} letters were not sent"
        yield Panel("Letters", [Line(words, address, "Each is tried again. The reason stands beside it.", late=True)])


# What people do, and with which rows. What stands nowhere here comes last.
WORK = {
    "Write": ["articles.Article", "articles.Condition"],
    "Review": ["reviews.ReviewRequest", "reviews.Feedback", "reviews.Review", "reviews.Checklist"],
    "Publish": ["reviews.Publication", "reviews.Withdrawal", "pages.SiteText", "pages.CodeMiss"],
    "Communities": ["community.Link", "community.Community", "community.StrikeOut", "community.MemberLook"],
    "People": [
        "reviews.Reviewer",
        "reviews.Credential",
        "reviews.CredentialCheck",
        "accounts.User",
        "auth.Group",
        "account.EmailAddress",
        "mfa.Authenticator",
    ],
    "Record": ["reviews.LedgerEntry", "accounts.Letter"],
}
