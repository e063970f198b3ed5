"""Who looks at the queue: what they may review, and what they should know of their credential before they work."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from django.db.models import Exists, OuterRef

from articles.models import Revision

from .models import CredentialCheck, Review

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from accounts.models import User

# From how many days before a check runs out its owner is told.
NOTICE_DAYS = 30
DAY = dt.timedelta(1)
# Old rows may end on the last day of all, after which there is none.
LAST = dt.date.max - DAY
REMEDY = "Ask a registrar to check it before you start: until then you may read here, and nothing you decide is taken."


class State(StrEnum):
    """How credentials stand on a day, in words that go before the day that matters."""

    VALID = "Valid to"
    REVOKED = "Revoked from"
    OVER = "Ran out on"
    COMING = "Valid only from"
    NEVER = "Never checked"


# The same, to the clinician who cannot work.
SAID = {
    State.REVOKED: "Your credential is revoked from {}.",
    State.OVER: "The check of your credential ran out on {}.",
    State.COMING: "Your credential is checked as valid from {} only.",
    State.NEVER: "Nobody has checked a credential of yours by {}.",
}


class Span(NamedTuple):
    """The days from one check of a credential, the first and the last included; a later revocation may cut it short.

    A revocation is a span without days: its last lies before its first.
    """

    first: dt.date
    last: dt.date
    revoked: bool


@dataclass(frozen=True)
class Cover:
    """For which days a clinician's credentials are checked as valid, and where today stands in that."""

    spans: tuple[Span, ...]
    today: dt.date

    @classmethod
    def of(cls, user: "User", today: dt.date) -> "Cover":
        """The cover of the reviewer behind an account; none where there is no reviewer."""
        return cls.from_checks(
            list(CredentialCheck.objects.filter(credential__reviewer__user=user).order_by("pk")), today
        )

    @classmethod
    def from_checks(cls, checks: "Sequence[CredentialCheck]", today: dt.date) -> "Cover":
        """The cover that one person's checks give, the oldest row first."""
        return cls(tuple(_spans(checks)), today)

    @cached_property
    def ends_on(self) -> dt.date:
        """The first day from today on that no check covers."""
        day = self.today
        while lasts := [span.last for span in self.spans if span.first <= day <= span.last]:
            day = max(lasts) + DAY
        return day

    @property
    def counts(self) -> bool:
        """Whether a decision of today would be taken."""
        return self.ends_on > self.today

    @cached_property
    def state(self) -> tuple[State, dt.date | None]:
        """Until when it counts, or why it does not, and the day of that; None for what was never checked."""
        if self.counts:
            revoked = any(span.revoked and span.first == self.ends_on for span in self.spans)
            return (State.REVOKED, self.ends_on) if revoked else (State.VALID, self.ends_on - DAY)
        if coming := [span.first for span in self.spans if self.today < span.first <= span.last]:
            return State.COMING, min(coming)
        if past := [span for span in self.spans if span.last < self.today]:
            newest = max(past, key=lambda span: (span.last, span.revoked))
            return (State.REVOKED, newest.first) if newest.revoked else (State.OVER, newest.last)
        return State.NEVER, None

    @property
    def notice(self) -> str:
        """What the clinician must know before they work: the day and the remedy. Empty where all is well."""
        if not self.counts:
            state, day = self.state
            return f"{SAID[state].format(f'{day or self.today:%-d %B %Y}')} {REMEDY}"
        if self.ends_on > self.today + NOTICE_DAYS * DAY:
            return ""
        return (
            f"Your credential counts until {self.ends_on - DAY:%-d %B %Y}. "
            "Ask a registrar to check it again before that day; from the next one nothing you decide is taken."
        )


def _spans(checks: "Sequence[CredentialCheck]") -> "Iterator[Span]":
    """The days of each check, less those that a later row of its credential revokes; and the revocations."""
    for number, check in enumerate(checks):
        if check.valid_until is None:  # a revocation
            yield Span(check.valid_from, _before(check.valid_from), revoked=True)
            continue
        later = [row for row in checks[number:] if row.credential_id == check.credential_id]
        last = min([check.valid_until, LAST, *(_before(row.valid_from) for row in later if row.revoked)])
        yield Span(check.valid_from, last, revoked=False)


def _before(day: dt.date) -> dt.date:
    """The day before; the first day of all has none."""
    return max(day, dt.date.min + DAY) - DAY


class Version(NamedTuple):
    """A version of a page on which somebody wrote, with what decides whether they may review it."""

    number: int
    theirs: bool
    approved: bool


@dataclass(frozen=True)
class Onlooker:
    """Somebody who looks at the queue; `cover` is None for whoever does not review."""

    user: int
    cover: Cover | None
    versions: dict[int, list[Version]]

    @classmethod
    def of(cls, user: "User", today: dt.date) -> "Onlooker":
        """The person behind an account: two queries for a clinician, none for others."""
        if not user.has_perm("reviews.add_review"):
            return cls(user.pk, None, {})
        return cls(user.pk, Cover.of(user, today), _versions(user))

    @cached_property
    def may_sign(self) -> bool:
        """Whether they may review anything today."""
        return self.cover is not None and self.cover.counts

    def wrote_part(self, article: int, number: int) -> bool:
        """Whether they wrote a part of a version since the last approval before it, as `contributors()` says."""
        versions = self.versions.get(article, ())
        base = max((version.number for version in versions if version.approved and version.number < number), default=0)
        return any(version.theirs and base < version.number <= number for version in versions)


def _versions(user: "User") -> dict[int, list[Version]]:
    """Every version of the pages on which this person ever wrote, by page."""
    approvals = Review.objects.valid().whole_page().filter(revision=OuterRef("pk"))
    pages = Revision.objects.filter(author=user).values("article")
    rows = Revision.objects.filter(article__in=pages).annotate(approved=Exists(approvals)).order_by()
    found: dict[int, list[Version]] = {}
    for article, number, author, approved in rows.values_list("article", "number", "author", "approved"):
        found.setdefault(article, []).append(Version(number, author == user.pk, approved))
    return found
