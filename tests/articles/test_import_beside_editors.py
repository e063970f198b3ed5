"""An editor who saves while a newer release is read waits for it, and loses nothing."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction

from articles.importers import ontology, writing
from articles.models import Condition, ConditionName
from tests.crowd import Thread

from .ontologies import POEMS, ROOT, of, run, write

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgresql]


def edit(act: Callable[[], object]) -> object:
    """What an editor's act came to over a connection of its own; it does not wait."""

    def at_once() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '20ms'")
            act()

    return Thread(at_once).outcome()


def test_nothing_is_saved_between_what_an_import_reads_and_what_it_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(write(tmp_path, ROOT, POEMS))
    here = of("DOID:2")
    mine = Condition.objects.filter(pk=here.pk)
    acts: list[Callable[[], object]] = [
        lambda: mine.update(definition="Ours."),
        lambda: ConditionName.objects.filter(condition=here, text="SFS").update(kind="synonym"),
        lambda: ConditionName.objects.create(condition=here, text="Our name", kind="synonym"),
    ]
    outcomes: list[object] = []
    read = writing.Writing._read

    def read_beside_an_editor(*asked: Any) -> Any:
        found = read(*asked)
        outcomes.extend(edit(act) for act in acts)
        return found

    monkeypatch.setattr(writing.Writing, "_read", read_beside_an_editor)
    newer = POEMS.replace("one of many", "one of few")
    assert run(write(tmp_path, ROOT, newer, release="2026-02-02")).outcome() == (0, 1, 0)
    assert [type(outcome) for outcome in outcomes] == [OperationalError] * len(acts)


def test_no_successor_is_named_while_an_import_names_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(write(tmp_path, ROOT, POEMS))
    here, root = of("DOID:2"), of("DOID:1")
    outcomes: list[object] = []
    successors = ontology.successors

    def followed_beside_an_editor(condition: int | None) -> list[int]:
        outcomes.append(edit(lambda: Condition.objects.filter(pk=here.pk).update(successor=root)))
        return successors(condition)

    monkeypatch.setattr(ontology, "successors", followed_beside_an_editor)
    retired = "[Term]\nid: DOID:2\nname: obsolete\nis_obsolete: true\nreplaced_by: DOID:1\n"
    assert run(write(tmp_path, ROOT, retired, release="2026-02-02")).outcome() == (0, 0, 1)
    assert [type(outcome) for outcome in outcomes] == [OperationalError]
