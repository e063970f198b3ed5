"""The rows of a subquery as one JSON value, so that they come along with another query."""

from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Aggregate, JSONField
from django.db.models.sql.compiler import SQLCompiler


class Gathered(Aggregate):
    """A JSON list of a value of each row, in no order."""

    function = "JSON_GROUP_ARRAY"
    output_field = JSONField()

    def as_postgresql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        """PostgreSQL's name for it."""
        return self.as_sql(compiler, connection, function="JSONB_AGG")
