"""Gathers what a public page shows. Everything about articles starts at `Publication.objects.live()`."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.conf import settings
from django.db import models
from django.db.models.functions import JSONObject
from django.urls import reverse

from accounts import clock
from accounts.prepared import Prepared
from articles import codes
from articles.models import Citation, Condition, ConditionCode, ConditionName, Revision, preferred_name
from community.counting import ShownCount, shown
from community.models import Community
from reviews.models import Publication, Review, Reviewer, ReviewRequest
from reviews.models.publications import PublicationQuerySet
from reviews.standing import Stamp

from . import catalogue
from .changes import Dates, with_dates
from .gathered import Gathered

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


# What a condition is also called. A related name is for search: it may mean more, or less.
ALSO_CALLED = [ConditionName.Kind.SYNONYM, ConditionName.Kind.ABBREVIATION]
# In place of the question of a page that no approval covers any more.
TITLE_OF_VOID = "This page is no longer shown"


class Beside(Dates):
    """What `live_at` and `current_at` add to a publication for its page."""

    condition_name: str
    member_count: int | None
    review_asked_at: dt.datetime | None
    other_names: list[dict[str, Any]] | None
    other_codes: list[dict[str, str]] | None
    cited: list[dict[str, Any]] | None


if TYPE_CHECKING:
    Shown = WithAnnotations[Publication, Beside]


class Tampered(Exception):
    """The stored text does not match the digest that was approved; it is not shown."""


@dataclass(frozen=True)
class Line:
    """One question page in a list, with the state of its review."""

    title: str
    url: str
    slug: str
    condition: str
    topic: str
    version: int
    stamp: Stamp

    @classmethod
    def of(cls, publication: Publication) -> "Line":
        """The line of a publication from `_for_lines()`."""
        article, revision = publication.article, publication.review.revision
        return cls(
            title=revision.question,
            url=reverse("question", args=[article.condition.slug, article.slug]),
            slug=article.slug,
            condition=cast("Shown", publication).condition_name,
            topic=article.topic,
            version=revision.number,
            stamp=Stamp.of(publication),
        )


@dataclass(frozen=True)
class QuestionPage:
    """All that a question page shows."""

    publication: "Shown"
    citations: list[Citation]
    stamp: Stamp
    members: ShownCount | None
    related: list[Line]

    @property
    def revision(self) -> Revision:
        """The text."""
        return self.publication.review.revision


def _for_lines(publications: PublicationQuerySet) -> PublicationQuerySet:
    """Live publications with what a line shows, without their texts."""
    return (
        publications.select_related("article__condition", "review__revision")
        .only(
            *("article__slug", "article__topic", "article__condition__slug"),
            *("review__revision__question", "review__revision__number", "review__revision__article"),
        )
        .annotate(condition_name=preferred_name("article__condition"))
        .order_by("article__condition__slug", "article__topic", "article__slug")
    )


_lines_about = Prepared(lambda condition: _for_lines(Publication.objects.live().filter(article__condition=condition)))
_lines_of = Prepared(lambda **articles: _for_lines(Publication.objects.live().filter(article__in=articles.values())))


# Among so many approvals of what is public, those recorded last, the pages reviewed last are looked for.
LATELY = 40
_approved_lately = Prepared(
    lambda: (
        Review.objects.filter(
            models.Exists(
                Publication.objects.current().filter(
                    withdrawal__isnull=True, review__revision=models.OuterRef("revision")
                )
            ),
            decision=Review.Decision.APPROVED,
        )
        .select_related("revision")
        .only("revision__article")
        .order_by("-pk")[:LATELY]
    )
)


def lines(about: Condition) -> list[Line]:
    """Every live page about a condition as a line; one query."""
    return [Line.of(row) for row in _lines_about(condition=about.pk)]


def stamps_of(reviewer: Reviewer) -> dict[int, Stamp]:
    """The stamps that bear this reviewer's name by their article, those signed last first; two queries."""
    # Looked for among the pages of which they signed some version. Named one by one, see `tally`.
    signed = set(Review.objects.filter(reviewer=reviewer).values_list("revision__article", flat=True))
    live = Publication.objects.live().filter(article__in=signed).order_by()
    rows = live.values_list("article", "stamp_facts", "read_at")  # type: ignore[misc]  # of live()
    stamps = {article: Stamp.from_facts(facts, moment.date()) for article, facts, moment in rows}
    mine = [(stamp.signed_on, article) for article, stamp in stamps.items() if stamp.slug == reviewer.slug]
    return {article: stamps[article] for _, article in sorted(mine, reverse=True)}


def lines_of(articles: list[int]) -> list[Line]:
    """The lines of these articles as far as they are live, in this order; one query."""
    rows = {row.article_id: row for row in _lines_of.among(articles)}
    return [Line.of(rows[article]) for article in articles if article in rows]


def lines_signed_lately() -> list[Line]:
    """The live pages that were reviewed last, the newest signature first; two queries, however many pages there are."""
    lines = lines_of(list({review.revision.article_id for review in _approved_lately()}))
    return sorted(lines, key=lambda line: (line.stamp.signed_on, line.url), reverse=True)


def line_of(article: int) -> Line | None:
    """The line of an article, if it is live; one query."""
    return next(iter(lines_of([article])), None)


