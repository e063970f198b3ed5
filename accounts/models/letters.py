"""Letters: written with the act they tell of, sent afterwards."""

import datetime as dt
import logging
from typing import TYPE_CHECKING

from django.db import models
from django.db.models.functions import Now

from .. import clock
from ..refusals import NotAllowed, Refusal

if TYPE_CHECKING:
    from .users import User

logger = logging.getLogger(__name__)

FORGOTTEN_AFTER, FORGOTTEN_UNSENT_AFTER = dt.timedelta(days=1), dt.timedelta(days=14)


class LetterQuerySet(models.QuerySet["Letter"]):
    """The outbox."""

    def in_state(self, state: "Letter.State") -> "LetterQuerySet":
        """Letters in a state; see `Letter.state`."""
        if state == Letter.State.SENT:
            return self.filter(sent_at__isnull=False)
        unsent = self.filter(sent_at__isnull=True)
        return unsent.exclude(problem="") if state == Letter.State.FAILED else unsent.filter(problem="")

    def post(self, *, to: str, subject: str, body: str, key: str | None = None) -> "Letter | None":
        """Write a letter inside the caller's transaction; a job sends it.

        With a key it is written once only: None says that it had been written before.
        """
        subject = " ".join(subject.split())[:200]  # a line break would be refused as a forged header
        if key is None:
            return self.create(to=to, subject=subject, body=body)
        letter, written = self.get_or_create(key=key, defaults={"to": to, "subject": subject, "body": body})
        return letter if written else None

    def forget(self) -> int:
        """Delete letters a day after they went out, and those that never did after two weeks; how many.

        A letter with a key stays: it keeps the same one from being written twice.
        """
        now = clock.read()
        over = models.Q(sent_at__lt=now - FORGOTTEN_AFTER) | models.Q(written_at__lt=now - FORGOTTEN_UNSENT_AFTER)
        return self.filter(over, key__isnull=True).delete()[0]

    def try_again(self, *, by: "User") -> int:
        """Let the failed letters among these go out with the next run, and say how many. Raises NotAllowed."""
        if not by.has_perm("accounts.change_letter"):
            raise NotAllowed(f"{by} may not send letters again. Administrators do.")
        # One statement: whatever is being sent, or was sent, has no problem and stays as it is.
        count = self.in_state(Letter.State.FAILED).update(problem="", tries=0, not_before=clock.now())
        if count:
            logger.info("Failed letters to be tried again: %s, says account %s", count, by.pk)
        return count


class Letter(models.Model):
    """A letter in the outbox: written with the act it tells of, sent afterwards."""

    class State(models.TextChoices):
        """How far a letter is."""

        WAITS = "waits", "Waits"
        FAILED = "failed", "Failed"
        SENT = "sent", "Sent"

    # With the waits between them (`outbox.LONGEST_WAIT`) this is about a week.
    MOST_TRIES = 36

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    key = models.CharField(max_length=200, unique=True, null=True, blank=True, help_text="Keeps a letter single.")
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    not_before = models.DateTimeField(db_default=Now(), editable=False)
    tries = models.PositiveIntegerField(default=0, editable=False)
    problem = models.TextField(blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = LetterQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["not_before"], condition=models.Q(sent_at__isnull=True), name="letter_waiting")]

    def __str__(self) -> str:
        return f"{self.subject} (to {self.to})"

    @property
    def state(self) -> "Letter.State":
        """Sent; failed, where the last try ended with a problem; or it waits, or is just being sent."""
        if self.sent_at is not None:
            return Letter.State.SENT
        return Letter.State.FAILED if self.problem else Letter.State.WAITS

    @property
    def is_given_up(self) -> bool:
        """Whether it failed so often that nothing tries it again by itself."""
        return self.state == Letter.State.FAILED and self.tries >= Letter.MOST_TRIES

    def claim(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take the letter for sending; False if another process has it. After the lease it is free again."""
        free = Letter.objects.filter(pk=self.pk, sent_at__isnull=True, not_before__lte=now)
        # Without its problem it is not a failed letter while it is being sent, so nobody lets it go out beside that.
        return free.update(not_before=now + lease, tries=models.F("tries") + 1, problem="") == 1

    def try_again(self, *, by: "User") -> None:
        """Let a failed letter go out with the next run. Raises NotAllowed, or Refusal for one that has not failed."""
        count = Letter.objects.filter(pk=self.pk).try_again(by=by)
        self.refresh_from_db()
        if count != 1:
            if self.sent_at is not None:
                raise Refusal(f"This letter went out on {self.sent_at:%-d %B %Y at %H:%M} UTC. It is not sent twice.")
            raise Refusal("This letter waits, or is just being sent. It goes out by itself.")
        logger.info("Letter %s is tried again", self.pk)
