"""The page of results and the suggestions: what was found, with the words around the match."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.core.paginator import Page, Paginator

from articles import codes, names, rendering
from articles.models import Revision, Topic
from articles.names import Fit
from reviews.standing import Stamp

from . import meant, search
from .search import Hit, Hub, Matches
from .snippets import Marker, Pieces

logger = logging.getLogger(__name__)

ON_A_PAGE = 10
SUGGESTED_HUBS, SUGGESTED_QUESTIONS = 5, 3
# From so many letters on, questions are suggested too, and what resembles a mistyped name.
ENOUGH = 3
KINDS = {"condition": "Conditions", "question": "Questions"}


@dataclass(frozen=True)
class Result:
    """One line of the results."""

    title: str
    url: str
    snippet: Pieces
    detail: str
    stamp: Stamp | None
    also: Pieces = field(default_factory=list)


@dataclass(frozen=True)
class Filter:
    """One box of the form that narrows the results."""

    name: str
    value: str
    label: str
    count: str
    checked: bool


@dataclass(frozen=True)
class Results:
    """All that the page of results shows."""

    typed: str
    found: Matches
    page: "Page[Hub | Hit]"
    several: bool
    lines: list[Result]
    filters: list[Filter]
    count: str
    # Whether what was typed finds nothing, so that these are for what may have been meant.
    instead: bool


def find(typed: str, asked: Mapping[str, list[str]]) -> Results:
    """The results for what was typed; `asked` holds the boxes that are ticked and the number of the page."""
    known = names.known()
    found, instead = search.matches(typed, known), False
    if not found and (other := meant.matches(typed, known)):
        found, instead = other, True
    narrowed = "filter" in asked
    kinds = {kind for kind in KINDS if not narrowed or kind in asked.get("kind", ())}
    in_date = narrowed and "in_date" in asked
    of_kind = [item for item in found.ranked() if _kind(item) in kinds]
    current = [item for item in of_kind if item.stamp is not None and item.stamp.in_date]
    shown = current if in_date else of_kind
    more = {"condition": found.more_hubs, "question": found.more_hits}
    page = Paginator(shown, ON_A_PAGE).get_page(asked.get("page", ["1"])[-1])
    lengths = {"condition": len(found.hubs), "question": len(found.hits)}
    boxes = [
        Filter("kind", kind, label, counted(lengths[kind], more=more[kind]), kind in kinds)
        for kind, label in KINDS.items()
    ]
    of_first = f"{len(current)} of the first {len(of_kind)}" if any(more[kind] for kind in kinds) else str(len(current))
    return Results(
        typed=typed,
        found=found,
        page=page,
        lines=lines(page, Marker(found.query)),
        filters=[*boxes, Filter("in_date", "1", "Only pages in date", of_first, in_date)],
        count=of_first if in_date else counted(len(shown), more=any(more[kind] for kind in kinds)),
        several=len(shown) != 1,
        instead=instead,
    )


def counted(number: int, *, more: bool) -> str:
    """A count in words."""
    return f"more than {number}" if more else str(number)


def _kind(item: Hub | Hit) -> str:
    return "condition" if isinstance(item, Hub) else "question"


def lines(items: "Iterable[Hub | Hit]", marker: Marker) -> list[Result]:
    """Hubs and pages as lines with their snippets; a page whose text is not the approved one is left out."""
    items = list(items)
    told = {item: item.overview if isinstance(item, Hub) else item for item in items}
    texts = _texts({hit.revision: hit.digest for hit in told.values() if hit is not None})
    found = []
    for item, hit in told.items():
        text = texts.get(hit.revision) if hit is not None else None
        if isinstance(item, Hub):
            found.append(_of_hub(item, text, marker))
        elif text is not None:
            found.append(_of_page(item, text, marker))
    return found


def _texts(approved: Mapping[int, str]) -> dict[int, Revision]:
    """Versions whose text matches the digest that was approved; the others are named in the log."""
    found = {}
    for revision in Revision.objects.filter(pk__in=approved).select_related("article").prefetch_related("citations"):
        sources = sorted(revision.citations.all(), key=lambda row: row.number)
        if revision.digest == approved[revision.pk] and revision.is_intact(sources):
            found[revision.pk] = revision
        else:
            logger.critical("%s does not match its digest and is not found. Run verify_record.", revision.pk)
    return found


def _of_page(hit: Hit, text: Revision, marker: Marker) -> Result:
    """A question page."""
    return Result(
        title=hit.question,
        url=hit.url,
        snippet=marker.excerpt(text.short_answer, rendering.plain(text.html)),
        detail=f"{hit.name}, {Topic(hit.topic).label}",
        stamp=hit.stamp,
    )


def _of_hub(hub: Hub, text: Revision | None, marker: Marker) -> Result:
    """A condition. What its hub shows of the overview is the short answer alone, and so it is here."""
    number = len(hub.pages)
    return Result(
        title=hub.name,
        url=hub.url,
        snippet=marker.excerpt(text.short_answer) if text is not None else [],
        detail=f"Condition, {number or 'no'} question{'' if number == 1 else 's'}{'' if number else ' answered yet'}",
        stamp=hub.stamp if text is not None else None,
        also=_also(hub, marker),
    )


def _also(hub: Hub, marker: Marker) -> Pieces:
    """The other name, or the code, by which a condition was found."""
    if hub.found.kind == "preferred":
        return []
    if hub.found.kind == "code":
        return [(f"{codes.title(hub.found.system)} ", False), (hub.found.name, True)]
    found_by = "related name" if hub.found.kind == "related" else "also called"
    return [(f"{found_by} ", False), *marker.mark(hub.found.name)]


# While typing


@dataclass(frozen=True)
class Suggestion:
    """Where what is being typed may lead."""

    url: str
    text: Pieces
    detail: Pieces


def suggestions(typed: str) -> list[Suggestion]:
    """Conditions whose names begin so, then questions that hold the words; few, the best first."""
    known = names.known()
    found = known.find(typed, without=codes.hidden())[:SUGGESTED_HUBS]
    enough = len("".join(typed.split())) >= ENOUGH
    hits = search.titles(typed, SUGGESTED_QUESTIONS) if enough else []
    marker = Marker(typed)
    if not found and not hits and enough and (near := known.resembling(typed)) is not None:
        found = known.find(near.text, without=codes.hidden())[:SUGGESTED_HUBS]
    found = [one for one in found if one.fit < Fit.PARTS] or found
    conditions = [Suggestion(hub.url, marker.mark(hub.name), _also(hub, marker)) for hub in search.hubs(found, known)]
    questions = [
        Suggestion(hit.url, marker.mark(hit.question), [(f"question about {hit.name}", False)]) for hit in hits
    ]
    return [*conditions, *questions]
