"""All conditions by their letter, in parts of a hundred, those with pages first."""

import datetime as dt
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby

from django.urls import reverse

from articles import folding
from articles.models import Condition
from reviews.models import Publication
from reviews.standing import Stamp, void_articles

from . import retired

PER_PAGE = 100
SIGNS = "0-9"
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", SIGNS]


@dataclass(frozen=True)
class Entry:
    """A condition in the list, with how its question pages stand."""

    pk: int
    slug: str
    name: str
    order: str
    stamps: list[Stamp] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its hub."""
        return reverse("condition", args=[self.slug])

    @property
    def letter(self) -> str:
        """Where it stands: a to z, or 0-9 for what begins with a digit or a sign."""
        return letter_of(self.order)

    @property
    def newest(self) -> Stamp | None:
        """The review signed last among those in date: the mark of the line."""
        return max((stamp for stamp in self.stamps if stamp.in_date), key=lambda stamp: stamp.signed_on, default=None)

    @property
    def reviewed(self) -> int:
        """Of how many of its pages the review is in date."""
        return sum(stamp.in_date for stamp in self.stamps)

    @property
    def lapsed(self) -> int:
        """Of how many it has lapsed."""
        return len(self.stamps) - self.reviewed


@dataclass(frozen=True)
class Letter:
    """A letter of the alphabet with the number of conditions under it."""

    key: str
    count: int

    @property
    def label(self) -> str:
        """As readers see it."""
        return label(self.key)

    @property
    def url(self) -> str:
        """Its first page."""
        return reverse("letter", args=[self.key])


def letter_of(order: str) -> str:
    """Under which letter a folded name stands."""
    return order[:1] if order[:1] in LETTERS else SIGNS


def label(key: str) -> str:
    """A letter as readers see it."""
    return "0–9" if key == SIGNS else key.upper()


@lru_cache(maxsize=20_000)
def folded(name: str) -> str:
    """A name as it is put in order: folded as for search, and type 2 before type 10."""
    return re.sub(r"[0-9]+", lambda digits: digits[0].zfill(6), folding.fold(name))


def everything() -> list[Entry]:
    """Every condition that is shown, in order of its name, those that begin with a digit or a sign last; one query."""
    rows = Condition.objects.filter(retired.stays()).order_by().values_list("pk", "slug", "preferred_name")  # type: ignore[misc]  # of the manager
    entries = [Entry(pk, slug, name or slug, folded(name or slug)) for pk, slug, name in rows]
    return sorted(entries, key=lambda entry: (LETTERS.index(entry.letter), entry.order, entry.slug))


def letters(entries: list[Entry]) -> list[Letter]:
    """The alphabet with the number of conditions under each letter."""
    counts = Counter(entry.letter for entry in entries)
    return [Letter(key, counts[key]) for key in LETTERS]


def answered() -> set[int]:
    """The conditions that have a live page, by their ids; three queries, however many pages there are."""
    rows = Publication.objects.current().filter(withdrawal__isnull=True).order_by()
    void = void_articles()
    return {
        condition for condition, article in rows.values_list("article__condition", "article") if article not in void
    }


def stamped(entries: list[Entry]) -> list[Entry]:
    """The same conditions with the stamps of their pages; one query."""
    stamps: dict[int, list[Stamp]] = {entry.pk: entry.stamps for entry in entries}
    for condition, stamp in _stamps(list(stamps)):
        stamps[condition].append(stamp)
    return entries


def grouped(entries: list[Entry]) -> list[tuple[str, list[Entry]]]:
    """Conditions under their letters."""
    return [(label(key), list(found)) for key, found in groupby(entries, key=lambda entry: entry.letter)]


def _stamps(conditions: list[int]) -> Iterator[tuple[int, Stamp]]:
    """The stamps of the live pages about these conditions."""
    live = Publication.objects.live().filter(article__condition__in=conditions).order_by()
    rows = live.values_list("article__condition", "stamp_facts", "read_at")  # type: ignore[misc]  # of live()
    moment: dt.datetime
    for condition, facts, moment in rows:
        yield condition, Stamp.from_facts(facts, moment.date())
