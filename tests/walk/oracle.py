"""What a page must be, worked out from the raw rows in plain Python: none of the product's own questions are asked."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from articles.models import Revision
from reviews.models import CredentialCheck, Publication, Review, Withdrawal

Row = dict[str, Any]


@dataclass(frozen=True)
class Due:
    """The page as it must be: its status and, where a text is shown, the version and what its stamp says."""

    status: int
    version: int = 0
    signed_on: dt.date | None = None
    lapses_on: dt.date | None = None


@dataclass(frozen=True)
class Record:
    """The rows of one article."""

    revisions: dict[int, Any]
    reviews: dict[int, Row]
    checks: list[Row]
    publications: list[Row]
    withdrawn: dict[int, dt.datetime]

    @classmethod
    def of(cls, article: int) -> "Record":
        """Read them."""
        reviews = Review._base_manager.filter(revision__article=article).values(
            *("id", "revision", "decision", "scope", "base", "signed_on", "next_due", "recorded_at"),
            *("credential_check", "credential_check__credential", "reviewer__user"),
        )
        credentials = {row["credential_check__credential"] for row in reviews}
        return cls(
            revisions={
                row["id"]: row
                for row in Revision._base_manager.filter(article=article).values("id", "number", "author", "question")
            },
            reviews={row["id"]: row for row in reviews},
            checks=list(CredentialCheck._base_manager.filter(credential__in=credentials).values()),
            publications=list(Publication._base_manager.filter(article=article).values()),
            withdrawn=dict(
                Withdrawal._base_manager.filter(publication__article=article).values_list("publication", "at")
            ),
        )

    def revocations(self, review: Row, *, recorded_before: dt.datetime | None = None) -> list[dt.date]:
        """The days from which the credential behind a review does not count, as recorded after its check."""
        return [
            row["valid_from"]
            for row in self.checks
            if row["revoked"]
            and row["credential_id"] == review["credential_check__credential"]
            and row["id"] > review["credential_check"]
            and (recorded_before is None or row["recorded_at"] < recorded_before)
        ]

    def counts(self, review: Row) -> bool:
        """Whether a review approves and was signed on a day for which no revocation holds."""
        return review["decision"] == "approved" and all(day > review["signed_on"] for day in self.revocations(review))

    def due(self, at: dt.datetime) -> Due:
        """The page at a moment."""
        counted = [
            row
            for row in self.publications
            if row["live_from"] <= at and not self.withdrawn.get(row["id"], at) < row["live_from"]
        ]
        if not counted:
            return Due(404)
        shown = max(counted, key=lambda row: row["live_from"])
        review = self.reviews[shown["review_id"]]
        if shown["id"] in self.withdrawn:
            return Due(410)
        same = [row for row in self.reviews.values() if row["revision"] == review["revision"] and self.counts(row)]
        whole = max((r for r in same if r["scope"] == "whole"), key=lambda r: (r["signed_on"], r["id"]), default=None)
        days: list[dt.date] = []
        if whole is None:
            base = self.reviews.get(review["base"])
            if base is None or not self.counts(base) or not self.counts(review):
                return Due(410)
            whole, days = base, self.revocations(review)
        lapses_on = min([whole["next_due"], *self.revocations(whole), *days])
        return Due(200, self.revisions[review["revision"]]["number"], whole["signed_on"], lapses_on)

    def broken_promise(self, version: int) -> str:
        """Why a version must not be shown to readers; empty if somebody lawfully approved it."""
        reasons = ["nobody approved it"]
        for review in self.reviews.values():
            if review["decision"] == "approved" and self.revisions[review["revision"]]["number"] == version:
                if not (reason := self._unlawful(review, version)):
                    return ""
                reasons.append(reason)
        return "; ".join(reasons)

    def _unlawful(self, review: Row, version: int) -> str:
        signed, signer = review["signed_on"], review["reviewer__user"]
        check = next((row for row in self.checks if row["id"] == review["credential_check"]), None)
        if check is None or check["revoked"] or not check["valid_from"] <= signed <= check["valid_until"]:
            return f"review {review['id']} rests on no check valid on the signing day"
        wholes = [
            self.revisions[earlier["revision"]]["number"]
            for earlier in self.reviews.values()
            if earlier["decision"] == "approved" and earlier["scope"] == "whole" and earlier["id"] < review["id"]
            if all(
                day > earlier["signed_on"] for day in self.revocations(earlier, recorded_before=review["recorded_at"])
            )
        ]
        since = max((number for number in wholes if number < version), default=0)
        authors = {row["author"] for row in self.revisions.values() if since < row["number"] <= version}
        if signer in authors:
            return f"review {review['id']} was signed by one who wrote it"
        return ""
