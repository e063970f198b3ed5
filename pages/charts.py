"""Bar charts drawn on the server: rows in, what `templates/_chart.html` draws out. Pure functions, no script.

Lengths are in percent and heights in px, so that nothing shrinks on a phone. The table under a chart has the same
rows, whole; whatever a bar says by its look stands in its words too.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import east_asian_width

from community.counting import digits

# So many characters of a label and its figure fit beside each other in a window of 320 px.
ROOM = 38
# The shortest bar of something that is there, in percent.
SLIVER = 0.7
# Heights in px: of a row of `bars`; of the longest of `columns`, and from the top to their base.
ROW = 48
TALLEST, BASE = 148, 170


@dataclass(frozen=True)
class Bar:
    """What one bar stands for. `said` is put in place of the figure ("under 11"); a value of None has no bar.

    `rest` is for several small ones together, drawn as an outline; `late` for what has lapsed, which the words must
    say too. `address` leads to the rows that were counted.
    """

    label: str
    value: int | None
    said: str = ""
    address: str = ""
    rest: bool = False
    late: bool = False

    @property
    def figure(self) -> str:
        """The words for the value."""
        return self.said or digits(self.value or 0)


@dataclass(frozen=True)
class Drawn:
    """A bar with its place: lengths in percent of the width, heights in px."""

    bar: Bar
    label: str  # cut to the room there is; the table has the whole
    kind: str
    x: str
    y: int
    width: str
    height: int
    middle: str  # of a column

    @property
    def title_y(self) -> int:
        """The line on which the words of a row stand."""
        return self.y - 7

    @property
    def value_y(self) -> int:
        """The line on which the figure over a column stands."""
        return self.y - 6

    @property
    def top(self) -> int:
        """The upper edge of what may be pressed of a row."""
        return self.y - 22


@dataclass(frozen=True)
class Chart:
    """A chart with its words. `key` makes its ids, one for each chart of a page; `heads` stand over the table."""

    key: str
    title: str
    heads: tuple[str, str]
    drawn: Sequence[Drawn]
    height: int
    upright: bool
    people: bool
    caption: str
    note: str

    @property
    def summary(self) -> str:
        """What somebody hears who does not see it."""
        said = ", ".join(f"{each.bar.label} {each.bar.figure}" for each in self.drawn)
        return f"Bar chart. {said}. The table below has the same numbers."

    @property
    def linked(self) -> bool:
        """Whether bars lead somewhere: then it is a group of links, not one picture."""
        return any(each.bar.address for each in self.drawn)


def bars(
    rows: Iterable[Bar],
    *,
    key: str,
    title: str,
    heads: tuple[str, str],
    people: bool = False,
    caption: str = "",
    note: str = "",
) -> Chart:
    """A chart of rows under each other, for names and for many; the longest bar is as long as the chart is wide.

    `people` colours what counts people. `caption` stands over the table, else the title; `note` under the chart.
    """
    found = list(rows)
    longest = max((row.value or 0 for row in found), default=0)
    drawn = [
        Drawn(
            bar=row,
            label=cut(row.label, ROOM - _breadth(row.figure)),
            kind=_kind(row),
            x="0",
            y=22 + ROW * number,
            width=f"{_share(row.value, longest):.1f}%",
            height=12,
            middle="",
        )
        for number, row in enumerate(found)
    ]
    return Chart(key, title, heads, drawn, max(ROW * len(found) - 6, 0), False, people, caption or title, note)


def columns(
    rows: Iterable[Bar],
    *,
    key: str,
    title: str,
    heads: tuple[str, str],
    people: bool = False,
    caption: str = "",
    note: str = "",
) -> Chart:
    """A chart of at most some six columns with short labels, for growth over time; else as `bars`, without links."""
    found = list(rows)
    highest = max((row.value or 0 for row in found), default=0)
    step = 100 / max(len(found), 1)
    drawn = []
    for number, row in enumerate(found):
        height = round(TALLEST * _share(row.value, highest) / 100)
        drawn.append(
            Drawn(
                bar=row,
                label=row.label,
                kind=_kind(row),
                x=f"{step * (number + 0.12):.2f}%",
                y=BASE - height,
                width=f"{step * 0.76:.2f}%",
                height=height,
                middle=f"{step * (number + 0.5):.2f}%",
            )
        )
    return Chart(key, title, heads, drawn, 200, True, people, caption or title, note)


def cut(label: str, room: int) -> str:
    """The beginning of a label that fits, with an ellipsis where it went on; wide letters take the room of two."""
    if _breadth(label) <= room:
        return label
    kept = label
    while kept and _breadth(kept) > room - 1:
        kept = kept[:-1]
    return f"{kept.rstrip()}…"


def _breadth(words: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)


def _share(value: int | None, longest: int) -> float:
    """How long a bar is, in percent of the longest; what is there at all is seen."""
    return max(SLIVER, 100 * value / longest) if value else 0


def _kind(row: Bar) -> str:
    """The class that gives a bar its look."""
    return "chart-rest" if row.rest else "chart-late" if row.late else "chart-bar"
