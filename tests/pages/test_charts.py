"""Charts are drawn on the server: to scale, within their edges, with the same figures in words and in a table."""

from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from django.template.loader import render_to_string

from pages import charts
from pages.charts import Bar, Chart

from . import dom

pytestmark = pytest.mark.once

COUNTRIES = [
    Bar("United States", 18),
    Bar("Spain", 12),
    Bar("Nine other countries, under 11 each", 29, rest=True),
]
YEARS = [Bar("2022", None, said="under 11"), Bar("2023", 22), Bar("2024", 44)]


def countries(rows: list[Bar] | None = None) -> Chart:
    return charts.bars(
        rows or COUNTRIES, key="countries", title="Members by country", heads=("Country", "Members"), people=True
    )


def years() -> Chart:
    return charts.columns(YEARS, key="years", title="Members over time", heads=("Year", "Members"), people=True)


def drawn(chart: Chart) -> Element:
    page = f"<!DOCTYPE html><title>A chart</title>{render_to_string('_chart.html', {'chart': chart})}"
    return dom.tree(page.encode())


def share(length: str) -> float:
    return float(length.removesuffix("%"))


def test_each_bar_is_as_long_as_its_share_of_the_longest() -> None:
    assert [each.width for each in countries().drawn] == ["62.1%", "41.4%", "100.0%"]


def test_each_column_is_as_high_as_its_share_of_the_highest_and_stands_on_the_base() -> None:
    chart = years()
    assert [each.height for each in chart.drawn] == [0, 74, 148]
    assert {each.y + each.height for each in chart.drawn} == {170}


def test_columns_stand_beside_each_other_within_the_chart() -> None:
    edges = [(share(each.x), share(each.x) + share(each.width)) for each in years().drawn]
    assert edges[0][0] > 0
    assert edges[-1][1] < 100
    assert all(left[1] < right[0] for left, right in pairwise(edges))


def test_a_little_among_very_much_is_seen_and_nothing_is_not() -> None:
    chart = countries([Bar("Most", 120_000), Bar("One", 1), Bar("None", 0)])
    assert [each.width for each in chart.drawn] == ["100.0%", "0.7%", "0.0%"]
    assert len(dom.having(drawn(chart), "chart-bar")) == 2


def test_nothing_but_zeros_is_a_chart_without_bars() -> None:
    chart = countries([Bar("Spain", 0), Bar("Portugal", None, said="under 11")])
    assert dom.having(drawn(chart), "chart-bar") == []
    assert chart.summary == "Bar chart. Spain 0, Portugal under 11. The table below has the same numbers."


def test_a_figure_that_may_not_be_shown_has_words_and_no_bar() -> None:
    root = drawn(years())
    assert len(dom.having(root, "chart-bar")) == 2
    assert [dom.words(value) for value in dom.having(root, "chart-value")] == ["under 11", "22", "44"]
    assert [dom.words(cell) for cell in root.iter("td")] == ["under 11", "22", "44"]


def test_one_picture_has_a_name_and_a_description_with_every_figure() -> None:
    root = drawn(countries())
    picture = dom.only(root, "chart")
    assert picture.get("role") == "img"
    title, description = (dom.by_id(root, name) for name in picture.get("aria-labelledby", "").split())
    assert dom.words(title) == "Members by country"
    assert dom.words(description) == (
        "Bar chart. United States 18, Spain 12, Nine other countries, under 11 each 29. "
        "The table below has the same numbers."
    )


def test_bars_that_lead_somewhere_are_links_with_their_figure_in_a_group_and_in_the_table() -> None:
    root = drawn(countries([Bar("Spain", 12, address="/es/?a=1&b=2"), Bar("Elsewhere", 3)]))
    picture = dom.only(root, "chart")
    assert picture.get("role") == "group"  # what is inside a picture is not heard
    assert dom.words(dom.by_id(root, picture.get("aria-describedby", ""))).startswith("Bar chart. Spain 12")
    links = [link for link in root.iter() if link.get("href") == "/es/?a=1&b=2"]
    assert [link.get("aria-label") or dom.words(link) for link in links] == ["Spain 12", "Spain"]


def test_what_is_late_and_what_is_a_remainder_looks_otherwise() -> None:
    root = drawn(countries([Bar("Overdue", 3, late=True), Bar("Others", 2, rest=True), Bar("In date", 9)]))
    assert [len(dom.having(root, kind)) for kind in ("chart-late", "chart-rest", "chart-bar")] == [1, 1, 1]


def test_only_what_counts_people_has_their_colour() -> None:
    chart = charts.bars([Bar("Published", 3)], key="pages", title="Pages", heads=("Standing", "Pages"))
    assert "chart-plain" in dom.only(drawn(chart), "chart").get("class", "")
    assert "chart-plain" not in dom.only(drawn(countries()), "chart").get("class", "")


def test_a_long_label_is_cut_in_the_chart_and_whole_in_its_table() -> None:
    name = "Hereditary sensory and autonomic neuropathy, type seven, with more"
    root = drawn(countries([Bar(name, 1_234)]))
    shown = dom.words(dom.only(root, "chart-label"))
    assert shown == "Hereditary sensory and autonomic…"
    assert len(shown) + len("1,234") <= charts.ROOM
    assert dom.words(next(root.iter("td"))) == "1,234"
    assert name in [dom.words(cell) for cell in root.iter("th")]


def test_wide_letters_take_the_room_of_two() -> None:
    assert charts.cut("多中心性キャッスルマン病", 12) == "多中心性キ…"
    assert charts.cut("Castleman", 9) == "Castleman"


def test_what_a_label_holds_is_text() -> None:
    root = drawn(countries([Bar("<b>Spain</b>", 12, address='/?a="b"')]))
    assert list(root.iter("b")) == []
    assert dom.words(dom.only(root, "chart-label")) == "<b>Spain</b>"


def test_nothing_is_styled_inline() -> None:
    for chart in (countries(), years()):
        assert not [element for element in drawn(chart).iter() if element.get("style") or element.tag == "style"]


def test_two_charts_of_a_page_have_different_ids() -> None:
    page = "".join(render_to_string("_chart.html", {"chart": chart}) for chart in (countries(), years()))
    found = dom.ids(dom.tree(f"<!DOCTYPE html><title>Two</title>{page}".encode()))
    assert len(found) == len(set(found)) == 4
