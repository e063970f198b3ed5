"""A page that is kept is given as long as the record allows it and not a second longer, whatever else happens."""

import hashlib
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.db import InterfaceError, OperationalError
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries, Settings

from accounts import guards
from articles import rendering
from articles.models import ConditionName
from pages import kept, reading, state
from reviews.models import Publication, Withdrawal
from tests import make, people
from tests.database import sql

from . import site
from .keeping import ADDRESS, HUB, Waiting, quoting, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Waiting]:
    """A site that holds what it knows for a second, as a real one does."""
    settings.STATE_HELD_SECONDS = 1
    with waiting(monkeypatch) as clock:
        yield clock


def fails(*_: Any, **__: Any) -> Any:
    """Something that must not be called, or is broken."""
    raise OperationalError("away")


def withdraw(page: Publication) -> None:
    """Take a page down."""
    page.withdraw(by=people.publisher(), why="A figure was wrong.")


# What it costs


def test_a_known_page_costs_no_template_no_session_and_no_query(
    clock: Waiting,
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make.publication()
    client.force_login(people.author())
    whole = client.get(ADDRESS)
    for owner, name in ((SessionBase, "_get_session"), (reading, "live_at")):
        monkeypatch.setattr(owner, name, fails)
    monkeypatch.setattr("pages.question.render", fails)
    with django_assert_num_queries(0):
        assert client.get(ADDRESS).content == whole.content
        assert quoting(whole["ETag"]).status_code == 304
        assert client.head(ADDRESS).headers == whole.headers


def test_the_state_is_asked_once_a_second_however_many_read(
    clock: Waiting, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make.publication()
    client.get(ADDRESS)
    with django_assert_num_queries(3):
        for _ in range(3):
            clock.wait(1)
            for _ in range(10):
                assert client.get(ADDRESS).status_code == 200


def test_pages_of_one_condition_share_what_was_asked(
    clock: Waiting, client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    site.live(make.condition(), "treatment", "treatment")
    make.publication()
    addresses = (ADDRESS, HUB, f"{HUB}treatment/")
    for address in addresses:
        client.get(address)
    clock.wait(1)
    with django_assert_num_queries(1):
        for address in addresses:
            assert client.get(address).status_code == 200


def test_a_page_is_made_without_markdown_and_with_one_digest_beside_its_own(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    client.get(ADDRESS)
    kept.pages.clear()
    monkeypatch.setattr(rendering, "render", fails)
    taken, sha256 = [], hashlib.sha256

    def counted(content: bytes = b"", **more: Any) -> Any:
        taken.append(content)
        return sha256(content, **more)

    monkeypatch.setattr(hashlib, "sha256", counted)
    whole = client.get(ADDRESS).content
    assert len(taken) == 2
    assert taken[1] == whole, "the second one is the version of the page"


# How long it lasts


def test_a_withdrawal_shows_within_the_second_for_which_nobody_asks(clock: Waiting, client: Client) -> None:
    # way 15 and way 16
    page = make.publication()
    before = client.get(ADDRESS)
    withdraw(page)
    clock.wait(0.9)
    assert client.get(ADDRESS).status_code == 200
    clock.wait(0.1)
    assert client.get(ADDRESS).status_code == 410
    assert quoting(before["ETag"]).status_code == 410


def test_what_is_decided_while_a_page_is_made_is_not_hidden_by_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # way 16: the state is read before the page
    page, look = make.publication(), reading.live_at

    def looked(*at: str) -> Any:
        found = look(*at)
        monkeypatch.undo()
        withdraw(page)
        return found

    monkeypatch.setattr(reading, "live_at", looked)
    assert client.get(ADDRESS).status_code == 200
    assert client.get(ADDRESS).status_code == 410


def rename(page: Publication) -> None:
    """A condition gets another name, which nobody approves."""
    ConditionName.objects.filter(condition=page.article.condition).update(text="Marzipan syndrome")


def test_what_nobody_decided_shows_within_a_minute(clock: Waiting, client: Client) -> None:
    rename(make.publication())
    client.get(ADDRESS)
    ConditionName.objects.update(text="Nougat syndrome")
    clock.wait(59)
    assert b"Marzipan syndrome" in client.get(ADDRESS).content
    clock.wait(1)
    assert b"Nougat syndrome" in client.get(ADDRESS).content


TAMPERED: dict[str, tuple[str, int]] = {
    "another text": ("UPDATE articles_revision SET html = '<p>Marzipan.</p>'", 503),
    "a publication to come, past the ledger": (
        "UPDATE reviews_publication SET live_from = '2099-01-01 00:00:00+00:00'",
        404,
    ),
}


@pytest.mark.owner
@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_changed_behind_the_ledger_shows_within_a_minute(clock: Waiting, client: Client, name: str) -> None:
    # way 34
    statement, status = TAMPERED[name]
    make.publication()
    assert client.get(ADDRESS).status_code == 200
    guards.drop()
    sql(statement)
    clock.wait(60)
    assert client.get(ADDRESS).status_code == status


def test_a_withdrawal_that_is_in_no_ledger_shows_within_a_minute(clock: Waiting, client: Client) -> None:
    page = make.publication()
    client.get(ADDRESS)
    Withdrawal.objects.create(publication=page, by=people.publisher(), why="Past the verb.")
    clock.wait(59)
    assert client.get(ADDRESS).status_code == 200
    clock.wait(1)
    assert client.get(ADDRESS).status_code == 410


def test_a_publication_that_is_in_no_ledger_shows_at_once(client: Client) -> None:
    first = make.publication()
    review = make.review(make.revision(first.article, question="Past the verb?"))
    client.get(ADDRESS)
    Publication.objects.create(article=first.article, review=review, published_by=people.publisher())
    assert b"Past the verb?" in client.get(ADDRESS).content


# The database away


def test_a_database_that_takes_long_to_refuse_is_not_asked_by_everybody_who_waits(
    clock: Waiting, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    client.get(ADDRESS)
    asked = []

    def slow(condition: str) -> None:
        asked.append(condition)
        clock.wait(5)
        raise OperationalError("no answer")

    monkeypatch.setattr(state, "ask", slow)
    clock.wait(1)
    assert [client.get(ADDRESS).status_code for _ in range(8)] == [200] * 8
    assert len(asked) == 1


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("connection already closed")])
def test_while_the_database_is_away_a_page_is_given_for_a_minute(
    clock: Waiting, client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    make.publication()
    whole = client.get(ADDRESS)

    def away(condition: str) -> None:
        raise error

    monkeypatch.setattr(state, "ask", away)
    client.raise_request_exception = False
    clock.wait(59)
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.content, answer["Cache-Control"]) == (200, whole.content, "no-cache")
    clock.wait(0.5)
    assert client.get(ADDRESS)["Cache-Control"] == "no-cache", "within the second in which it was asked in vain"
    clock.wait(0.6)
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Cache-Control"]) == (503, "no-store")


def test_the_database_is_asked_in_vain_once_a_second(
    clock: Waiting, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    client.get(ADDRESS)
    asked = []

    def away(condition: str) -> None:
        asked.append(condition)
        raise OperationalError("away")

    monkeypatch.setattr(state, "ask", away)
    for _ in range(3):
        clock.wait(1)
        for _ in range(10):
            assert client.get(ADDRESS).status_code == 200
    assert asked == ["poems-syndrome"] * 3
    monkeypatch.undo()


def test_when_it_is_back_all_is_as_before(clock: Waiting, client: Client) -> None:
    page = make.publication()
    control = client.get(ADDRESS)["Cache-Control"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "ask", fails)
        clock.wait(2)
        assert client.get(ADDRESS)["Cache-Control"] == "no-cache"
    withdraw(page)
    clock.wait(1)
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer["Cache-Control"]) == (410, control)


def test_a_page_that_nobody_asked_for_is_503_at_once(
    clock: Waiting, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    monkeypatch.setattr(state, "ask", fails)
    client.raise_request_exception = False
    assert client.get(ADDRESS).status_code == 503


# What is kept


def test_only_pages_are_kept_and_only_at_addresses_without_a_question(client: Client) -> None:
    page = site.live(make.condition(), "prognosis")
    site.rename(page.article, "outlook")
    for address in (
        *(ADDRESS, "/conditions/never-was/", f"{HUB}never-was/", "/conditions", "/healthz", "/admin/"),
        *("/accounts/login/", "/?page=1", f"{HUB}outlook/history/?version=1", "/static/never-was.css"),
    ):
        client.get(address)
        assert not kept.pages._pages, address
    client.post(f"{HUB}outlook/")
    assert not kept.pages._pages
    client.head(f"{HUB}outlook/")
    assert list(kept.pages._pages) == [f"{HUB}outlook/"]


def test_a_page_whose_text_was_tampered_with_is_not_kept(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make.publication()
    monkeypatch.setattr("articles.models.Revision.is_intact", lambda *_: False)
    assert client.get(ADDRESS).status_code == 503
    assert not kept.pages._pages


@pytest.mark.parametrize("change", ["cookie", "vary", "control"])
def test_what_is_not_the_same_for_everybody_is_not_kept(
    client: Client, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    make.publication()
    question = reading.live_at

    def personal(*at: str) -> Any:
        return question(*at)

    from pages.question import render as made

    def render(*given: Any, **more: Any) -> Any:
        response = made(*given, **more)
        if change == "cookie":
            response.set_cookie("a", "b")
        elif change == "vary":
            response["Vary"] = "Cookie"
        else:
            response["Cache-Control"] = "private"
        return response

    monkeypatch.setattr("pages.question.render", render)
    answer = client.get(ADDRESS)
    assert answer.status_code == 200
    assert "public" not in answer["Cache-Control"]
    assert not kept.pages._pages


def test_a_kept_page_is_refused_to_whoever_names_another_host(client: Client) -> None:
    make.publication()
    assert client.get(ADDRESS).status_code == 200
    assert client.get(ADDRESS, headers={"Host": "evil.example"}).status_code == 400


def a_page(number: int, size: int) -> kept.Page:
    """A page of so many bytes."""
    found = state.ask("")
    assert found is not None
    return kept.Page.of(kept.HttpResponse(b"%06d" % number + b"a" * (size - 6)), found, 0)


def test_memory_is_bounded_and_the_longest_unasked_make_room(settings: Settings) -> None:
    make.publication()
    settings.PAGES_KEPT_MB = 1
    store = kept.Pages()
    for number in range(200):
        page = a_page(number, 20_000)
        store.keep(f"/{number}/", page)
        for encoding in ("br", "gzip"):
            page.body(encoding)
        store.at("/0/")
    held = [found for path in [f"/{number}/" for number in range(200)] if (found := store.at(path))]
    assert 10 < len(held) < 50
    assert store.at("/0/") in held, "asked for again and again"
    assert store.at("/1/") is None
    assert sum(len(page.plain) + sum(map(len, page.bodies.values())) for page in held) <= store.size <= 1_000_000
    store.keep("/0/", a_page(0, 2_000_000))
    assert store.at("/0/") is None, "a page that never fits takes nobody's place for long"
    assert store.size <= 1_000_000


def test_the_state_of_many_conditions_is_bounded_too(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STATE_HELD_SECONDS = 1
    make.publication()
    monkeypatch.setattr(state.Held, "MOST", 10)
    held = state.Held()
    for number in range(30):
        held.current(f"condition-{number}")
    assert len(held._answers) == 10


def test_many_threads_keep_and_ask_at_once(settings: Settings) -> None:
    make.publication()
    settings.PAGES_KEPT_MB = 1
    store, wrong = kept.Pages(), []
    made = [a_page(number, 30_000) for number in range(60)]
    request = RequestFactory().get("/", headers={"Accept-Encoding": "br"})

    def work(first: int) -> None:
        try:
            for step in range(300):
                number = (first * 7 + step) % 60
                store.keep(f"/{number}/", made[number])
                page = store.at(f"/{number}/")
                if page is not None and not page.plain.startswith(b"%06d" % number):
                    wrong.append("another page")
                made[number].answer(request, made[number].state)
        except Exception as problem:  # noqa: BLE001  the test looks at it
            wrong.append(repr(problem))

    threads = [threading.Thread(target=work, args=(first,)) for first in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert store.size == sum(page.size for page in store._pages.values()) <= 1_000_000


def test_threads_that_come_together_ask_once(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.STATE_HELD_SECONDS = 1
    make.publication()
    found, asked, together = state.ask(""), [], threading.Barrier(8)

    def slow(condition: str) -> Any:
        asked.append(condition)
        return found

    monkeypatch.setattr(state, "ask", slow)
    held = state.Held()

    def ask() -> None:
        together.wait(60)
        held.current("")

    threads: list[threading.Thread] = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert asked == [""]


def test_what_can_be_no_conditions_name_takes_no_memory(client: Client) -> None:
    make.publication()
    for number in range(3):
        assert client.get(f"/conditions/{'a' * 8000}{number}/").status_code == 404
    assert max(map(len, state.held._answers), default=0) <= 100
