"""Very many whole numbers as one value of a query: SQLite counts the values of a statement and takes only so many."""

import json
from collections.abc import Iterable

from django.db import connection
from django.db.models.expressions import RawSQL


def among(numbers: Iterable[int]) -> RawSQL:
    """What stands behind `in`: `filter(pk__in=among(numbers))`."""
    postgresql = connection.vendor == "postgresql"
    made = "value::bigint FROM json_array_elements_text(%s::json)" if postgresql else "value FROM json_each(%s)"
    return RawSQL(f"SELECT {made}", [json.dumps(sorted(numbers))])  # noqa: S611  what is given is a value, not a word
