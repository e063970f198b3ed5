"""Whoever sees every public number for ever, and can reckon without end, works out no figure below the threshold.

The attacker is told of each join, leave and change of country, below the threshold too, but not of whom, and so holds
every total, exact even where the site rounds it, of which figures by year are some. They hold every world that fits
with what was shown, and then reckon backwards. Threshold and countries are few here, so that they can hold all
worlds; the rule takes the threshold as a number.
"""

import os
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

import pytest

from community.counting import shown
from community.split import Split, divided, replaced

pytestmark = pytest.mark.once

# Lives of communities that are played; ATTACKER_LIVES=2000 digs deeper.
LIVES = range(int(os.environ.get("ATTACKER_LIVES", "24")))
DAYS = 26

World = tuple[int, ...]
Step = tuple[int, int]  # from a group to another; NOBODY stands for who is no member
NOBODY = -1


def steps(world: World, event: str) -> Iterator[tuple[Step, World]]:
    """Each way in which somebody may have joined, left or named another country, and where it leads."""
    groups = range(len(world))
    for out in groups if event != "joins" else [NOBODY]:
        if out != NOBODY and not world[out]:
            continue
        for to in groups if event != "leaves" else [NOBODY]:
            if out != to:
                yield (out, to), tuple(each - (at == out) + (at == to) for at, each in enumerate(world))


@dataclass
class Site:
    """What is public: the split, and the total when it was last looked at. The year's figure is a total too."""

    groups: tuple[str, ...]
    least: int
    round_to: int
    split: Split | None = None
    looked: int = 0

    def looks(self, total: int) -> bool:
        """Whether the day's job looks at the split: everybody can tell."""
        figure = shown(total, threshold=self.least, round_to=self.round_to).figure
        return figure is not None and abs(figure - self.looked) >= self.least

    def would_show(self, world: World) -> Split | None:
        """The split after a day's job in this world."""
        counts = dict(zip(self.groups, world, strict=True))
        return replaced(self.split, counts, threshold=self.least, round_to=self.round_to) or self.split


@dataclass
class Life:
    """A community's days: what happened, what was shown, and the worlds that an attacker still holds possible."""

    site: Site
    known: list[set[World]] = field(default_factory=list)
    events: list[str] = field(default_factory=list)
    splits: list[Split | None] = field(default_factory=list)

    def small(self) -> list[tuple[int, int, int]]:
        """The figures below the threshold of which the attacker is certain: the day, the groups as bits, how many."""
        size, found = len(self.site.groups), []
        for day, possible in enumerate(self.known):
            for union in range(1, 2**size - 1):
                figures = set[int]()
                for world in possible:
                    figures.add(sum(each for at, each in enumerate(world) if union >> at & 1))
                    if len(figures) > 1:
                        break
                if len(figures) == 1 and 0 < min(figures) < self.site.least:
                    found.append((day, union, min(figures)))
        return found

    def persons(self) -> list[tuple[int, str, int]]:
        """The days on which the attacker knows the country of whoever joined or left.

        Nobody but they and this attacker knows of somebody who named another country: no number tells of it.
        """
        found = list[tuple[int, str, int]]()
        for day, event in enumerate(self.events):
            if event == "moves":
                continue
            ends = self.known[day + 1]
            taken = {step for one in self.known[day] for step, end in steps(one, event) if end in ends}
            sides = {out if event == "leaves" else to for out, to in taken}
            if len(sides) == 1:
                found.append((day, event, sides.pop()))
        return found


