"""What the database itself refuses about texts: docs/promise.md, 1, 8, 9 and 10, through every back door we know."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from accounts import guards
from articles.guards import NEVER_CHANGING
from articles.models import Article, ArticleSlug, Citation, ConditionSlug, Revision
from tests import make, people

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

SQLITE = connection.vendor == "sqlite"

# A column of each model that a liar would change, and what to.
LIES = {
    Revision: {"body": "Never reviewed."},
    Citation: {"title": "A cohort that does not exist"},
    ConditionSlug: {"slug": "elsewhere"},
    ArticleSlug: {"slug": "elsewhere"},
}
every_model = pytest.mark.parametrize("model", [pytest.param(model, id=model.__name__) for model in LIES])


def made(model: type[models.Model]) -> models.Model:
    """A lawful row of a model that nothing else stands on."""
    if model is Revision:
        return make.revision(sources=())
    make.revision()
    return model._default_manager.get()


def stored(table: str, where: str = "1 = 1") -> list[dict[str, Any]]:
    """Every row of a table as the database has it, without the ORM between."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {where} ORDER BY id")
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


def execute(statement: str, values: Any = ()) -> None:
    """Run one SQL statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def insertion(verb: str, table: str, row: dict[str, Any], then: str = "") -> tuple[str, list[Any]]:
    """The statement that inserts a row with its values."""
    places = ", ".join(["%s"] * len(row))
    return f"{verb} INTO {table} ({', '.join(row)}) VALUES ({places}) {then}", list(row.values())


def lied(row: models.Model) -> models.Model:
    """The same row with a lie in it, not saved yet."""
    for name, value in LIES[type(row)].items():
        setattr(row, name, value)
    return row


def rows(row: models.Model) -> "models.QuerySet[models.Model]":
    """The row as a QuerySet."""
    return type(row)._default_manager.filter(pk=row.pk)


def table_of(row: models.Model) -> str:
    """The row's table."""
    return row._meta.db_table


def column_of(row: models.Model) -> str:
    """The column that a liar would change."""
    return next(iter(LIES[type(row)]))


BackDoor = Callable[[models.Model], object]

CHANGES: dict[str, BackDoor] = {
    "save": lambda row: lied(row).save(),
    "save without a change": lambda row: row.save(),
    "save one field": lambda row: lied(row).save(update_fields=[column_of(row)]),
    "QuerySet.update": lambda row: rows(row).update(**LIES[type(row)]),
    "QuerySet.update with an expression": lambda row: rows(row).update(**{column_of(row): models.F("pk")}),
    "bulk_update": lambda row: type(row)._default_manager.bulk_update([lied(row)], [column_of(row)]),
    "update_or_create": lambda row: type(row)._default_manager.update_or_create(LIES[type(row)], pk=row.pk),
    "SQL": lambda row: execute(f"UPDATE {table_of(row)} SET {column_of(row)} = 'x' WHERE id = %s", [row.pk]),
    "SQL, another id": lambda row: execute(f"UPDATE {table_of(row)} SET id = id + 1000 WHERE id = %s", [row.pk]),
    "SQL, all rows": lambda row: execute(f"UPDATE {table_of(row)} SET {column_of(row)} = {column_of(row)}"),
}
DELETIONS: dict[str, BackDoor] = {
    "delete": lambda row: row.delete(),
    "QuerySet.delete": lambda row: rows(row).delete(),
    "_raw_delete": lambda row: rows(row)._raw_delete("default"),  # type: ignore[attr-defined]
    "SQL": lambda row: execute(f"DELETE FROM {table_of(row)} WHERE id = %s", [row.pk]),
    "SQL, all rows": lambda row: execute(f"DELETE FROM {table_of(row)}"),
}
REPLACEMENTS: dict[str, BackDoor] = {
    "bulk_create with update_conflicts": lambda row: type(row)._default_manager.bulk_create(
        [lied(row)], update_conflicts=True, update_fields=[column_of(row)], unique_fields=["id"]
    ),
    "bulk_create with ignore_conflicts": lambda row: type(row)._default_manager.bulk_create(
        [lied(row)], ignore_conflicts=True
    ),
    "save as new": lambda row: lied(row).save(force_insert=True),
}
if SQLITE:
    CHANGES |= {
        f"UPDATE OR {policy}": lambda row, policy=policy: execute(  # type: ignore[misc]
            f"UPDATE OR {policy} {table_of(row)} SET {column_of(row)} = 'x' WHERE id = %s", [row.pk]
        )
        for policy in ("REPLACE", "IGNORE", "FAIL")
    }
    REPLACEMENTS |= {
        "INSERT OR REPLACE": lambda row: execute(*insertion("INSERT OR REPLACE", table_of(row), forged(row))),
        "REPLACE": lambda row: execute(*insertion("REPLACE", table_of(row), forged(row))),
        "INSERT OR REPLACE, by the other keys": lambda row: execute(
            *insertion("INSERT OR REPLACE", table_of(row), {**forged(row), "id": None})
        ),
    }
