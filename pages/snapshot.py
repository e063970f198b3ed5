"""Many queries that see one moment: nothing that others write meanwhile, and nobody waits for them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction


@contextmanager
def snapshot() -> Iterator[None]:
    """Whatever is read inside is as it was at the first query. Nothing can be written inside.

    Inside somebody's transaction that one decides.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        with _reading_only(connection), transaction.atomic():
            yield


@contextmanager
def _reading_only(sqlite: Any) -> Iterator[None]:
    """Transactions here begin without the lock for writing: with it they would keep every writer out till their end."""
    sqlite.ensure_connection()
    usual, sqlite.transaction_mode = sqlite.transaction_mode, "DEFERRED"
    with sqlite.cursor() as cursor:
        cursor.execute("PRAGMA query_only = ON")
    try:
        yield
    finally:
        sqlite.transaction_mode = usual
        with sqlite.cursor() as cursor:
            cursor.execute("PRAGMA query_only = OFF")
