"""How the API answers: the same for everybody, kept and asked for by version, open to every site, throttled."""

import pytest
from django.conf import settings as site_settings
from django.db import DatabaseError
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from articles.models import ConditionName
from pages import kept
from pages.api import answers, index, views
from pages.models import SiteText
from reviews.models import Publication
from tests import make, people
from tests.pages import site
from tests.pages.keeping import Waiting, waiting
from tests.pages.test_headers import assert_safe

from .asking import ARTICLE, ROOT, ask

pytestmark = pytest.mark.django_db

QUERY = f"{ROOT}/articles?orderBy=lastReviewed"
PATHS = [
    f"{ROOT}/conditions",
    f"{ROOT}/conditions/poems-syndrome",
    f"{ROOT}/articles",
    ARTICLE,
    f"{ROOT}/articles/poems-syndrome/treatment",
    f"{ROOT}/articles/poems-syndrome/never-was",
    f"{ROOT}/articles?page=7",
    f"{ROOT}/articles?page=none",
    f"{ROOT}/reviewers",
    f"{ROOT}/reviewers/clara",
    f"{ROOT}/changes",
    f"{ROOT}/openapi.json",
    f"{ROOT}/nothing/here",
    QUERY,
]


@pytest.mark.once
def test_every_answer_is_open_to_every_site_and_to_no_search_engine(client: Client) -> None:
    site.build()
    for path in PATHS:
        response = client.get(path)
        assert response["Access-Control-Allow-Origin"] == "*", path
        assert "Access-Control-Allow-Credentials" not in response, path
        assert response["Access-Control-Expose-Headers"] == "ETag, Last-Modified, Link, Retry-After", path
        assert response["X-Robots-Tag"] == "noindex", path
        problem = response.status_code >= 400
        assert response["Content-Type"] == ("application/problem+json" if problem else "application/json"), path
        assert_safe(response.headers)


@pytest.mark.once
def test_a_browser_may_ask_first(client: Client) -> None:
    for path in PATHS:
        response = client.options(path, headers={"Origin": "https://other.example"})
        assert response.status_code == 204, path
        assert response["Access-Control-Allow-Origin"] == "*"
        assert response["Access-Control-Allow-Methods"] == response["Allow"] == "GET, HEAD, OPTIONS"
        assert response["Access-Control-Allow-Headers"] == "If-None-Match"


@pytest.mark.once
def test_it_can_be_read_and_nothing_else() -> None:
    strict = Client(enforce_csrf_checks=True)
    for method in ("POST", "PUT", "PATCH", "DELETE", "TRACE"):
        for path in PATHS:
            response = strict.generic(method, path)
            assert (response.status_code, response["Allow"]) == (405, "GET, HEAD, OPTIONS"), path
            assert response["Content-Type"] == "application/problem+json"
            assert_safe(response.headers)


@pytest.mark.once
def test_it_is_the_same_for_everybody_and_sets_no_cookie(client: Client) -> None:
    site.build()
    for path in PATHS:
        stranger = client.get(path)
        for person in site.everybody():
            known = Client()
            known.force_login(person)
            answer = known.get(path, headers={"Origin": "https://other.example", "Accept-Language": "fr"})
            assert answer.content == stranger.content, (path, person)
            assert not answer.cookies
            assert answer.headers.get("Vary", "Accept-Encoding") == "Accept-Encoding"


