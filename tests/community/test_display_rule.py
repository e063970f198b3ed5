"""Whoever sees every public number for ever, and can reckon without end, works out no figure below the threshold.

The attacker holds every world that fits with what was shown: after each join, leave and look, and then backwards.
The threshold is small here, so that they can hold all of them; the rule takes it as a number.
"""

import functools
import itertools
import os
import random
from dataclasses import dataclass

import pytest

from community.counting import shown
from community.split import Split, divided, replaced

pytestmark = pytest.mark.once

GROUPS = ("ES", "IT", "US", "")
UNIONS = [each for size in range(1, 5) for each in itertools.combinations(range(4), size)]

World = tuple[int, ...]


def worlds(total: int, groups: int = 4) -> set[World]:
    """Every way in which so many members can live in the groups."""
    if groups == 1:
        return {(total,)}
    return {(first, *others) for first in range(total + 1) for others in worlds(total - first, groups - 1)}


@functools.cache
def after(world: World, event: str) -> frozenset[World]:
    """Every world that one who joins, leaves or names another country may lead to."""
    worlds = {world}
    if event != "join":
        worlds = {_with(one, group, -1) for one in worlds for group in range(4) if one[group]}
    if event != "leave":
        worlds = {_with(one, group, 1) for one in worlds for group in range(4)}
    return frozenset(worlds)


class Site:
    """What is public: the split, the total when it was counted, and the total when it was last looked at."""

    def __init__(self, least: int, round_to: int) -> None:
        self.least, self.round_to = least, round_to
        self.split: Split | None = None
        self.split_total = self.looked = 0

    def total(self, count: int) -> int:
        """The public total."""
        return shown(count, threshold=self.least, round_to=self.round_to).figure or 0

    def looks(self, count: int) -> bool:
        """Whether the day's job looks at the split: everybody can tell."""
        return count >= self.least and abs(self.total(count) - self.looked) >= self.least

    def would_show(self, world: World) -> Split | None:
        """The split after a day's job in this world."""
        counts = dict(zip(GROUPS, world, strict=True))
        moved = self.total(sum(world)) - self.split_total
        rule = {"threshold": self.least, "round_to": self.round_to}
        return replaced(self.split, counts, moved=moved, **rule) or self.split


@dataclass
class Life:
    """What the attacker knows after each day of a community's life, what they saw happen, and what was shown."""

    least: int
    known: list[set[World]]
    events: list[str]
    shown: list[Split | None]


@functools.lru_cache(maxsize=45)
def follow(seed: int, days: int = 28) -> Life:
    """A community in which people join, leave and move, all of it seen, but not from where to where."""
    rng = random.Random(seed)  # noqa: S311
    # At two every small figure is one, and there is nothing to work out.
    least, round_to = rng.choice([(3, 1), (3, 1), (3, 2), (4, 1), (4, 3)])
    lean = (0.5, 1, 3)[seed % 3]
    weights = [rng.random() ** lean for _ in GROUPS]
    leaving, moving = rng.choice([0, 0.1, 0.3, 0.45]), rng.choice([0, 0, 0.1])
    world: World = (0, 0, 0, 0)
    site = Site(least, round_to)
    life = Life(least, [], [], [])
    # What the first few are is known to nobody.
    for _ in range(least):
        world = _with(world, rng.choices(range(4), weights)[0], 1)
    life.known = [worlds(least)]
    for _ in range(days):
        event = "join"
        if any(world):
            event = rng.choices(["leave", "move", "join"], [leaving, moving, 1 - leaving - moving])[0]
        if event != "join":
            world = _with(world, rng.choices(range(4), world)[0], -1)
        if event != "leave":
            world = _with(world, rng.choices(range(4), weights)[0], 1)
        possible = {each for one in life.known[-1] for each in after(one, event)}
        if site.looks(total := sum(world)):
            split = site.would_show(world)
            possible = {each for each in possible if site.would_show(each) == split}
            site.looked = site.total(total)
            if split != site.split:
                site.split, site.split_total = split, site.total(total)
        assert world in possible
        life.known.append(possible)
        life.events.append(event)
        life.shown.append(site.split)
        if rng.random() < 0.15:
            weights = [rng.random() ** lean for _ in GROUPS]
    for day in reversed(range(days)):
        life.known[day] = {one for one in life.known[day] if after(one, life.events[day]) & life.known[day + 1]}
    return life


