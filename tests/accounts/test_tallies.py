"""The cache that all processes share: what counts and for how long, who is first, and what a broken one does."""

import contextlib
import datetime as dt
import json

import pytest
import time_machine
from django.core.cache import cache
from django.db import OperationalError, transaction
from django.test import Client

from accounts.models import Tally
from tests import people
from tests.crowd import PEOPLE, together

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def test_a_value_is_kept_until_its_time_and_the_first_who_adds_it_is_told() -> None:
    assert cache.get("tries", []) == []
    cache.set("tries", [2.5, 1.25], 60)
    cache.set("tries", [3.75, 2.5], 60)
    assert cache.get("tries") == [3.75, 2.5]
    assert cache.add("lock", True, 10)
    assert not cache.add("lock", True, 10)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=11)):
        assert cache.get("lock") is None
        assert cache.add("lock", True, 10)
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(seconds=61)):
        cache.set("another", 1, 60)
        assert not Tally.objects.filter(key__contains="tries").exists()
    cache.set("lock", True, 10)
    assert cache.delete("lock")
    assert not cache.delete("lock")
    cache.clear()
    assert not Tally.objects.exists()


def test_what_is_kept_is_plain_and_names_nobody() -> None:
    rosa = people.reader()
    Client().post(LOGIN, {"login": rosa.email, "password": "wrong wrong wrong"})
    kept = [(row.key, json.dumps(row.value)) for row in Tally.objects.all()]
    assert kept
    assert not [row for row in kept if rosa.email in " ".join(row)]


def test_so_many_are_counted_and_then_it_says_until_when() -> None:
    start, hour = dt.datetime.now(dt.UTC), dt.timedelta(hours=1)
    with time_machine.travel(start, tick=False):
        assert [Tally.objects.count_one("acts", most=2, within=hour) for _ in range(3)] == [None, None, start + hour]
        assert Tally.objects.count_one("others", most=1, within=hour) is None
    with time_machine.travel(start + hour / 2, tick=False):
        assert Tally.objects.count_one("acts", most=2, within=hour) == start + hour
    with time_machine.travel(start + hour, tick=False):
        assert Tally.objects.count_one("acts", most=2, within=hour) is None


def test_what_is_undone_is_not_counted() -> None:
    for _ in range(3):
        with contextlib.suppress(ValueError), transaction.atomic():
            assert Tally.objects.count_one("acts", most=1, within=dt.timedelta(hours=1)) is None
            raise ValueError("undone")


@pytest.mark.parametrize("broken", ["get", "add", "set"])
def test_a_cache_that_fails_says_that_the_database_does_and_locks_nobody_out(
    monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    def failing(*args: object, **kwargs: object) -> None:
        raise OperationalError("the disk is full")

    rosa, client = people.reader(), Client(raise_request_exception=False)
    form = {"login": rosa.email, "password": people.PASSWORD}
    monkeypatch.setattr(f"accounts.tallies.SharedTallies.{broken}", failing)
    answer = client.post(LOGIN, form)
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers
    assert people.PASSWORD not in answer.content.decode()
    monkeypatch.undo()
    assert client.post(LOGIN, form).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_wrong_passwords_of_many_processes_at_once_are_counted_together() -> None:
    ada = people.author()

    def guess() -> bool:
        answer = Client().post(LOGIN, {"login": ada.email, "password": "wrong wrong wrong"})
        return "are not correct" in answer.content.decode()

    answers = together([guess] * PEOPLE)
    assert set(answers) == {True, False}
    assert answers.count(True) <= 5
    client = Client()
    client.post(LOGIN, {"login": ada.email, "password": people.PASSWORD})
    assert "_auth_user_id" not in client.session
