"""Rows of a review that never change: no way changes, deletes, replaces or truncates them (ways 8 to 10 and 33)."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from reviews.guards import NEVER_CHANGING
from reviews.models import (
    Checklist,
    CredentialCheck,
    LedgerEntry,
    Publication,
    Review,
    ReviewContributor,
    Withdrawal,
)
from tests import make, people
from tests.database import refused_by, sql, sqlite

from .lies import alone, check_of, put, raw, recursive_triggers, stored

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


MAKERS: dict[type[models.Model], Callable[[], models.Model]] = {
    Checklist: lambda: Checklist.objects.write("Every figure has a source.", by=people.publisher()),
    CredentialCheck: lambda: check_of(people.clinician()),
    Review: make.review,
    ReviewContributor: lambda: make.review().contributors.get(),
    Publication: make.publication,
    Withdrawal: lambda: make.publication().withdraw(by=people.publisher(), why="It is wrong."),
    LedgerEntry: lambda: LedgerEntry.objects.get(kind="credentialcheck", decision=check_of(people.clinician()).pk),
}
CHANGES: dict[type[models.Model], tuple[str, Any]] = {
    Checklist: ("points", "Other points."),
    CredentialCheck: ("why", "Another reason."),
    Review: ("public_note", "Another note."),
    ReviewContributor: ("user_id", 1),
    Publication: ("published_by_id", 1),
    Withdrawal: ("why", "Another reason."),
    LedgerEntry: ("kind", "publication"),
}
never_changing = pytest.mark.parametrize("model", NEVER_CHANGING, ids=lambda model: model.__name__)


def test_each_model_that_never_changes_is_tried() -> None:
    assert set(MAKERS) == set(CHANGES) == set(NEVER_CHANGING)


@never_changing
def test_a_row_that_never_changes_refuses_every_update(model: type[models.Model]) -> None:
    row, (field, value) = MAKERS[model](), CHANGES[model]
    table, before = model._meta.db_table, stored(row)
    setattr(row, field, value)
    with refused_by(f"{table}_refuses_update"):
        row.save()
    with refused_by(f"{table}_refuses_update"):
        row.save(update_fields=[field])
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.filter(pk=row.pk).update(**{field: value})
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.bulk_update([row], [field])
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.update_or_create(pk=row.pk, defaults={field: value})
    with refused_by(f"{table}_refuses_update"):
        sql(f"UPDATE {table} SET id = id")
    if sqlite():
        with refused_by(f"{table}_refuses_update"):
            sql(f"UPDATE OR REPLACE {table} SET id = id + 1000")
        with refused_by(f"{table}_refuses_update"):
            sql(f"UPDATE OR IGNORE {table} SET id = id + 1000")
    assert stored(row) == before


@never_changing
def test_a_row_that_never_changes_refuses_every_deletion(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, rows = model._meta.db_table, stored(row), model._default_manager.filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.get(pk=row.pk).delete()
    with refused_by(f"{table}_refuses_delete"):
        rows._raw_delete("default")
    with refused_by(f"{table}_refuses_delete"):
        sql(f"DELETE FROM {table}")
    assert stored(row) == before


@never_changing
def test_a_row_that_never_changes_is_not_replaced(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, values = model._meta.db_table, stored(row), raw(row)
    alone(f"{table}_refuses_replace", table)
    for _ in recursive_triggers():
        with refused_by(f"{table}_refuses_replace"):
            put(table, values)
        with refused_by(f"{table}_refuses_replace"):
            model._default_manager.bulk_create(
                [row], update_conflicts=True, unique_fields=["id"], update_fields=[CHANGES[model][0]]
            )
        with refused_by(f"{table}_refuses_replace"):
            model._default_manager.bulk_create([row], ignore_conflicts=True)
    assert stored(row) == before


@pytest.mark.parametrize("model", NEVER_CHANGING[2:], ids=lambda model: model.__name__)
def test_a_row_that_never_changes_is_not_replaced_by_one_with_another_id(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, values = model._meta.db_table, stored(row), raw(row)
    del values["id"]
    alone(f"{table}_refuses_replace", table)
    for _ in recursive_triggers():
        with refused_by(f"{table}_refuses_replace"):
            put(table, values)
    assert model._default_manager.count() == 1
    assert stored(row) == before


@never_changing
def test_with_all_guards_together_nothing_replaces_a_row(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    before, values = stored(row), raw(row)
    for _ in recursive_triggers():
        with pytest.raises(IntegrityError), transaction.atomic():
            put(model._meta.db_table, values)
    assert stored(row) == before


@pytest.mark.postgresql
@never_changing
def test_a_table_that_never_changes_is_not_truncated(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    connection.check_constraints()
    with refused_by(f"{model._meta.db_table}_refuses_truncate"):
        sql(f"TRUNCATE {model._meta.db_table} CASCADE")
    assert stored(row)
