"""Triggers that keep a rule inside the database, where no `update()`, bulk action or raw SQL goes round it.

Each app lists its own in `guards.py` and registers them when it is ready. They are installed after every
`migrate`. On SQLite they are dropped before it as well: altering a field there rebuilds the table, which
loses the table's triggers and fails on triggers of others that read it. Where a migration runs code or SQL
of its own, those that refuse every change stand again for that long.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, Literal

from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.operations.base import Operation, OperationCategory

Event = Literal["INSERT", "UPDATE", "DELETE", "TRUNCATE"]

# What differs between the two databases inside a condition; a guard writes {today}, {now} and so on.
DIALECT = {
    "sqlite": {
        "today": "date('now')",
        "false": "0",
        "far_from_now": "coalesce(abs(julianday({0}) - julianday('now')) * 86400, 61) > 60",
    },
    "postgresql": {
        "today": "(statement_timestamp() AT TIME ZONE 'UTC')::date",
        "false": "false",
        "far_from_now": "coalesce(abs(extract(epoch FROM {0} - statement_timestamp())), 61) > 60",
    },
}


@dataclass(frozen=True)
class Guard:
    """One rule on one table: refuse an event when a condition holds, or do something after it.

    `when` is an SQL condition over NEW and OLD that both databases understand; an empty one always refuses.
    `then` is one SQL statement run after the event; a guard with `then` refuses nothing. `reads` names the
    other tables it looks at. `says` is the sentence in the error, behind the guard's name. `only` names the one kind
    of database that it is meant for.
    """

    name: str
    table: str
    on: Event
    says: str = ""
    when: str = ""
    then: str = ""
    reads: tuple[str, ...] = ()
    only: Literal["", "sqlite", "postgresql"] = ""

    def create(self, vendor: str) -> list[str]:
        """The statements that install the guard on a database of this vendor; none where it has no meaning."""
        if self.only not in {"", vendor}:
            return []
        return self._sqlite() if vendor == "sqlite" else self._postgresql()

    def _condition(self, vendor: str) -> str:
        condition = self.when or "1 = 1"
        for word, sql in DIALECT[vendor].items():
            if word == "far_from_now":
                head, *calls = condition.split("{far_from_now:")
                for call in calls:
                    column, _, rest = call.partition("}")
                    head += sql.format(column) + rest
                condition = head
            else:
                condition = condition.replace("{" + word + "}", sql)
        return condition

    def _sqlite(self) -> list[str]:
        if self.on == "TRUNCATE":
            return []
        if self.then:
            return [f"CREATE TRIGGER {self.name} AFTER {self.on} ON {self.table} BEGIN {self.then}; END"]
        return [
            f"CREATE TRIGGER {self.name} BEFORE {self.on} ON {self.table} WHEN {self._condition('sqlite')} "
            f"BEGIN SELECT RAISE(ABORT, '{self.name}: {self.says}'); END"
        ]

    def body(self) -> str:
        """The body of the PostgreSQL function behind the trigger."""
        if self.then:
            return f" BEGIN {self.then}; RETURN NULL; END "
        row = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(self.on, "NEW")
        return (
            f" BEGIN IF {self._condition('postgresql')} THEN RAISE EXCEPTION '{self.name}: {self.says}' "
            f"USING ERRCODE = 'check_violation', CONSTRAINT = '{self.name}'; END IF; RETURN {row}; END "
        )

    def shape(self) -> tuple[str, int, str]:
        """How PostgreSQL's catalogue describes the trigger: table, kind as bits of pg_trigger.tgtype, body."""
        row = 0 if self.on == "TRUNCATE" else 1
        before = 0 if self.then else 2
        event = {"INSERT": 4, "DELETE": 8, "UPDATE": 16, "TRUNCATE": 32}[self.on]
        return (self.table, row | before | event, self.body())

    def _postgresql(self) -> list[str]:
        moment = "AFTER" if self.then else "BEFORE"
        each = "STATEMENT" if self.on == "TRUNCATE" else "ROW"
        return [
            f"CREATE OR REPLACE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT "
            f"AS $guard${self.body()}$guard$",
            f"CREATE OR REPLACE TRIGGER {self.name} {moment} {self.on} ON {self.table} "
            f"FOR EACH {each} EXECUTE FUNCTION {self.name}()",
        ]


