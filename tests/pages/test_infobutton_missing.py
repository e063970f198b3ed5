"""Codes that clinicians' systems ask for in vain are counted, and the counting harms nobody."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from threading import Thread

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from articles.models import Condition
from pages import models
from pages.desk.codes import explained
from pages.infobutton import missing as counting
from pages.infobutton.missing import Missing, missing
from pages.models import CodeMiss
from tests import knowledge, make, people
from tests.conftest import Clock
from tests.knowledge import code

from . import site
from .test_infobutton import POEMS, bear

pytestmark = pytest.mark.django_db

NOWHERE = code("D000001", "MeSH")


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Watch:
    """The clock by which the site writes."""
    watch = Watch()
    monkeypatch.setattr(missing, "_clock", watch)
    return watch


def ask(client: Client, sent: dict[str, str]) -> None:
    """Ask, and be answered."""
    response = client.get(knowledge.address(sent))
    assert response.status_code == 200


def counted() -> dict[tuple[str, str], int]:
    """What stands in the database."""
    return {(row.system, row.code): row.times for row in CodeMiss.objects.all()}


# What is counted


def test_an_unknown_code_is_counted_in_the_form_that_is_kept(client: Client, watch: Watch) -> None:
    site.build()
    for sent in (code("d47.7", "ICD-10"), code("D477", "ICD-10"), code(" D47.7", "http://hl7.org/fhir/sid/icd-10")):
        ask(client, sent)
        watch.now += 10
    assert counted() == {("ICD-10", "D47.7"): 3}
    (row,) = explained(CodeMiss.objects.all())
    assert (row.first_on, row.last_on, row.bearers) == (make.today(), make.today(), 0)


def test_a_condition_without_a_public_page_counts_and_is_told_apart(client: Client, watch: Watch) -> None:
    site.build()
    castleman = Condition.objects.get(slug="castleman-disease")
    bear(castleman, "ORPHA", "160")
    make.revision(make.article("draft", of=castleman))
    ask(client, {**code("ORPHA:160", "ORPHA"), **code("161", "ORPHA", "1"), **code("D016878", "MeSH", "2")})
    assert {(row.code, row.bearers) for row in explained(CodeMiss.objects.all())} == {("160", 1), ("161", 0)}
    page = site.live(castleman, "what", "overview")
    watch.now += 10
    ask(client, code("160", "ORPHA"))
    assert counted() == {("ORPHA", "160"): 1, ("ORPHA", "161"): 1}
    page.withdraw(by=people.publisher(), why="A figure was wrong.")
    watch.now += 10
    ask(client, code("160", "ORPHA"))
    assert counted() == {("ORPHA", "160"): 2, ("ORPHA", "161"): 1}


def test_a_code_counts_also_where_its_name_found_a_page(client: Client) -> None:
    site.build()
    ask(client, {**NOWHERE, "mainSearchCriteria.v.dn": "POEMS syndrome"})
    assert counted() == {("MeSH", "D000001"): 1}


@pytest.mark.once
def test_nothing_but_codes_that_can_be_ones_is_ever_kept(client: Client) -> None:
    site.build()
    words = "Jane Doe, born 1 May 1950"
    for sent in (
        POEMS,
        code("D016878", "1.2.3"),
        code(words, "MeSH"),
        code("D47.7<script>", "ICD-10"),
        code("0" * 300, "DOID"),
        {"mainSearchCriteria.v.dn": words, "mainSearchCriteria.v.ot": "4711"},
        {**POEMS, "subTopic.v.c": "Q999999", "subTopic.v.cs": "MeSH", "age.v.v": "50"},
    ):
        ask(client, sent)
    assert len(missing) == 0
    assert counted() == {}


@pytest.mark.once
def test_what_is_refused_or_asked_for_by_its_head_alone_is_not_counted(client: Client, settings: Settings) -> None:
    settings.INFOBUTTON_A_MINUTE = 2
    client.head(knowledge.address(NOWHERE))
    client.get(knowledge.address({**NOWHERE, "subTopic.v.c": "no system"}))
    assert client.get(knowledge.address(NOWHERE)).status_code == 429
    assert len(missing) == 0
    assert counted() == {}


# What it costs


def test_many_requests_are_one_write_in_ten_seconds(client: Client, watch: Watch) -> None:
    for number in range(1, 9):
        ask(client, code(f"{number}", "ORPHA"))
    assert counted() == {("ORPHA", "1"): 1}, "the first one at once, the others later"
    watch.now += 9.9
    ask(client, code("no code", "ORPHA"))
    assert len(counted()) == 1
    watch.now += 0.1
    ask(client, code("8", "ORPHA"))
    assert counted() == {("ORPHA", f"{number}"): 2 if number == 8 else 1 for number in range(1, 9)}


@pytest.mark.once
def test_memory_and_each_write_have_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch()
    kept = Missing(watch)
    monkeypatch.setattr(counting, "MOST_WAITING", 50)
    monkeypatch.setattr(counting, "MOST_AT_ONCE", 20)
    for number in range(1, 1001):
        kept.note([("ORPHA", str(number))])
    assert len(kept) == 50
    kept.note([("ORPHA", "1")])
    for written in (20, 40, 50):
        kept.write()
        kept.write()
        assert len(counted()) == written
        watch.now += 10
    assert counted()["ORPHA", "1"] == 2
    assert len(kept) == 0


def test_a_full_table_forgets_what_was_asked_for_least(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> None:
    monkeypatch.setattr(models, "MOST_CODES", 5)
    for number in range(1, 6):
        CodeMiss.objects.note("ORPHA", str(number), times=1 if number == 3 else 2)
    for number in range(100, 120):
        CodeMiss.objects.note("ORPHA", str(number))
    assert {("ORPHA", code) for code in ("1", "2", "4", "5", "119")} == set(counted())


@pytest.mark.once
def test_threads_lose_no_count() -> None:
    kept = Missing(Watch())

    def ask_often() -> None:
        for _ in range(500):
            kept.note([("ORPHA", "1"), ("ORPHA", "2")])

    threads = [Thread(target=ask_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    kept.write()
    assert counted() == {("ORPHA", "1"): 4000, ("ORPHA", "2"): 4000}


# When it cannot be written


@pytest.mark.once
def test_an_answer_does_not_fail_with_the_count_which_is_tried_again_later(
    client: Client, watch: Watch, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise OperationalError("attempt to write a readonly database: D000001")

    with monkeypatch.context() as patched:
        patched.setattr(CodeMiss.objects, "note", broken)
        for _ in range(3):
            ask(client, NOWHERE)
            watch.now += 10
    assert caplog.text.count("were not written: OperationalError") == 1, "tried again after a minute at the soonest"
    assert "D000001" not in caplog.text
    watch.now += 60
    ask(client, NOWHERE)
    assert counted() == {("MeSH", "D000001"): 4}


@contextmanager
def write_lock() -> Iterator[None]:
    """Somebody else writes all the while: the whole file on SQLite, this very row on PostgreSQL."""
    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")
    else:
        parameters = {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}
        with psycopg.connect(**parameters) as other:
            other.execute("SELECT FROM pages_codemiss FOR UPDATE")
            yield
            other.rollback()


@pytest.mark.django_db(transaction=True)
def test_while_somebody_else_writes_an_answer_waits_for_nothing(
    client: Client, watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    ask(client, NOWHERE)
    watch.now += 10
    with write_lock(), CaptureQueriesContext(connection) as queries:
        ask(client, NOWHERE)
    patience = [each["sql"] for each in queries if re.search("(busy|lock)_timeout = 100$", each["sql"])]
    assert len(patience) == 1
    assert "were not written: OperationalError" in caplog.text
    assert counted() == {("MeSH", "D000001"): 1}
    watch.now += 60
    ask(client, NOWHERE)
    assert counted() == {("MeSH", "D000001"): 3}
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (20_000,), "others wait as long as before"
        else:
            cursor.execute("SHOW lock_timeout")
            assert cursor.fetchone() == ("0",), "others wait as long as before"


@pytest.mark.sqlite
@pytest.mark.django_db(transaction=True)
def test_a_database_that_can_only_be_read_answers_all_the_same(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    site.build()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA query_only = 1")
    try:
        ask(client, {**NOWHERE, **code("D016878", "MeSH", "1")})
    finally:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA query_only = 0")
    assert "were not written: OperationalError" in caplog.text
    assert len(missing) == 1
