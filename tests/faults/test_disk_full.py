"""The disk under SQLite is full: a clear page, nothing half written, and readers go on."""

import resource
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from django.db import OperationalError, connection
from django.test import Client

from community.models import Member
from config import unavailable
from reviews import record
from tests import desk, make, people
from tests.crowd import Act, Child

from .server import Answer, Server
from .test_kill import rows

pytestmark = [pytest.mark.sqlite, pytest.mark.django_db(transaction=True)]

PAGE = "/conditions/poems-syndrome/shown/"
KIB = 1024


@pytest.fixture(autouse=True)
def _shown(settings: object) -> None:
    """A public page, and a desk that needs no second factor."""
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    make.publication(make.review(make.revision(make.article("shown"))))


def within(size: int, act: Act) -> Act:
    """An act in a process whose files may grow to this size, and then a reader's look at a page."""
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # what was written before takes room in the log too

    def limited() -> tuple[object, int]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        try:
            done = act()
        except OperationalError:
            done = 503
        return done, Client().get(PAGE).status_code

    return limited


@pytest.mark.parametrize("prepare", [desk.saving, desk.approving, desk.publishing, desk.withdrawing])
def test_an_act_that_finds_no_room_at_any_page_is_refused_whole_and_readers_go_on(
    prepare: Callable[[str], Act],
) -> None:
    act = prepare("another")
    before = rows()
    # From what SQLite needs to read at all, one page more each time, until the act fits.
    for pages in count(8):
        done, read = Child(within(pages * 4 * KIB, act)).outcome()
        assert read == 200
        if done != 503:
            break
        assert rows() == before
    assert pages > 8, "The disk was never full."
    assert done == 302
    assert rows() != before
    assert not list(record.faults())


def test_who_joins_while_the_disk_fills_is_a_member_and_counted_or_neither() -> None:
    community = make.community()
    crowd = [people.person(f"member{number}@example.org") for number in range(20)]

    def join() -> int:
        for number, person in enumerate(crowd):
            try:
                community.join(by=person, relation="self", consent_version="1")
            except OperationalError:
                return number
        return len(crowd)

    joined, read = Child(within(16 * 4 * KIB, join)).outcome()
    assert read == 200
    assert 0 < joined < len(crowd)
    community.refresh_from_db()
    assert community.member_count == Member.objects.count() == joined


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[tuple[Server, Path]]:
    """The site on a file system of its own with little room, and where that is seen from here."""
    disk, copy = tmp_path / "disk", tmp_path / "copy.sqlite3"
    disk.mkdir()
    trial = ["unshare", "-rm", "mount", "-t", "tmpfs", "rounds", str(disk)]
    if not shutil.which("unshare") or subprocess.run(trial, check=False, capture_output=True).returncode:
        pytest.skip("This system mounts nothing for ordinary users.")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(copy)])
    script = 'mount -t tmpfs -o size=4m rounds "$1" && cp "$2" "$1/rounds.sqlite3" && shift 2 && exec "$@"'
    command = ("unshare", "-rm", "sh", "-c", script, "sh", str(disk), str(copy))
    with Server(f"sqlite:///{disk}/rounds.sqlite3", within=command) as site:
        yield site, Path(f"/proc/{site.process.pid}/root{disk}")


def fill(disk: Path) -> None:
    """Write until nothing more fits."""
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"\0" * 4 * KIB)
        except OSError:
            return


def test_a_site_on_a_full_disk_says_so_keeps_what_was_typed_shows_its_pages_and_works_again_with_room(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    article = make.article("written")
    client = Client()
    client.force_login(people.author())
    form: dict[str, object] = {
        "topic": "outlook",
        "slug": "written",
        "question": "Why?",
        "body": "A long text. " * 1_500,
        "origin": "human",
        "based_on": 0,
    }
    site: Server
    disk: Path
    site, disk = request.getfixturevalue("small_disk")

    def save() -> Answer:
        return site.ask(f"/admin/articles/article/{article.pk}/change/", form, client.cookies["sessionid"].value)

    fill(disk)
    refused = save()
    assert refused.status == 503
    assert unavailable.FULL in refused.body
    assert "A long text. A long text." in refused.body
    for _ in range(20):
        assert site.ask(PAGE).status == 200
    (disk / "filler").unlink()
    assert save().status == 302
    assert site.ask(PAGE).status == 200
    for name in ("rounds.sqlite3", "rounds.sqlite3-wal"):
        shutil.copy(disk / name, tmp_path)  # nobody writes now
    database = sqlite3.connect(tmp_path / "rounds.sqlite3")
    database.create_function("REGEXP", 2, lambda pattern, text: True)  # Django's, in some constraints
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    versions = database.execute("SELECT count(*) FROM articles_revision WHERE article_id = ?", [article.pk])
    assert versions.fetchone() == (1,)
    database.close()
