"""When a page changed, and how: one answer for the page itself, structured data, the sitemap and the feeds.

Only other words count as a change of a page. A review that changes none moves its stamp, and nothing else does.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from django.db import models
from django.db.models.functions import Coalesce

from accounts import clock
from articles.models import preferred_name
from reviews.models import CredentialCheck, Publication, Review, Withdrawal
from reviews.models.publications import PublicationQuerySet, StampFacts
from reviews.standing import Stamp

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

BEFORE_ALL = models.Value(dt.datetime(1970, 1, 1, tzinfo=dt.UTC), output_field=models.DateTimeField())


class Dates(StampFacts):
    """What `with_dates` adds to a publication."""

    changed_at: dt.datetime
    first_at: dt.datetime


class Facts(Dates):
    """What `with_facts` adds to it."""

    condition_name: str
    first_digest: str
    withdrawn_before: int | None
    note_counts: bool
    void_at: dt.datetime | None


if TYPE_CHECKING:
    Told = WithAnnotations[Publication, Facts]


class Kind(StrEnum):
    """What happened to a page last."""

    CHANGED = "content-changed"
    CHECKED = "reviewed-unchanged"
    CORRECTED = "correction"
    WITHDRAWN = "withdrawn"


def _of_article() -> PublicationQuerySet:
    """All that was public at the address of a publication, oldest first."""
    return Publication.objects.counted().filter(article=models.OuterRef("article")).order_by("live_from")


def with_dates(publications: PublicationQuerySet) -> PublicationQuerySet:
    """Add `changed_at`, since when readers get these words, and `first_at`, when they first got any here.

    A text that is shown again after another one is a change. One that only was down meanwhile is none.
    """
    other = _of_article().filter(live_from__lt=models.OuterRef("live_from"))
    other = other.exclude(review__revision=models.OuterRef("review__revision")).order_by("-live_from")
    publications = publications.alias(_other_at=models.Subquery(other.values("live_from")[:1]))
    since = _of_article().filter(live_from__gt=Coalesce(models.OuterRef("_other_at"), BEFORE_ALL))
    return publications.annotate(
        changed_at=models.Subquery(since.values("live_from")[:1]),
        first_at=models.Subquery(_of_article().values("live_from")[:1]),
    )


def with_facts(publications: PublicationQuerySet) -> PublicationQuerySet:
    """Add all that `Change.of` asks for, to publications from `current()`."""
    approvals = Review.objects.filter(
        decision=Review.Decision.APPROVED, revision=models.OuterRef(models.OuterRef("review__revision"))
    )
    revoked = CredentialCheck.objects.filter(
        models.Q(credential__in=approvals.values("credential_check__credential"))
        | models.Q(credential__in=approvals.values("base__credential_check__credential")),
        revoked=True,
    ).order_by("-pk")
    before = _of_article().filter(live_from__lt=models.OuterRef("changed_at")).order_by("-live_from")
    return with_dates(publications.with_stamp(signature=True)).annotate(
        first_digest=models.Subquery(_of_article().values("review__digest")[:1]),
        withdrawn_before=models.Subquery(before.values("withdrawal__pk")[:1]),
        note_counts=models.Exists(Review.objects.valid().filter(pk=models.OuterRef("review"))),
        void_at=models.Subquery(revoked.values("recorded_at")[:1]),
    )


@dataclass(frozen=True)
class Change:
    """What happened to a page last, and when."""

    publication: "Told"
    stamp: Stamp | None
    withdrawal: Withdrawal | None

    @classmethod
    def of(cls, row: Publication) -> "Change":
        """The change of a publication from `with_facts`."""
        told = cast("Told", row)
        stamp = Stamp.of(told) if told.stamp_facts is not None else None
        return cls(told, stamp, getattr(row, "withdrawal", None))

    @property
    def kind(self) -> Kind:
        """What happened last. A correction is other words than those that were withdrawn."""
        if self.withdrawal is not None or self.stamp is None:
            return Kind.WITHDRAWN
        if self.stamp.signature is not None and self.stamp.signature.recorded_at > self.publication.live_from:
            return Kind.CHECKED
        return Kind.CORRECTED if self.publication.withdrawn_before else Kind.CHANGED

    @property
    def updated(self) -> dt.datetime:
        """When the page or its review changed last; never on account of a number of members, a day or a release."""
        signature = self.stamp.signature if self.stamp else None
        moments = [
            self.publication.live_from,
            self.publication.void_at,
            signature.recorded_at if signature else None,
            self.withdrawal.at if self.withdrawal else None,
        ]
        return max(moment for moment in moments if moment is not None)

    @property
    def note(self) -> str:
        """The clinician's public note about it, where its approval counts and its words may be read."""
        if self.kind == Kind.CHECKED and self.stamp is not None and self.stamp.signature is not None:
            return self.stamp.signature.note
        readable = self.kind != Kind.WITHDRAWN and self.publication.note_counts
        return self.publication.review.public_note if readable else ""


def newest(count: int, *, about: int | None = None) -> list[Change]:
    """What changed last, newest first: the latest change of each page, of the whole site or of one condition.

    At most five queries, however many pages there are.
    """
    rows = with_facts(Publication.objects.current())
    rows = rows.filter(article__condition=about) if about is not None else rows.filter(article__in=_latest(count))
    rows = (
        rows.select_related("article__condition", "review__revision", "withdrawal")
        .defer("review__revision__body", "review__revision__html", "review__revision__short_answer")
        .annotate(condition_name=preferred_name("article__condition"))
    )
    found = sorted((Change.of(row) for row in rows), key=lambda each: (each.updated, each.publication.pk))
    return found[: -count - 1 : -1]


def _latest(count: int) -> set[int]:
    """The articles among which are those that changed last: the latest of each kind of change, four queries."""
    current = Publication.objects.current()
    of_text = current.filter(review__revision=models.OuterRef("revision"))
    checked = of_text.filter(live_from__lt=models.OuterRef("recorded_at"))
    behind = models.Exists(of_text) | models.Exists(current.filter(review__base=models.OuterRef("pk")))
    approved = Review.objects.filter(decision=Review.Decision.APPROVED)
    revoked = models.Q(credential_check__credential__checks__revoked=True)
    events: list[tuple[models.QuerySet[Any], str, str]] = [
        (Publication.objects.counted(), "article", "live_from"),
        (
            Withdrawal.objects.filter(
                at__gte=models.F("publication__live_from"), publication__live_from__lte=clock.now()
            ),
            "publication__article",
            "at",
        ),
        (approved.whole_page().filter(models.Exists(checked)), "revision__article", "recorded_at"),
        (
            approved.filter(revoked).filter(behind),
            "revision__article",
            "credential_check__credential__checks__recorded_at",
        ),
    ]
    found: set[int] = set()
    for rows, article, moment in events:
        grouped = rows.order_by().values(article).annotate(last_at=models.Max(moment)).order_by("-last_at", article)
        found.update(grouped.values_list(article, flat=True)[:count])
    return found
