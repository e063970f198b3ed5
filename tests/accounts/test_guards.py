"""The guards of the database: they stand after every migration, and one that is gone or altered is named."""

import importlib
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.fixtures import Settings

from accounts import guards
from accounts.guards import Guard
from articles.guards import NEVER_CHANGING as TEXTS
from articles.models import Revision
from pages.guards import NEVER_CHANGING as WORDS
from pages.models import SiteText
from reviews.guards import NEVER_CHANGING as SIGNATURES
from reviews.models import Checklist
from tests import make, people

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

SQLITE = connection.vendor == "sqlite"
GUARDS = [guard for guard in guards.registered() if guard.create(connection.vendor)]
INSERT_ONLY = [*TEXTS, *SIGNATURES, *WORDS]
UPDATE_GUARD = "articles_revision_refuses_update"


def execute(*statements: str) -> None:
    """Run SQL as an operator does."""
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def take_away(guard: Guard) -> None:
    """Drop the trigger of a guard."""
    execute(f"DROP TRIGGER {guard.name}" + ("" if SQLITE else f" ON {guard.table}"))


def a_row_of_every_kind() -> None:
    """A page that was withdrawn, a checklist, a site text: every model whose rows never change has a row."""
    Checklist.objects.write("Every figure has a source.", by=people.publisher())
    SiteText.objects.write("funding", "A foundation pays.", by=people.publisher())
    make.publication(make.review(ticked=(1,))).withdraw(by=people.publisher(), why="Its sources do not support it.")
    assert all(model._default_manager.exists() for model in INSERT_ONLY)


def changed() -> list[str]:
    """The models whose rows could be changed."""
    found = []
    for model in INSERT_ONLY:
        try:
            with transaction.atomic():
                model._default_manager.update(id=models.F("id"))
                found.append(model.__name__)
        except IntegrityError:
            pass
    return found


# Standing


def test_every_guard_stands_in_a_database_that_was_migrated() -> None:
    assert guards.missing() == []
    assert guards.check_guards(databases=["default"]) == []
    guards.require()


def test_every_app_with_rules_has_made_its_guards_known() -> None:
    tables = {guard.table.split("_")[0] for guard in guards.registered()}
    assert tables >= {"articles", "reviews", "community", "pages"}
    for model in INSERT_ONLY:
        events = {guard.on for guard in guards.registered() if guard.table == model._meta.db_table}
        assert events == {"INSERT", "UPDATE", "DELETE", "TRUNCATE"}


def test_a_guard_names_itself_and_the_tables_it_looks_at() -> None:
    known = {model._meta.db_table for model in apps.get_models()}
    for guard in guards.registered():
        assert {guard.table, *guard.reads} <= known
        others = {table for table in known if f" {table} " in f"{guard.when} {guard.then} "} - {guard.table}
        assert others <= set(guard.reads), guard.name


def test_installing_again_changes_nothing() -> None:
    guards.install()
    guards.install()
    assert guards.missing() == []
    a_row_of_every_kind()
    assert changed() == []


# Missing


def noticed(harm: Callable[[Guard], None]) -> list[str]:
    """The guards that are named as soon as each is harmed, one after another; all stand when installed again."""
    found: list[str] = []
    for guard in GUARDS:
        harm(guard)
        if guards.missing() == [*found, guard.name]:
            found.append(guard.name)
    guards.install()
    assert guards.missing() == []
    return found


def alter(guard: Guard) -> None:
    """Leave a trigger of the guard's name that lets everything pass."""
    if SQLITE:
        take_away(guard)
        execute(f"CREATE TRIGGER {guard.name} BEFORE {guard.on} ON {guard.table} WHEN 1 = 0 BEGIN SELECT 1; END")
        return
    row = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(guard.on, "NEW")
    body = f"BEGIN RETURN {row}; END"
    execute(f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")


def switch_off(guard: Guard) -> None:
    """Leave the trigger where it is, without effect."""
    execute(f"ALTER TABLE {guard.table} DISABLE TRIGGER {guard.name}")


def test_each_guard_that_was_dropped_is_named_and_installed_again() -> None:
    assert noticed(take_away) == [guard.name for guard in GUARDS]


def test_each_guard_that_was_altered_is_named_and_installed_again() -> None:
    assert noticed(alter) == [guard.name for guard in GUARDS]


@pytest.mark.postgresql
def test_each_guard_that_was_switched_off_is_named_and_installed_again() -> None:
    assert noticed(switch_off) == [guard.name for guard in GUARDS]


@pytest.mark.postgresql
def test_a_guard_that_only_works_on_a_replica_is_named() -> None:
    execute(f"ALTER TABLE articles_revision ENABLE REPLICA TRIGGER {UPDATE_GUARD}")
    assert guards.missing() == [UPDATE_GUARD]


@pytest.mark.postgresql
def test_a_guard_that_works_on_a_replica_too_stands() -> None:
    execute(f"ALTER TABLE articles_revision ENABLE ALWAYS TRIGGER {UPDATE_GUARD}")
    assert guards.missing() == []


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "trigger",
    [
        pytest.param("BEFORE DELETE ON articles_revision FOR EACH ROW", id="on another event"),
        pytest.param("BEFORE UPDATE ON articles_citation FOR EACH ROW", id="on another table"),
        pytest.param("BEFORE UPDATE OF renderer ON articles_revision FOR EACH ROW", id="on one column only"),
        pytest.param("BEFORE UPDATE ON articles_revision FOR EACH ROW WHEN (false)", id="with a condition of its own"),
        pytest.param("BEFORE UPDATE ON articles_revision FOR EACH STATEMENT", id="once a statement"),
    ],
)
def test_a_guard_whose_function_stands_behind_another_trigger_is_named(trigger: str) -> None:
    event = trigger.split(" FOR EACH")[0]
    rest = trigger.removeprefix(event)
    execute(
        f"DROP TRIGGER {UPDATE_GUARD} ON articles_revision",
        f"CREATE TRIGGER {UPDATE_GUARD} {event}{rest} EXECUTE FUNCTION {UPDATE_GUARD}()",
    )
    assert guards.missing() == [UPDATE_GUARD]