def urls_of(articles: Iterable[int]) -> dict[int, str]:
    """The addresses of those of some articles that are live; one query."""
    rows = Publication.objects.live().filter(article__in=articles).select_related("article__condition")
    return {row.article_id: row.article.get_absolute_url() for row in rows}


def _beside(condition: str) -> dict[str, models.Subquery]:
    """What belongs to the condition whose id stands in the named column, of which nothing is reviewed."""
    mine = models.OuterRef(condition)
    names = ConditionName.objects.filter(condition=mine, kind__in=ALSO_CALLED)
    shown_codes = ConditionCode.objects.exclude(system__in=codes.hidden()).filter(condition=mine)
    return {
        "member_count": models.Subquery(Community.objects.filter(condition=mine).values("member_count")),
        "other_names": _listed(names, JSONObject(id="pk", text="text")),
        "other_codes": _listed(shown_codes, JSONObject(system="system", code="code", match="match")),
    }


def _listed(rows: "models.QuerySet[Any]", value: Any) -> models.Subquery:
    """Something about each of the rows, all of one condition, in no order; None without rows."""
    return models.Subquery(rows.order_by().values("condition").annotate(gathered=Gathered(value)).values("gathered"))


class BesideCondition(TypedDict):
    """What `hub_at` adds to a condition."""

    read_at: dt.datetime
    member_count: int | None
    other_names: list[dict[str, Any]] | None
    other_codes: list[dict[str, str]] | None


@dataclass(frozen=True)
class Hub:
    """What a hub shows of its condition, beside its question pages."""

    condition: Condition
    names: list[str]
    codes: list[catalogue.Code]
    members: ShownCount | None
    today: dt.date


_hub_at = Prepared(
    lambda slug: (
        Condition.objects.filter(slugs__slug=slug)
        .annotate(read_at=models.ExpressionWrapper(clock.now(), output_field=models.DateTimeField()), **_beside("pk"))
        .order_by("pk")
    )
)


def hub_at(slug: str) -> Hub | None:
    """The condition that has, or had, this address; one query."""
    row = cast("WithAnnotations[Condition, BesideCondition] | None", _hub_at.first(slug=slug))
    if row is None:
        return None
    return Hub(
        condition=row,
        names=[each["text"] for each in sorted(row.other_names or [], key=lambda each: each["id"])],
        codes=catalogue.codes_of(row.other_codes),
        members=members(row.member_count),
        today=row.read_at.date(),
    )


def _at_address(publications: PublicationQuerySet, condition: str, article: str) -> PublicationQuerySet:
    """The publication of the article that has, or had, this address; with names and counts for its page."""
    waiting = ReviewRequest.objects.open().filter(revision__article=models.OuterRef("article"))
    return (
        with_dates(publications.with_stamp(signature=True))
        .filter(article__slugs__slug=article, article__slugs__condition__slugs__slug=condition)
        .select_related("article__condition", "review__revision__article")
        .annotate(
            condition_name=preferred_name("article__condition"),
            review_asked_at=models.Subquery(waiting.values("asked_at")[:1]),
            **_beside("article__condition"),
        )
        .order_by("pk")[:1]
    )


def cited() -> models.Subquery:
    """The sources of the text, as one value."""
    fields = {name: name for name in ("id", "number", "title", "url", "doi", "pmid")}
    sources = Citation.objects.filter(revision=models.OuterRef("review__revision")).order_by().values("revision")
    return models.Subquery(sources.annotate(gathered=Gathered(JSONObject(**fields))).values("gathered"))


_live_at = Prepared(
    lambda condition, article: _at_address(Publication.objects.live().annotate(cited=cited()), condition, article)
)
_current_at = Prepared(
    lambda condition, article: _at_address(
        Publication.objects.current().select_related("withdrawal", "review__reviewer"), condition, article
    )
)


def live_at(condition: str, article: str) -> "Shown | None":
    """What readers see at this address, or at the one that replaced it."""
    return cast("Shown | None", _live_at.first(condition=condition, article=article))


def current_at(condition: str, article: str) -> "Shown | None":
    """What was published last at this address, withdrawn or not."""
    return cast("Shown | None", _current_at.first(condition=condition, article=article))


def checked(publication: "Shown") -> list[Citation]:
    """The sources of a live publication, its text with them checked against the approved digest. Raises Tampered."""
    revision = publication.review.revision
    citations = [Citation(revision=revision, **fields) for fields in publication.cited or []]
    citations.sort(key=lambda citation: citation.number)
    if publication.review.digest != revision.digest or not revision.is_intact(citations):
        raise Tampered(str(revision))
    return citations


def question_page(publication: "Shown") -> QuestionPage:
    """Everything else on the page of a live publication, its text checked. Raises Tampered. One query."""
    citations = checked(publication)
    here = publication.article.get_absolute_url()
    related = [line for line in lines(publication.article.condition) if line.url != here]
    return QuestionPage(
        publication=publication,
        citations=citations,
        stamp=Stamp.of(publication),
        members=members(publication.member_count),
        related=related,
    )


def members(count: int | None) -> ShownCount | None:
    """What may be shown of a count; None where there is no community."""
    if count is None:
        return None
    return shown(count, threshold=settings.MEMBER_COUNT_THRESHOLD, round_to=settings.MEMBER_COUNT_ROUND_TO)


def last_updated(publication: "Shown") -> dt.date:
    """The day since which readers get these words: a review that changes no word does not move it."""
    return publication.changed_at.date()
