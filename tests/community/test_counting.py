"""How the number of members is shown: one rule, no place where a small number slips through."""

import pytest
from django.conf import settings
from django.test import Client
from django.utils import translation

from community.counting import ShownCount, shown
from pages.charts import Bar
from tests import make


def at(count: int, *, threshold: int = 11, round_to: int = 1) -> ShownCount:
    return shown(count, threshold=threshold, round_to=round_to)


@pytest.mark.parametrize("count", range(11))
def test_none_to_ten_members_are_all_told_alike(count: int) -> None:
    assert at(count) == at(1)
    assert at(count).figure is None
    assert at(count).words == "Fewer than 11"
    assert at(count).in_prose == "members (fewer than 11)"


@pytest.mark.parametrize(
    ("count", "words"), [(11, "11"), (12, "12"), (59, "59"), (999, "999"), (1000, "1,000"), (12345, "12,345")]
)
def test_from_eleven_the_exact_total_is_shown(count: int, words: str) -> None:
    assert (at(count).figure, at(count).words, at(count).in_prose) == (count, words, f"{words} members")
    assert not at(count).rounded


@pytest.mark.parametrize(
    ("count", "figure"), [(11, 11), (12, 11), (19, 11), (20, 20), (29, 20), (59, 50), (60, 60), (1234, 1230)]
)
def test_a_rounded_total_is_rounded_down_and_never_below_the_threshold(count: int, figure: int) -> None:
    seen = at(count, round_to=10)
    assert (seen.figure, seen.rounded) == (figure, True)
    assert seen.words == f"At least {figure:,}"
    assert seen.in_prose == f"at least {figure:,} members"


def test_rounding_changes_nothing_below_the_threshold() -> None:
    assert at(10, round_to=5) == at(10)
    assert at(0, round_to=5) == at(0)


@pytest.mark.parametrize(("count", "words"), [(1, "Fewer than 50"), (11, "Fewer than 50"), (49, "Fewer than 50")])
def test_a_tightened_threshold_hides_more(count: int, words: str) -> None:
    assert at(count, threshold=50).figure is None
    assert at(count, threshold=50).words == words
    assert at(count, threshold=50).in_prose == "members (fewer than 50)"


def test_a_tightened_threshold_shows_what_reaches_it() -> None:
    assert at(50, threshold=50).figure == 50


@pytest.mark.parametrize("threshold", [11, 20, 50])
@pytest.mark.parametrize("round_to", [1, 5, 10, 25, 100])
def test_no_figure_is_ever_below_the_threshold_or_above_the_truth(threshold: int, round_to: int) -> None:
    for count in range(300):
        figure = at(count, threshold=threshold, round_to=round_to).figure
        assert (figure is None) is (count < threshold)
        assert figure is None or threshold <= figure <= count


def test_the_forms_of_the_sentence_are_a_closed_list() -> None:
    """Way 19."""
    switches = [(11, 1), (11, 10), (50, 1)]
    seen = {at(count, threshold=least, round_to=step).in_prose for count in (0, 5, 59) for least, step in switches}
    assert seen == {
        "members (fewer than 11)",
        "members (fewer than 50)",
        "59 members",
        "at least 50 members",
    }


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("members", "threshold", "round_to", "words"),
    [
        (3, 11, 1, "members (fewer than 11)"),
        (12, 11, 1, "12 members"),
        (12, 11, 10, "at least 11 members"),
        (12, 20, 1, "members (fewer than 20)"),
    ],
)
def test_the_page_shows_what_the_rule_and_the_switches_allow(
    client: Client, monkeypatch: pytest.MonkeyPatch, members: int, threshold: int, round_to: int, words: str
) -> None:
    monkeypatch.setattr(settings, "MEMBER_COUNT_THRESHOLD", threshold)
    monkeypatch.setattr(settings, "MEMBER_COUNT_ROUND_TO", round_to)
    make.community(members=members)
    page = client.get(make.publication().article.get_absolute_url()).content.decode()
    assert f">{words}<" in page
    if words != "12 members":
        assert f"{members} members" not in page
        assert f'value="{members}"' not in page


@pytest.mark.parametrize(("language", "words"), [("en-gb", "1,234"), ("de", "1.234"), ("fr", "1\xa0234")])
def test_digits_are_those_of_the_language_and_the_figure_stays_a_number(language: str, words: str) -> None:
    with translation.override(language):
        seen = at(1234)
        assert (seen.words, seen.in_prose) == (words, f"{words} members")
        assert at(1239, round_to=5).words.startswith("At least 1")
        assert Bar("Spain", 1234).figure == words
    assert seen.figure == 1234


def test_one_is_a_member_and_all_others_are_members() -> None:
    assert at(1, threshold=1).in_prose == "1 member"
    assert [at(count).noun for count in (0, 1, 11, 12)] == ["members"] * 4
