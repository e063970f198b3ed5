"""Where a page stands, computed from rows and the day: nothing here is stored, so nothing can drift."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.conf import settings
from django.db import models
from django.db.models.functions import JSONObject

from accounts.prepared import Prepared
from articles.models import Article, Revision

from .models import CredentialCheck, Publication, Review, ReviewRequest
from .models.publications import PublicationQuerySet

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from .models.publications import Stamped


class Standing(models.TextChoices):
    """Where a page stands."""

    DRAFT = "draft", "Draft"
    IN_REVIEW = "in-review", "In review"
    REVIEWED = "reviewed", "Reviewed, not published"
    PUBLISHED = "published", "Published, in date"
    DUE = "due", "Published, review due soon"
    OVERDUE = "overdue", "Published, review lapsed"
    WITHDRAWN = "withdrawn", "Withdrawn"


@dataclass(frozen=True)
class Signature:
    """What stands behind a stamp on the page it belongs to: the licence of who signed, a note, when it was recorded."""

    suffix: str
    profession: str
    register: str
    number: str
    register_url: str
    checked_on: dt.date  # the day on which the licence was looked up
    evidence_to: dt.date | None
    note: str
    recorded_at: dt.datetime

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any]) -> "Signature | None":
        """The signature from the JSON value of `with_stamp(signature=True)`; else None."""
        if "recorded_at" not in facts:
            return None
        moment = dt.datetime.fromisoformat(facts["recorded_at"])
        return cls(
            suffix=facts["suffix"],
            profession=facts["profession"],
            register=facts["register"],
            number=facts["number"],
            register_url=facts["register_url"],
            checked_on=dt.date.fromisoformat(facts["checked_on"]),
            evidence_to=dt.date.fromisoformat(facts["evidence_to"]) if facts["evidence_to"] else None,
            note=facts["note"],
            recorded_at=moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC),  # SQLite leaves UTC out
        )


@dataclass(frozen=True)
class Stamp:
    """The review stamp of a page on a day: who approved the text, when, and until when that holds."""

    reviewer: str
    role: str
    slug: str
    signed_on: dt.date
    next_due: dt.date
    revoked_on: dt.date | None
    today: dt.date
    signature: Signature | None = None
    # Whether the text changed since: then the whole page was signed as it was before, and what changed was approved
    # alone. It is the same stamp.
    under_changes: bool = field(default=False, compare=False)

    @classmethod
    def of(cls, publication: Publication) -> "Stamp":
        """The stamp of a publication that came from `live()`."""
        stamped = cast("Stamped", publication)
        facts = stamped.stamp_facts
        if facts is None:
            raise ValueError(f"{publication} has no valid approval; take publications from live().")
        return cls.from_facts(facts, stamped.read_at.date())

    @classmethod
    def from_facts(cls, facts: Mapping[str, Any], today: dt.date) -> "Stamp":
        """The stamp from the JSON value of `with_stamp()`."""
        days = [facts["revoked_on"], facts.get("changes_revoked_on")]
        revoked = min((day for day in days if day), default=None)
        return cls(
            reviewer=facts["reviewer"],
            role=facts["role"],
            slug=facts["slug"],
            signed_on=dt.date.fromisoformat(facts["signed_on"]),
            next_due=dt.date.fromisoformat(facts["next_due"]),
            revoked_on=dt.date.fromisoformat(revoked) if revoked else None,
            today=today,
            signature=Signature.from_facts(facts),
            under_changes="changes_revoked_on" in facts,
        )

    @property
    def name(self) -> str:
        """The reviewer's name as it was signed, without what stands behind it."""
        return self.reviewer.removesuffix(f", {self.signature.suffix}") if self.signature else self.reviewer

    @property
    def lapses_on(self) -> dt.date:
        """The day the review stops counting: when it is due again, or earlier where the credential was revoked."""
        return min(self.next_due, self.revoked_on) if self.revoked_on else self.next_due

    @property
    def standing(self) -> Standing:
        """Published, due or overdue. A review lapses at the start of the day it is due, in UTC."""
        if self.today >= self.lapses_on:
            return Standing.OVERDUE
        if self.today >= self.lapses_on - dt.timedelta(settings.REVIEW_DUE_DAYS):
            return Standing.DUE
        return Standing.PUBLISHED

    @property
    def in_date(self) -> bool:
        """Whether the review counts today."""
        return self.standing != Standing.OVERDUE

    @property
    def credential_revoked(self) -> bool:
        """Whether the review lapsed because the reviewer's credential was revoked."""
        return self.revoked_on is not None and self.revoked_on <= min(self.today, self.next_due)

    @property
    def days_overdue(self) -> int:
        """Whole days since the review lapsed."""
        return max(0, (self.today - self.lapses_on).days)

    @property
    def elapsed(self) -> int:
        """How much of the review period is over, 0 to 100."""
        period = max(1, (self.lapses_on - self.signed_on).days)
        return max(0, min(100, round(100 * (self.today - self.signed_on).days / period)))

    @property
    def left(self) -> int:
        """How much of the review period is left, 0 to 100."""
        return 100 - self.elapsed

    @property
    def period_months(self) -> int:
        """The review period in months, rounded."""
        return max(1, round((self.next_due - self.signed_on).days / 30.44))

    @property
    def months_since(self) -> int:
        """Whole months since the review was signed."""
        return (
            (self.today.year - self.signed_on.year) * 12
            + self.today.month
            - self.signed_on.month
            - (self.today.day < self.signed_on.day)
        )


