"""A page is 503 with the reason while the database cannot work, wherever the error came from; no typed word is lost."""

import sqlite3
from collections.abc import Callable

import psycopg.errors
import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.db import DatabaseError, Error, IntegrityError, InterfaceError, InternalError, OperationalError
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from config import unavailable
from tests import make, people
from tests.pages import dom
from tests.pages.test_headers import assert_safe

SECRET = "psql://rounds:hunter2@db"


def by_sqlite(code: int, kind: type[Error] = OperationalError) -> Error:
    """What Django raises when SQLite answers with this code."""
    cause = sqlite3.OperationalError(SECRET)
    cause.sqlite_errorcode = code
    return caused_by(cause, kind)


def caused_by(cause: Exception, kind: type[Error] = OperationalError) -> Error:
    """An error of Django's with what the driver raised."""
    error = kind(SECRET)
    error.__cause__ = cause
    return error


CANNOT_WORK: list[tuple[Error, str]] = [
    (OperationalError(SECRET), unavailable.SILENT),
    (InterfaceError("connection already closed"), unavailable.SILENT),
    (caused_by(psycopg.OperationalError("connection refused")), unavailable.SILENT),
    (caused_by(psycopg.errors.AdminShutdown()), unavailable.SILENT),
    (caused_by(psycopg.errors.CannotConnectNow()), unavailable.SILENT),
    (caused_by(psycopg.errors.TooManyConnections()), unavailable.SILENT),
    (caused_by(psycopg.errors.DiskFull()), unavailable.FULL),
    (caused_by(psycopg.errors.DeadlockDetected()), unavailable.BUSY),
    (caused_by(psycopg.errors.ReadOnlySqlTransaction(), InternalError), unavailable.READ_ONLY),
    (by_sqlite(sqlite3.SQLITE_FULL), unavailable.FULL),
    (by_sqlite(sqlite3.SQLITE_IOERR_WRITE), unavailable.READ_ONLY),
    (by_sqlite(sqlite3.SQLITE_READONLY), unavailable.READ_ONLY),
    (by_sqlite(sqlite3.SQLITE_BUSY), unavailable.BUSY),
    (by_sqlite(sqlite3.SQLITE_BUSY_SNAPSHOT), unavailable.BUSY),
    (by_sqlite(sqlite3.SQLITE_CANTOPEN), unavailable.SILENT),
]
OUR_FAULT: list[Exception | None] = [
    by_sqlite(sqlite3.SQLITE_ERROR),  # no such table
    by_sqlite(sqlite3.SQLITE_CONSTRAINT, IntegrityError),
    IntegrityError(SECRET),
    DatabaseError(SECRET),
    ConnectionError(SECRET),
    RuntimeError(SECRET),
    None,
]


@pytest.mark.parametrize(("error", "why"), CANNOT_WORK)
def test_what_the_database_says_becomes_a_reason_that_tells_nothing_else(error: Error, why: str) -> None:
    assert unavailable.reason(error) == why


@pytest.mark.parametrize("error", OUR_FAULT)
def test_a_fault_of_the_program_is_not_put_on_the_database(error: Exception | None) -> None:
    assert unavailable.reason(error) == ""


def failing(error: Exception) -> Callable[..., object]:
    """Something that fails."""

    def fail(*_: object, **__: object) -> object:
        raise error

    return fail


def visitor(person: str = "") -> Client:
    """A browser that is shown what a visitor is shown."""
    client = Client(raise_request_exception=False)
    if person:
        client.force_login(people.person(person))
    return client


@pytest.mark.django_db
def test_a_page_is_503_with_reason_time_and_headers_and_asks_nothing_more(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr("accounts.clock.today", failing(OperationalError(SECRET)))
    with django_assert_num_queries(1):  # in which state the record is, before the page is made
        response = visitor().get("/")
    assert response.status_code == 503
    assert response["Retry-After"] == str(unavailable.RETRY_AFTER)
    assert response["Cache-Control"] == "no-store"
    assert not response.cookies
    assert_safe(response.headers)
    root = dom.tree(response.content)
    assert dom.words(dom.first(root, "h1")) == "We cannot show this page now"
    assert unavailable.SILENT in dom.words(root)
    assert not list(root.iter("textarea"))
    for inside in ("hunter2", "Traceback", "OperationalError", "psql"):
        assert inside not in response.content.decode()


@pytest.mark.django_db
def test_an_error_in_the_session_is_met_by_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    client = visitor("ada@example.org")
    monkeypatch.setattr(SessionStore, "_get_session_from_db", failing(InterfaceError("connection already closed")))
    response = client.get("/admin/")
    assert response.status_code == 503
    assert_safe(response.headers)
    monkeypatch.undo()
    assert client.get("/admin/").status_code == 302


@pytest.mark.django_db
def test_an_error_when_the_session_is_kept_is_met_by_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    people.author()
    monkeypatch.setattr(SessionStore, "save", failing(by_sqlite(sqlite3.SQLITE_FULL)))
    response = visitor().post("/accounts/login/", {"login": "ada@example.org", "password": people.PASSWORD})
    assert response.status_code == 503
    assert unavailable.FULL in response.content.decode()
    assert people.PASSWORD not in response.content.decode()
    assert_safe(response.headers)


@pytest.mark.django_db
def test_a_form_is_given_back_word_by_word_but_no_secret(monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    article = make.article()
    client = Client(raise_request_exception=False)
    client.force_login(people.author())
    body = '\nA first line with <b> & "quotes".\n\n</textarea><script>alert(1)</script>\nThe last one.'
    monkeypatch.setattr(Article, "revise", failing(by_sqlite(sqlite3.SQLITE_FULL)))
    response = client.post(
        f"/admin/articles/article/{article.pk}/change/",
        {
            "topic": article.topic,
            "slug": article.slug,
            "question": "What <now>?",
            "body": body,
            "change_note": " ",
            "origin": "human",
            "based_on": 0,
            "csrfmiddlewaretoken": "t0ken",
            "password1": "hunter2",
            "_save": "Save",
        },
    )
    assert response.status_code == 503
    root = dom.tree(response.content)
    assert dom.words(dom.first(root, "h1")) == "We could not save what you sent"
    assert "Take it that nothing was saved." in dom.words(root)
    given_back = {area.get("id"): area for area in root.iter("textarea")}
    assert all(area.get("readonly") is not None for area in given_back.values())
    labels = {
        dom.words(label): given_back[label.get("for")].text
        for label in root.iter("label")
        if label.get("for") in given_back
    }
    assert labels == {
        "Topic": "outlook",
        "Slug": "prognosis",
        "Question": "What <now>?",
        "Body": body,
        "Origin": "human",
    }
    for secret in ("t0ken", "hunter2"):
        assert secret not in response.content.decode()
    assert not article.revisions.exists()


def test_a_form_that_cannot_be_read_gives_nothing_back() -> None:
    odd = "application/x-www-form-urlencoded; charset=utf-16"
    assert unavailable.typed(RequestFactory().generic("POST", "/", b"\xff\xfea\x00", content_type=odd)) == []


def test_a_fault_of_the_program_keeps_its_own_page() -> None:
    try:
        raise RuntimeError(SECRET)
    except RuntimeError:
        response = unavailable.broken(RequestFactory().get("/"))
    assert response.status_code == 500
    assert "Something broke on our side" in response.content.decode()


@pytest.mark.django_db
def test_the_monitor_gets_its_own_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.guards.missing", failing(InterfaceError("connection already closed")))
    response = visitor().get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"database": "InterfaceError"}
