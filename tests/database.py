"""The database as whoever has its keys meets it: raw SQL, refusals by name, rows changed while the guards are away."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from accounts import guards


def sqlite() -> bool:
    """Whether the tests run on SQLite."""
    return connection.vendor == "sqlite"


def sql(statement: str, *values: Any) -> None:
    """Run one statement."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


@contextmanager
def refused_by(name: str) -> Iterator[None]:
    """Expect the guard, or the constraint, of this name to refuse what happens inside."""
    with pytest.raises(IntegrityError, match=rf"\b{name}\b"), transaction.atomic():
        yield


def tamper(*statements: str | tuple[str, list[Any]]) -> None:
    """Change rows while the guards are away; they stand again afterwards, as if nothing had been."""
    connection.check_constraints()  # PostgreSQL alters no table with checks to come
    guards.drop()
    for statement in statements:
        words, values = (statement, []) if isinstance(statement, str) else statement
        sql(words, *values)
    connection.check_constraints()
    guards.install()


def wait_for_a_lock() -> None:
    """Until somebody waits for a lock of PostgreSQL."""
    for _ in range(2000):
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            cursor.execute("SELECT pg_sleep(0.005)")
    raise AssertionError("Nobody waits.")