@pytest.mark.once
@pytest.mark.parametrize("path", [ARTICLE, QUERY, f"{ROOT}/changes", f"{ROOT}/conditions/poems-syndrome"])
def test_whoever_has_it_is_told_so_until_it_changes(client: Client, path: str) -> None:
    site.build()
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again["ETag"] == first["ETag"]
    assert again["Access-Control-Allow-Origin"] == "*"
    assert again["Access-Control-Expose-Headers"] == first["Access-Control-Expose-Headers"]
    assert "max-age=25" in first["Cache-Control"] or first["Cache-Control"] == "no-cache"
    assert "Last-Modified" in first
    page = Publication.objects.get(article__slug="prognosis")
    make.review(page.review.revision, by=people.clinician("Cleo"))
    changed = client.get(path, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.once
def test_head_and_compression_do_as_on_every_page(client: Client) -> None:
    site.build()
    for path in PATHS:
        whole, head = client.get(path), client.head(path)
        assert (head.status_code, head.content) == (whole.status_code, b"")
        assert dict(head.headers) == dict(whole.headers), path
    packed = client.get(QUERY, headers={"Accept-Encoding": "gzip"})
    assert packed["Content-Encoding"] == "gzip"
    assert packed["ETag"] != client.get(QUERY)["ETag"]


@pytest.mark.once
def test_a_withdrawal_is_never_hidden_by_a_copy(client: Client) -> None:
    # way 15
    page = make.publication()
    article, some = client.get(ARTICLE), client.get(QUERY)
    page.withdraw(by=people.publisher(), why="Wrong.")
    assert client.get(ARTICLE, headers={"If-None-Match": article["ETag"]}).status_code == 410
    assert client.get(ARTICLE, headers={"If-None-Match": client.get(ARTICLE)["ETag"]}).status_code == 410
    assert client.get(QUERY, headers={"If-None-Match": some["ETag"]}).json()["total"] == 0


# Kept


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> object:
    """A site that holds what it knows for a second, as a real one does."""
    settings.STATE_HELD_SECONDS = 1
    with waiting(monkeypatch) as clock:
        for module in (answers, index):
            monkeypatch.setattr(module, "time", clock)
        yield clock


@pytest.mark.once
@pytest.mark.parametrize("path", [ARTICLE, QUERY, f"{ROOT}/changes"])
def test_what_is_known_costs_no_query_and_no_share_of_the_limit(
    clock: Waiting,
    client: Client,
    path: str,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make.publication()
    whole = client.get(path)
    settings.API_A_MINUTE = 1
    with django_assert_num_queries(0):
        for _ in range(3):
            assert client.get(path).content == whole.content
    clock.wait(1)
    with django_assert_num_queries(1):
        assert client.get(path).content == whole.content


@pytest.mark.once
def test_the_same_query_in_another_order_is_the_same_answer(
    clock: Waiting, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.publication()
    first = client.get(f"{ROOT}/articles?page=1&category=P")
    with django_assert_num_queries(0):
        assert client.get(f"{ROOT}/articles?category=P&page=1").content == first.content
        assert client.get(f"{ROOT}/articles?category=P&order=newest").content == first.content


@pytest.mark.once
def test_what_nobody_decided_shows_within_a_minute(clock: Waiting) -> None:
    make.publication()
    assert ask("/conditions", page=1)["items"][0]["name"] == "POEMS syndrome"
    ConditionName.objects.update(text="Marzipan syndrome")
    clock.wait(61)
    assert ask("/conditions", page=1)["items"][0]["name"] == "Marzipan syndrome"


@pytest.mark.once
def test_a_list_is_no_older_than_what_it_is_made_from(clock: Waiting) -> None:
    make.publication()
    ask("/articles")  # for which every page is read
    ConditionName.objects.update(text="Marzipan syndrome")
    clock.wait(59)
    assert ask("/articles", category="M")["total"] == 0
    clock.wait(2)
    assert ask("/articles", category="M")["total"] == 1


@pytest.mark.once
def test_an_empty_query_is_kept_under_the_state_of_its_condition(client: Client, clock: Waiting) -> None:
    make.publication()
    address = f"{ROOT}/conditions/poems-syndrome?&"
    assert client.get(address).json()["community"] is None
    make.community(make.condition())
    clock.wait(1)
    assert client.get(address).json()["community"]["members"] == "Fewer than 11"
    assert client.get(f"{ROOT}/conditions/{'a' * 101}?&").status_code == 404


@pytest.mark.once
def test_answers_to_queries_fill_a_part_of_the_memory_and_no_more(client: Client, settings: Settings) -> None:
    make.publication()
    settings.PAGES_KEPT_MB = 0.1
    for number in range(1, 28):
        client.get(f"{ROOT}/articles?startDate=2026-01-{number:02}")
    assert 0 < answers.asked_for.size <= 25_000
    assert kept.pages.size == 0


# Too much, too little


@pytest.mark.once
def test_a_network_that_asks_for_too_much_is_told_when_to_come_again(client: Client, settings: Settings) -> None:
    settings.API_A_MINUTE = 3
    make.publication()
    for number in range(1, 4):
        assert client.get(f"{ROOT}/articles?startDate=2026-01-0{number}").status_code == 200
    response = client.get(f"{ROOT}/articles?startDate=2026-01-04")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 20
    assert response["Retry-After"] in response.json()["detail"]
    assert response["Access-Control-Allow-Origin"] == "*"
    assert Client(REMOTE_ADDR="198.51.100.7").get(f"{ROOT}/articles?startDate=2026-01-04").status_code == 200
    assert client.get("/conditions/").status_code == 200


@pytest.mark.once
def test_where_the_database_does_not_answer_a_program_is_told_to_come_again(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise DatabaseError("away")

    monkeypatch.setattr(views.reading, "live_at", away)
    response = client.get(ARTICLE)
    assert (response.status_code, response["Retry-After"]) == (503, "30")
    assert response.json()["type"].endswith("#unavailable")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.once
def test_the_words_of_the_operator_come_with_the_next_answer(client: Client) -> None:
    make.publication()
    assert client.get(ARTICLE).json()["licence"] is None
    SiteText.objects.write("licence", "Ask us.", by=people.publisher())
    assert client.get(ARTICLE).json()["licence"] == "Ask us."


def test_addresses_begin_with_the_address_of_the_site() -> None:
    make.publication()
    assert ask("/articles")["items"][0]["api"] == f"{site_settings.SITE_URL}{ARTICLE}"
