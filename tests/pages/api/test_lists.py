"""Lists: narrowed, put in order and in pages as the parameters say; what cannot be read is named with the remedy."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import BroaderCondition, Condition, ConditionName
from pages.api import changed, index, table
from tests import make, people
from tests.pages import site

from .asking import ask, slugs

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


@pytest.fixture
def pages() -> dict[str, str]:
    """Three pages about two conditions, signed on different days for different times."""
    today = make.today()
    poems, wilson = (
        make.condition(),
        make.condition("wilson-disease", "Wilson disease", "Hepatolenticular degeneration"),
    )
    site.live(poems, "old", "outlook", signed_on=today - 400 * DAY)
    site.live(poems, "new", "causes", signed_on=today - 10 * DAY)
    site.live(wilson, "due", "outlook", by=people.clinician("Cleo"), signed_on=today - 340 * DAY)
    return {"old": "overdue", "new": "current", "due": "due"}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, ["new", "old", "due"]),
        ({"category": "P"}, ["new", "old"]),
        ({"category": "w"}, ["due"]),
        ({"category": "h"}, []),
        ({"category": "h", "synonyms": "true"}, ["due"]),
        ({"category": "0-9"}, []),
        ({"reviewState": "current"}, ["new"]),
        ({"reviewState": "overdue"}, ["old"]),
        ({"reviewState": "due"}, ["due"]),
        ({"reviewState": "changed-since-review"}, []),
        ({"orderBy": "lastReviewed"}, ["new", "due", "old"]),
        ({"orderBy": "lastReviewed", "order": "oldest"}, ["old", "due", "new"]),
        ({"orderBy": "nextReview", "order": "oldest"}, ["old", "due", "new"]),
        ({"orderBy": "dateModified"}, ["due", "new", "old"]),
        ({"reviewer": "cleo"}, ["due"]),
        ({"reviewer": "nobody"}, []),
    ],
)
def test_a_list_holds_what_was_asked_for_in_that_order(
    pages: dict[str, str], query: dict[str, str], found: list[str]
) -> None:
    assert slugs(ask("/articles", **query)) == found


def test_days_bound_the_date_by_which_the_list_is_put_in_order(pages: dict[str, str]) -> None:
    day = make.today() - 340 * DAY
    around = {"orderBy": "lastReviewed", "startDate": day, "endDate": day}
    assert slugs(ask("/articles", **around)) == ["due"]
    assert slugs(ask("/conditions", **around)) == ["wilson-disease"]
    assert slugs(ask("/articles", startDate=make.today())) == ["new", "old", "due"]
    assert slugs(ask("/articles", startDate=make.today() + DAY)) == []
    assert slugs(ask("/articles", endDate=make.today() - DAY)) == []
    assert slugs(ask("/articles", startDate="2026-02-02", endDate="2026-02-01")) == []


def test_conditions_stand_there_with_how_their_pages_stand(pages: dict[str, str]) -> None:
    make.condition("behcet-disease", "Behçet disease")  # about which there is no page
    found = ask("/conditions")
    assert slugs(found) == ["poems-syndrome", "wilson-disease"]
    standing = found["items"][0]["articles"]
    assert (standing["total"], standing["current"], standing["due"], standing["overdue"]) == (2, 1, 0, 1)
    assert standing["lastReviewed"] == (make.today() - 10 * DAY).isoformat()
    assert found["items"][1]["otherNames"] == ["Hepatolenticular degeneration"]
    assert found["items"][1]["namesAndCodesReviewed"] is False
    assert slugs(ask("/conditions", category="h", synonyms="true")) == ["wilson-disease"]
    assert slugs(ask("/conditions", reviewState="due")) == ["wilson-disease"]
    assert slugs(ask("/conditions", orderBy="lastReviewed", order="oldest")) == ["wilson-disease", "poems-syndrome"]


def test_a_condition_names_what_is_broader_and_narrower_and_what_took_its_place(client: Client) -> None:
    poems, blood, kind = make.condition(), make.condition("blood", "Blood disorder"), make.condition("kind", "Kind")
    BroaderCondition.objects.create(condition=poems, broader=blood)
    BroaderCondition.objects.create(condition=kind, broader=poems)
    found = ask("/conditions/poems-syndrome")
    assert found["broader"] == [
        {
            "slug": "blood",
            "name": "Blood disorder",
            "url": "http://testserver/conditions/blood/",
            "api": "http://testserver/api/v1/conditions/blood",
        }
    ]
    assert [each["name"] for each in found["narrower"]] == ["Kind"]
    assert found["successor"] is None
    Condition.objects.filter(pk=kind.pk).update(successor=blood)  # it leads there now, and stands in no list
    assert client.get("/api/v1/conditions/kind")["Location"] == "/api/v1/conditions/blood"
    assert ask("/conditions/poems-syndrome")["narrower"] == []
    site.live(kind, "outlook")
    assert ask("/conditions/kind")["successor"]["name"] == "Blood disorder"


def test_a_cursor_narrows_a_list_to_what_changed_since(pages: dict[str, str]) -> None:
    cursor = ask("/changes")["cursor"]
    assert ask("/articles", changedSince=cursor)["total"] == 0
    site.live(make.condition("wilson-disease"), "newest", "living")
    assert slugs(ask("/articles", changedSince=cursor)) == ["newest"]
    assert slugs(ask("/conditions", changedSince=cursor)) == ["wilson-disease"]
    assert ask("/articles", 404, changedSince="A" * 66)["parameter"] == "changedSince"


def test_a_list_comes_in_pages_that_name_each_other(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    poems = make.condition()
    for number in range(5):
        site.live(poems, f"page-{number}")
    monkeypatch.setattr("pages.api.lists.PER_PAGE", 2)
    address, seen, links = "/api/v1/articles?orderBy=lastReviewed", [], []
    while address:
        response = client.get(address)
        found = response.json()
        seen += slugs(found)
        links.append(response.headers.get("Link", ""))
        address = (found["next"] or "").removeprefix("http://testserver")
    assert seen == [f"page-{number}" for number in range(5)]
    second = "http://testserver/api/v1/articles?orderBy=lastReviewed&page="
    assert links == [
        f'<{second}2>; rel="next"',
        f'<{second}1>; rel="prev", <{second}3>; rel="next"',
        f'<{second}2>; rel="prev"',
    ]
    beyond = ask("/articles", 404, page=4)
    assert beyond["type"].endswith("#no-such-page")
    assert "ends with page 3" in beyond["detail"]


def test_the_first_page_of_nothing_is_empty_and_no_mistake() -> None:
    for path in ("/articles", "/conditions", "/reviewers"):
        assert ask(path) == {"items": [], "page": 1, "total": 0, "next": None}
    assert ask("/changes")["items"] == []


@pytest.mark.parametrize(
    ("path", "query", "named"),
    [
        ("/articles", {"pagina": "1"}, "pagina"),
        ("/articles", {"page": ["1", "2"]}, "page"),
        ("/articles", {"page": "0"}, "page"),
        ("/articles", {"page": "-1"}, "page"),
        ("/articles", {"page": "1.0"}, "page"),
        ("/articles", {"page": "٣"}, "page"),
        ("/articles", {"page": "10001"}, "page"),
        ("/articles", {"page": "9" * 5000}, "page"),
        ("/articles", {"page": ""}, "page"),
        ("/articles", {"category": "ab"}, "category"),
        ("/articles", {"category": "a\n"}, "category"),
        ("/articles", {"category": "\x00"}, "category"),
        ("/articles", {"synonyms": "yes"}, "synonyms"),
        ("/articles", {"orderBy": "name"}, "orderBy"),
        ("/articles", {"order": "NEWEST"}, "order"),
        ("/articles", {"startDate": "2026-02-30"}, "startDate"),
        ("/articles", {"startDate": "20260201"}, "startDate"),
        ("/articles", {"endDate": "2026-W01-1"}, "endDate"),
        ("/articles", {"reviewState": "reviewed"}, "reviewState"),
        ("/articles", {"changedSince": "x"}, "changedSince"),
        ("/conditions", {"reviewer": "clara"}, "reviewer"),
        ("/reviewers", {"category": "a"}, "category"),
        ("/articles/poems-syndrome/prognosis", {"version": "1"}, "version"),
        ("/changes", {"since": "1"}, "since"),
        ("/openapi.json", {"format": "yaml"}, "format"),
    ],
)
def test_what_cannot_be_read_is_named_with_the_remedy(path: str, query: dict[str, Any], named: str) -> None:
    problem = ask(path, 400, **query)
    assert problem["parameter"] == named
    assert named in problem["detail"]
    assert problem["detail"].rstrip(".").split(". ")[-1].split()[0] in {"Send", "Use", "This"}


def test_a_list_takes_as_many_queries_for_many_pages_as_for_few(client: Client) -> None:
    def queries() -> dict[str, int]:
        found = {}
        for path in ("/articles", "/articles?orderBy=nextReview", "/conditions", "/conditions/poems-syndrome"):
            index.clear()
            with CaptureQueriesContext(connection) as asked:
                assert client.get(f"/api/v1{path}").status_code == 200
            found[path] = len(asked)
        return found

    poems = make.condition()
    site.live(poems, "first")
    few = queries()
    for number in range(8):
        site.live(poems, f"page-{number}")
        other = make.condition(f"other-{number}", f"Other {number}")
        ConditionName.objects.create(condition=other, text=f"Also {number}", kind=ConditionName.Kind.SYNONYM)
        site.live(other, "page")
    assert queries() == few
    assert max(few.values()) <= 6


def test_lists_in_another_order_are_made_from_what_was_read_once(client: Client) -> None:
    site.live(make.condition(), "first")
    client.get("/api/v1/articles?orderBy=lastReviewed")
    with CaptureQueriesContext(connection) as asked:
        client.get("/api/v1/articles?orderBy=nextReview")
    # The state twice, for the answer and for the list, and the lines: in tests nothing is held for a second.
    assert len(asked) == 3


def test_an_old_cursor_costs_a_list_no_look_at_the_record_once_it_was_read(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    since = changed.since
    monkeypatch.setattr(changed, "since", lambda cursor: since(cursor, limit=1))
    cursors = [ask("/changes")["cursor"]]
    for number in range(2):
        site.live(make.condition(), f"page-{number}")
        cursors.append(ask("/changes")["cursor"])
    client.get(f"/api/v1/articles?changedSince={cursors[1]}")  # little changed
    assert "latest" not in index.current().__dict__
    client.get(f"/api/v1/articles?changedSince={cursors[0]}&page=1&order=oldest")
    with CaptureQueriesContext(connection) as asked:
        assert slugs(client.get(f"/api/v1/articles?changedSince={cursors[0]}").json()) == ["page-0", "page-1"]
    assert len(asked) == 3  # the state twice and the lines; the first cursor names no entry to look up


def test_no_list_is_longer_than_it_says() -> None:
    assert table.PER_PAGE == 25


def test_a_word_that_was_asked_for_is_not_taken_for_one_that_was_left_out(pages: dict[str, str]) -> None:
    assert slugs(ask("/articles", reviewer="None")) == []
    assert slugs(ask("/articles", page=1)) == ["new", "old", "due"]
