"""What a page must be, worked out from the raw rows in plain Python: none of the product's own questions are asked."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from articles.models import Revision
from reviews.models import CredentialCheck, Publication, Review, Withdrawal


@dataclass(frozen=True)
class Due:
    """The page as it must be: its status and, where a text is shown, the version and what its stamp says."""

    status: int
    version: int = 0
    signed_on: dt.date | None = None
    lapses_on: dt.date | None = None


OF_THE_ARTICLE = "JOIN articles_revision r ON r.id = v.revision_id WHERE r.article_id = %s"


@dataclass(frozen=True)
class Record:
    """The rows of one article. A review has the `credential` behind it and its `signer`, as ids."""

    revisions: dict[int, Any]
    reviews: dict[int, Any]
    checks: list[Any]
    publications: list[Any]
    withdrawn: dict[int, dt.datetime]

    @classmethod
    def of(cls, article: int) -> "Record":
        """Read them, with SQL that asks for rows and decides nothing."""
        revisions = Revision._base_manager.raw(
            "SELECT id, number, author_id FROM articles_revision WHERE article_id = %s", [article]
        )
        reviews = Review._base_manager.raw(
            "SELECT v.id, v.revision_id, v.decision, v.scope, v.base_id, v.signed_on, v.next_due, v.recorded_at, "
            "v.credential_check_id, k.credential_id AS credential, p.user_id AS signer FROM reviews_review v "
            "JOIN reviews_credentialcheck k ON k.id = v.credential_check_id "
            f"JOIN reviews_reviewer p ON p.id = v.reviewer_id {OF_THE_ARTICLE}",
            [article],
        )
        checks = CredentialCheck._base_manager.raw(
            "SELECT c.* FROM reviews_credentialcheck c WHERE c.credential_id IN (SELECT k.credential_id "
            f"FROM reviews_review v JOIN reviews_credentialcheck k ON k.id = v.credential_check_id {OF_THE_ARTICLE})",
            [article],
        )
        publications = Publication._base_manager.raw(
            "SELECT id, review_id, live_from FROM reviews_publication WHERE article_id = %s", [article]
        )
        withdrawals = Withdrawal._base_manager.raw(
            "SELECT w.id, w.publication_id, w.at FROM reviews_withdrawal w "
            "JOIN reviews_publication p ON p.id = w.publication_id WHERE p.article_id = %s",
            [article],
        )
        return cls(
            revisions={row.pk: row for row in revisions},
            reviews={row.pk: row for row in reviews},
            checks=list(checks),
            publications=list(publications),
            withdrawn={row.publication_id: row.at for row in withdrawals},
        )

    def revocations(self, review: Any, *, recorded_before: dt.datetime | None = None) -> list[dt.date]:
        """The days from which the credential behind a review does not count, as recorded after its check."""
        return [
            row.valid_from
            for row in self.checks
            if row.revoked
            and row.credential_id == review.credential
            and row.pk > review.credential_check_id
            and (recorded_before is None or row.recorded_at < recorded_before)
        ]

    def counts(self, review: Any) -> bool:
        """Whether a review approves and was signed on a day for which no revocation holds."""
        return review.decision == "approved" and all(day > review.signed_on for day in self.revocations(review))

    def due(self, at: dt.datetime) -> Due:
        """The page at a moment."""
        counted = [
            row
            for row in self.publications
            if row.live_from <= at and not self.withdrawn.get(row.pk, at) < row.live_from
        ]
        if not counted:
            return Due(404)
        shown = max(counted, key=lambda row: row.live_from)
        review = self.reviews[shown.review_id]
        if shown.pk in self.withdrawn:
            return Due(410)
        same = [row for row in self.reviews.values() if row.revision_id == review.revision_id and self.counts(row)]
        whole = max((r for r in same if r.scope == "whole"), key=lambda r: (r.signed_on, r.pk), default=None)
        days: list[dt.date] = []
        if whole is None:
            base = self.reviews.get(review.base_id)
            if base is None or not self.counts(base) or not self.counts(review):
                return Due(410)
            whole, days = base, self.revocations(review)
        lapses_on = min([whole.next_due, *self.revocations(whole), *days])
        return Due(200, self.revisions[review.revision_id].number, whole.signed_on, lapses_on)

    def broken_promise(self, version: int) -> str:
        """Why a version must not be shown to readers; empty if somebody lawfully approved it."""
        reasons = ["nobody approved it"]
        for review in self.reviews.values():
            if review.decision == "approved" and self.revisions[review.revision_id].number == version:
                if not (reason := self._unlawful(review, version)):
                    return ""
                reasons.append(reason)
        return "; ".join(reasons)

    def _unlawful(self, review: Any, version: int) -> str:
        check = next((row for row in self.checks if row.pk == review.credential_check_id), None)
        if check is None or check.revoked or not check.valid_from <= review.signed_on <= check.valid_until:
            return f"review {review.pk} rests on no check valid on the signing day"
        since = max(
            (
                self.revisions[earlier.revision_id].number
                for earlier in self.reviews.values()
                if self._was_baseline(earlier, review) and self.revisions[earlier.revision_id].number < version
            ),
            default=0,
        )
        authors = {row.author_id for row in self.revisions.values() if since < row.number <= version}
        if review.signer in authors:
            return f"review {review.pk} was signed by one who wrote it"
        return ""

    def _was_baseline(self, earlier: Any, review: Any) -> bool:
        """Whether an earlier whole-page approval still counted when a review was recorded."""
        void = self.revocations(earlier, recorded_before=review.recorded_at)
        lawful = earlier.decision == "approved" and earlier.scope == "whole" and earlier.pk < review.pk
        return lawful and all(day > earlier.signed_on for day in void)
