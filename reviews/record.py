"""Walks the whole record and names whatever does not hold: for `verify_record`, from a shell or by the daily job."""

import re
from collections.abc import Callable, Iterator
from typing import TypeVar

from django.db import DatabaseError, models

from accounts import guards
from articles.models import Revision

from .models import CredentialCheck, LedgerEntry, Publication, Review, Withdrawal
from .models.ledger import FORMS, seal
from .models.reviews import contributors

Row = TypeVar("Row", bound=models.Model)


def faults() -> Iterator[str]:
    """Every fault of the record, as a sentence that names the row. None means that the badge tells the truth."""
    for name in guards.missing():
        yield f"The guard {name} is missing from the database."
    revisions = Revision.objects.select_related("article__condition").prefetch_related("citations")
    yield from _walk(revisions, _revision_faults)
    reviews = Review.objects.select_related("revision__article__condition", "reviewer", "base__revision")
    yield from _walk(reviews, _review_faults)
    publications = Publication.objects.select_related("review__revision", "article__condition")
    yield from _walk(publications, _publication_faults)
    yield from _ledger_faults()


def missing_since(head: str) -> Iterator[str]:
    """What this database lacks of the ledger whose last entry was `head`, as a letter or the log kept it."""
    if head.strip() == "0:":
        return  # kept before the first decision
    kept = re.fullmatch(r"([0-9]{1,18}):([0-9a-f]{64})", head.strip())
    if kept is None:
        raise ValueError(f"“{head}” is no entry of a ledger. It is a number, a colon and 64 digits and letters a to f.")
    number, digest = int(kept[1]), kept[2]
    last = LedgerEntry.objects.first()
    entry = LedgerEntry.objects.filter(pk=number).first()
    if last is None or last.pk < number:
        here = f"the last one here is of {last.recorded_at:%-d %B %Y %H:%M} UTC" if last else "this database holds none"
        yield (
            f"Decisions {last.pk + 1 if last else 1} to {number} of the ledger are missing; {here}. "
            "The log names each: look for “Ledger”. Withdraw again what was withdrawn, repeat revocations."
        )
    elif entry is not None and entry.digest != digest:
        yield f"{entry} is not the one that was kept: the record from there on, or before, is another."


def _walk(rows: "models.QuerySet[Row]", faults_of: Callable[[Row], Iterator[str]]) -> Iterator[str]:
    """The faults of every row, in order, a few hundred at a time. A row that cannot be read is named."""
    keys = list(rows.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), 500):
        some = keys[start : start + 500]
        try:
            found = list(rows.filter(pk__in=some).order_by("pk"))
        except DatabaseError:
            found = []
            for key in some:
                try:
                    found.append(rows.get(pk=key))
                except DatabaseError:
                    yield f"{rows.model._meta.verbose_name} {key} cannot be read.".capitalize()
        for row in found:
            yield from faults_of(row)


def _ledger_faults() -> Iterator[str]:
    """Entries that do not follow each other or do not match their decision, and decisions without an entry."""
    last = LedgerEntry(pk=0, digest="")
    for entry in LedgerEntry.objects.order_by("pk").iterator(chunk_size=500):
        if (entry.pk, entry.previous) != (last.pk + 1, last.digest):
            yield f"{entry}: it does not follow entry {last.pk}."
        if entry.digest != entry.recompute():
            yield f"{entry}: it does not match its digest."
        last = entry
    for model in (CredentialCheck, Review, Publication, Withdrawal):
        yield from _sealed_faults(model)


def _sealed_faults(model: type[models.Model]) -> Iterator[str]:
    kind = model._meta.model_name or ""
    sealed = {
        entry.decision: entry
        for entry in LedgerEntry.objects.filter(kind=kind).only("kind", "form", "decision", "sealed")
    }

    def compared(row: models.Model) -> Iterator[str]:
        # One that was made since the entries were read has its own by now.
        entry = sealed.pop(row.pk, None) or LedgerEntry.objects.filter(kind=kind, decision=row.pk).first()
        if entry is None:
            yield f"{kind.capitalize()} {row.pk} ({row}): it is not in the ledger."
        elif (kind, entry.form) not in FORMS or seal(row, entry.form) != entry.sealed:
            yield f"{kind.capitalize()} {row.pk} ({row}): it is not what the ledger sealed."

    yield from _walk(model._base_manager.all(), compared)
    for entry in sealed.values():
        yield f"{entry}: the {kind} is gone."


