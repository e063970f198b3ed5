"""Thousands of conditions: a list for each letter, those with pages first, in parts with addresses of their own."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Condition, ConditionName
from pages import kept
from tests import make, people

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

MORE = 230


def many(count: int = MORE, letter: str = "P") -> None:
    """So many conditions under one letter."""
    rows = Condition.objects.bulk_create(Condition(slug=f"{letter.lower()}-{n:03}") for n in range(count))
    ConditionName.objects.bulk_create(
        ConditionName(condition=row, text=f"{letter}ox {row.slug[-3:]}", kind="preferred") for row in rows
    )


def names(client: Client, address: str) -> list[str]:
    """The conditions at an address, in order."""
    return [dom.words(link) for link in dom.having(dom.read(client, address), "line-title")]


def test_a_letter_lists_its_conditions_in_parts_of_a_hundred(client: Client) -> None:
    many()
    make.condition("other", "Other disease")
    parts = [names(client, address) for address in ("/a-z/p/", "/a-z/p/2/", "/a-z/p/3/")]
    assert [len(part) for part in parts] == [100, 100, 30]
    assert [name for part in parts for name in part] == [f"Pox {n:03}" for n in range(MORE)]
    root = dom.read(client, "/a-z/p/2/")
    assert {"/a-z/p/", "/a-z/p/3/"} <= set(dom.links(root))
    assert "Part 2 of 3" in dom.words(root)
    assert dom.words(dom.first(root, "title")) == "Conditions: P, part 2 | Rounds"
    assert names(client, "/a-z/o/") == ["Other disease"]


@pytest.mark.parametrize(
    "address",
    [
        *("/a-z/p/1/", "/a-z/p/02/", "/a-z/p/4/", "/a-z/p/0/", f"/a-z/p/{'9' * 30}/", "/a-z/P/", "/a-z/pq/"),
        *("/a-z/q/", "/a-z/answered/", "/a-z/answered/1/", "/a-z/answered/2/", "/a-z/"),
    ],
)
def test_every_list_has_one_address_and_there_is_nothing_at_any_other(client: Client, address: str) -> None:
    many()
    assert client.get(address).status_code == 404


def test_those_with_pages_stand_first_with_how_they_stand(client: Client) -> None:
    many(3)
    for slug, signed_days_ago in (("p-002", (10, 400)), ("p-001", (400,))):
        for days in signed_days_ago:
            signed_on = make.today() - dt.timedelta(days)
            site.live(Condition.objects.get(slug=slug), f"q-{days}", signed_on=signed_on)
    rows = dom.having(dom.only(dom.read(client, "/a-z/p/"), "line-list"), "question-row")
    assert [dom.words(row) for row in rows] == ["Pox 001 1 lapsed", "Pox 002 1 page in date 1 lapsed", "Pox 000"]


def test_what_is_not_public_moves_nothing(client: Client) -> None:
    # way 27
    many(6)
    before = client.get("/a-z/p/").content
    rows = {row.slug: row for row in Condition.objects.all()}
    make.revision(make.article("draft", of=rows["p-005"]))
    make.review(make.revision(make.article("approved", of=rows["p-004"])))
    later = dt.datetime.now(dt.UTC) + dt.timedelta(1)
    make.publication(make.review(make.revision(make.article("later", of=rows["p-003"]))), live_from=later)
    site.live(rows["p-002"], "gone").withdraw(by=people.publisher(), why="Wrong.")
    assert client.get("/a-z/p/").content == before


def test_a_page_that_is_approved_no_more_bears_no_mark(client: Client) -> None:
    many(2)
    site.live(Condition.objects.get(slug="p-001"), "never", by=people.clinician("Quack"))
    site.revoke(people.clinician("Quack"), from_day=make.today() - dt.timedelta(1))
    assert not dom.having(dom.read(client, "/a-z/p/"), "review-mark")


def test_a_page_that_is_approved_no_more_makes_no_condition_one_with_reviewed_pages(client: Client) -> None:
    many(101)
    site.live(Condition.objects.get(slug="p-001"), "never", by=people.clinician("Quack"))
    assert "1 of them has reviewed pages." in dom.words(dom.read(client, "/conditions/"))
    site.revoke(people.clinician("Quack"), from_day=make.today() - dt.timedelta(1))
    root = dom.read(client, "/conditions/")
    assert "None of them has a reviewed page yet." in dom.words(root)
    assert not dom.having(root, "question-row")
    assert names(client, "/a-z/p/")[:2] == ["Pox 000", "Pox 001"]
    site.live(Condition.objects.get(slug="p-001"), "another")
    root = dom.read(client, "/conditions/")
    assert "1 of them has reviewed pages." in dom.words(root)
    assert [dom.words(row) for row in dom.having(root, "question-row")] == ["Pox 001 1 page in date"]


def test_all_stand_on_one_page_while_they_fit_and_then_those_with_pages(client: Client) -> None:
    many(100)
    site.live(Condition.objects.get(slug="p-050"), "only")
    root = dom.read(client, "/conditions/")
    assert len(list(dom.only(root, "az-group").iter("a"))) == 100
    assert "100 conditions. 1 of them has reviewed pages." in dom.words(root)
    many(1, "Q")
    kept.pages.clear()  # names are not decided: they show within a minute
    root = dom.read(client, "/conditions/")
    assert [dom.words(row) for row in dom.having(root, "question-row")] == ["Pox 050 1 page in date"]
    assert "Conditions with reviewed pages" in dom.words(root)


def test_where_none_has_a_page_the_letters_are_left(client: Client) -> None:
    many(101)
    root = dom.read(client, "/conditions/")
    assert "None of them has a reviewed page yet." in dom.words(root)
    assert not dom.having(root, "question-row")
    assert dom.links(dom.only(root, "letters")) == ["/a-z/p/"]


def test_those_with_pages_come_in_parts_too(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.letters.PER_PAGE", 2)
    many(5)
    for number in range(3):
        site.live(Condition.objects.get(slug=f"p-00{number}"), "page")
    assert "/a-z/answered/2/" in dom.links(dom.read(client, "/conditions/"))
    second = dom.read(client, "/a-z/answered/2/")
    assert [dom.words(row) for row in dom.having(second, "question-row")] == ["Pox 002 1 page in date"]
    assert "/conditions/" in dom.links(dom.first(second, "main"))


@pytest.mark.parametrize("address", ["/", "/conditions/", "/a-z/p/", "/conditions/p-000/", "/reviewers/clara/"])
def test_many_pages_cost_no_more_queries_than_one(client: Client, address: str) -> None:
    many(3)

    def spent() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    site.live(Condition.objects.get(slug="p-000"), "overview", "overview")
    site.live(Condition.objects.get(slug="p-000"), "old", signed_on=make.today() - dt.timedelta(400))
    few = spent()
    for slug in ("p-000", "p-001", "p-002"):
        for number in range(4):
            days: Any = dt.timedelta(400 if number == 3 else number)
            site.live(Condition.objects.get(slug=slug), f"more-{number}", signed_on=make.today() - days)
    assert spent() == few <= 10
