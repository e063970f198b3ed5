"""Ends a test that commits: what it left is taken away, and the database is as it was when the tests began.

The stock flush empties every table and then makes content types, permissions, groups and guards anew, which takes
many times longer than most tests. On SQLite a copy is put back instead; on PostgreSQL only tables that hold something
else than before are emptied. Where the owner of the tables is no superuser, the stock flush does it.
"""

import sqlite3

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from accounts import guards


class Flush:
    """Remembers the database as it is now, and brings it back."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.copy: sqlite3.Connection | None = None
        self.tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
        if connection.vendor == "sqlite":
            self.copy = sqlite3.connect(":memory:", check_same_thread=False)
            connection.connection.backup(self.copy)
        else:
            self.rows = {table: _rows(table) for table in self._full()}

    def bring_back(self) -> None:
        """As the owner of the tables, when nobody else works on them."""
        if self.copy is not None:
            connection.close()  # with whatever it was in the midst of
            connection.ensure_connection()
            self.copy.backup(connection.connection)
        elif _is_superuser():
            self._empty()
            if guards.missing():
                guards.install()
        else:
            guards.drop()
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False)

    def close(self) -> None:
        """Forget it; whatever thread of a test still holds a session would keep the database from being dropped."""
        if self.copy is not None:
            self.copy.close()
        elif _is_superuser():
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )

    @transaction.atomic
    def _empty(self) -> None:
        changed = [table for table in {*self._full(), *self.rows} if _rows(table) != self.rows.get(table)]
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires, no key is followed
            for table in changed:
                cursor.execute(f"DELETE FROM {table}")
                for row in self.rows.get(table, []):
                    cursor.execute(f"INSERT INTO {table} SELECT (CAST(%s AS {table})).*", [row])

    def _full(self) -> list[str]:
        """The tables that hold something."""
        with connection.cursor() as cursor:
            asked = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in self.tables)
            cursor.execute(" UNION ALL ".join(asked))
            return [table for (table,) in cursor.fetchall()]


def _rows(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT CAST({table} AS text) FROM {table} ORDER BY 1")
        return [row for (row,) in cursor.fetchall()]


def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
