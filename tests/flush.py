"""Ends a test that commits: what it left is taken away, and the database is as it was when the tests began.

The stock flush empties every table and then makes content types, permissions, groups and guards anew, which takes
many times longer than the tests themselves. On SQLite a copy is put back instead; on PostgreSQL only tables that hold
something are emptied. Where the tests' role may not do that, the stock flush does it.
"""

import sqlite3
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction

from accounts import guards

# What `migrate` writes into every database: kept, and made anew only if a test changed it.
LASTING = ("django_content_type", "auth_permission", "auth_group", "auth_group_permissions")


class Flush:
    """Remembers the database as it is now, and brings it back."""

    def __init__(self) -> None:
        connection.ensure_connection()
        self.copy: sqlite3.Connection | None = None
        if connection.vendor == "sqlite":
            self.copy = sqlite3.connect(":memory:", check_same_thread=False)
            connection.connection.backup(self.copy)
        else:
            self.tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True)]
            self.lasting = _lasting()

    def bring_back(self) -> None:
        """As the owner of the tables, when nobody else works on them."""
        if self.copy is not None:
            connection.close()  # with whatever it was in the midst of
            connection.ensure_connection()
            self.copy.backup(connection.connection)
        elif _lasting() == self.lasting and _is_superuser():
            self._empty()
            if guards.missing():
                guards.install()
        else:
            guards.drop()
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False)
            self.lasting = _lasting()

    def _empty(self) -> None:
        held = [table for table in self.tables if table not in LASTING]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in held))
            full = [table for (table,) in cursor.fetchall()]
            if full:
                cursor.execute("SET LOCAL session_replication_role = replica")  # no trigger fires, no key is followed
                cursor.execute("; ".join(f"DELETE FROM {table}" for table in full))


def _lasting() -> dict[str, list[Any]]:
    with connection.cursor() as cursor:
        found = {}
        for table in LASTING:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")
            found[table] = cursor.fetchall()
        return found


def _is_superuser() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])
