"""A map of the world drawn on the server: the rows of a chart in, what `templates/_map.html` draws out; no script.

It can say no more than the table of that chart, because it gets nothing else. The land under it is the same whatever
is shown, and draws no border: a country that is not shown leaves no trace, whether somebody lives there or nobody.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from community.counting import digits

from .charts import Bar

# Made by dev/world_outline.py.
OUTLINE = Path(__file__).parent / "world.json"
# Shades begin at such numbers, and there are four at the most: more are not told apart.
ROUND = sorted(int(first * 10**zeros) for zeros in range(8) for first in (1, 1.5, 2, 3, 5, 7.5))
SHADES = {1: (3,), 2: (2, 4), 3: (1, 3, 4), 4: (1, 2, 3, 4)}


@dataclass(frozen=True)
class Shade:
    """A step of the legend: the class that gives it its look, and the figures it stands for."""

    kind: str
    words: str


@dataclass(frozen=True)
class Mark:
    """A country that is shown: its outline, its dot where it is too small to see, or both."""

    bar: Bar
    kind: str
    path: str
    dot: tuple[int, int] | None
    narrow: bool  # the dot is for narrow windows


@dataclass(frozen=True)
class WorldMap:
    """A map with its words. `key` makes its ids."""

    key: str
    title: str
    box: str
    land: str
    marks: Sequence[Mark]
    legend: Sequence[Shade]

    @property
    def summary(self) -> str:
        """What somebody hears who does not see it."""
        said = ", ".join(f"{each.bar.label} {each.bar.figure}" for each in self.marks)
        return f"World map. Shaded: {said}. No other country is shaded. The table below has the same numbers."


@cache
def outline() -> dict[str, Any]:
    """The land, each country and each dot, as paths and places in units of the map."""
    found: dict[str, Any] = json.loads(OUTLINE.read_text())
    return found


def world_map(rows: Mapping[str, Bar], *, key: str, title: str, least: int, rounded: bool) -> WorldMap:
    """The map of bars by the code of their country. No figure is below `least`; `rounded` ones are the least there are.

    Small countries come last, so that no neighbour covers them.
    """
    drawn, starts = outline(), steps([row.value or 0 for row in rows.values()], least)
    kinds = [f"map-{number}" for number in SHADES[len(starts)]]
    marks = []
    for code, row in rows.items():
        dot = drawn["dots"].get(code) or drawn["narrow_dots"].get(code)
        kind = kinds[sum(start <= (row.value or 0) for start in starts) - 1]
        narrow = code not in drawn["dots"]
        marks.append(Mark(row, kind, drawn["countries"].get(code, ""), tuple(dot) if dot else None, narrow))
    marks.sort(key=lambda mark: mark.dot is not None)
    legend = [Shade(kind, words) for kind, words in zip(kinds, _words(starts, rounded), strict=True)]
    return WorldMap(key, title, drawn["box"], drawn["land"], marks, legend)


def steps(figures: Sequence[int], least: int) -> list[int]:
    """The figure at which each shade begins: round numbers from below the smallest to the largest, four at the most."""
    first = max([least, *(number for number in ROUND if least < number <= min(figures))])
    starts = [first, *(number for number in ROUND if first < number <= max(figures))]
    while len(starts) > len(SHADES):
        starts = [starts[0], *starts[2::2]]
    return starts


def _words(starts: Sequence[int], rounded: bool) -> list[str]:
    """What the legend says of each shade; of figures that were rounded down only from where."""
    if rounded:
        return [f"{digits(start)}+" for start in starts]
    ends = [start - 1 for start in starts[1:]]
    pairs = zip(starts, ends, strict=False)
    said = [f"{digits(start)} to {digits(end)}" if start < end else digits(start) for start, end in pairs]
    return [*said, f"{digits(starts[-1])} or more"]