@cache
def live(seed: int, days: int = DAYS) -> Life:
    """One life, drawn: threshold, rounding, who comes, goes, and changes country, and whether nearly all leave."""
    rng = random.Random(seed)  # noqa: S311
    # where all name one of a few countries, a rest as large as it can be tells each of them; there are 249, and ""
    groups = rng.choice([("ES", "IT", "US", ""), ("ES", "FR", "IT", "US", "")])
    least = rng.choice([3, 3, 4])
    life = Life(Site(groups, least, rng.choice([1, 1, 2, 3])), known=[{(0,) * len(groups)}])
    lean, leaving, moving = rng.choice([0, 0.5, 1, 3]), rng.choice([0, 0, 0.1, 0.3]), rng.choice([0, 0, 0.1])
    weights = [rng.random() ** lean for _ in groups]
    world, fall = (0,) * len(groups), rng.choice([0, 0, days // 2])
    for day in range(days):
        event = _event(rng, sum(world), 0.9 if fall and 0 <= day - fall < days // 4 else leaving, moving)
        world = _happens(rng, world, event, weights)
        _told(life, event, world)
        if rng.random() < 0.15:
            weights = [rng.random() ** lean for _ in groups]
    for day in reversed(range(days)):
        ends = life.known[day + 1]
        life.known[day] = {
            one for one in life.known[day] if any(end in ends for _, end in steps(one, life.events[day]))
        }
    return life


def _event(rng: random.Random, total: int, leaving: float, moving: float) -> str:
    if total and rng.random() < leaving:
        return "leaves"
    return "moves" if total and rng.random() < moving else "joins"


def _happens(rng: random.Random, world: World, event: str, weights: list[float]) -> World:
    """What really happens: who comes is drawn by weight, who goes by where members are."""
    ways = list(steps(world, event))
    odds = [(1 if out == NOBODY else world[out]) * (1 if to == NOBODY else weights[to] + 1e-9) for (out, to), _ in ways]
    return rng.choices([end for _, end in ways], odds)[0]


def _told(life: Life, event: str, world: World) -> None:
    """A day as the attacker sees it: they are told each event, and see each total and each split."""
    site, total = life.site, sum(world)
    possible = {end for one in life.known[-1] for _, end in steps(one, event)}
    if site.looks(total):
        split = site.would_show(world)
        possible = {each for each in possible if site.would_show(each) == split}
        site.split, site.looked = split, shown(total, threshold=site.least, round_to=site.round_to).figure or 0
    assert world in possible
    life.events.append(event)
    life.known.append(possible)
    life.splits.append(site.split)


@pytest.mark.parametrize("seed", LIVES)
def test_no_figure_below_the_threshold_can_be_worked_out_and_nobodys_country(seed: int) -> None:
    life = live(seed)
    assert life.small() == []
    assert life.persons() == []


def test_meanwhile_figures_are_shown_and_change() -> None:
    splits = [len({each for each in live(seed).splits if each}) for seed in LIVES]
    assert sum(splits) > len(splits)
    assert max(splits) > 1


def test_the_attacker_is_able(monkeypatch: pytest.MonkeyPatch) -> None:
    # a split that is shown anew whenever it is looked at gives figures and people away
    monkeypatch.setattr(
        Site, "would_show", lambda site, world: divided(dict(zip(site.groups, world, strict=True)), threshold=1)
    )
    lives = [live.__wrapped__(seed) for seed in (1, 3, 22)]
    assert any(life.small() for life in lives)
    assert any(life.persons() for life in lives)


@pytest.mark.parametrize("round_to", [1, 5, 10])
def test_every_figure_of_a_split_is_at_or_above_the_threshold_and_the_rest_merges_two(round_to: int) -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(3000):
        counts = {code: rng.choice([0, 1, 5, 10, 11, 12, 30, 59]) for code in ("ES", "IT", "US", "FR", "")}
        split = divided(counts, threshold=11, round_to=round_to)
        if split is None:
            continue
        shown = dict(split.cells)
        assert all(11 <= figure <= counts[code] for code, figure in shown.items())
        others = {code: count for code, count in counts.items() if code not in shown and count}
        assert 11 <= split.rest <= sum(others.values())
        assert len(others.keys() - {""}) >= 2
        assert "" not in shown


def test_the_smallest_country_joins_the_rest_until_that_is_large_and_merges_two() -> None:
    assert divided({"US": 30, "ES": 5}, threshold=11) is None
    assert divided({"US": 30, "ES": 12, "IT": 11}, threshold=11) == Split((("US", 30),), 23)
    assert divided({"US": 30, "ES": 6, "IT": 4}, threshold=11) is None
    assert divided({"US": 30, "ES": 6, "IT": 5}, threshold=11) == Split((("US", 30),), 11)


BEFORE = Split((("US", 18),), 30)


@pytest.mark.parametrize(
    ("us", "others", "fine"),
    [
        (18, 41, True),
        (29, 41, True),
        (19, 41, False),
        (29, 31, False),
        (29, 30, False),
        (29, 19, False),
        (18, 30, False),
    ],
)
def test_every_figure_stays_or_moves_by_the_threshold(us: int, others: int, fine: bool) -> None:
    counts = {"US": us, "ES": 5, "IT": 6, "": others - 11}
    found = replaced(BEFORE, counts, threshold=11)
    assert found == (Split((("US", us),), others) if fine else None)


def test_a_country_that_fell_below_the_threshold_is_not_told_by_its_going() -> None:
    assert replaced(BEFORE, {"US": 10, "ES": 30, "IT": 6, "": 20}, threshold=11) is None


def test_a_country_does_not_come_alone() -> None:
    # eleven joined, and it is 21 now: it was ten
    counts = {"US": 18, "ES": 21, "IT": 5, "GB": 6, "": 9}
    assert replaced(BEFORE, counts, threshold=11) is None


def test_what_is_rounded_moves_by_the_threshold_whatever_the_rounding_hides() -> None:
    # of steps of ten, 49 and 50 are two: one person joined where 20 seem to have come, or 11
    counts = {"US": 18, "ES": 5, "IT": 6, "": 39}
    assert replaced(Split((("US", 11),), 30), counts, threshold=11, round_to=10) == Split((("US", 11),), 50)
    assert replaced(Split((("US", 11),), 35), counts, threshold=11, round_to=10) is None


def test_of_two_new_countries_not_all_members_can_be_new() -> None:
    # sixteen joined; had each been four, both would have taken them all
    before, counts = Split((("US", 5),), 12), {"US": 5, "ES": 12, "IT": 12, "GB": 2, "FR": 2}
    assert replaced(before, counts, threshold=5) is None
    assert replaced(before, {**counts, "GB": 3}, threshold=5) is not None