else:
    CHANGES["with a common table expression"] = lambda row: execute(
        f"WITH old AS (SELECT id FROM {table_of(row)}) "
        f"UPDATE {table_of(row)} t SET {column_of(row)} = 'x' FROM old WHERE old.id = t.id RETURNING t.id"
    )
    DELETIONS["USING"] = lambda row: execute(
        f"DELETE FROM {table_of(row)} t USING {table_of(row)} o WHERE o.id = t.id RETURNING t.id"
    )
    REPLACEMENTS["ON CONFLICT DO UPDATE"] = lambda row: execute(
        *insertion("INSERT", table_of(row), forged(row), f"ON CONFLICT (id) DO UPDATE SET {column_of(row)} = 'x'")
    )


def forged(row: models.Model) -> dict[str, Any]:
    """The stored row with a lie that leaves its keys alone."""
    (now,) = stored(table_of(row), f"id = {row.pk}")
    return {**now, **({} if "slug" in LIES[type(row)] else LIES[type(row)])}


def doors(back_doors: dict[str, BackDoor]) -> pytest.MarkDecorator:
    """A test for each back door."""
    return pytest.mark.parametrize("door", [pytest.param(door, id=name) for name, door in back_doors.items()])


def refused(guard: str, row: models.Model, door: BackDoor) -> None:
    """Holds that a back door is refused by a guard, by its name, and that every row is as it was."""
    before = stored(table_of(row))
    with pytest.raises(IntegrityError, match=f"^{guard}: "), transaction.atomic():
        door(row)
    assert stored(table_of(row)) == before


# Rows that never change: ways 8, 9, 10


def test_every_model_whose_rows_never_change_is_tried_here() -> None:
    assert set(NEVER_CHANGING) == set(LIES)


@every_model
@doors(CHANGES)
def test_no_back_door_changes_a_row(model: type[models.Model], door: BackDoor) -> None:
    refused(f"{model._meta.db_table}_refuses_update", made(model), door)


@every_model
@doors(DELETIONS)
def test_no_back_door_deletes_a_row(model: type[models.Model], door: BackDoor) -> None:
    refused(f"{model._meta.db_table}_refuses_delete", made(model), door)


@every_model
@doors(REPLACEMENTS)
def test_no_back_door_replaces_a_row(model: type[models.Model], door: BackDoor) -> None:
    refused(f"{model._meta.db_table}_refuses_replace", made(model), door)


def test_a_version_with_sources_is_not_deleted_either() -> None:
    saved = make.revision()
    with pytest.raises(IntegrityError):
        saved.delete()
    assert Revision.objects.filter(pk=saved.pk).exists()
    assert Citation.objects.count() == 1


def truncate(table: str, how: str) -> None:
    """Empty a table; what is checked at the end of a transaction is checked before, it would stand in the way."""
    connection.check_constraints()
    with transaction.atomic():
        execute(f"TRUNCATE {table} {how}")


@pytest.mark.postgresql
@every_model
@pytest.mark.parametrize("how", ["CASCADE", "RESTART IDENTITY CASCADE"])
def test_no_table_is_truncated(model: type[models.Model], how: str) -> None:
    row = made(model)
    before = stored(table_of(row))
    with pytest.raises(IntegrityError, match=f"^{table_of(row)}_refuses_truncate: "):
        truncate(table_of(row), how)
    assert stored(table_of(row)) == before


