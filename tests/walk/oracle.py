"""What a page must be, worked out from the raw rows in plain Python: none of the product's own questions are asked."""

import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import connection


@dataclass(frozen=True)
class Due:
    """The page as it must be: its status and, where a text is shown, the version and what its stamp says."""

    status: int
    version: int = 0
    signed_on: dt.date | None = None
    lapses_on: dt.date | None = None


class RevisionRow(NamedTuple):
    """A version, without its words."""

    pk: int
    article: int
    number: int
    author: int
    digest: str


class ReviewRow(NamedTuple):
    """A decision, with the credential behind it and the account that signed it."""

    pk: int
    article: int
    revision: int
    digest: str
    decision: str
    scope: str
    base: int | None
    signed_on: dt.date
    next_due: dt.date | None
    recorded_at: dt.datetime
    check: int
    credential: int
    signer: int


class CheckRow(NamedTuple):
    """A check of a credential behind a decision about the article, or its revocation."""

    article: int
    pk: int
    credential: int
    revoked: bool
    valid_from: dt.date
    valid_until: dt.date | None
    recorded_at: dt.datetime


class PublicationRow(NamedTuple):
    """A publication, and when it was withdrawn."""

    pk: int
    article: int
    review: int
    live_from: dt.datetime
    withdrawn_at: dt.datetime | None


# SQL that asks for rows and decides nothing: each as a list, so that one question brings them all, and the moment.
ROWS: dict[type[Any], str] = {
    RevisionRow: "SELECT 1, {list}(id, article_id, number, author_id, digest) "
    "FROM articles_revision WHERE article_id IN ({articles})",
    ReviewRow: "SELECT 2, {list}(v.id, r.article_id, v.revision_id, v.digest, v.decision, v.scope, v.base_id, "
    "v.signed_on, v.next_due, v.recorded_at, v.credential_check_id, k.credential_id, p.user_id) "
    "FROM articles_revision r JOIN reviews_review v ON r.id = v.revision_id "
    "JOIN reviews_credentialcheck k ON k.id = v.credential_check_id "
    "JOIN reviews_reviewer p ON p.id = v.reviewer_id WHERE r.article_id IN ({articles})",
    CheckRow: "SELECT DISTINCT 3, {list}(r.article_id, c.id, c.credential_id, c.revoked, c.valid_from, "
    "c.valid_until, c.recorded_at) "
    "FROM articles_revision r JOIN reviews_review v ON r.id = v.revision_id "
    "JOIN reviews_credentialcheck k ON k.id = v.credential_check_id "
    "JOIN reviews_credentialcheck c ON c.credential_id = k.credential_id WHERE r.article_id IN ({articles})",
    PublicationRow: "SELECT 4, {list}(p.id, p.article_id, p.review_id, p.live_from, w.at) "
    "FROM reviews_publication p LEFT JOIN reviews_withdrawal w ON w.publication_id = p.id "
    "WHERE p.article_id IN ({articles})",
}
KINDS = dict(enumerate(ROWS, start=1))
SPEECH = {
    "sqlite": {"list": "json_array", "now": "json_array(strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now'))"},
    "postgresql": {"list": "jsonb_build_array", "now": "jsonb_build_array(statement_timestamp())"},
}


def _day(value: str | None) -> dt.date | None:
    return value and dt.date.fromisoformat(value)  # type: ignore[return-value]


def _moment(value: str | None) -> dt.datetime | None:
    moment = value and dt.datetime.fromisoformat(value)
    return moment and moment.replace(tzinfo=dt.UTC)  # type: ignore[return-value]


READ: dict[str, Callable[[str | None], Any]] = {
    **dict.fromkeys(["signed_on", "next_due", "valid_from", "valid_until"], _day),
    **dict.fromkeys(["recorded_at", "live_from", "withdrawn_at"], _moment),
}


@lru_cache(20_000)
def _understood(kind: int, row: str) -> Any:
    """A row from its words; what was read once is not read again."""
    values = json.loads(row)
    if kind == 0:
        return _moment(values[0])
    names: tuple[str, ...] = KINDS[kind]._fields  # type: ignore[attr-defined]
    return KINDS[kind](
        *(READ[name](value) if name in READ else value for name, value in zip(names, values, strict=True))
    )


def _rows(articles: Sequence[int]) -> list[Any]:
    """The moment, and then the rows of some articles, all as they stood at it."""
    speech = SPEECH[connection.vendor]
    sql = " UNION ALL ".join(["SELECT 0, {now}", *ROWS.values()])
    places = ",".join("%s" for _ in articles)
    with connection.cursor() as cursor:
        cursor.execute(sql.format(articles=places, **speech), [*articles] * len(ROWS))
        return [_understood(kind, row) for kind, row in sorted(cursor.fetchall())]


