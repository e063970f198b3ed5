"""Every live page in a few words, in the memory of each process, under the state of the record: what lists choose from.

To make it costs a stamp of each page; then any list, however it is put in order or narrowed, costs a query for the
lines that it shows.
"""

import datetime as dt
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings

from articles import names
from articles.models import preferred_name
from reviews.models import Publication
from reviews.standing import Stamp, Standing

from .. import letters
from ..changes import with_dates
from ..state import State, held
from . import changed
from .changed import Latest
from .cursor import Cursor

# How a review stands, as partners are told.
STATES = {Standing.PUBLISHED: "current", Standing.DUE: "due", Standing.OVERDUE: "overdue"}
CHANGED = "changed-since-review"


@dataclass(frozen=True, slots=True)
class Live:
    """A live page: what it is about, and how its review stands today."""

    article: int
    condition: int
    condition_slug: str
    slug: str
    letter: str
    reviewer: str
    states: tuple[str, ...]
    last_reviewed: dt.date
    next_review_due: dt.date
    modified_at: dt.datetime


@dataclass
class Index:
    """The live pages in order of their addresses, and when they were read."""

    pages: list[Live]
    state: State | None
    made_at: float

    @cached_property
    def latest(self) -> Latest:
        """When each article changed last. The whole record is read for it once, when somebody asks first."""
        return Latest.read()

    def touched(self, cursor: Cursor) -> set[int]:
        """The live pages that changed since. It costs what it returns, or the whole record once for all who ask."""
        if "latest" not in self.__dict__:
            found = changed.since(cursor)
            if not found.more:
                return set(found.articles)
        return {page.article for page in self.pages if self.latest.behind(cursor, page.article)}

    def holds(self, state: State | None) -> bool:
        """Whether it may still be used: as long as a page that is kept."""
        young = 0 <= time.monotonic() - self.made_at < settings.PAGES_KEPT_SECONDS
        return state is not None and self.state == state and young


_made: Index | None = None
_lock = threading.Lock()


def live_pages() -> list[Live]:
    """Every live page."""
    return current().pages


def current() -> Index:
    """Every live page; one query where something was decided since they were read, or a minute ago."""
    state = held.current("")
    index = _made
    if index is None or not index.holds(state):
        with _lock:  # the others wait for its answer
            index = _made
            if index is None or not index.holds(state):
                index = _make(state)
    return index


def clear() -> None:
    """Forget them."""
    global _made
    _made = None


def _make(state: State | None) -> Index:
    global _made
    made_at = time.monotonic()
    rows = (
        with_dates(Publication.objects.live())
        .annotate(condition_name=preferred_name("article__condition"))
        .order_by("article__condition__slug", "article__slug")
        .values_list(
            *("article", "article__condition", "article__condition__slug", "article__slug"),
            *("condition_name", "stamp_facts", "read_at", "changed_at"),
        )
    )
    _made = Index([_live(*row) for row in rows], state, made_at)
    return _made


def _live(
    article: int, condition: int, condition_slug: str, slug: str, name: str | None, facts: Any, *moments: dt.datetime
) -> Live:
    read_at, changed_at = moments
    stamp = Stamp.from_facts(facts, read_at.date())
    state = STATES[stamp.standing]
    return Live(
        article=article,
        condition=condition,
        condition_slug=condition_slug,
        slug=slug,
        letter=letters.letter_of(letters.folded(name or condition_slug)),
        reviewer=stamp.slug,
        states=(state, CHANGED) if stamp.under_changes else (state,),
        last_reviewed=stamp.signed_on,
        next_review_due=stamp.lapses_on,
        modified_at=changed_at,
    )


def called(letter: str, conditions: Iterable[int]) -> set[int]:
    """Those of these conditions of which any other name stands under a letter; a small query."""
    wanted = set(conditions)
    return {
        name.condition
        for name in names.known().names
        if name.condition in wanted and letters.letter_of(name.folded) == letter
    }