@pytest.mark.postgresql
@pytest.mark.parametrize("table", ["articles_condition", "articles_article", "accounts_user"])
def test_no_text_goes_with_a_table_that_it_stands_on(table: str) -> None:
    make.revision()
    before = [stored(model._meta.db_table) for model in LIES]
    with pytest.raises(IntegrityError, match="_refuses_truncate: "):
        truncate(table, "CASCADE")
    assert [stored(model._meta.db_table) for model in LIES] == before


@pytest.mark.django_db(transaction=True)
@every_model
@pytest.mark.parametrize("act", ["change", "delete", "replace", "replace by the other keys"])
def test_a_program_that_is_not_this_one_is_refused_too(model: type[models.Model], act: str) -> None:
    row = made(model)
    table, before = table_of(row), stored(table_of(row))
    statement, values = {
        "change": (f"UPDATE {table} SET {column_of(row)} = 'x' WHERE id = %s", [row.pk]),
        "delete": (f"DELETE FROM {table} WHERE id = %s", [row.pk]),
        "replace": insertion("INSERT", table, forged(row), f"ON CONFLICT (id) DO UPDATE SET {column_of(row)} = 'x'"),
        "replace by the other keys": insertion("INSERT", table, {**forged(row), "id": 1000}, "ON CONFLICT DO NOTHING"),
    }[act]
    if SQLITE:
        statement = statement.split(" ON CONFLICT")[0].replace("INSERT INTO", "INSERT OR REPLACE INTO")
    with pytest.raises(connection.Database.IntegrityError, match=f"{table}_refuses_"):  # type: ignore[attr-defined]
        on_a_connection_of_its_own(statement, values)
    assert stored(table) == before


def on_a_connection_of_its_own(statement: str, values: list[Any]) -> None:
    """Run and commit a statement as a program would that knows nothing of our settings."""
    if SQLITE:
        import sqlite3

        plain = sqlite3.connect(connection.settings_dict["NAME"])
        statement = statement.replace("%s", "?")
        assert plain.execute("PRAGMA recursive_triggers").fetchone() == (0,)
    else:
        plain = connection.get_new_connection(connection.get_connection_params())
    try:
        plain.execute(statement, values)
        plain.commit()
    finally:
        plain.close()


@every_model
def test_the_refusal_says_what_to_do_instead(model: type[models.Model]) -> None:
    with pytest.raises(IntegrityError, match="are never changed or deleted, a new row is written instead"):
        rows(made(model)).update(**LIES[model])


# An edit is a new row: way 1


def test_an_edit_leaves_the_old_version_as_it_was_byte_for_byte() -> None:
    article = make.article()
    first = make.revision(article)
    before = stored("articles_revision"), stored("articles_citation")
    second = make.revision(
        article, by=people.second_author(), question="Other?", short_answer="Other.", body="Other.", sources=()
    )
    assert second.pk != first.pk
    assert stored("articles_revision", f"id = {first.pk}") == before[0]
    assert stored("articles_citation", f"revision_id = {first.pk}") == before[1]


# The time is the database's


def moments() -> dict[str, dt.datetime]:
    """Times that are not now."""
    now = dt.datetime.now(dt.UTC)
    day = dt.timedelta(1)
    return {
        "yesterday": now - day,
        "tomorrow": now + day,
        "two minutes ago": now - day / 720,
        "1970": now.replace(1970),
    }


@pytest.mark.parametrize("moment", moments())
def test_a_version_cannot_claim_another_time(moment: str) -> None:
    saved = make.revision(sources=())
    before = stored("articles_revision")
    saved.pk, saved.number, saved.recorded_at = None, 2, moments()[moment]
    with pytest.raises(IntegrityError, match=r"^articles_revision_recorded_at_is_now: "), transaction.atomic():
        saved.save(force_insert=True)
    assert stored("articles_revision") == before


