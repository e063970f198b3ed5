"""What is kept of the members by country and by year, and what the community's page draws of it."""

import ast
import datetime as dt

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import Settings

from community.models import Community, CountrySnapshot, Member, YearFigure
from pages import kept, pictures
from tests import make, people
from tests.crowd import together
from tests.pages import dom
from tests.test_architecture import app_files, named, parsed, templates

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/community/"
SPREAD = ["US"] * 18 + ["ES"] * 12 + ["IT", "JP", "GB"] * 5 + [""] * 14


def community_in(countries: list[str]) -> Community:
    """A community whose members named these countries."""
    row = make.community()
    join(row, countries)
    return row


def join(row: Community, countries: list[str]) -> None:
    """More members, from these countries."""
    for country in countries:
        person = people.person(f"somebody{Member.objects.count()}-{country}@example.org")
        row.join(by=person, relation="self", country=country, consent_version="1")


def drawn(client: Client) -> str:
    """The words of the page."""
    return dom.words(dom.read(client, ADDRESS))


def test_the_split_of_the_day_stands_on_the_page_with_its_table(client: Client) -> None:
    community_in(SPREAD)
    assert CountrySnapshot.objects.take() == 1
    root = dom.read(client, ADDRESS)
    table = next(each for each in root.iter("table") if "by country" in dom.words(each))
    said = [[dom.words(cell) for cell in row] for row in table.iter("tr")][1:]
    assert said == [["United States", "18"], ["Spain", "12"], ["All others, or not said", "29"]]
    assert "Italy" not in dom.words(root)


def test_the_map_shows_the_countries_of_the_table_and_the_page_is_the_same_wherever_the_others_live(
    client: Client,
) -> None:
    community_in(SPREAD)
    pages = []
    for country in ("IT", "MT", ""):
        with transaction.atomic():
            Member.objects.filter(country__in=["IT", "MT"]).update(country=country)
            CountrySnapshot.objects.take()
            kept.pages.clear()
            pages.append(client.get(ADDRESS).content)
            transaction.set_rollback(True)
    assert len(set(pages)) == 1
    root = dom.tree(pages[0])
    titles = [dom.words(each) for mark in dom.having(root, "map-shown") for each in mark.findall("{*}title")]
    assert titles == ["United States: 18", "Spain: 12"]
    desc = dom.by_id(root, "world-desc")
    assert "Shaded: United States 18, Spain 12. No other country is shaded." in dom.words(desc)
    assert "counted among all others, or none" in dom.words(root)


def test_what_is_kept_holds_no_figure_below_the_threshold() -> None:
    community_in(SPREAD)
    CountrySnapshot.objects.take()
    row = CountrySnapshot.objects.get()
    assert (row.cells, row.rest, row.total) == ([["US", 18], ["ES", 12]], 29, 59)


def test_members_who_are_held_are_in_no_figure(settings: Settings) -> None:
    settings.MEMBERS_A_DAY = 59
    community_in([*SPREAD, *["US"] * 12])
    CountrySnapshot.objects.take()
    assert CountrySnapshot.objects.get().cells == [["US", 18], ["ES", 12]]


def test_the_split_is_not_looked_at_again_before_the_public_total_has_moved_by_the_threshold() -> None:
    row = community_in(SPREAD)
    CountrySnapshot.objects.take()
    CountrySnapshot.objects.update(day=make.today() - dt.timedelta(1), counted_on=make.today() - dt.timedelta(1))
    join(row, ["US"] * 10)
    assert CountrySnapshot.objects.take() == 0
    join(row, ["US", *[""] * 11])
    assert CountrySnapshot.objects.take() == 1
    newest = CountrySnapshot.objects.latest("day")
    assert (newest.cells, newest.rest) == ([["US", 29], ["ES", 12]], 40)


@pytest.mark.django_db(transaction=True)
def test_many_who_look_at_once_keep_one_picture_of_the_day() -> None:
    community_in(SPREAD)
    assert sorted(map(str, together([CountrySnapshot.objects.take] * 8))) == [*"00000001"]
    assert CountrySnapshot.objects.count() == 1


