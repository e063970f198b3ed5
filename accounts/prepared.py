"""Queries whose SQL is made once for each process and then run with other values.

Django makes the SQL of a queryset anew each time. For the nested subqueries behind what readers see that takes
many times as long as the database takes to answer. PostgreSQL likewise takes longer to plan them than to run them;
so each connection has its server plan them once.
"""

import copy
import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import compress
from types import SimpleNamespace
from typing import Any, Generic, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from django.db import connections, models
from django.db.backends.sqlite3.base import FORMAT_QMARK_REGEX
from django.db.models.query import ModelIterable

from . import clock

Row = TypeVar("Row", bound=models.Model)

# So many numbers of a list are asked for with one statement.
AT_ONCE = 256


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

    def among(self, numbers: Iterable[int]) -> list[Row]:
        """The rows for some whole numbers, in no order. `build` gets them as keywords and must not count them.

        Some are given twice, so that few statements do for lists of any length.
        """
        wanted, found = list(numbers), []
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            some += some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some))
            found += self(**{f"number_{place:03}": number for place, number in enumerate(some)})
        return found

    def _compiler(self, stand_ins: dict[str, str | int]) -> Any:
        """Django's compiler of the query, its SQL made."""
        key = tuple(stand_ins.items())
        if key not in self._compilers:
            queryset = self.build(**stand_ins)
            compiler = queryset.query.get_compiler(using=queryset.db)
            sql, parameters = compiler.as_sql()
            compiler.converters = compiler.get_converters([column for column, *_ in compiler.select])
            if lost := set(stand_ins.values()).difference(each for each in parameters if isinstance(each, str | int)):
                raise ValueError(f"{len(lost)} values do not stand in the query as they were given: {sql}")
            if compiler.connection.vendor == "postgresql":
                sql, parameters = _filled_in(compiler.connection, sql, parameters, set(stand_ins.values()))
            compiler.prepared = sql, parameters
            self._compilers[key] = compiler
        return self._compilers[key]


def _filled_in(
    connection: Any, sql: str, parameters: Sequence[Any], stand_ins: set[str | int]
) -> tuple[str, tuple[Any, ...]]:
    """The SQL with the values in it that are the same at each call, dozens of them: they need not travel again, and
    the server plans with them.
    """
    changing = [isinstance(each, str | int) and each in stand_ins for each in parameters]
    words = [
        "%s" if changes else connection.ops.compose_sql("%s", [each]).replace("%", "%%")
        for each, changes in zip(parameters, changing, strict=True)
    ]
    return sql.replace("%%", "%%%%") % tuple(words), tuple(compress(parameters, changing))


def rows(connection: Any, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a statement that is run often. Behind a pool that hands connections on after each transaction nothing is
    planned ahead.
    """
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS"):
            sql = _planned_once(connection, sql)
        if connection.vendor == "sqlite":
            cursor.cursor.convert_query = partial(_with_question_marks, sql)
        cursor.execute(sql, values)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


@lru_cache(maxsize=256)
def _with_question_marks(sql: str, *_: str, **__: object) -> str:
    """A statement as SQLite wants it. Django makes it anew each time, which takes a tenth of the time of the query."""
    return FORMAT_QMARK_REGEX.sub("?", sql).replace("%%", "%")


class _Plans:
    """What the server keeps planned for one connection: how to run each SQL."""

    def __init__(self) -> None:
        self.run: dict[str, str] = {}
        self.trusted = False


_plans: "WeakKeyDictionary[psycopg.Connection[Any], _Plans]" = WeakKeyDictionary()


def _planned_once(connection: Any, sql: str) -> str:
    """The statement that runs this SQL as the server planned it before.

    It is named and kept here, not by psycopg: that forgets every plan at each ROLLBACK, which is to say whenever
    somebody is refused.
    """
    server: psycopg.Connection[Any] = connection.connection
    plans = _plans.setdefault(server, _Plans())
    with connection.wrap_database_errors:
        if not plans.trusted:
            # Else it plans five times before it believes that one plan does for all values; so it does again
            # where this is undone with the transaction it was said in.
            server.execute("SET plan_cache_mode = force_generic_plan")
            plans.trusted = connection.get_autocommit()
        if sql not in plans.run:
            name, count = f"prepared_{len(plans.run)}", len(re.findall("%s", sql.replace("%%", "")))
            places = [f"${number}" for number in range(1, count + 1)]
            server.execute(f"PREPARE {name} AS {sql % tuple(places)}".encode())
            plans.run[sql] = f"EXECUTE {name}" + (f" ({', '.join(['%s'] * count)})" if count else "")
    return plans.run[sql]


def _stand_in(number: int, value: str | int) -> str | int:
    """A value of the same type that no query holds otherwise."""
    return f"stand-in-{number}\x01" if isinstance(value, str) else 2_147_480_000 + number
