"""Queries whose SQL is made once for each process and then run with other values.

Django makes the SQL of a queryset anew each time. For the nested subqueries behind what readers see that takes
many times as long as the database takes to answer. PostgreSQL likewise takes longer to plan them than to run them;
so each connection has its server plan them once.
"""

import copy
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

import psycopg
from django.db import connections, models
from django.db.models.query import ModelIterable

from . import clock

Row = TypeVar("Row", bound=models.Model)


class Prepared(Generic[Row]):
    """A queryset as a function of text and whole numbers, called with keywords; gives its rows as a list.

    `build` makes the queryset. It is called once for each kind of values, with stand-ins that are looked for among
    the SQL's parameters, so it must put each value into the query as it comes, and must not decide anything by it.
    """

    def __init__(self, build: Callable[..., "models.QuerySet[Row]"]) -> None:
        self.build = build
        self._compilers: dict[tuple[Any, ...], Any] = {}

    def __call__(self, **values: str | int) -> list[Row]:
        """Run the query with these values."""
        if clock.stopped_at is not None:  # in tests: the moment is then one of the SQL's parameters
            return list(self.build(**values))
        stand_ins = {name: _stand_in(number, value) for number, (name, value) in enumerate(sorted(values.items()))}
        compiler = copy.copy(self._compiler(stand_ins))
        compiler.connection = connections[compiler.using]  # each thread has its own
        sql, parameters = compiler.prepared
        real = {stand_ins[name]: value for name, value in values.items()}
        bound = tuple(
            type(each)(real[each]) if isinstance(each, str | int) and each in real else each for each in parameters
        )
        compiler.get_converters = lambda expressions: compiler.converters
        compiler.execute_sql = lambda *args, **kwargs: [rows(compiler.connection, sql, bound)]
        query = SimpleNamespace(get_compiler=lambda using: compiler)
        queryset: Any = SimpleNamespace(query=query, db=compiler.using, _known_related_objects={})
        return list(ModelIterable(queryset))

    def first(self, **values: str | int) -> Row | None:
        """The first row, or None."""
        return next(iter(self(**values)), None)

    def _compiler(self, stand_ins: dict[str, str | int]) -> Any:
        """Django's compiler of the query, its SQL made."""
        key = tuple(stand_ins.items())
        if key not in self._compilers:
            queryset = self.build(**stand_ins)
            compiler = queryset.query.get_compiler(using=queryset.db)
            compiler.prepared = sql, parameters = compiler.as_sql()
            compiler.converters = compiler.get_converters([column for column, *_ in compiler.select])
            if lost := set(stand_ins.values()).difference(each for each in parameters if isinstance(each, str | int)):
                raise ValueError(f"{len(lost)} values do not stand in the query as they were given: {sql}")
            self._compilers[key] = compiler
        return self._compilers[key]


def rows(connection: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement that is run often. Behind a pool that hands connections on after each transaction nothing is
    planned ahead.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            cursor.cursor.close()
            cursor.cursor = _planning_once(connection)
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def _planning_once(connection: Any) -> "psycopg.Cursor[Any]":
    """A cursor whose statements the server plans at their first run. Django's own cursors prepare nothing."""
    server: psycopg.Connection[Any] = connection.connection
    with connection.wrap_database_errors:
        if server.prepare_threshold is None:
            server.prepare_threshold = 0
            # Else it plans five times before it believes that one plan does for all values; so it does again
            # where this is undone with the transaction it was said in.
            server.execute("SET plan_cache_mode = force_generic_plan")
        return psycopg.Cursor(server)


def _stand_in(number: int, value: str | int) -> str | int:
    """A value of the same type that no query holds otherwise."""
    return f"stand-in-{number}\x01" if isinstance(value, str) else 2_147_480_000 + number