def _revision_faults(revision: Revision) -> Iterator[str]:
    citations = sorted(revision.citations.all(), key=lambda row: row.number)
    if not revision.is_intact(citations):
        yield f"{revision}: its text does not match its digest."
    if len(citations) != revision.source_count:
        yield f"{revision}: it was saved with {revision.source_count} sources and has {len(citations)}."


def _review_faults(review: Review) -> Iterator[str]:
    named = f"Review {review.pk} ({review})"
    if review.digest != review.revision.digest:
        yield f"{named}: its digest is not that of the text."
    if review.request.revision_id != review.revision_id:
        yield f"{named}: it answers a request for another version."
    frozen = set(review.contributors.values_list("user", flat=True))
    if review.reviewer.user_id in {review.revision.author_id, *frozen}:
        yield f"{named}: the reviewer wrote a part of the text."
    if frozen != _contributors_then(review):
        yield f"{named}: its contributors are not those who wrote the text."
    if review.request.outcome != review.decision:
        yield f"{named}: its request says “{review.request.get_outcome_display()}”."
    if review.signed_on > review.recorded_at.date():
        yield f"{named}: it was signed after it was recorded."
    yield from (f"{named}: {fault}" for fault in _credential_faults(review))
    if review.decision == Review.Decision.APPROVED:
        yield from (f"{named}: {fault}" for fault in _term_faults(review))


def _contributors_then(review: Review) -> set[int]:
    """Who had a hand in the text when the review was recorded.

    A credential revoked since then may have moved the baseline back, so a frozen set that matches the versions
    after any earlier approval is taken as it stands.
    """
    frozen = set(review.contributors.values_list("user", flat=True))
    if frozen == (now := contributors(review.revision)):
        return now
    earlier = Review.objects.whole_page().filter(
        decision=Review.Decision.APPROVED,
        revision__article=review.revision.article_id,
        revision__number__lt=review.revision.number,
        pk__lt=review.pk,
    )
    for number in [0, *earlier.values_list("revision__number", flat=True)]:
        written = Revision.objects.filter(
            article=review.revision.article_id, number__gt=number, number__lte=review.revision.number
        )
        if frozen == (then := set(written.values_list("author", flat=True))):
            return then
    return now


def _credential_faults(review: Review) -> Iterator[str]:
    check = review.credential_check
    if check.credential.reviewer_id != review.reviewer_id:
        yield "it rests on the credential of another person."
    if check.checked_by_id == review.reviewer.user_id:
        yield "the reviewer checked their own credential."
    if check.revoked or check.valid_until is None or not check.valid_from <= review.signed_on <= check.valid_until:
        yield "the credential was not checked as valid on the signing day."


def _term_faults(review: Review) -> Iterator[str]:
    if review.next_due is None or not 0 < (review.next_due - review.signed_on).days <= 3 * 366:
        yield "its next review is not due within 36 months of the signing day."
    if review.scope == Review.Scope.CHANGES_ONLY:
        base = review.base
        if base is None or base.decision != Review.Decision.APPROVED or base.scope != Review.Scope.WHOLE_PAGE:
            yield "it rests on no whole-page approval."
        elif base.revision.article_id != review.revision.article_id or base.next_due != review.next_due:
            yield "it rests on an approval of another page, or does not end with it."


def _publication_faults(publication: Publication) -> Iterator[str]:
    named = f"Publication {publication.pk} ({publication})"
    review = publication.review
    if review.decision != Review.Decision.APPROVED:
        yield f"{named}: its review does not approve."
    if review.revision.article_id != publication.article_id:
        yield f"{named}: its review is of another article."
    if publication.live_from < publication.published_at:
        yield f"{named}: it goes live before it was published."
    revoked = CredentialCheck.objects.filter(
        credential=review.credential_check.credential_id,
        pk__gt=review.credential_check_id,
        revoked=True,
        recorded_at__lt=publication.published_at,
    )
    if revoked.exists():
        yield f"{named}: the reviewer's credential had been revoked."
