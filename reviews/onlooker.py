"""Who looks at the queue: what they may review, and what they should know of their credential before they work."""

import datetime as dt
from dataclasses import dataclass
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
REMEDY = "Ask a registrar to check it before you start: until then you may read here, and nothing you decide is taken."


class Span(NamedTuple):
    """The days from one check of a credential, the first and the last included; a revocation may cut it short."""

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

    @property
    def notice(self) -> str:
        """What the clinician must know before they work: the day and the remedy. Empty where all is well."""
        if self.counts:
            if self.ends_on > self.today + NOTICE_DAYS * DAY:
                return ""
            return (
                f"Your credential counts until {self.ends_on - DAY:%-d %B %Y}. "
                "Ask a registrar to check it again before that day; from the next one nothing you decide is taken."
            )
        past = [span for span in self.spans if span.last < self.today]
        if past:
            newest = max(past, key=lambda span: span.last)
            if newest.revoked:
                return f"Your credential is revoked from {newest.last + DAY:%-d %B %Y}. {REMEDY}"
            return f"The check of your credential ran out on {newest.last:%-d %B %Y}. {REMEDY}"
        if self.spans:
            return f"Your credential is checked as valid from {min(self.spans).first:%-d %B %Y} only. {REMEDY}"
        return f"Nobody has checked a credential of yours by {self.today:%-d %B %Y}. {REMEDY}"


def _spans(checks: "Sequence[CredentialCheck]") -> "Iterator[Span]":
    """The days of each check, less those that a later row of its credential revokes."""
    for number, check in enumerate(checks):
        if check.valid_until is None:  # a revocation
            continue
        later = [row for row in checks[number:] if row.credential_id == check.credential_id]
        last = min([check.valid_until, *(row.valid_from - DAY for row in later if row.revoked)])
        yield Span(check.valid_from, last, revoked=last < check.valid_until)


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
