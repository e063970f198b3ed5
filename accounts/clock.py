"""What time it is: the database's clock, the same for every process.

A worker whose own clock is an hour fast would otherwise show a page an hour early.
"""

import datetime as dt

from django.db import connection
from django.db.models import DateTimeField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now

# Tests stop the clock here; nothing else writes it.
stopped_at: dt.datetime | None = None


def now() -> Combinable:
    """The current moment as an expression, for use inside a query."""
    return Now() if stopped_at is None else Value(stopped_at, output_field=DateTimeField())


def read() -> dt.datetime:
    """The current moment in UTC, with one small query."""
    if stopped_at is not None:
        return stopped_at
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')")
            return dt.datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=dt.UTC)
        cursor.execute("SELECT statement_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
        return moment.astimezone(dt.UTC)


def today() -> dt.date:
    """The current day in UTC, by the database's clock."""
    return read().date()