def test_every_missing_guard_is_named_at_once() -> None:
    guards.drop()
    assert guards.missing() == [guard.name for guard in GUARDS]
    guards.drop()
    guards.install()
    assert guards.missing() == []


def test_the_check_names_the_guard_and_the_cure() -> None:
    take_away(next(guard for guard in GUARDS if guard.name == UPDATE_GUARD))
    (error,) = guards.check_guards(databases=["default"])
    assert error.id == "accounts.E001"
    assert UPDATE_GUARD in error.msg
    assert error.hint is not None
    assert "migrate" in error.hint
    assert "verify_record" in error.hint


def test_the_check_asks_no_database_that_it_was_not_given() -> None:
    guards.drop()
    assert guards.check_guards(databases=None) == []


def test_the_site_does_not_start_without_a_guard() -> None:
    import config.wsgi

    take_away(next(guard for guard in GUARDS if guard.name == UPDATE_GUARD))
    with pytest.raises(ImproperlyConfigured, match=f"{UPDATE_GUARD}.*verify_record"):
        guards.require()
    with pytest.raises(ImproperlyConfigured, match=UPDATE_GUARD):
        importlib.reload(config.wsgi)
    guards.install()
    importlib.reload(config.wsgi)


def test_while_migrations_are_pending_the_check_is_silent_and_the_site_does_not_start() -> None:
    guards.drop()
    ((_, last),) = MigrationLoader(connection).graph.leaf_nodes("pages")
    MigrationRecorder(connection).record_unapplied("pages", last)
    assert guards.check_guards(databases=["default"]) == []
    with pytest.raises(ImproperlyConfigured, match=r"migrations to run\. Run: python manage.py migrate"):
        guards.require()


# Migrations


class Release:
    """A later release of the software: one more migration in one app."""

    def __init__(self, folder: Path, settings: Settings) -> None:
        self.folder = folder
        self.settings = settings
        self.undo: list[Callable[[], object]] = []

    def migrate(self, app: str, operation: str) -> None:
        """Write a migration with this operation and run `migrate` as an operator does."""
        package = f"{app}_of_a_later_release"
        folder = self.folder / package
        folder.mkdir()
        (folder / "__init__.py").touch()
        for migration in Path(apps.get_app_config(app).path, "migrations").glob("[0-9]*.py"):
            shutil.copy(migration, folder)
        ((_, last),) = MigrationLoader(connection).graph.leaf_nodes(app)
        (folder / "9999_later.py").write_text(
            "from django.db import migrations, models\n\n\n"
            "def rewrite(apps, schema_editor):\n"
            '    apps.get_model("articles", "Revision").objects.update(body="Never reviewed.")\n\n\n'
            "class Migration(migrations.Migration):\n"
            f"    dependencies = [({app!r}, {last!r})]\n    operations = [{operation}]\n"
        )
        self.settings.MIGRATION_MODULES = {app: package}
        importlib.invalidate_caches()
        self.undo += [lambda: sys.modules.pop(package), lambda: call_command("migrate", app, last, verbosity=0)]
        call_command("migrate", verbosity=0)


