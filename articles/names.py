"""What conditions are called, as search asks for it: every name and code, in the memory of each process.

The rows are the truth and nothing is derived in the database that could drift from them. Whatever changes a name or a
code, in whatever way, leaves a `NameChange` behind; a process that sees a new one reads the names again.
"""

import math
import re
import threading
from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from typing import Any

from . import codes, folding
from .models import ConditionCode, ConditionName, Language, NameChange
from .spelling import Spelling, trigrams

# How much of a name must be shared with what was typed for it to be meant: 0.3 finds “Guillain Bare”.
RESEMBLES = 0.3


class Fit(IntEnum):
    """How well a name fits what was asked for, the best first."""

    EXACT = 0
    BEGINS = 1
    WORDS = 2
    PARTS = 3


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a condition, folded."""

    condition: int
    text: str
    kind: str
    folded: str


@dataclass(frozen=True, slots=True)
class Found:
    """A condition that fits, by which name or code."""

    condition: int
    fit: Fit
    name: str
    kind: str
    system: str = ""


def squeeze(text: str) -> str:
    """Letters and digits alone: ICD-10 D47.7 becomes icd10d477."""
    return re.sub(r"[^a-z0-9]", "", folding.fold(text))


@lru_cache
def beginnings(system: str) -> tuple[str, ...]:
    """What may be typed before a code of a system, squeezed: its names, the longest first."""
    known = codes.SYSTEMS.get(system)
    names = {system, *known.aliases} if known else {system}
    return tuple(sorted({squeeze(name) for name in names}, key=len, reverse=True))


Coded = tuple[int, str, str]  # condition, system, code


class Names:
    """The names and codes of one moment; made once, never changed."""

    def __init__(self, rows: Iterable[tuple[int, str, str]], coded: Iterable[tuple[int, str, str]]) -> None:
        self.names = [Name(of, text, kind, " ".join(folding.words(text))) for of, text, kind in rows]
        self.same: dict[str, list[int]] = {}
        self.holding: dict[str, set[int]] = {}
        self.sharing: dict[str, array[int]] = {}
        counts: Counter[str] = Counter()
        parts: dict[str, set[str]] = {}
        for number, name in enumerate(self.names):
            split = name.folded.split()
            counts.update(split)
            self.same.setdefault(" ".join(map(folding.key, split)), []).append(number)
            for word in {*split, *map(folding.key, split)}:
                self.holding.setdefault(word, set()).add(number)
            for part in set().union(*(parts.get(word) or parts.setdefault(word, trigrams(word)) for word in split)):
                self.sharing.setdefault(part, array("I")).append(number)
        self.sorted = sorted(self.holding)
        self.spelling = Spelling(counts)
        self.weights = {part: math.log1p(len(self.names) / len(held)) for part, held in self.sharing.items()}
        self.preferred = {name.condition: name.text for name in self.names if name.kind == "preferred"}
        self.coded: dict[str, list[Coded]] = {}
        self.systems = set(codes.SYSTEMS)
        for of, system, code in coded:
            self.systems.add(system)
            bare = whole = squeeze(code)
            for beginning in beginnings(system):
                bare = bare.removeprefix(beginning) or bare
            for typed in {bare, whole}:
                self.coded.setdefault(typed, []).append((of, system, code))

    def named(self, query: str) -> str:
        """The name that this is but for case, accents and endings, or else what was given."""
        numbers = self.same.get(folding.keys(query), ())
        return self.names[numbers[0]].text if numbers else query

    def find(self, query: str, *, without: Sequence[str] = ()) -> list[Found]:
        """Each condition that fits, once, by its best name, or by a code of a system not in `without`; best first."""
        best: dict[int, tuple[tuple[int, int, int, str], Found]] = {}

        def take(found: Found, folded: str) -> None:
            rank = (found.fit, found.kind != "preferred", len(folded), folded)
            if found.condition not in best or rank < best[found.condition][0]:
                best[found.condition] = (rank, found)

        asked = folding.words(query)[:12]
        for of, system, code in self.bearing(query):
            if system not in without:
                take(Found(of, Fit.EXACT, code, "code", system), code)
        for number, fit in self._fitting(asked):
            name = self.names[number]
            take(Found(name.condition, fit, name.text, name.kind), name.folded)
        return [found for _, found in sorted(best.values(), key=lambda pair: pair[0])]

    def bearing(self, query: str) -> Iterator[Coded]:
        """The conditions with a code that this is: alone, or behind a name of its system, however it is written."""
        typed = squeeze(query)
        if not typed:
            return
        yield from self.coded.get(typed, ())
        for system in self.systems:
            may_be = {typed.removeprefix(beginning) for beginning in beginnings(system)}
            if (known := codes.SYSTEMS.get(system)) is not None:
                with suppress(ValueError):
                    may_be.add(squeeze(known.normalise(query)))
            for bare in may_be - {typed}:
                yield from (each for each in self.coded.get(bare, ()) if each[1] == system)

    def _fitting(self, asked: list[str]) -> Iterable[tuple[int, Fit]]:
        """Every name that holds all the words, or words that begin with them."""
        if not asked:
            return
        exact = set(self.same.get(" ".join(map(folding.key, asked)), ()))
        whole = set.intersection(*(self.holding.get(folding.key(word), set()) for word in asked))
        beginning = " ".join(asked)
        for number in set.intersection(*map(self.beginning, asked)) | exact | whole:
            if number in exact:
                yield number, Fit.EXACT
            elif self.names[number].folded.startswith(beginning):
                yield number, Fit.BEGINS
            else:
                yield number, Fit.WORDS if number in whole else Fit.PARTS

    def beginning(self, word: str) -> set[int]:
        """The names with a word that begins so."""
        start = bisect_left(self.sorted, word)
        found: set[int] = set()
        for other in self.sorted[start : bisect_left(self.sorted, word + "\U0010ffff", start)]:
            found |= self.holding[other]
        return found

    def holders(self, word: str) -> set[int]:
        """The conditions with a name that holds this word."""
        return {self.names[number].condition for number in self.holding.get(folding.key(word), ())}

    def resembling(self, query: str) -> Name | None:
        """The name that shares most with what was typed, the rarer the runs of letters the more; None if too little."""
        parts = set().union(*map(trigrams, folding.words(query)[:12]), set())
        heaviest = math.log1p(len(self.names))
        weights = {part: self.weights.get(part, heaviest) for part in parts}
        shared: dict[int, float] = {}
        # What nearly every name has tells nothing.
        for part in sorted(parts, key=lambda part: -weights[part])[:40]:
            if len(held := self.sharing.get(part, ())) * 4 < len(self.names) + 40:
                for number in held:
                    shared[number] = shared.get(number, 0) + weights[part]
        best = sorted(shared, key=lambda number: (-shared[number], number))[:50]
        asked = sum(weights.values())
        scored = [(self._alike(number, parts, asked), -len(self.names[number].folded), number) for number in best]
        if not scored or max(scored)[0] < RESEMBLES:
            return None
        return self.names[max(scored)[2]]

    def _alike(self, number: int, parts: set[str], asked: float) -> float:
        """What a name and the runs of letters that were typed share, of all that they have; 0 to 1."""
        own = set().union(*map(trigrams, self.names[number].folded.split()))
        both = sum(self.weights[part] for part in own & parts)
        return both / (asked + sum(self.weights[part] for part in own) - both)


_lock = threading.Lock()
_known: tuple[Any, Names] | None = None


def known() -> Names:
    """The names as they are now; one small query where nothing changed since they were read."""
    global _known
    newest = NameChange.objects.newest()
    kept = _known
    if kept is None or kept[0] != newest:
        with _lock:
            if _known is None or _known[0] != newest:
                _known = (newest, _read())
            kept = _known
    return kept[1]


def _read() -> Names:
    names = ConditionName.objects.filter(language=Language.ENGLISH).order_by("pk")
    coded = ConditionCode.objects.order_by("pk")
    return Names(names.values_list("condition", "text", "kind"), coded.values_list("condition", "system", "code"))