@dataclass(frozen=True)
class PageCount:
    """How many pages readers see, and of how many the review has lapsed."""

    total: int
    lapsed: int
    lapsed_last: int | None  # the article whose review lapsed last


def _shown() -> PublicationQuerySet:
    """What would be live if every approval counted."""
    return Publication.objects.current().filter(withdrawal__isnull=True)


_shown_of = Prepared(
    lambda **articles: _shown().with_stamp().filter(article__in=articles.values()).only("article").order_by()
)


_counted = Prepared(
    lambda: (
        Publication.objects.only("pk")
        .order_by()
        .annotate(
            shown=models.Subquery(
                _shown()
                .order_by()
                .annotate(all=models.Value(1))
                .values("all")
                .annotate(of=models.Count("pk"))
                .values("of")
            )
        )[:1]
    )
)


def _count_shown() -> int:
    """How many there are of them; one query, which stands beside a row because `Prepared` gives rows."""
    row = cast("WithAnnotations[Publication, Counted] | None", _counted.first())
    return 0 if row is None else row.shown or 0


class Counted(TypedDict):
    """What `_counted` adds to a publication."""

    shown: int | None


def tally(today: dt.date) -> PageCount:
    """Count what `live()` shows; three queries."""
    facts = _facts_where(models.Q(next_due__lte=today) | _ON_A_REVOKED_CREDENTIAL)
    void = sum(each is None for each in facts.values())
    stamps = {article: Stamp.from_facts(each, today) for article, each in facts.items() if each is not None}
    lapsed = {article: stamp.lapses_on for article, stamp in stamps.items() if not stamp.in_date}
    return PageCount(_count_shown() - void, len(lapsed), max(lapsed, key=lapsed.__getitem__, default=None))


def void_articles() -> set[int]:
    """The articles whose current page no approval covers any more, so that `live()` does not show it; two queries."""
    return {article for article, facts in _facts_where(_ON_A_REVOKED_CREDENTIAL).items() if facts is None}


# An approval can end early, or turn out never to have counted, only where its credential was revoked at all.
_ON_A_REVOKED_CREDENTIAL = models.Q(
    credential_check__credential__in=CredentialCheck.objects.filter(revoked=True).values("credential")
)


def _facts_where(may_have_ended: models.Q) -> dict[int, Any]:
    """The facts of the stamp of each page, by article, of which some approval may have ended; None where none counts.

    A stamp costs some subqueries, so only these are read. They are named one by one, as PostgreSQL would make every
    stamp before it looks for them in a subquery.
    """
    articles = set(Review.objects.filter(may_have_ended).values_list("revision__article", flat=True))
    return {row.article_id: cast("Stamped", row).stamp_facts for row in _shown_of.among(articles)}


def with_facts(articles: "models.QuerySet[Article]") -> "models.QuerySet[Article]":
    """Articles with `facts`, all that `standing_of` needs, in one query."""
    mine = models.OuterRef("pk")
    newest = Revision.objects.filter(article=mine).order_by("-number")
    waiting = ReviewRequest.objects.open().filter(revision__article=mine)
    approved = Review.objects.valid().filter(revision__article=mine).order_by("-revision__number")
    current = Publication.objects.current().with_stamp().filter(article=mine)
    return articles.annotate(
        facts=JSONObject(
            newest=models.Subquery(newest.values("number")[:1]),
            waiting=models.Subquery(waiting.values("revision__number")[:1]),
            approved=models.Subquery(approved.values("revision__number")[:1]),
            shown=models.Subquery(current.values("review__revision__number")[:1]),
            withdrawn=models.Subquery(current.values("withdrawal__pk")[:1]),
        ),
        stamp_facts=models.Subquery(current.values("stamp_facts")[:1]),  # type: ignore[misc]  # of with_stamp()
        newest_question=models.Subquery(newest.values("question")[:1]),
    )


class Facts(TypedDict):
    """What `with_facts` adds to an article."""

    facts: dict[str, int | None]
    stamp_facts: dict[str, Any] | None
    newest_question: str | None


if TYPE_CHECKING:
    Placed = WithAnnotations[Article, Facts]


def standing_of(article: Article, today: dt.date) -> Standing:
    """The standing of an article that came from `with_facts()`: what readers get, or else how far the text is."""
    standing = cast("Placed", article)
    facts, stamp = standing.facts, standing.stamp_facts
    if facts["shown"] is not None:
        if facts["withdrawn"] is not None or stamp is None:
            return Standing.WITHDRAWN
        return Stamp.from_facts(stamp, today).standing
    if facts["waiting"] is not None:
        return Standing.IN_REVIEW
    if facts["approved"] is not None and facts["approved"] == facts["newest"]:
        return Standing.REVIEWED
    return Standing.DRAFT
