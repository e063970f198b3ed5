"""Two roles in PostgreSQL: the owner migrates, and the web role, which owns nothing, cannot lift a guard."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import checks
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections

from . import guards


class NoWebRole(Exception):
    """A role cannot be the web role; the message says why and what to do."""


def rights(table: str) -> list[str]:
    """What the web role may do with a table: everything but what a guard always refuses."""
    if table == "django_migrations":
        return ["SELECT"]
    refused = {guard.on for guard in guards.registered() if guard.table == table and not guard.when and not guard.then}
    return [right for right in ("SELECT", "INSERT", "UPDATE", "DELETE") if right not in refused]


def grant(role: str, using: str = DEFAULT_DB_ALIAS) -> int:
    """Give a role what the site needs, in every table of ours, and take everything else; safe to repeat.

    Returns the number of tables. Raises NoWebRole.
    """
    connection = connections[using]
    if connection.vendor != "postgresql":
        raise NoWebRole("SQLite has no roles: whoever can write the file can change it. Two roles need PostgreSQL.")
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolsuper, pg_has_role(oid, current_user, 'MEMBER') FROM pg_roles WHERE rolname = %s", [role]
        )
        found = cursor.fetchone()
        if found is None:
            raise NoWebRole(f"There is no role “{role}”. Make it first: createuser --pwprompt {role}")
        if True in found:
            raise NoWebRole(
                f"“{role}” is a superuser or owns the tables. Make another: createuser --pwprompt rounds_web"
            )
        cursor.execute("SELECT current_schema(), current_database()")
        schema, database = map(quote, cursor.fetchone())
        web = quote(role)
        ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
        tables = sorted(ours.intersection(connection.introspection.table_names(cursor)))
        for statement in (
            # A table of its own before ours would answer in the place of ours.
            f"REVOKE TEMPORARY ON DATABASE {database} FROM PUBLIC",
            f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
            f"REVOKE ALL ON SCHEMA {schema} FROM {web}",
            f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {web}",
            f"GRANT CONNECT ON DATABASE {database} TO {web}",
            f"GRANT USAGE ON SCHEMA {schema} TO {web}",
            f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {web}",
            *(f"GRANT {', '.join(rights(table))} ON {quote(table)} TO {web}" for table in tables),
        ):
            cursor.execute(statement)
    return len(tables)


def can_lift_guards(using: str = DEFAULT_DB_ALIAS) -> str | None:
    """The name of the role in use if it could alter a guarded table; None if it could not, or on SQLite."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_user WHERE EXISTS (SELECT 1 FROM pg_class WHERE relname = ANY(%s) "
            "AND relnamespace = current_schema()::regnamespace AND pg_has_role(relowner, 'MEMBER'))",
            [[guard.table for guard in guards.registered()]],
        )
        found = cursor.fetchone()
    return found[0] if found else None


def check_roles(**kwargs: Any) -> Iterable[checks.CheckMessage]:
    """Deployment check `accounts.W001`: the site signs in as a role that owns its tables."""
    try:
        role = can_lift_guards()
    except DatabaseError:
        return  # that the database does not answer is said elsewhere
    if role is not None:
        yield checks.Warning(
            f"The site signs in to PostgreSQL as “{role}”, which owns the tables and could lift every guard.",
            hint="Make a second role, put the owner's address into MIGRATE_DATABASE_URL and run: "
            "manage.py grant_web ROLE. See docs/operators.md.",
            id="accounts.W001",
        )
