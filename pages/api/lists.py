"""Which live pages, and which conditions, a list shows: narrowed, put in order, in pages."""

import datetime as dt
from collections.abc import Callable, Iterable
from itertools import groupby
from typing import Any, TypeVar

from ..parts import Part
from . import index
from .cursor import Cursor
from .index import Index, Live
from .problems import Problem
from .table import PER_PAGE

Asked = dict[str, Any]
Each = TypeVar("Each")


def articles(here: Index, asked: Asked) -> list[Live]:
    """The live pages that were asked for, in order."""
    pages = [page for page in _narrowed(here, asked) if _in_state([page], asked)]
    if asked["reviewer"]:
        pages = [page for page in pages if page.reviewer == asked["reviewer"]]
    return _ordered([[page] for page in pages], asked, lambda group: group[0])


def conditions(here: Index, asked: Asked) -> list[tuple[int, list[Live]]]:
    """The conditions that were asked for, in order, each with all its live pages."""
    whole = {of: list(found) for of, found in groupby(here.pages, key=lambda page: page.condition)}
    narrowed = {page.condition for page in _narrowed(here, asked)}
    groups = [pages for of, pages in whole.items() if of in narrowed and _in_state(pages, asked)]
    return _ordered(groups, asked, lambda group: (group[0].condition, group))


def page_of(found: list[Each], number: int) -> tuple[list[Each], bool]:
    """One page of a list and whether another follows. Raises Problem beyond the end."""
    part = Part(number, len(found), PER_PAGE)
    if not part.exists:
        raise Problem("no-such-page", f"This list ends with page {part.last}. Ask for a page from 1 to {part.last}.")
    return found[part.place], number < part.last


def _narrowed(here: Index, asked: Asked) -> list[Live]:
    """By letter, and by what changed."""
    pages = here.pages
    if letter := (asked["category"] or "").lower():
        others = index.called(letter, (page.condition for page in pages)) if asked["synonyms"] else set()
        pages = [page for page in pages if page.letter == letter or page.condition in others]
    if asked["changedSince"]:
        since = Cursor.read("changedSince", asked["changedSince"])
        touched = here.touched(since)
        pages = [page for page in pages if page.article in touched]
    return pages


def _in_state(pages: Iterable[Live], asked: Asked) -> bool:
    return not asked["reviewState"] or any(asked["reviewState"] in page.states for page in pages)


# The date of some pages by the name that a parameter has for it: the newest, and the nearest that something is due.
DATES: dict[str, Callable[[list[Live]], dt.date | dt.datetime]] = {
    "lastReviewed": lambda pages: max(page.last_reviewed for page in pages),
    "nextReview": lambda pages: min(page.next_review_due for page in pages),
    "dateModified": lambda pages: max(page.modified_at for page in pages),
}


def _ordered(groups: list[list[Live]], asked: Asked, shown: Callable[[list[Live]], Each]) -> list[Each]:
    """Groups of pages within the days that were asked for, in the order that was asked for."""
    date = DATES[asked["orderBy"] or "dateModified"]
    first, last = asked["startDate"], asked["endDate"]
    if first or last:
        groups = [group for group in groups if (first or dt.date.min) <= _day(date(group)) <= (last or dt.date.max)]
    if asked["orderBy"]:  # sorted() keeps what is equal in the order of the addresses, also in reverse
        groups = sorted(groups, key=date, reverse=asked["order"] == "newest")
    return [shown(group) for group in groups]


def _day(moment: dt.date | dt.datetime) -> dt.date:
    return moment.astimezone(dt.UTC).date() if isinstance(moment, dt.datetime) else moment