def _with(world: World, group: int, change: int) -> World:
    return (*world[:group], world[group] + change, *world[group + 1 :])


def small(life: Life) -> list[tuple[int, tuple[int, ...], int]]:
    """The figures below the threshold that the attacker is certain of: the day, the groups, and how many."""
    found = []
    for day, possible in enumerate(life.known):
        # Nobody, or everybody, in an empty or tiny community is no news: its total is known to who saw each come.
        for union in UNIONS[:-1]:
            figures = {sum(world[group] for group in union) for world in possible}
            if len(figures) == 1 and 0 < min(figures) < life.least:
                found.append((day, union, min(figures)))
    return found


def told(life: Life) -> list[tuple[int, int]]:
    """The days on which the attacker is certain which country the one person named who came or went, and which."""
    found = []
    for day, event in enumerate(life.events):
        if event == "move":
            continue
        change = 1 if event == "join" else -1
        before, later = life.known[day], life.known[day + 1]
        groups = [g for g in range(4) if any(_with(world, g, change) in later for world in before)]
        if len(groups) == 1 and GROUPS[groups[0]]:
            found.append((day, groups[0]))
    return found


# More lives than the suite plays: LIVES=2000 python -m pytest tests/community/test_display_rule.py
LIVES = int(os.environ.get("LIVES", "45"))


@pytest.mark.parametrize("seed", range(LIVES))
def test_neither_a_figure_below_the_threshold_nor_one_persons_country_can_be_worked_out(seed: int) -> None:
    life = follow(seed)
    assert small(life) == []
    assert told(life) == []


def test_meanwhile_figures_are_shown_and_change() -> None:
    splits = [len({each for each in follow(seed).shown if each}) for seed in range(45)]
    assert sum(splits) > 45
    assert max(splits) > 3


def test_the_attacker_is_able(monkeypatch: pytest.MonkeyPatch) -> None:
    # a split that is shown anew whenever it is looked at gives figures away
    monkeypatch.setattr(
        Site, "would_show", lambda _self, world: divided(dict(zip(GROUPS, world, strict=True)), threshold=1)
    )
    assert any(small(follow.__wrapped__(seed)) for seed in range(45))


def test_a_country_that_may_move_alone_tells_where_one_person_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("community.split._alone", lambda _changes: False)
    assert any(told(follow.__wrapped__(seed)) for seed in range(45))


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
    ("us", "others", "fine"), [(29, 30, False), (18, 41, True), (29, 41, True), (19, 41, False), (29, 31, False)]
)
def test_every_figure_stays_or_moves_by_the_threshold_and_no_country_alone(us: int, others: int, fine: bool) -> None:
    counts = {"US": us, "ES": 5, "IT": 6, "": others - 11}
    moved = us + others - 48
    found = replaced(BEFORE, counts, moved=moved, threshold=11)
    assert found == (Split((("US", us),), others) if fine else None)


def test_a_country_that_fell_below_the_threshold_is_not_told_by_its_going() -> None:
    assert replaced(BEFORE, {"US": 10, "ES": 30, "IT": 6, "": 20}, moved=18, threshold=11) is None


def test_a_country_does_not_come_alone() -> None:
    # eleven joined, and it is 21 now: it was ten
    counts = {"US": 18, "ES": 21, "IT": 5, "GB": 6, "": 9}
    assert replaced(BEFORE, counts, moved=11, threshold=11) is None
