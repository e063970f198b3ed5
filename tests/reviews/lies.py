"""Rows written round the verbs: lawful ones, so that a test changes one thing into a lie; and guards taken out."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.db import connection, models

from accounts.models import User
from articles.models import Article, Revision
from reviews.guards import GUARDS
from reviews.models import (
    Credential,
    CredentialCheck,
    LedgerEntry,
    Publication,
    Review,
    Reviewer,
)
from tests import make, people
from tests.database import sql, sqlite

DAY = dt.timedelta(1)


def without(*names: str) -> None:
    """Take guards out for the rest of the test, so that another one is seen to refuse by itself."""
    connection.check_constraints()  # PostgreSQL alters no table with checks to come
    for guard in GUARDS:
        if guard.name in names:
            sql(f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if sqlite() else f" ON {guard.table}"))


def alone(name: str, table: str) -> None:
    """Take every other guard of a table out for the rest of the test."""
    without(*(guard.name for guard in GUARDS if guard.table == table and guard.name != name))


def check_of(reviewer: Reviewer) -> CredentialCheck:
    return CredentialCheck.objects.filter(credential__reviewer=reviewer).latest("pk")


def revoke(reviewer: Reviewer, *, days: int) -> None:
    """Revoke a reviewer's credential with effect from so many days from today."""
    check_of(reviewer).credential.revoke(by=people.registrar(), from_day=make.today() + days * DAY, why="Struck off.")


def later(article: Article, *, by: User | None = None) -> Revision:
    """A changed text of the page."""
    return make.revision(article, by=by, body=f"Version {article.revisions.count() + 1} [1](#source-1).")


# Rows written round the verbs: lawful ones, so that a test changes one thing into a lie.


def review_row(of: Revision | None = None, by: Reviewer | None = None, **lie: Any) -> dict[str, Any]:
    request, reviewer = make.request(of), by or people.clinician()
    return {
        "revision": request.revision,
        "digest": request.revision.digest,
        "request": request,
        "reviewer": reviewer,
        "credential_check": check_of(reviewer),
        "decision": "approved",
        "scope": "whole",
        "signed_as": reviewer.signature,
        "signed_role": reviewer.specialty,
        "signed_on": make.today(),
        "next_due": make.today() + 365 * DAY,
        **lie,
    }


def changes_row(on: Review, **lie: Any) -> dict[str, Any]:
    """A review of the changes only, that rests on a whole-page approval."""
    row = review_row(later(on.revision.article), scope="changes", base=on, next_due=on.next_due)
    return {**row, **lie}


def sent_back() -> Review:
    request = make.request()
    return request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")


def publication_row(of: Review | None = None, **lie: Any) -> dict[str, Any]:
    review = of or make.review()
    return {"review": review, "article": review.revision.article, "published_by": people.publisher(), **lie}


def withdrawal_row(**lie: Any) -> dict[str, Any]:
    return {"publication": make.publication(), "by": people.publisher(), "why": "It is wrong.", **lie}


def credential_of(reviewer: Reviewer, number: str = "N1") -> Credential:
    """A credential that nobody has checked."""
    return Credential.objects.create(reviewer=reviewer, profession="Physician", register="R", number=number)


def check_row(**lie: Any) -> dict[str, Any]:
    day = make.today()
    return {
        "credential": credential_of(people.clinician()),
        "checked_by": people.registrar(),
        "checked_on": day,
        "valid_from": day,
        "valid_until": day + 9 * DAY,
        **lie,
    }


def entry_row(**lie: Any) -> LedgerEntry:
    """The entry that may come next, for a publication that has none."""
    publication = Publication.objects.create(**publication_row())
    last = LedgerEntry.objects.latest("pk")
    fields = {"kind": "publication", "decision": publication.pk, "sealed": "a" * 64, "digest": "b" * 64, **lie}
    return LedgerEntry(**{"pk": last.pk + 1, "form": 1, "previous": last.digest, **fields})


def stored(row: models.Model) -> dict[str, Any] | None:
    return type(row)._default_manager.filter(pk=row.pk).values().first()


def recursive_triggers() -> Iterator[None]:
    """Once as the site connects; on SQLite then as a shell does that never heard of recursive_triggers."""
    yield
    if sqlite():
        sql("PRAGMA recursive_triggers = OFF")
        try:
            yield
        finally:
            sql("PRAGMA recursive_triggers = ON")


def raw(row: models.Model) -> dict[str, Any]:
    """The row as it is stored, by column."""
    columns = [field.attname for field in row._meta.local_fields]
    # Times are text on SQLite; read as times and written again they would not be the same text.
    words = ", ".join(f"CAST({column} AS text)" if sqlite() else column for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {words} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return dict(zip(columns, cursor.fetchone(), strict=True))


def put(table: str, values: dict[str, Any]) -> None:
    """Write a row over whatever has its keys."""
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    if sqlite():
        sql(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", *values.values())
    else:
        new = ", ".join(f"{column} = excluded.{column}" for column in values)
        sql(f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {new}", *values.values())
