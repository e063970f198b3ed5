"""The ledger: every decision in the order it was made, each entry sealed with the digest of the one before.

A database restored from yesterday's backup tells the truth of yesterday: it shows a page that was withdrawn since.
Whoever keeps the last entry elsewhere, in a letter or a log, can see that decisions are missing.
"""

import datetime as dt
import hashlib
import json
import logging
from functools import partial
from typing import ClassVar

from django.db import connections, models, transaction
from django.db.models.functions import Now

logger = logging.getLogger(__name__)

# What an entry seals of a decision, by kind and form. A release that adds a field to a decision adds a form here and
# leaves the older ones as they are: entries made then keep theirs.
FORMS: dict[tuple[str, int], tuple[str, ...]] = {
    ("credentialcheck", 1): (
        *("id", "credential_id", "checked_by_id", "checked_on", "valid_from", "valid_until", "revoked", "why"),
        "recorded_at",
    ),
    ("review", 1): (
        *("id", "revision_id", "digest", "request_id", "reviewer_id", "credential_check_id", "decision", "scope"),
        *("base_id", "signed_as", "signed_role", "evidence_to", "conflicts", "private_note", "public_note"),
        *("signed_on", "recorded_at", "next_due", "contributor_ids"),
    ),
    ("review", 2): (
        *("id", "revision_id", "digest", "request_id", "reviewer_id", "credential_check_id", "decision", "scope"),
        *("base_id", "checklist_id", "points", "ticked", "signed_as", "signed_role", "evidence_to", "conflicts"),
        *("private_note", "public_note", "signed_on", "recorded_at", "next_due", "contributor_ids"),
    ),
    ("publication", 1): ("id", "article_id", "review_id", "published_by_id", "published_at", "live_from"),
    ("withdrawal", 1): ("id", "publication_id", "by_id", "at", "why", "instead_id"),
}
NEWEST_FORM = dict(sorted(FORMS))

# PostgreSQL's advisory lock under which entries are made, one after another.
LOCK = 7_686_851


class LedgerEntryManager(models.Manager["LedgerEntry"]):
    """The ledger as a whole."""

    def enter(self, decision: models.Model) -> "LedgerEntry":
        """Seal a decision that was just written, in its own transaction, and name it in the log once it stands.

        No other entry is made until that transaction ends, so call it after the locks that the act needs.
        """
        connection = connections[self.db]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        kind = decision._meta.model_name or ""
        last = self.order_by("-pk").first()
        entry = LedgerEntry(
            pk=last.pk + 1 if last else 1,
            kind=kind,
            form=NEWEST_FORM[kind],
            decision=decision.pk,
            previous=last.digest if last else "",
        )
        decision.refresh_from_db()  # times are written by the database
        entry.sealed = seal(decision, entry.form)
        entry.digest = entry.recompute()
        entry.save(force_insert=True)
        told = partial(logger.info, "Ledger %s: %s %s, %s", entry.head, kind, decision.pk, str(decision))
        transaction.on_commit(told, using=self.db)
        return entry

    def head(self) -> str:
        """The last entry as one word, to be kept elsewhere; see `LedgerEntry.head`."""
        last = self.order_by("-pk").first()
        return last.head if last else "0:"


class LedgerEntry(models.Model):
    """One decision, sealed: a check, a review, a publication or a withdrawal; never changed, never deleted."""

    # Its id is its number: 1, 2, 3 and so on, without a gap.
    kind = models.CharField(max_length=20)
    form = models.PositiveSmallIntegerField(help_text="Which fields of the decision are sealed.")
    decision = models.PositiveBigIntegerField(help_text="The id of the decision.")
    sealed = models.CharField(max_length=64, help_text="The digest of the decision.")
    previous = models.CharField(max_length=64, blank=True, unique=True, help_text="The digest of the entry before.")
    digest = models.CharField(max_length=64, unique=True, help_text="The digest of this entry.")
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[LedgerEntryManager] = LedgerEntryManager()

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["kind", "decision"], name="decision_once_in_the_ledger")]

    def __str__(self) -> str:
        return f"Ledger entry {self.pk}, {self.kind} {self.decision}"

    @property
    def head(self) -> str:
        """Number and digest as one word, such as 57:9f86d0…"""
        return f"{self.pk}:{self.digest}"

    def recompute(self) -> str:
        """The digest that this entry must bear: SHA-256 over the entry before, the number and the sealed decision."""
        parts = [self.previous, str(self.pk), self.kind, str(self.form), str(self.decision), self.sealed]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def seal(decision: models.Model, form: int) -> str:
    """SHA-256 over the fields of a decision: JSON with sorted names, days and moments (UTC) in ISO 8601."""
    fields = FORMS[decision._meta.model_name or "", form]
    content = {name: _plain(getattr(decision, name)) for name in fields}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if isinstance(value, dt.datetime):
        return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, dt.date) else value