@pytest.fixture
def later_release(
    transactional_db: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Release]:
    """A later release, gone again after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    release = Release(tmp_path, settings)
    yield release
    while release.undo:
        release.undo.pop()()
    for name in [name for name in sys.modules if name.split(".")[0].endswith("_of_a_later_release")]:
        del sys.modules[name]


# A guarded table that others read; one that is guarded and read; tables that guards read; one they all point to.
ALTERED = [
    ("articles", "revision", "renderer", "models.CharField(max_length=21)"),
    ("reviews", "review", "signed_role", "models.CharField(max_length=201)"),
    ("reviews", "reviewer", "specialty", "models.CharField(max_length=201)"),
    ("reviews", "credential", "profession", "models.CharField(max_length=101)"),
    ("community", "community", "member_count", "models.PositiveBigIntegerField(default=0)"),
    ("accounts", "user", "name", "models.CharField(blank=True, max_length=151)"),
]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("app", "model", "field", "becomes"), ALTERED)
def test_the_guards_stand_after_a_migration_that_alters_a_table(
    later_release: Release, app: str, model: str, field: str, becomes: str
) -> None:
    a_row_of_every_kind()
    later_release.migrate(app, f'migrations.AlterField("{model}", "{field}", {becomes})')
    assert guards.missing() == []
    guards.require()
    assert changed() == []
    make.revision(make.article("after"))


@pytest.mark.django_db(transaction=True)
def test_the_guards_stand_after_a_migration_that_adds_and_removes_columns(later_release: Release) -> None:
    a_row_of_every_kind()
    later_release.migrate("articles", 'migrations.AddField("revision", "extra", models.TextField(default=""))')
    assert guards.missing() == []
    assert changed() == []
    later_release.undo.pop()()
    assert guards.missing() == []
    assert changed() == []


@pytest.mark.django_db(transaction=True)
def test_the_guards_stand_after_migrating_to_zero_and_from_zero() -> None:
    try:
        call_command("migrate", "accounts", "zero", verbosity=0)
        assert "articles_revision" not in connection.introspection.table_names()
        # Nothing stands, and nothing is asked of a database that is not migrated.
        assert guards.check_guards(databases=["default"]) == []
    finally:
        call_command("migrate", verbosity=0)
    assert guards.missing() == []
    guards.require()
    a_row_of_every_kind()
    assert changed() == []


@pytest.mark.django_db(transaction=True)
def test_migrate_puts_back_guards_that_were_dropped() -> None:
    guards.drop()
    call_command("migrate", verbosity=0, skip_checks=True)
    assert guards.missing() == []


REWRITES = {
    "Python": "migrations.RunPython(rewrite, migrations.RunPython.noop)",
    "SQL": "migrations.RunSQL(\"UPDATE articles_revision SET body = 'Never reviewed.'\", migrations.RunSQL.noop)",
    "SQL in disguise": (
        'migrations.SeparateDatabaseAndState([migrations.RunSQL("DELETE FROM articles_revision", "SELECT 1")])'
    ),
    "with another step before": (
        'migrations.AlterField("revision", "renderer", models.CharField(max_length=21)), '
        "migrations.RunPython(rewrite, migrations.RunPython.noop)"
    ),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("operation", REWRITES.values(), ids=REWRITES)
def test_a_migration_that_rewrites_a_text_is_refused(later_release: Release, operation: str) -> None:
    # way 11
    saved = make.revision(sources=())
    with pytest.raises(IntegrityError, match="articles_revision_refuses_"):
        later_release.migrate("articles", operation)
    assert Revision.objects.get(pk=saved.pk).body == saved.body
    guards.install()
    assert Revision.objects.get(pk=saved.pk).is_intact()


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_goes_back_rewrites_no_text_either(later_release: Release) -> None:
    # way 11
    saved = make.revision()
    later_release.migrate("articles", "migrations.RunPython(migrations.RunPython.noop, rewrite)")
    with pytest.raises(IntegrityError, match=UPDATE_GUARD):
        later_release.undo.pop()()
    assert Revision.objects.get(pk=saved.pk).body == saved.body
    MigrationRecorder(connection).record_unapplied("articles", "9999_later")
    guards.install()


@pytest.mark.django_db(transaction=True)
def test_a_migration_may_still_write_rows_that_change(later_release: Release) -> None:
    make.revision()
    rename = "UPDATE articles_article SET topic = 'research'"
    later_release.migrate("articles", f'migrations.RunSQL("{rename}", migrations.RunSQL.noop)')
    assert Revision.objects.get().article.topic == "research"
    assert guards.missing() == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_other_connection_ever_sees_a_guard_missing_while_they_are_installed_again() -> None:
    # way 11: a site that goes on serving while `migrate` runs
    other: Any = connection.get_new_connection({**connection.get_connection_params()})
    seen: set[int] = set()

    def look(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        result = execute(sql, params, many, context)
        with other.cursor() as cursor:
            names = [guard.name for guard in GUARDS]
            cursor.execute("SELECT count(*) FROM pg_trigger WHERE tgenabled = 'O' AND tgname = ANY(%s)", [names])
            seen.update(cursor.fetchone())
        other.rollback()
        return result

    try:
        with connection.execute_wrapper(look):
            guards.install()
    finally:
        other.close()
    assert seen == {len(GUARDS)}


@pytest.mark.django_db(transaction=True)
def test_a_migration_that_fails_leaves_no_site_that_starts(later_release: Release) -> None:
    a_row_of_every_kind()
    with pytest.raises(Exception, match="no_such_table"):
        later_release.migrate("articles", 'migrations.RunSQL("DELETE FROM no_such_table", migrations.RunSQL.noop)')
    with pytest.raises(ImproperlyConfigured):
        guards.require()