_registered: dict[str, Guard] = {}


def register(guards: Iterable[Guard]) -> None:
    """Make guards known; called once by each app when it is ready."""
    for guard in guards:
        _registered[guard.name] = guard


def registered() -> list[Guard]:
    """Every guard of every app."""
    return list(_registered.values())


def insert_only(model: type[models.Model]) -> Iterator[Guard]:
    """Guards for a model whose rows are written once: no update, no delete, no truncate, no replace."""
    table = model._meta.db_table
    noun = str(model._meta.verbose_name_plural)
    for event in ("UPDATE", "DELETE", "TRUNCATE"):
        yield Guard(
            name=f"{table}_refuses_{event.lower()}",
            table=table,
            on=event,
            says=f"{noun} are never changed or deleted, a new row is written instead",
        )
    yield never_replaced(model)


def never_replaced(model: type[models.Model]) -> Guard:
    """A guard against INSERT OR REPLACE, which takes the place of a row that stays."""
    table = model._meta.db_table
    noun = str(model._meta.verbose_name_plural)
    # It deletes silently on a SQLite connection that forgot recursive_triggers.
    taken = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} taken WHERE {same})"
        for same in (
            " AND ".join(f"taken.{column} = NEW.{column}" for column in columns) for columns in _unique_columns(model)
        )
    )
    return Guard(
        name=f"{table}_refuses_replace",
        table=table,
        on="INSERT",
        when=taken,
        says=f"{noun} are never replaced, a row with this key exists",
    )


def _unique_columns(model: type[models.Model]) -> Iterator[list[str]]:
    """The column lists of a model that the database holds unique."""
    for field in model._meta.local_fields:
        if field.unique:
            yield [str(field.column)]
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.condition is None:
            yield [str(model._meta.get_field(name).column) for name in constraint.fields]  # type: ignore[union-attr]  # only columns are unique


def dated_by_the_database(model: type[models.Model], column: str) -> Guard:
    """A guard that refuses a row whose recording time is not now, by the database's own clock."""
    table = model._meta.db_table
    return Guard(
        name=f"{table}_{column}_is_now",
        table=table,
        on="INSERT",
        when="{far_from_now:NEW." + column + "}",
        says=f"{column} is written by the database, leave it out",
    )


def install(using: str = DEFAULT_DB_ALIAS) -> None:
    """Put every guard in place whose tables exist, all in one moment; safe to repeat."""
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    with transaction.atomic(using=using), connection.cursor() as cursor:
        drop(using)
        if connection.vendor == "postgresql":
            # The guards keep this path: a temporary table must not be read in the place of one of ours.
            cursor.execute("SELECT set_config('search_path', current_schema() || ', pg_temp', true)")
        for guard in registered():
            if {guard.table, *guard.reads} <= tables:
                for statement in guard.create(connection.vendor):
                    cursor.execute(statement, None)


def drop(using: str = DEFAULT_DB_ALIAS) -> None:
    """Take every guard away: before SQLite rebuilds tables, and in tests that tamper."""
    connection = connections[using]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for guard in registered():
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}")
            return
        cursor.execute("SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid")
        standing = set(cursor.fetchall())
        for guard in registered():
            if (guard.name, guard.table) in standing:
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}")


# What only moves the shape of tables. Anything else may rewrite rows.
SHAPE = {OperationCategory.ADDITION, OperationCategory.REMOVAL, OperationCategory.ALTERATION}


