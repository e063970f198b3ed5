"""Two roles in PostgreSQL: the owner migrates, and the web role, which owns nothing, cannot lift a guard."""

from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
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
        tables = _tables(cursor, using)
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
    if held := _powers(role, using):
        raise NoWebRole(f"“{role}” {held}, so it could go round a guard. {CURE}")
    return len(tables)


CURE = (
    "Make the owner of the tables own the database and its schema too (ALTER DATABASE … OWNER TO, ALTER SCHEMA … OWNER "
    "TO), and the web role none of them. See docs/operators.md."
)


def _powers(role: str, using: str = DEFAULT_DB_ALIAS) -> str:
    """What a role may do on PostgreSQL with which it could go round a guard; empty if there is nothing."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM pg_class WHERE relname = ANY(%(tables)s) "
            "AND relnamespace = current_schema()::regnamespace AND pg_has_role(%(role)s, relowner, 'MEMBER')) "
            "THEN 'owns the tables' "
            "WHEN (SELECT pg_has_role(%(role)s, nspowner, 'MEMBER') FROM pg_namespace "
            "WHERE oid = current_schema()::regnamespace) THEN 'owns the schema' "
            "WHEN (SELECT pg_has_role(%(role)s, datdba, 'MEMBER') FROM pg_database WHERE datname = current_database()) "
            "THEN 'owns the database' "
            "WHEN has_schema_privilege(%(role)s, current_schema(), 'CREATE') THEN 'may make things in the schema' "
            "WHEN has_database_privilege(%(role)s, current_database(), 'TEMPORARY') THEN 'may make temporary tables' "
            "ELSE '' END",
            {"role": role, "tables": [guard.table for guard in guards.registered()]},
        )
        return str(cursor.fetchone()[0])


def power(using: str = DEFAULT_DB_ALIAS) -> str:
    """What the role in use may do with which it could go round a guard; empty if nothing, and on SQLite."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return ""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        return _powers(cursor.fetchone()[0], using)


def missing_rights(using: str = DEFAULT_DB_ALIAS) -> list[str]:
    """The tables with which the role in use may not do what the site needs; on PostgreSQL only."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        needed = [(table, right) for table in _tables(cursor, using) for right in rights(table)]
        cursor.execute(
            "SELECT DISTINCT name FROM unnest(%s::text[], %s::text[]) AS needed (name, privilege) "
            "WHERE NOT has_table_privilege(quote_ident(name), privilege) ORDER BY 1",
            [[table for table, _ in needed], [right for _, right in needed]],
        )
        return [name for (name,) in cursor.fetchall()]


def _tables(cursor: Any, using: str) -> list[str]:
    """Our tables that are there."""
    ours = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} | {"django_migrations"}
    return sorted(ours.intersection(connections[using].introspection.table_names(cursor)))


def require(using: str = DEFAULT_DB_ALIAS) -> None:
    """Raise ImproperlyConfigured unless the role in use has the rights that the site needs."""
    if lacking := missing_rights(using):
        raise ImproperlyConfigured(
            f"The role in DATABASE_URL lacks rights on {', '.join(lacking)}. Run: python manage.py grant_web ROLE"
        )


def check_roles(**kwargs: Any) -> Iterable[checks.CheckMessage]:
    """Deployment check `accounts.W001`: the site signs in as a role that owns its tables."""
    try:
        found = power()
    except DatabaseError:
        return  # that the database does not answer is said elsewhere
    if found:
        yield checks.Warning(
            f"The site signs in to PostgreSQL as a role that {found}, so it could go round every guard.",
            hint="Make a second role, put the owner's address into MIGRATE_DATABASE_URL and run: "
            "manage.py grant_web ROLE. See docs/operators.md.",
            id="accounts.W001",
        )
