"""Whoever sees every public number for ever, and can reckon without end, works out no figure below the threshold.

The attacker holds every world that fits with what was shown: after each join, leave and look, and then backwards.
The threshold is small here, so that they can hold all of them; the rule takes it as a number.
"""

import itertools
import random

import pytest

from community.split import Split, divided, replaced

pytestmark = pytest.mark.once

LEAST = 3
GROUPS = ("ES", "IT", "US", "")
UNIONS = [each for size in range(1, 5) for each in itertools.combinations(range(4), size)]

World = tuple[int, ...]


def worlds(total: int, groups: int = 4) -> set[World]:
    """Every way in which so many members can live in the groups."""
    if groups == 1:
        return {(total,)}
    return {(first, *others) for first in range(total + 1) for others in worlds(total - first, groups - 1)}


def after(world: World, change: int) -> set[World]:
    """Every world that one more, or one less, may lead to."""
    moved = ((*world[:i], world[i] + change, *world[i + 1 :]) for i in range(4))
    return {each for each in moved if min(each) >= 0}


class Site:
    """What is public: the split, the total when it was counted, and the total when it was last looked at."""

    def __init__(self) -> None:
        self.split: Split | None = None
        self.split_total = self.looked = 0

    def looks(self, total: int) -> bool:
        """Whether the day's job looks at the split: everybody can tell."""
        return total >= LEAST and abs(total - self.looked) >= LEAST

    def would_show(self, world: World) -> Split | None:
        """The split after a day's job in this world."""
        counts = dict(zip(GROUPS, world, strict=True))
        moved = sum(world) - self.split_total
        return replaced(self.split, counts, moved=moved, threshold=LEAST) or self.split


def follow(seed: int, days: int) -> tuple[list[set[World]], list[Split | None]]:
    """What the attacker knows after each day of a community's life, and what was shown."""
    rng = random.Random(seed)  # noqa: S311
    lean = (0.5, 1, 3)[seed % 3]
    weights = [rng.random() ** lean for _ in GROUPS]
    leaving = rng.choice([0, 0.1, 0.3])
    world: World = (0, 0, 0, 0)
    while sum(world) < LEAST:
        world = _with(world, rng.choices(range(4), weights)[0], 1)
    site, known, changes, shown = Site(), [worlds(LEAST)], [], list[Split | None]()
    for _ in range(days):
        leaves = sum(world) > LEAST and rng.random() < leaving
        world = _with(world, rng.choices(range(4), world if leaves else weights)[0], -1 if leaves else 1)
        changes.append(-1 if leaves else 1)
        possible = {each for one in known[-1] for each in after(one, changes[-1])}
        if site.looks(total := sum(world)):
            split = site.would_show(world)
            possible = {each for each in possible if site.would_show(each) == split}
            site.looked = total
            if split != site.split:
                site.split, site.split_total = split, total
        assert world in possible
        known.append(possible)
        shown.append(site.split)
        if rng.random() < 0.15:
            weights = [rng.random() ** lean for _ in GROUPS]
    for day in reversed(range(days)):
        known[day] = {one for one in known[day] if after(one, changes[day]) & known[day + 1]}
    return known, shown


def _with(world: World, group: int, change: int) -> World:
    return (*world[:group], world[group] + change, *world[group + 1 :])


def small(known: list[set[World]]) -> list[tuple[int, tuple[int, ...], int]]:
    """The figures below the threshold that the attacker is certain of: the day, the groups, and how many."""
    found = []
    for day, possible in enumerate(known):
        for union in UNIONS:
            figures = {sum(world[group] for group in union) for world in possible}
            if len(figures) == 1 and 0 < min(figures) < LEAST:
                found.append((day, union, min(figures)))
    return found


@pytest.mark.parametrize("seed", range(45))
def test_no_figure_below_the_threshold_can_be_worked_out(seed: int) -> None:
    known, _ = follow(seed, 28)
    assert small(known) == []


def test_meanwhile_figures_are_shown_and_change() -> None:
    splits = [len({each for each in follow(seed, 28)[1] if each}) for seed in range(45)]
    assert sum(splits) > 60
    assert max(splits) > 3


def test_the_attacker_is_able(monkeypatch: pytest.MonkeyPatch) -> None:
    # a split that is shown anew whenever it is looked at gives figures away
    monkeypatch.setattr(
        Site, "would_show", lambda _self, world: divided(dict(zip(GROUPS, world, strict=True)), threshold=1)
    )
    assert any(small(follow(seed, 28)[0]) for seed in range(45))


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
    ("us", "others", "fine"), [(29, 30, True), (18, 41, True), (29, 41, True), (19, 41, False), (29, 31, False)]
)
def test_every_figure_stays_or_moves_by_the_threshold(us: int, others: int, fine: bool) -> None:
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
