"""What the map of members by country draws of the rows it gets."""

import random
import re

import pytest

from community.countries import COUNTRIES
from pages.charts import Bar
from pages.world_map import WorldMap, outline, steps, world_map

pytestmark = pytest.mark.once


def drawn(figures: dict[str, int], *, least: int = 11, rounded: bool = False) -> WorldMap:
    rows = {code: Bar(COUNTRIES[code], figure) for code, figure in figures.items()}
    return world_map(rows, key="world", title="World", least=least, rounded=rounded)


def test_every_country_that_can_be_named_has_a_mark_in_the_picture_in_any_window() -> None:
    left, top, width, height = map(int, outline()["box"].split())
    for code in COUNTRIES:
        (mark,) = drawn({code: 11}).marks
        assert mark.path or (mark.dot and not mark.narrow), code
        places = [*map(tuple, re.findall(r"M(\d+) (\d+)", mark.path)), *([mark.dot] if mark.dot else [])]
        for x, y in places:
            assert left < int(x) < left + width, code
            assert top < int(y) < top + height, code
    assert outline()["countries"].keys() <= COUNTRIES.keys()


def test_places_lie_where_they_are() -> None:
    """West to east and north to south, of the outline and of the time zone database."""
    at = {
        code: drawn({code: 11}).marks[0].dot or (0, 0)
        for code in ("MT", "SG", "LU", "IE", "KR", "FK", "AQ", "GF", "SJ")
    }
    assert sorted(at.keys() - {"AQ", "FK", "SJ"}, key=lambda code: at[code][0]) == ["GF", "IE", "LU", "MT", "SG", "KR"]
    assert sorted(at.keys() - {"KR"}, key=lambda code: at[code][1]) == ["SJ", "IE", "LU", "MT", "GF", "SG", "FK", "AQ"]


def test_the_land_is_the_same_whatever_is_shown_and_nothing_else_is_marked() -> None:
    one, two = drawn({"US": 18}), drawn({"US": 18, "ES": 12})
    assert one.land == two.land
    assert one.box == two.box
    assert [mark.path for mark in two.marks if mark.bar.label == "United States"] == [one.marks[0].path]
    assert sorted(mark.bar.label for mark in two.marks) == ["Spain", "United States"]


def test_each_country_has_the_shade_whose_figures_hold_its_own_and_none_begins_below_the_threshold() -> None:
    rng = random.Random(7)  # noqa: S311
    for _ in range(300):
        least = rng.choice([1, 5, 11, 50])
        size = rng.choice([1, 3, 20])
        found = drawn(
            {code: least + int(rng.expovariate(0.01)) for code in rng.sample(sorted(COUNTRIES), size)}, least=least
        )
        bounds = {}
        for shade in found.legend:
            ends = [int(number.replace(",", "")) for number in re.findall(r"[\d,]+", shade.words)]
            bounds[shade.kind] = (ends[0], 10**9 if "more" in shade.words else ends[-1])
        assert len(bounds) == len(found.legend) <= 4
        assert min(low for low, _ in bounds.values()) >= least
        for mark in found.marks:
            low, high = bounds[mark.kind]
            assert low <= mark.bar.value <= high


def test_the_shades_are_few_and_round_and_of_rounded_figures_only_the_least_is_told() -> None:
    assert steps([18, 12], 11) == [11, 15]
    assert steps([140, 61, 11], 11) == [11, 20, 50, 100]
    assert [shade.words for shade in drawn({"US": 140, "ES": 11}).legend] == [
        "11 to 19",
        "20 to 49",
        "50 to 99",
        "100 or more",
    ]
    assert [shade.words for shade in drawn({"US": 20, "ES": 15}, rounded=True).legend] == ["15+", "20+"]


def test_small_countries_are_drawn_last() -> None:
    assert [mark.bar.label for mark in drawn({"LU": 90, "FR": 20, "DE": 11}).marks] == [
        "France",
        "Germany",
        "Luxembourg",
    ]
