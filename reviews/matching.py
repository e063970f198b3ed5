"""The index of published texts inside the database: FTS5 on SQLite, a tsvector on PostgreSQL, no extension.

Both hold the keys that `articles/folding.py` made, so both find the same. What is asked for is written here in the
language of each; a word is letters and digits alone, so nothing that was typed can say more than a word.
"""

from collections.abc import Sequence
from typing import Any

from django.db import connections

from accounts.guards import Guard

FTS = "reviews_indexedtext_fts"
COLUMNS = "question, short_answer, body"
BY_VENDOR = {
    "sqlite": [
        f"CREATE VIRTUAL TABLE {FTS} USING fts5({COLUMNS}, content='reviews_indexedtext', "
        "content_rowid='revision_id', tokenize='unicode61 remove_diacritics 0', prefix='2 3')"
    ],
    "postgresql": [
        "ALTER TABLE reviews_indexedtext ADD COLUMN vector tsvector GENERATED ALWAYS AS ("
        "setweight(to_tsvector('pg_catalog.simple', question), 'A') || "
        "setweight(to_tsvector('pg_catalog.simple', short_answer), 'B') || "
        "setweight(to_tsvector('pg_catalog.simple', body), 'D')) STORED",
        "CREATE INDEX reviews_indexedtext_vector ON reviews_indexedtext USING gin (vector)",
    ],
}
UNDO = {"sqlite": [f"DROP TABLE {FTS}"], "postgresql": ["ALTER TABLE reviews_indexedtext DROP COLUMN vector"]}


def _values(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in ("revision_id", *COLUMNS.split(", ")))


_ENTER = f"INSERT INTO {FTS} (rowid, {COLUMNS}) VALUES ({_values('NEW')})"
_LEAVE = f"INSERT INTO {FTS} ({FTS}, rowid, {COLUMNS}) VALUES ('delete', {_values('OLD')})"
# PostgreSQL needs none: there the index is a column of the row.
GUARDS = [
    Guard(name=f"indexed_text_follows_{event.lower()}", table="reviews_indexedtext", on=event, then=then, only="sqlite")
    for event, then in (("INSERT", _ENTER), ("UPDATE", f"{_LEAVE}; {_ENTER}"), ("DELETE", _LEAVE))
]


def rebuild(using: str, **kwargs: Any) -> None:
    """Make FTS5 anew from the rows: the guards that keep it in step are away while a migration runs."""
    connection = connections[using]
    if connection.vendor == "sqlite" and FTS in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {FTS} ({FTS}) VALUES ('rebuild')")
