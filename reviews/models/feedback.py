"""What readers say about a page: whether it was useful, and what is wrong with it. Nobody reviewed their words."""

import datetime as dt
import logging

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual

from accounts import clock
from accounts.models import User
from accounts.refusals import NotAllowed, Refusal
from articles import text
from articles.models import Article, Revision

from ..refusals import Moved
from .publications import Publication
from .requests import ReviewRequest

logger = logging.getLogger(__name__)

MOST_CHARACTERS = 4_000
LONGEST_WITHOUT_ANSWER = dt.timedelta(days=365)


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    """What readers said."""

    def waiting(self) -> "FeedbackQuerySet":
        """What somebody should read and nobody has handled; an answer without words is only counted."""
        return self.filter(handled_at__isnull=True).exclude(words="")

    @transaction.atomic
    def give(self, revision: Revision, *, kind: str, key: str, words: str = "", email: str = "") -> "Feedback":
        """Keep what a reader says about a version that is or was public. The same key is kept once.

        Raises Refusal; TextRefused with the place of a character that hides or reorders words.
        """
        words = text.normalise(words).strip()
        text.check_characters(words, "Your words")
        if len(words) > MOST_CHARACTERS:
            raise Refusal(
                f"Your words have {len(words):,} characters; at most {MOST_CHARACTERS:,} fit. "
                "Shorten them, or send them in two messages."
            )
        if kind == Feedback.Kind.MISTAKE and not words:
            raise Refusal("Say what is wrong, and where on the page it stands.")
        if email and not words:
            raise Refusal("Write what you would like an answer to, or leave the e-mail address out.")
        if not Publication.objects.counted().filter(review__revision=revision).exists():
            raise Refusal("This version of the page never was public.")
        said = {"revision": revision, "kind": kind, "words": words}
        feedback, kept = self.get_or_create(key=key, defaults={**said, "email": email})
        if not kept and any(getattr(feedback, name) != value for name, value in said.items()):
            raise Moved("This form was sent already, with other words. To add something, send it once more.")
        return feedback

    def forget(self, email: str) -> int:
        """Erase an address that was left for an answer, because its owner asks for it; say how often."""
        return self.exclude(email="").filter(email__iexact=email).update(email="")

    def erase_emails(self) -> int:
        """Erase the addresses of what was handled FEEDBACK_EMAIL_DAYS days ago or earlier, and say how many.

        Those of what nobody handled go after a year.
        """
        handled = models.Q(handled_at__lte=clock.now() - dt.timedelta(settings.FEEDBACK_EMAIL_DAYS))
        forgotten = models.Q(received_at__lte=clock.now() - LONGEST_WITHOUT_ANSWER)
        return self.filter(handled | forgotten).exclude(email="").update(email="")


class Feedback(models.Model):
    """What one reader said about one version of a page, and what became of it. Nothing tells who they are."""

    class Kind(models.TextChoices):
        """What they wanted to say."""

        YES = "yes", "Useful"
        NO = "no", "Not useful"
        MISTAKE = "mistake", "A mistake"

    class Outcome(models.TextChoices):
        """What became of it."""

        NOTHING = "nothing", "Nothing to do"
        WRITTEN = "written", "A new version is written"
        PASSED_ON = "passed", "Passed on"
        REVIEW = "review", "A review was asked for"

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=7, choices=Kind.choices)
    words = models.TextField(blank=True)
    email = models.EmailField(blank=True, help_text="For an answer alone; erased some time after it was handled.")
    key = models.CharField(max_length=40, unique=True, help_text="Of the form, so that a double click is one row.")
    received_at = models.DateTimeField(db_default=Now(), editable=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=7, choices=Outcome.choices, blank=True)
    note = models.TextField(blank=True)
    request = models.ForeignKey(ReviewRequest, on_delete=models.PROTECT, null=True, blank=True, related_name="feedback")

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "feedback"
        indexes = [
            models.Index(
                fields=["received_at"],
                condition=models.Q(handled_at__isnull=True) & ~models.Q(words=""),
                name="feedback_waiting",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=["yes", "no"]) | models.Q(kind="mistake") & ~models.Q(words=""),
                name="a_mistake_is_told_in_words",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("words"), MOST_CHARACTERS), name="readers_words_are_not_too_many"
            ),
            models.CheckConstraint(
                condition=models.Q(email="") | ~models.Q(words=""), name="an_answer_is_to_some_words"
            ),
            models.CheckConstraint(
                condition=models.Q(handled_by__isnull=True, handled_at__isnull=True, outcome="", note="")
                | models.Q(
                    handled_by__isnull=False,
                    handled_at__isnull=False,
                    outcome__in=["nothing", "written", "passed", "review"],
                ),
                name="handling_has_who_when_and_outcome",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="review", request__isnull=False)
                | (~models.Q(outcome="review") & models.Q(request__isnull=True)),
                name="a_review_asked_for_is_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.revision}"

    @transaction.atomic
    def close(self, *, by: "User", outcome: str, note: str = "") -> None:
        """Say what became of it. Raises NotAllowed, Refusal, or Moved: who was faster."""
        self._check_right(by)
        if outcome == self.Outcome.REVIEW:
            raise Refusal("A review is asked for with the button that starts one.")
        if outcome == self.Outcome.PASSED_ON and not note.strip():
            raise Refusal("Say to whom you passed it on.")
        self._handle(by=by, outcome=outcome, note=note.strip())

    @transaction.atomic
    def ask_for_review(self, *, by: "User", note: str = "") -> ReviewRequest:
        """Put the version that readers see now into the queue, because of what this reader said.

        Raises NotAllowed, NotReady, Refusal, or Moved: who was faster, or what waits already.
        """
        self._check_right(by)
        article = Article.objects.lock(self.revision.article_id)
        self._check_waiting()
        live = Publication.objects.live().filter(article=article).select_related("review__revision").first()
        if live is None:
            raise Refusal("Readers do not see this page now, so there is nothing to review.")
        request = ReviewRequest.objects.ask(live.review.revision, by=by, note=note.strip())
        self._handle(by=by, outcome=self.Outcome.REVIEW, note="", request=request)
        return request

    def erase(self, *, by: "User") -> None:
        """Delete it for good: spam, or words that somebody wants erased. What was done because of it stays."""
        if not by.has_perm("reviews.delete_feedback"):
            raise NotAllowed(f"{by} may not erase what readers said. Publishers do.")
        number = self.pk
        self.delete()
        logger.info("Feedback %s erased by account %s", number, by.pk)

    def _check_right(self, by: "User") -> None:
        if not by.has_perm("reviews.change_feedback"):
            raise NotAllowed(f"{by} may not close what readers said. Authors and publishers do.")

    def _check_waiting(self) -> None:
        """Raise Moved with who handled it, if somebody did."""
        now = Feedback.objects.filter(pk=self.pk).select_related("handled_by").first()
        if now is None:
            raise Moved("Somebody erased this meanwhile.")
        if now.handled_at is not None:
            raise Moved(
                f"{now.handled_by} handled this on {now.handled_at:%-d %B %Y at %H:%M} UTC: "
                f"{now.get_outcome_display().lower()}."
            )

    def _handle(self, *, by: "User", **outcome: object) -> None:
        """Close it unless somebody did, or does at this moment."""
        waits = Feedback.objects.filter(pk=self.pk, handled_at__isnull=True)
        if waits.update(handled_by=by, handled_at=clock.now(), **outcome) != 1:
            self._check_waiting()
        self.refresh_from_db()


User.forgetting.append(Feedback.objects.forget)
