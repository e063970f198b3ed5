"""What every test stands on: closed sockets, the web role, guards that survive a flush, a clock that can be moved."""

import datetime as dt
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import psycopg
import pytest
import time_machine
from django.apps import apps
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase
from pytest_django import DjangoDbBlocker

from accounts import guards, roles

from .flush import Flush

if TYPE_CHECKING:
    from .world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--without-guard NAME` takes one guard out, to see that a test notices (`dev/without_guards.py`)."""
    parser.addoption("--without-guard", default="", help="take one guard out of the database")
    parser.addoption("--steps", default="10000", help="how far the random walk goes (tests/walk)")
    parser.addoption("--seed", default="1", help="where it goes")


def pytest_configure(config: pytest.Config) -> None:
    """Take the named guard out."""
    if name := config.getoption("--without-guard"):
        del guards._registered[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run cannot do; `dev/test.py` says so and runs it elsewhere."""
    from django.conf import settings

    from .nginx import NGINX

    postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    left_out = [
        item
        for item in items
        if (item.get_closest_marker("postgresql") and not postgresql)
        or ((item.get_closest_marker("sqlite") or item.get_closest_marker("once")) and postgresql)
        or (item.get_closest_marker("browser") and os.environ.get("ROUNDS_NO_BROWSER"))
        or (item.get_closest_marker("nginx") and NGINX is None)
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=_rank)


# What takes longest begins first, so that no process is left alone with it at the end.
LONGEST = ("tests/walk/", "tests/faults/", "tests/browser/", "tests/test_run.py")


def _rank(item: pytest.Item) -> int:
    return next((rank for rank, path in enumerate(LONGEST) if item.nodeid.startswith(path)), len(LONGEST))


@pytest.fixture(autouse=True)
def _closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:  # type: ignore[index]
            raise RuntimeError(f"A test tried to reach {address}.")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)
    monkeypatch.setattr("community.fetching.asking.START", "raise SystemExit('A test tried to reach the web.')")


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """No test sees a page that was kept in another one, whose rows are gone, or waits for what another one asked."""
    from pages import kept, state, throttle
    from pages.api import answers, index
    from pages.infobutton.missing import missing

    missing.clear()
    throttle.buckets.clear()
    answers.asked_for.clear()
    index.clear()
    kept.pages.clear()
    state.held.clear()


WEB_ROLE = "rounds_tests_web"


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """On PostgreSQL make the role as which the tests run, as the web process does: it owns nothing."""
    with django_db_blocker.unblock():
        flush = Flush()
        _end_with(flush)
        if connection.vendor == "postgresql":
            with suppress(ProgrammingError, IntegrityError), connection.cursor() as cursor:
                cursor.execute(f"CREATE ROLE {WEB_ROLE}")  # it may be there already
            _grant()
            post_migrate.connect(_grant, sender=apps.get_app_config("accounts"))
            connection_created.connect(_take_role)
    yield
    with django_db_blocker.unblock():
        _become("NONE")
        flush.close()


def _grant(**kwargs: object) -> None:
    """As an operator does after each migrate; not after each flush, which leaves the tables as they were."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT bool_and(has_table_privilege(%s, oid, 'SELECT')) FROM pg_class "
            "WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace",
            [WEB_ROLE],
        )
        (granted,) = cursor.fetchone()
    if not granted:
        roles.grant(WEB_ROLE)


_role = "NONE"


def _take_role(connection: BaseDatabaseWrapper, **kwargs: object) -> None:
    if connection.alias == "default" and connection.vendor == "postgresql" and connection.connection is not None:
        connection.connection.execute(f"SET ROLE {_role}")


def _become(role: str) -> None:
    global _role
    _role = role
    _take_role(connection)


@contextmanager
def as_owner() -> Iterator[None]:
    """Act as the owner of the tables for a while."""
    before = _role
    _become("NONE")
    try:
        yield
    finally:
        with suppress(psycopg.errors.InFailedSqlTransaction):  # its rollback brings the role back
            _become(before)


@pytest.fixture(autouse=True)
def _as_the_web_role(request: pytest.FixtureRequest) -> None:
    """Tests run as the web role, but for those that are marked as the owner's."""
    _become("NONE" if request.node.get_closest_marker("owner") else WEB_ROLE)


def _end_with(flush: Flush) -> None:
    """Tests that commit end with our flush in the place of the stock one, which the guards would rightly refuse."""

    def bring_back(case: TransactionTestCase) -> None:
        _become("NONE")
        flush.bring_back()

    TransactionTestCase._fixture_teardown = bring_back  # type: ignore[method-assign]


class Clock:
    """Moves the time that everything sees: Python's clock and the database's."""

    def __init__(self) -> None:
        self.travel: time_machine.travel | None = None

    def move(self, moment: dt.datetime | dt.date) -> None:
        """Stop the clock at a moment; a date means noon UTC."""
        from accounts import clock

        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time(12), dt.UTC)
        self.reset()
        self.travel = time_machine.travel(moment, tick=False)
        self.travel.start()
        clock.stopped_at = moment

    def reset(self) -> None:
        """Let the clock run again."""
        from accounts import clock

        clock.stopped_at = None
        if self.travel is not None:
            self.travel.stop()
            self.travel = None


@pytest.fixture
def moved_clock() -> Iterator[Clock]:
    """A clock to move; for reading only: the database's triggers keep their own time."""
    moved = Clock()
    yield moved
    moved.reset()


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> "Iterator[World]":
    """One world for the tests of a module, which are marked `django_db`; each request in it is undone."""
    from .world import World

    with for_a_module(django_db_blocker):
        yield World()


@contextmanager
def for_a_module(blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that the tests of a module find, each of which is undone, and that are gone when the last one is over."""
    with blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)
