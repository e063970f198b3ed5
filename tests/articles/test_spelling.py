"""The known word that is nearest to a mistyped one."""

import pytest

from articles.spelling import Spelling, distance

pytestmark = pytest.mark.once

KNOWN = Spelling({"checks": 3, "cheeks": 1, "syndrome": 9, "syndromes": 1, "wilson": 2, "heart": 2, "takatsuki": 1})


@pytest.mark.parametrize(
    ("one", "other", "away"),
    [("heart", "heart", 0), ("haert", "heart", 1), ("hart", "heart", 1), ("heartt", "heart", 1),
     ("chekcs", "checks", 1), ("abc", "xyz", 3), ("", "ab", 2), ("a" * 40, "b" * 40, 3)],
)  # fmt: skip
def test_letters_that_are_changed_added_left_out_or_swapped_are_counted(one: str, other: str, away: int) -> None:
    assert distance(one, other, 2) == away
    assert distance(other, one, 2) == away


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("chekcs", "checks"), ("syndrme", "syndrome"), ("sindrome", "syndrome"), ("wilsn", "wilson"), ("haert", "heart"),
     ("takasuki", "takatsuki"), ("xyzzy", None), ("hat", None), ("", None), ("x" * 40, None)],
)  # fmt: skip
def test_the_nearest_word_is_meant_and_of_equals_the_one_that_is_used_more(typed: str, meant: str | None) -> None:
    found = KNOWN.nearest(typed)
    assert (found and found[2]) == meant
