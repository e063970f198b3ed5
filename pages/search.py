"""What a reader finds: conditions by their names and codes, and public pages by their words.

Names are public as they are. Texts are looked for in the index and asked of `Publication.objects.live()` in the same
statement, so that a withdrawal, a revocation and a later hour need no write.
"""

import datetime as dt
import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import CharField, F
from django.db.models.functions import Coalesce
from django.urls import reverse

from accounts import clock, prepared
from articles import codes, folding, names
from articles.models import Condition, Topic, preferred_name
from articles.names import Fit, Found, Names
from reviews import matching
from reviews.matching import Asked
from reviews.models import Publication
from reviews.standing import Stamp

from . import retired

LONGEST_QUERY = 200
MOST_WORDS = 12
# Nobody reads on: so many conditions and so many questions are ranked, and of more it is said that there are more.
MOST = 100
# What the index is asked for, and what when too much of that turns out not to be public any more.
CANDIDATES, ALL_CANDIDATES = 300, 1_000_000
# A word that names more conditions than this names none.
NAMED = 50
TOPICS: list[str] = list(Topic.values)


@dataclass(frozen=True)
class Hit:
    """A public page that was found: what is shown of it in a list, without its text."""

    revision: int
    condition: int
    condition_slug: str
    name: str
    slug: str
    topic: str
    question: str
    digest: str  # of the text that was approved
    stamp: Stamp
    place: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return reverse("question", args=[self.condition_slug, self.slug])


@dataclass(frozen=True)
class Hub:
    """A condition that was found, with its public pages."""

    found: Found
    slug: str
    name: str
    pages: tuple[Hit, ...]

    @property
    def url(self) -> str:
        """Its address."""
        return reverse("condition", args=[self.slug])

    @property
    def overview(self) -> Hit | None:
        """The page whose short answer the hub shows."""
        return next((page for page in self.pages if page.topic == Topic.OVERVIEW), None)

    @property
    def stamp(self) -> Stamp | None:
        """The stamp of that page, which is the one on the hub."""
        return self.overview.stamp if self.overview else None


@dataclass(frozen=True)
class Matches:
    """All that fits a query, each list the best first; `more` where there is more than is listed."""

    query: str
    hubs: tuple[Hub, ...] = ()
    hits: tuple[Hit, ...] = ()
    more_hubs: bool = False
    more_hits: bool = False

    def __bool__(self) -> bool:
        """Whether anything fits."""
        return bool(self.hubs or self.hits)

    def ranked(self) -> list[Hub | Hit]:
        """Hubs and pages in one list: a name that is the query, names of conditions with pages, titles, the rest."""
        return sorted((*self.hubs, *self.hits), key=_rank)


def _rank(item: Hub | Hit) -> int:
    if isinstance(item, Hit):
        return 2 + 2 * item.place
    if item.found.fit == Fit.EXACT:
        return 0
    if item.pages and item.found.fit < Fit.PARTS:
        return 1
    return 3 if item.found.fit == Fit.BEGINS else 5


def tidy(query: str) -> str:
    """What was typed, on one line, not too long, and without what cannot be seen or turns the direction of reading."""
    seen = {"Cc": " ", "Cf": "", "Cn": " ", "Co": " ", "Cs": " ", "Zl": " ", "Zp": " "}
    kept = (seen.get(unicodedata.category(character), character) for character in query[:LONGEST_QUERY])
    return " ".join("".join(kept).split())


def matches(query: str, known: Names | None = None) -> Matches:
    """What fits a query: pages that hold all its words, or their beginnings where none does."""
    known = known or names.known()
    found = known.find(query, without=codes.hidden())
    asked = _asked(query, found, known)
    hits = texts(asked)
    if not hits and asked.keys and len(asked.keys[-1]) > 2:
        hits = texts(_begun(asked, query))
    return Matches(
        query=query,
        hubs=tuple(hubs(found[:MOST], known)),
        hits=tuple(_in_order(hits[:MOST], asked)),
        more_hubs=len(found) > MOST,
        more_hits=len(hits) > MOST,
    )


def _in_order(hits: list[Hit], asked: Asked) -> list[Hit]:
    """Where a condition alone was named, its pages as on its hub."""
    if not asked.conditions or asked.rest:
        return hits
    return sorted(hits, key=lambda hit: TOPICS.index(hit.topic) if hit.condition in asked.conditions else len(TOPICS))


def _asked(query: str, found: Iterable[Found], known: Names) -> Asked:
    """What texts must hold. Words that name a few conditions need not stand in the texts about those."""
    asked = folding.words(query)[:MOST_WORDS]
    keys = _keys(query)
    exact = {one.condition for one in found if one.fit == Fit.EXACT}
    named = exact or {one.condition for one in found if one.fit < Fit.PARTS}
    if 0 < len(named) <= NAMED:
        return Asked(keys, conditions=tuple(sorted(named)))
    holders = [known.holders(word) for word in asked]
    few = [conditions for conditions in holders if 0 < len(conditions) <= NAMED]
    named = set.intersection(*few) if few else set()
    rest = tuple(key for key, conditions in zip(keys, holders, strict=True) if not named <= conditions)
    return Asked(keys, conditions=tuple(sorted(named)), rest=rest)


# Texts


