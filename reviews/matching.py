"""The index of published texts inside the database: FTS5 on SQLite, a tsvector on PostgreSQL, no extension.

Both hold the keys that `articles/folding.py` made, so both find the same. What is asked for is written here in the
language of each; a word is letters and digits alone, so nothing that was typed can say more than a word.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connections

from accounts.guards import Event, Guard

FTS = "reviews_indexedtext_fts"
COLUMNS = "question, short_answer, body"
BY_VENDOR = {
    "sqlite": [
        f"CREATE VIRTUAL TABLE {FTS} USING fts5({COLUMNS}, content='reviews_indexedtext', "
        "content_rowid='revision_id', tokenize='unicode61 remove_diacritics 0', prefix='2 3')"
    ],
    "postgresql": [
        "ALTER TABLE reviews_indexedtext ADD COLUMN title tsvector GENERATED ALWAYS AS ("
        "to_tsvector('pg_catalog.simple', question)) STORED, ADD COLUMN whole tsvector GENERATED ALWAYS AS ("
        "setweight(to_tsvector('pg_catalog.simple', question), 'A') || "
        "setweight(to_tsvector('pg_catalog.simple', short_answer), 'B') || "
        "setweight(to_tsvector('pg_catalog.simple', body), 'D')) STORED",
        # Many search and few publish: a text is entered at once, so that no search reads a list of what is not yet.
        "CREATE INDEX reviews_indexedtext_title ON reviews_indexedtext USING gin (title) WITH (fastupdate = off)",
        "CREATE INDEX reviews_indexedtext_whole ON reviews_indexedtext USING gin (whole) WITH (fastupdate = off)",
    ],
}
UNDO = {
    "sqlite": [f"DROP TABLE {FTS}"],
    "postgresql": ["ALTER TABLE reviews_indexedtext DROP COLUMN title, DROP COLUMN whole"],
}
# PostgreSQL has to read a text's whole vector to rank it: where more than this hold the words, the newest are ranked.
RANKED = 500


def _values(row: str) -> str:
    return ", ".join(f"{row}.{column}" for column in ("revision_id", *COLUMNS.split(", ")))


_ENTER = f"INSERT INTO {FTS} (rowid, {COLUMNS}) VALUES ({_values('NEW')})"
_LEAVE = f"INSERT INTO {FTS} ({FTS}, rowid, {COLUMNS}) VALUES ('delete', {_values('OLD')})"
_KEEP: tuple[tuple[Event, str], ...] = (("INSERT", _ENTER), ("UPDATE", f"{_LEAVE}; {_ENTER}"), ("DELETE", _LEAVE))
# PostgreSQL needs none: there the index is a column of the row.
GUARDS = [
    Guard(name=f"indexed_text_follows_{event.lower()}", table="reviews_indexedtext", on=event, then=then, only="sqlite")
    for event, then in _KEEP
]


def rebuild(using: str, **kwargs: Any) -> None:
    """Make FTS5 anew from the rows: the guards that keep it in step are away while a migration runs."""
    connection = connections[using]
    if connection.vendor == "sqlite" and FTS in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {FTS} ({FTS}) VALUES ('rebuild')")


# The numbers in a list that is written as JSON, so that a statement is the same for lists of any length.
LISTED = {
    "sqlite": "SELECT value FROM json_each(%s)",
    "postgresql": "SELECT value::bigint AS value FROM json_array_elements_text(%s::json)",
}


@dataclass(frozen=True)
class Asked:
    """What texts must hold: all of these keys, of the last one only the beginning if it is `begun`.

    Or they are about one of `conditions`, which the other words named, and hold the keys in `rest`. With `title` the
    keys are looked for in the question alone.
    """

    keys: tuple[str, ...]
    begun: bool = False
    title: bool = False
    conditions: tuple[int, ...] = ()
    rest: tuple[str, ...] = ()


def statement(vendor: str, asked: Asked, most: int) -> tuple[str, list[Any]]:
    """SQL and its values for at most so many rows of (revision_id, place, rank), the best first.

    The place is 0 where the question holds all that was asked for, else 1; the lower the rank the better.
    """
    parts = list(_of_words(vendor, asked, most))
    if asked.conditions:
        parts.append(_of_conditions(vendor, asked))
    sql = " UNION ALL ".join(part for part, _ in parts)
    values = [value for _, some in parts for value in some]
    if len(parts) > 1:
        sql = f"SELECT revision_id, min(place) AS place, min(rank) AS rank FROM ({sql}) found GROUP BY revision_id"
    return f"{sql} ORDER BY place, rank, revision_id LIMIT %s", [*values, most]


def _of_words(vendor: str, asked: Asked, most: int) -> Iterator[tuple[str, list[Any]]]:
    """Texts that hold the keys."""
    words = _words(vendor, asked.keys, begun=asked.begun)
    title = f"question : ({words})"
    if vendor == "sqlite":
        sql = (
            f"SELECT rowid AS revision_id, CASE WHEN rowid IN (SELECT rowid FROM {FTS} WHERE {FTS} MATCH %s) "
            f"THEN 0 ELSE 1 END AS place, bm25({FTS}, 10, 5, 1) AS rank FROM {FTS} WHERE {FTS} MATCH %s"
        )
        yield sql, [title, title if asked.title else words]
        return
    yield (
        "SELECT t.revision_id, 0 AS place, -ts_rank_cd(t.title, %s::tsquery, 1) AS rank FROM reviews_indexedtext t "
        "WHERE t.title @@ %s::tsquery",
        [words, words],
    )
    if not asked.title:
        # The sum keeps PostgreSQL from reading every text by its number until it has enough of them.
        yield (
            "SELECT t.revision_id, 1 AS place, -ts_rank_cd('{0.1, 0.1, 0.5, 1}', t.whole, %s::tsquery, 1) AS rank "
            "FROM (SELECT revision_id, whole FROM reviews_indexedtext WHERE whole @@ %s::tsquery "
            "ORDER BY revision_id + 0 DESC LIMIT %s) t",
            [words, words, max(RANKED, most)],
        )


def _of_conditions(vendor: str, asked: Asked) -> tuple[str, list[Any]]:
    """Texts about the conditions that hold the rest, before those that only mention what was named."""
    holds, title = "t.whole @@ %s::tsquery", "t.title @@ %s::tsquery"
    if vendor == "sqlite":
        holds = title = f"t.revision_id IN (SELECT rowid FROM {FTS} WHERE {FTS} MATCH %s)"
    place, condition, values = "0", f"a.condition_id IN ({LISTED[vendor]})", [json.dumps(asked.conditions)]
    if asked.rest:
        place, condition = f"CASE WHEN {title} THEN 0 ELSE 1 END", f"{condition} AND {holds}"
        rest = _words(vendor, asked.rest)
        values = [f"question : ({rest})" if vendor == "sqlite" else rest, *values, rest]
    return (
        f"SELECT t.revision_id, {place} AS place, -1000.0 AS rank FROM articles_article a "
        "JOIN articles_revision r ON r.article_id = a.id JOIN reviews_indexedtext t ON t.revision_id = r.id "
        f"WHERE {condition}",
        values,
    )


def _words(vendor: str, keys: Sequence[str], *, begun: bool = False) -> str:
    """Some keys in the language of the database, all of which must be held."""
    if not all(key.isalnum() for key in keys):
        raise ValueError(f"Something in {keys} is no key.")
    if vendor == "sqlite":
        return " ".join(f'"{key}"' for key in keys) + (" *" if begun else "")
    return " & ".join(f"'{key}'" for key in keys) + (":*" if begun else "")