class Held(Operation):
    """A step of a migration during which the guards that refuse every change stand."""

    def __init__(self, step: Operation) -> None:
        self.step = step
        self.atomic, self.reversible = step.atomic, step.reversible  # type: ignore[misc]  # of the class, says the stub

    def state_forwards(self, app_label: str, state: Any) -> None:
        """As the step does."""
        self.step.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """The step, held."""
        with _standing(schema_editor.connection):
            self.step.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """The way back, held."""
        with _standing(schema_editor.connection):
            self.step.database_backwards(app_label, schema_editor, from_state, to_state)


def hold_through(plan: Iterable[tuple[Migration, bool]]) -> None:
    """Make no step of these migrations that runs code or SQL of its own change a row that never changes."""
    for migration, _ in plan:
        steps = [step if step.category in SHAPE else Held(step) for step in migration.operations]
        migration.operations = steps  # type: ignore[misc]  # as above


@contextmanager
def _standing(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Guards without a condition ask for no column, so they fit every shape that a table has on the way."""
    tables = set(connection.introspection.table_names())
    held = [guard for guard in registered() if guard.table in tables and not (guard.when or guard.then)]
    # A savepoint, so that the refusal itself is what the operator sees.
    with transaction.atomic(using=connection.alias) if connection.in_atomic_block else nullcontext():
        with connection.cursor() as cursor:
            for guard in held:
                for statement in guard.create(connection.vendor):
                    cursor.execute(statement)
        yield
        with connection.cursor() as cursor:
            for guard in held:
                cursor.execute(f"DROP TRIGGER IF EXISTS {guard.name}")


def missing(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The names of guards that are absent, switched off or altered in this database."""
    connection = connections[using]
    standing = _sqlite_standing(connection) if connection.vendor == "sqlite" else _postgresql_standing(connection)
    return [guard.name for guard in registered() if not _stands(guard, connection.vendor, standing)]


def _stands(guard: Guard, vendor: str, standing: dict[str, Any]) -> bool:
    statements = guard.create(vendor)
    if not statements:
        return True
    expected = statements[0] if vendor == "sqlite" else guard.shape()
    return standing.get(guard.name) == expected


def _sqlite_standing(connection: BaseDatabaseWrapper) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
        return dict(cursor.fetchall())


def _postgresql_standing(connection: BaseDatabaseWrapper) -> dict[str, tuple[str, int, str]]:
    """Triggers that are switched on and unconditional, as (table, kind, body of the function)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT t.tgname, c.relname, t.tgtype, p.prosrc FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid "
            "JOIN pg_class c ON c.oid = t.tgrelid WHERE t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL "
            "AND t.tgattr::text = '' AND c.relnamespace = current_schema()::regnamespace "
            "AND p.proconfig = ARRAY['search_path=' || current_schema() || ', pg_temp']"
        )
        return {name: (table, kind, body) for name, table, kind, body in cursor.fetchall()}


def require(using: str = DEFAULT_DB_ALIAS) -> None:
    """Raise ImproperlyConfigured unless the database is migrated and every guard stands."""
    if pending(using):
        raise ImproperlyConfigured("The database has migrations to run. Run: python manage.py migrate")
    if absent := missing(using):
        raise ImproperlyConfigured(f"Guards missing from the database: {', '.join(absent)}. {CURE}")


CURE = (
    "Find out who removed them, run `python manage.py migrate --skip-checks`, which installs them again, "
    "and then `python manage.py verify_record`."
)


def pending(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the database still has migrations to run."""
    executor = MigrationExecutor(connections[using])
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def check_guards(*, databases: Iterable[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """System check `accounts.E001`: a guard is missing. Silent while migrations are pending."""
    return [
        Error(f"Guards missing from {alias!r}: {', '.join(absent)}.", hint=CURE, id="accounts.E001")
        for alias in databases or ()
        if not pending(alias) and (absent := missing(alias))
    ]