def texts(asked: Asked, most: int = MOST) -> list[Hit]:
    """Public pages that hold what is asked for, the best first, at most one more than `most`."""
    if not asked.keys:
        return []
    for candidates in (CANDIDATES, ALL_CANDIDATES):
        sql, values = matching.statement(connection.vendor, asked, candidates)
        live, live_values = _live()
        rows = prepared.rows(
            connection,
            f"WITH hits AS ({sql}) SELECT (SELECT count(*) FROM hits), hits.place, hits.rank, live.* "
            f"FROM hits {_each(live, 'live.revision_id = hits.revision_id')} "
            "ORDER BY hits.place, hits.rank, live.revision_id LIMIT %s",
            [*values, *live_values, most + 1],
        )
        if len(rows) > most or _candidates(rows, sql, values) < candidates:
            break
    return [_hit(row[3:], place=row[1]) for row in rows]


def _candidates(rows: list[tuple[Any, ...]], sql: str, values: Sequence[Any]) -> int:
    """How many texts were found in the index; asked for by itself where none of them is public.

    In the statement above a LEFT JOIN could tell it too, but then SQLite would make the whole site's list first.
    """
    found = rows or prepared.rows(connection, f"SELECT count(*) FROM ({sql}) hits", values)
    number: int = found[0][0]
    return number


def titles(query: str, most: int) -> list[Hit]:
    """Public pages whose question holds all the words, the last one perhaps not typed to its end yet."""
    return texts(_begun(Asked(_keys(query), title=True), query), most)[:most]


def _keys(query: str) -> tuple[str, ...]:
    return tuple(map(folding.key, folding.words(query)[:MOST_WORDS]))


def _begun(asked: Asked, query: str) -> Asked:
    """The same, the last word perhaps not typed to its end."""
    last = folding.words(query)[:MOST_WORDS][-1:]
    return replace(asked, keys=(*asked.keys[:-1], *map(folding.beginning, last)), begun=True)


def hubs(found: list[Found], known: Names) -> Iterator[Hub]:
    """Conditions with their public pages, in the order given; in the place of one that leads to another that other."""
    if not found:
        return
    found, slugs = _shown(found)
    live, values = _live()
    rows = prepared.rows(
        connection,
        f"SELECT live.* FROM ({matching.LISTED[connection.vendor]}) listed "
        f"{_each(live, 'live.condition_id = listed.value')} ORDER BY live.slug",
        [json.dumps(list(slugs)), *values],
    )
    pages: dict[int, list[Hit]] = {}
    for hit in map(_hit, rows):
        pages.setdefault(hit.condition, []).append(hit)
    for one in found:
        if (slug := slugs.get(one.condition)) is not None:
            name = known.preferred.get(one.condition, slug)
            yield Hub(found=one, slug=slug, name=name, pages=tuple(pages.get(one.condition, ())))


def _shown(found: list[Found]) -> tuple[list[Found], dict[int, str]]:
    """Each condition that is shown, once, and the slugs of all of them; one query where none leads to another."""
    rows = Condition.objects.filter(pk__in=[one.condition for one in found]).order_by()
    facts = {pk: (slug, successor) for pk, slug, successor in rows.values_list("pk", "slug", "successor")}
    slugs = {pk: slug for pk, (slug, _) in facts.items()}
    if not (given_up := [pk for pk, (_, successor) in facts.items() if successor is not None]):
        return found, slugs
    ends = retired.ends_of(given_up)
    shown: dict[int, Found] = {}
    for one in found:
        end = ends.get(one.condition)
        condition = one.condition if end is None else end.pk
        shown.setdefault(condition, replace(one, condition=condition))
    return list(shown.values()), slugs | {end.pk: end.slug for end in ends.values()}


def _each(live: str, condition: str) -> str:
    """SQL that joins the public pages for which a condition holds, looked up row by row.

    PostgreSQL does not know how few rows there will be, and would work out first what of the whole site is public.
    """
    if connection.vendor == "sqlite":
        return f"JOIN ({live}) live ON {condition}"
    return f"CROSS JOIN LATERAL (SELECT * FROM ({live}) live WHERE {condition} OFFSET 0) live"


def _live() -> tuple[str, tuple[Any, ...]]:
    """SQL of the public pages with what `Hit` holds, and its values."""
    return _live_now() if clock.stopped_at is None else _compiled()  # in tests the moment is one of the values


def _compiled() -> tuple[str, tuple[Any, ...]]:
    live = Publication.objects.live().order_by()
    named = live.annotate(
        revision_id=F("review__revision"),
        condition_id=F("article__condition"),
        condition_slug=F("article__condition__slug"),
        condition_name=Coalesce(
            preferred_name("article__condition"), F("article__condition__slug"), output_field=CharField()
        ),
        slug=F("article__slug"),
        topic=F("article__topic"),
        question=F("review__revision__question"),
        review_digest=F("review__digest"),
    )
    sql, values = named.values_list(*FIELDS).query.sql_with_params()
    return sql, values


_live_now = lru_cache(maxsize=1)(_compiled)
FIELDS = [
    *("revision_id", "condition_id", "condition_slug", "condition_name", "slug", "topic", "question"),
    *("review_digest", "stamp_facts", "read_at"),
]


def _hit(row: tuple[Any, ...], *, place: int = 0) -> Hit:
    revision, condition, condition_slug, name, slug, topic, question, digest, facts, read_at = row
    facts = json.loads(facts) if isinstance(facts, str) else facts
    today = dt.date.fromisoformat(str(read_at)[:10])
    stamp = Stamp.from_facts(facts, today)
    return Hit(revision, condition, condition_slug, name, slug, topic, question, digest, stamp, place)