@dataclass(frozen=True)
class Record:
    """The rows of one article, by their ids. Rows never change, so that two equal records are the same rows."""

    read_at: dt.datetime = field(compare=False)
    revisions: dict[int, RevisionRow] = field(default_factory=dict)
    reviews: dict[int, ReviewRow] = field(default_factory=dict)
    checks: dict[int, CheckRow] = field(default_factory=dict)
    publications: dict[int, PublicationRow] = field(default_factory=dict)

    @classmethod
    def of(cls, article: int) -> "Record":
        """Read one."""
        return cls.of_each([article])[article]

    @classmethod
    def of_each(cls, articles: Sequence[int]) -> "dict[int, Record]":
        """Read several, with one question."""
        moment, *rows = _rows(articles)
        records = {article: cls(moment) for article in articles}
        for row in rows:
            records[row.article]._of_kind(row)[row.pk] = row
        return records

    def _of_kind(self, row: Any) -> dict[int, Any]:
        kinds: dict[type[Any], dict[int, Any]] = {
            RevisionRow: self.revisions,
            ReviewRow: self.reviews,
            CheckRow: self.checks,
            PublicationRow: self.publications,
        }
        return kinds[type(row)]

    def revocations(self, review: ReviewRow, *, recorded_before: dt.datetime | None = None) -> list[dt.date]:
        """The days from which the credential behind a review does not count, as recorded after its check."""
        return [
            row.valid_from
            for row in self.checks.values()
            if row.revoked
            and row.credential == review.credential
            and row.pk > review.check
            and (recorded_before is None or row.recorded_at < recorded_before)
        ]

    def counts(self, review: ReviewRow) -> bool:
        """Whether a review approves and was signed on a day for which no revocation holds."""
        return review.decision == "approved" and all(day > review.signed_on for day in self.revocations(review))

    def due(self, at: dt.datetime) -> Due:
        """The page at a moment."""
        counted = [
            row
            for row in self.publications.values()
            if row.live_from <= at and not (row.withdrawn_at is not None and row.withdrawn_at < row.live_from)
        ]
        if not counted:
            return Due(404)
        shown = max(counted, key=lambda row: row.live_from)
        review = self.reviews[shown.review]
        if shown.withdrawn_at is not None:
            return Due(410)
        same = [row for row in self.reviews.values() if row.revision == review.revision and self.counts(row)]
        whole = max((r for r in same if r.scope == "whole"), key=lambda r: (r.signed_on, r.pk), default=None)
        days: list[dt.date] = []
        if whole is None:
            base = None if review.base is None else self.reviews.get(review.base)
            if base is None or not self.counts(base) or not self.counts(review):
                return Due(410)
            whole, days = base, self.revocations(review)
        assert whole.next_due is not None
        lapses_on = min([whole.next_due, *self.revocations(whole), *days])
        return Due(200, self.revisions[review.revision].number, whole.signed_on, lapses_on)

    def broken_promise(self, version: int) -> str:
        """Why a version must not be shown to readers; empty if somebody lawfully approved it."""
        reasons = ["nobody approved it"]
        for review in self.reviews.values():
            if review.decision == "approved" and self.revisions[review.revision].number == version:
                if not (reason := self._unlawful(review, version)):
                    return ""
                reasons.append(reason)
        return "; ".join(reasons)

    def _unlawful(self, review: ReviewRow, version: int) -> str:
        if review.digest != self.revisions[review.revision].digest:
            return f"review {review.pk} signs another text"
        check = self.checks.get(review.check)
        if check is None or check.valid_until is None or not check.valid_from <= review.signed_on <= check.valid_until:
            return f"review {review.pk} rests on no check valid on the signing day"
        since = max(
            (
                self.revisions[earlier.revision].number
                for earlier in self.reviews.values()
                if self._was_baseline(earlier, review) and self.revisions[earlier.revision].number < version
            ),
            default=0,
        )
        authors = {row.author for row in self.revisions.values() if since < row.number <= version}
        if review.signer in authors:
            return f"review {review.pk} was signed by one who wrote it"
        return ""

    def _was_baseline(self, earlier: ReviewRow, review: ReviewRow) -> bool:
        """Whether an earlier whole-page approval still counted when a review was recorded."""
        if earlier.decision != "approved" or earlier.scope != "whole" or earlier.pk >= review.pk:
            return False
        return all(day > earlier.signed_on for day in self.revocations(earlier, recorded_before=review.recorded_at))