def test_figures_that_moved_by_little_stay_under_their_own_day() -> None:
    row = community_in(SPREAD)
    CountrySnapshot.objects.take()
    yesterday = make.today() - dt.timedelta(1)
    CountrySnapshot.objects.update(day=yesterday, counted_on=yesterday)
    join(row, ["US"] * 10 + ["ES"] * 5)
    assert CountrySnapshot.objects.take() == 1
    newest = CountrySnapshot.objects.latest("day")
    assert (newest.cells, newest.rest, newest.counted_on) == ([["US", 18], ["ES", 12]], 29, yesterday)
    assert CountrySnapshot.objects.take() == 0


def test_no_picture_below_the_threshold_nor_where_it_was_raised_nor_of_long_ago(
    client: Client, settings: Settings
) -> None:
    row = community_in(SPREAD)
    CountrySnapshot.objects.take()
    YearFigure.objects.create(community=row, year=make.today().year - 1, figure=30)
    assert "Where members live" in drawn(client)
    settings.MEMBER_COUNT_THRESHOLD = 13
    assert "Where members live" not in drawn(client)
    settings.MEMBER_COUNT_THRESHOLD = 60
    assert "Members over time" not in drawn(client)
    settings.MEMBER_COUNT_THRESHOLD = 11
    assert pictures.by_country(row, make.today() + dt.timedelta(401)) is None


def test_a_year_below_the_threshold_and_one_that_differs_by_little_are_told_without_their_figures(
    client: Client,
) -> None:
    row = community_in(SPREAD)
    this = make.today().year
    for ago, figure in [(4, None), (3, 22), (2, 25), (1, 46)]:
        YearFigure.objects.create(community=row, year=this - ago, figure=figure)
    table = next(each for each in dom.read(client, ADDRESS).iter("table") if "each year" in dom.words(each))
    said = [[dom.words(cell) for cell in each] for each in table.iter("tr")][1:]
    figures = ["under 11", "22", "about 22", "46", "59"]
    assert said == [[str(this - 4 + number), figure] for number, figure in enumerate(figures)]


def test_the_figure_of_the_year_is_the_public_one_and_outlives_whoever_leaves() -> None:
    row = community_in(["US"] * 12)
    assert YearFigure.objects.note() == 1
    assert YearFigure.objects.get().figure == 12
    YearFigure.objects.update(year=make.today().year - 1)
    for member in list(Member.objects.all()[:5]):
        row.leave(by=member.user)
    YearFigure.objects.note()
    assert [each.figure for each in YearFigure.objects.all()] == [12, None]


# Where the code names the number itself, and how often: to keep it, to order by what is shown of it, to hand it to the
# rule. Whoever adds a place shows that nothing but `counting.shown` leads from it to a reader.
RAW = "member_count"
NAMES_THE_NUMBER = {
    "community/admin.py": 3,
    "community/guards.py": 5,
    "community/models/communities.py": 5,
    "community/models/snapshots.py": 6,
    "pages/api/records.py": 1,
    "pages/desk/coverage.py": 1,
    "pages/export.py": 3,
    "pages/home.py": 5,
    "pages/hub.py": 1,
    "pages/reading.py": 6,
    "pages/state.py": 5,
}

MODERATORS_SEE = ["templates/desk/members.html"]


@pytest.mark.once
def test_no_other_place_names_the_number_than_those_that_hand_it_to_the_rule() -> None:
    found = {named(path): _names(parsed(path)) for path in app_files()}
    assert {place: times for place, times in found.items() if times} == NAMES_THE_NUMBER
    assert [named(path) for path in templates() if RAW in path.read_text(encoding="utf-8")] == MODERATORS_SEE


def _names(tree: ast.Module) -> int:
    """How often a tree names the number: a name, an attribute, an argument or a text, whole or in part."""
    words = (word for node in ast.walk(tree) for _, word in ast.iter_fields(node))
    return sum(isinstance(word, str) and RAW in word for word in words)
