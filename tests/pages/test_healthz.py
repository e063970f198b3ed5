"""For the operator's monitor: does the database answer, and does every guard stand?"""

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from accounts import guards

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.owner]


def remove(guard: guards.Guard) -> None:
    """Take one guard away, as somebody with the keys of the database could."""
    where = "" if connection.vendor == "sqlite" else f" ON {guard.table}"
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {guard.name}{where}")


def test_it_answers_200_while_every_guard_stands(client: Client) -> None:
    response = client.get("/healthz")
    assert response.status_code == 200
    assert response.json() == {"guards_missing": []}


def test_it_names_each_guard_that_is_gone(client: Client) -> None:
    standing = [guard for guard in guards.registered() if guard.create(connection.vendor)]
    assert len(standing) > 40
    for guard in standing:
        remove(guard)
        response = client.get("/healthz")
        assert response.status_code == 503, guard.name
        assert response.json() == {"guards_missing": [guard.name]}
        guards.install()
    assert client.get("/healthz").status_code == 200


def test_it_names_a_guard_that_does_nothing_any_more(client: Client) -> None:
    guard = next(guard for guard in guards.registered() if guard.name == "reviews_review_refuses_update")
    if connection.vendor == "sqlite":
        remove(guard)
        changes = [f"CREATE TRIGGER {guard.name} BEFORE UPDATE ON {guard.table} WHEN 0 BEGIN SELECT 1; END"]
    else:
        changes = [f"ALTER TABLE {guard.table} DISABLE TRIGGER {guard.name}"]
    with connection.cursor() as cursor:
        for change in changes:
            cursor.execute(change)
    response = client.get("/healthz")
    assert response.status_code == 503
    assert response.json() == {"guards_missing": [guard.name]}


def test_it_names_all_of_them_when_all_are_gone(client: Client) -> None:
    guards.drop()
    response = client.get("/healthz")
    assert response.status_code == 503
    assert set(response.json()["guards_missing"]) == {
        guard.name for guard in guards.registered() if guard.create(connection.vendor)
    }


def test_it_answers_503_while_the_database_does_not_answer(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> list[str]:
        raise OperationalError("the database has gone away, password=secret")

    monkeypatch.setattr(guards, "missing", refuse)
    client.raise_request_exception = False
    response = client.get("/healthz")
    assert response.status_code == 503
    assert b"secret" not in response.content


def test_no_cache_keeps_an_answer(client: Client) -> None:
    for _ in ("standing", "gone"):
        control = client.get("/healthz").headers["Cache-Control"]
        assert {"no-cache", "no-store"} & {directive.strip() for directive in control.split(",")}
        guards.drop()


def test_a_monitor_needs_no_account_no_cookie_and_no_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get("/healthz")
    assert response.status_code == 200
    assert not response.cookies