# Django reads each of these as the first of January; on PostgreSQL they are one and the same.
@pytest.mark.parametrize(
    "written",
    ["2020-01-01 10:00:00", "2020-01-01T10:00:00Z", "2020-01-01 10:00:00+00:00", "2020-1-1 10:00:00", "2020-1-1T9:00"],
)
def test_no_way_of_writing_a_time_goes_round_the_guard(written: str) -> None:
    saved = make.revision(sources=())
    before = stored("articles_revision")
    row = {**before[0], "id": saved.pk + 1, "number": 2, "recorded_at": written}
    with pytest.raises(IntegrityError, match=r"^articles_revision_recorded_at_is_now: "), transaction.atomic():
        execute(*insertion("INSERT", "articles_revision", row))
    assert stored("articles_revision") == before


# Sources belong to their version


def adding(revision: Revision, number: int) -> Citation:
    """A source that was not there when the version was saved."""
    return Citation(revision=revision, number=number, title="Slipped in later", url="https://example.org/")


@pytest.mark.parametrize("number", [2, 3, 1000])
@pytest.mark.parametrize(
    "door",
    [
        pytest.param(lambda citation: citation.save(), id="save"),
        pytest.param(lambda citation: Citation.objects.bulk_create([citation]), id="bulk_create"),
        pytest.param(
            lambda citation: execute(
                "INSERT INTO articles_citation (revision_id, number, title, url, doi, pmid) "
                "VALUES (%s, %s, 'x', '', '', '')",
                [citation.revision_id, citation.number],
            ),
            id="SQL",
        ),
    ],
)
def test_no_source_is_added_to_a_version_later(number: int, door: Callable[[Citation], None]) -> None:
    saved = make.revision()
    with pytest.raises(IntegrityError, match=r"^citation_is_declared: "), transaction.atomic():
        door(adding(saved, number))
    assert Citation.objects.get().source() == make.SOURCES[0]
    assert Revision.objects.get(pk=saved.pk).is_intact()


def test_a_version_without_sources_stays_without() -> None:
    saved = make.revision(sources=())
    with pytest.raises(IntegrityError, match=r"^citation_is_declared: "), transaction.atomic():
        adding(saved, 1).save()
    assert not Citation.objects.exists()


def test_a_source_has_a_number_from_one_on() -> None:
    saved = make.revision()
    with pytest.raises(IntegrityError), transaction.atomic():
        adding(saved, 0).save()
    assert Citation.objects.count() == 1


# An article stays what it is about


@pytest.mark.parametrize(
    "door",
    [
        pytest.param(lambda article: article.save(), id="save"),
        pytest.param(
            lambda article: Article.objects.filter(pk=article.pk).update(condition=article.condition), id="update"
        ),
        pytest.param(lambda article: Article.objects.bulk_update([article], ["condition"]), id="bulk_update"),
        pytest.param(
            lambda article: execute(
                "UPDATE articles_article SET condition_id = %s WHERE id = %s", [article.condition_id, article.pk]
            ),
            id="SQL",
        ),
    ],
)
def test_an_article_keeps_its_condition(door: Callable[[Article], None]) -> None:
    article = make.article()
    make.revision(article)
    before = stored("articles_article")
    article.condition = make.condition("amyloidosis", "Amyloidosis")
    with pytest.raises(IntegrityError, match=r"^article_keeps_its_condition: "), transaction.atomic():
        door(article)
    assert stored("articles_article") == before


def test_an_articles_topic_may_change() -> None:
    article = make.article(topic="outlook")
    Article.objects.filter(pk=article.pk).update(topic="treatment")
    assert Article.objects.get(pk=article.pk).topic == "treatment"


# Checks


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ({"number": 0}, "version_number_counts_from_one"),
        ({"number": 2, "origin": "alien"}, "origin_is_known"),
    ],
)
def test_a_version_that_makes_no_sense_is_refused(change: dict[str, Any], constraint: str) -> None:
    saved = make.revision(sources=())
    (row,) = stored("articles_revision")
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        execute(*insertion("INSERT", "articles_revision", {**row, "id": saved.pk + 1, **change}))
    assert Revision.objects.count() == 1


def test_the_guards_of_this_app_stand() -> None:
    assert guards.missing() == []
