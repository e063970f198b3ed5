"""Members by country: which figures may stand side by side, and when others may take their place. Pure functions.

Whoever reads the exact total after each join and each split for ever must not be able to work out a figure below the
threshold. So a split is a whole, of one moment, and stands until another whole differs enough from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

from .counting import shown

# The fewest countries that are added together.
MERGED = 2


@dataclass(frozen=True)
class Split:
    """Figures by country, the largest first, and of all others together, of whom some named no country."""

    cells: tuple[tuple[str, int], ...]
    rest: int


def divided(counts: Mapping[str, int], *, threshold: int, round_to: int = 1) -> Split | None:
    """The split of counts by country, "" for those who named none; None where none may be shown.

    Every figure is at or above the threshold, and rounded as the total is. The rest merges at least two countries;
    else the smallest country joins it, until it does.
    """
    named = sorted(((count, code) for code, count in counts.items() if code and count), reverse=True)
    large = [each for each in named if each[0] >= threshold]
    total = sum(counts.values())
    while large and (len(named) - len(large) < MERGED or total - sum(count for count, _ in large) < threshold):
        large.pop()
    if not large:
        return None

    def figure(count: int) -> int:
        return shown(count, threshold=threshold, round_to=round_to).figure or 0

    cells = tuple((code, figure(count)) for count, code in large)
    return Split(cells, figure(total - sum(count for count, _ in large)))


def replaced(before: Split | None, counts: Mapping[str, int], *, threshold: int, round_to: int = 1) -> Split | None:
    """The split that may take the place of `before`, None where that one stays.

    A country that was shown stays, and every figure is the same or has changed by the threshold at least, the others
    together too, however much of it is the rounding. No country was the only one to grow or the only one to shrink:
    else everybody who came or went is known to live there. Those that are new were not all made by newcomers: else
    what they were could be worked out.
    """
    after = divided(counts, threshold=threshold, round_to=round_to)
    if before is None or after is None:
        return after
    old, new = dict(before.cells), dict(after.cells)
    if not old.keys() <= new.keys():
        return None
    fresh = [count for code, count in after.cells if code not in old]
    others = after.rest + sum(fresh) - before.rest
    changes = [new[code] - old[code] for code in old]
    # One person may move a rounded figure by a whole step.
    slack = round_to - 1
    least = [threshold + slack] * len(old) + [threshold + slack * (1 + len(fresh))]
    moves = [abs(change) for change in (*changes, others)]
    if not any(moves) or any(0 < move < fewest for move, fewest in zip(moves, least, strict=True)):
        return None
    if _alone(changes, others) or _alone([-change for change in changes], -others):
        return None
    return None if _came_alone(fresh, others - slack * (1 + len(fresh)), threshold) else after


def _alone(changes: list[int], others: int) -> bool:
    """Whether one country grew, and nobody else."""
    return others <= 0 and sum(change > 0 for change in changes) == 1


def _came_alone(fresh: list[int], others: int, threshold: int) -> bool:
    """Whether the new countries can be as large only if each was as large as may be before, and took all newcomers."""
    sums = accumulate(fresh)
    return any(total > many * (threshold - 1) - 1 + max(others, 0) for many, total in enumerate(sums, 1))
