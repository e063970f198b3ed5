"""Which public pages changed since a cursor: each change once, none ever missed.

The ledger says it: its entries are made one after another, each visible before the next is begun, so whoever has seen
one has seen all before it, however late a transaction ends. Only a publication for a later hour has no entry at that
hour. Those are told by hour and number, behind the entries; one whose transaction ended so late that its hour was
passed over is told with its entry. What is decided about pages that nobody sees is left out where it is looked for,
and does not move the cursor.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery

from accounts import clock
from accounts.prepared import Prepared
from articles.models import preferred_name
from reviews.models import CredentialCheck, LedgerEntry, Publication, Review, Withdrawal
from reviews.models.publications import PublicationQuerySet

from ..changes import Change, with_facts
from .cursor import START, Cursor

# So many decisions or hours are told at once; one decision may be about many pages.
AT_ONCE = 100
# More than any record has.
ALL = 2**62
CHECK = "credentialcheck"
# A publication that readers got when it was decided.
AT_ONCE_SHOWN = Q(live_from=F("published_at"))


@dataclass(frozen=True)
class Changed:
    """The articles that changed, in the order in which they did last, up to where, and whether there is more."""

    articles: list[int]
    cursor: Cursor
    more: bool


class Entry(NamedTuple):
    """A decision of the ledger about a page that readers see or saw; a revocation may be about many."""

    pk: int
    digest: str
    kind: str
    decision: int
    article: int | None


class Hour(NamedTuple):
    """A publication whose hour has come after it was decided, and the entry of that decision."""

    pk: int
    live_from: dt.datetime
    article: int
    entry: int
    digest: str


def since(cursor: Cursor, *, limit: int = AT_ONCE) -> Changed:
    """What changed since; at most four queries, however much stands in the record."""
    newest = LedgerEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    entries = [Entry(*row) for row in _entries(cursor.entry, AT_ONCE_SHOWN | _passed(cursor))[: limit + 1]]
    more = len(entries) > limit
    entries = entries[:limit]
    behind = _behind({entry.decision for entry in entries if entry.kind == CHECK})
    found: list[int] = []
    here = cursor
    for entry in entries:
        touched = behind.get(entry.decision, []) if entry.article is None else [entry.article]
        if touched or more:  # what touched nothing moves the cursor only where it must go on
            here = replace(here, entry=entry.pk, digest=entry.digest)
        found += touched
    if not more:
        # By the cursor that came in: what was told with its entry is not told by its hour too.
        hours = [Hour(*row) for row in _hours(cursor)[: limit + 1]]
        more = len(hours) > limit
        for hour in hours[:limit]:
            here = replace(here, hour=hour.live_from, publication=hour.pk)
            # Nor the other way round. An entry newer than those that were read may stand behind others that were not.
            if here.entry < hour.entry <= newest:
                here = replace(here, entry=hour.entry, digest=hour.digest)
            found.append(hour.article)
    return Changed(_once(found), here, more)


@dataclass(frozen=True)
class Latest:
    """When each article changed last: at which entry of the ledger, and at the hour of which publication."""

    entries: dict[int, int]
    hours: dict[int, tuple[dt.datetime, int]]

    @classmethod
    def read(cls) -> "Latest":
        """From the whole record, with four queries."""
        entries: dict[int, int] = {}
        hours: dict[int, tuple[dt.datetime, int]] = {}
        rows = [Entry(*row) for row in _entries(START.entry, Q())]
        behind = _behind({entry.decision for entry in rows if entry.kind == CHECK})
        for entry in rows:
            for article in behind.get(entry.decision, []) if entry.article is None else [entry.article]:
                entries[article] = entry.pk
        for hour in (Hour(*row) for row in _hours(START)):
            hours[hour.article] = (hour.live_from, hour.pk)
        return cls(entries, hours)

    def behind(self, cursor: Cursor, article: int) -> bool:
        """Whether `since` would tell of it.

        A publication for a later hour is told by its hour or, where that was passed over, by its entry: either is
        behind the cursor then, so both may be looked at.
        """
        hour = self.hours.get(article, (cursor.hour, cursor.publication))
        return self.entries.get(article, 0) > cursor.entry or hour > (cursor.hour, cursor.publication)


def _once(articles: list[int]) -> list[int]:
    """Each article at its last place."""
    return list(dict.fromkeys(reversed(articles)))[::-1]


def _passed(cursor: Cursor) -> Q:
    """The publications up to the hour of a cursor."""
    return Q(live_from__lt=cursor.hour) | Q(live_from=cursor.hour, pk__lte=cursor.publication)


def _entries(after: int, told: Q) -> "models.QuerySet[LedgerEntry, tuple[int, str, str, int, int | None]]":
    """The entries behind one that changed what readers get, in order; `told` says which publications by their entry."""
    decision = OuterRef("decision")
    published = Publication.objects.counted().filter(told, pk=decision)
    # Before its hour a publication is cancelled, of which nobody is told.
    withdrawn = Withdrawal.objects.filter(
        pk=decision, at__gte=F("publication__live_from"), publication__live_from__lte=clock.now()
    )
    # A review that came before its text was shown is told with the publication.
    before = LedgerEntry.objects.filter(
        kind="publication", decision=OuterRef("pk"), pk__lt=OuterRef(OuterRef(OuterRef("pk")))
    )
    shown = _shown().filter(told, models.Exists(before), review__revision=OuterRef("revision"))
    reviewed = Review.objects.filter(models.Exists(shown), pk=decision, decision=Review.Decision.APPROVED).whole_page()
    revoked = CredentialCheck.objects.filter(pk=decision, revoked=True)
    article = models.Case(
        models.When(kind="publication", then=Subquery(published.order_by().values("article")[:1])),
        models.When(kind="withdrawal", then=Subquery(withdrawn.order_by().values("publication__article")[:1])),
        models.When(kind="review", then=Subquery(reviewed.order_by().values("revision__article")[:1])),
        output_field=models.BigIntegerField(),
    )
    return (
        LedgerEntry.objects.filter(pk__gt=after)
        .annotate(article=article)
        .filter(Q(article__isnull=False) | Q(models.Exists(revoked), kind=CHECK))
        .order_by("pk")
        .values_list("pk", "digest", "kind", "decision", "article")
    )


def _hours(cursor: Cursor) -> "models.QuerySet[Publication, tuple[int, dt.datetime, int, int, str]]":
    """The publications for a later hour behind a cursor whose hour has come, in order."""
    later = Publication.objects.counted().exclude(live_from=F("published_at")).exclude(_passed(cursor))
    entry = LedgerEntry.objects.filter(kind="publication", decision=OuterRef("pk"))
    return (
        later.annotate(entry=Subquery(entry.values("pk")[:1]), entry_digest=Subquery(entry.values("digest")[:1]))
        .filter(entry__isnull=False)
        .order_by("live_from", "pk")
        .values_list("pk", "live_from", "article", "entry", "entry_digest")
    )


def _shown() -> PublicationQuerySet:
    """What readers see now, or would see if its approval still counted."""
    return Publication.objects.current().filter(withdrawal__isnull=True)


def _behind(checks: Iterable[int]) -> dict[int, list[int]]:
    """The articles whose text rests on a credential that was revoked, by the revocation; one query, or none."""
    if not checks:
        return {}
    approved = models.Q(review__revision=OuterRef("revision")) | models.Q(review__base=OuterRef("pk"))
    rows = (
        Review.objects.filter(decision=Review.Decision.APPROVED, credential_check__credential__checks__in=checks)
        .filter(models.Exists(_shown().filter(approved)))
        .order_by("revision__article")
        .values_list("credential_check__credential__checks", "revision__article")
        .distinct()
    )
    found: dict[int, list[int]] = {}
    for check, article in rows:
        if check in checks:
            found.setdefault(check, []).append(article)
    return found


def _dressed(publications: PublicationQuerySet) -> PublicationQuerySet:
    """Publications with all that is told of them, without their texts."""
    return (
        with_facts(publications)
        .select_related("article__condition", "review__revision", "withdrawal")
        .defer("review__revision__body", "review__revision__html", "review__revision__short_answer")
        .annotate(condition_name=preferred_name("article__condition"))
    )


_told = Prepared(lambda **articles: _dressed(Publication.objects.current().filter(article__in=articles.values())))
_live_of = Prepared(lambda **articles: _dressed(Publication.objects.live().filter(article__in=articles.values())))
_live_about = Prepared(
    lambda condition: _dressed(Publication.objects.live().filter(article__condition=condition)).order_by(
        "article__slug"
    )
)


def _in_order(rows: Iterable[Publication], articles: list[int]) -> list[Change]:
    found = {row.article_id: Change.of(row) for row in rows}
    return [found[article] for article in articles if article in found]


def told(articles: list[int]) -> list[Change]:
    """How these pages stand now, as far as they are public or were, in this order; a query for 256 of them."""
    return _in_order(_told.among(articles), articles)


def live_of(articles: list[int]) -> list[Change]:
    """Those of these pages that readers see, in this order; one query."""
    return _in_order(_live_of.among(articles), articles)


def live_about(condition: int) -> list[Change]:
    """The live pages about a condition, in order of their addresses; one query."""
    return [Change.of(row) for row in _live_about(condition=condition)]
