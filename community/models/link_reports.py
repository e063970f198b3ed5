"""What readers report about a link: that it harms, deceives, or does not open."""

import datetime as dt

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual

from accounts import clock
from accounts.models import User, canonical_email
from accounts.refusals import NotAllowed, Refusal

from .. import link_letters, link_words
from ..link_words import MOST_WORDS
from .links import LONGEST_WITHOUT_ANSWER, Decided, Link


class LinkReportQuerySet(models.QuerySet["LinkReport"]):
    """What was reported."""

    def waiting(self) -> "LinkReportQuerySet":
        """What nobody has handled."""
        return self.filter(handled_at__isnull=True)

    @transaction.atomic
    def give(self, link: Link, *, kind: str, key: str, words: str = "", email: str = "") -> "LinkReport":
        """Keep what a reader reports about a link that was shown once. The same key is kept once.

        Raises Refusal; TextRefused with the place of a hidden character.
        """
        words = link_words.of_reader(words)
        if not words and kind != LinkReport.Kind.BROKEN:
            raise Refusal("Say what is wrong with it, so that a moderator can find it there.")
        if not link.decisions.filter(act="accept").exists() and not link.decisions.filter(act="restore").exists():
            raise Refusal("This link never was shown.")
        said = {"link": link, "kind": kind, "words": words}
        report, kept = self.get_or_create(key=key, defaults={**said, "email": canonical_email(email)})
        if not kept and any(getattr(report, name) != value for name, value in said.items()):
            raise Decided("This form was sent already, with other words. Open it anew to add something.")
        return report

    def close_all(self, link: Link, *, by: "User", answer: str) -> None:
        """Close what waits about a link that is being taken down."""
        for report in self.waiting().filter(link=link):
            report.handle(by=by, outcome=LinkReport.Outcome.DOWN, answer=answer)

    def erase_emails(self) -> int:
        """Erase the addresses of what was handled FEEDBACK_EMAIL_DAYS days ago, or came a year ago; say how many."""
        handled = models.Q(handled_at__lte=clock.now() - dt.timedelta(settings.FEEDBACK_EMAIL_DAYS))
        forgotten = models.Q(reported_at__lte=clock.now() - LONGEST_WITHOUT_ANSWER)
        return self.filter(handled | forgotten).exclude(email="").update(email="")

    def forget(self, email: str) -> int:
        """Erase an address wherever it was left for an answer, because its owner asks for it; say how often."""
        address = canonical_email(email)
        link_letters.erase_for(address)
        return self.filter(email=address).exclude(email="").update(email="")


class LinkReport(models.Model):
    """What one reader reported about one link, and what became of it. Nothing tells who they are."""

    class Kind(models.TextChoices):
        """What they say is wrong."""

        BROKEN = "broken", "It does not open, or leads somewhere else"
        HARMFUL = "harmful", "It gives dangerous advice, or promises a cure"
        SELLS = "sells", "It sells something, or hides who is behind it"
        PRIVATE = "private", "It shows something private about a person"
        ILLEGAL = "illegal", "It is against the law"
        OTHER = "other", "Something else"

    class Outcome(models.TextChoices):
        """What became of it."""

        KEPT = "kept", "The link stays as it is"
        WORDS = "words", "The words beside the link were changed"
        DOWN = "down", "The link was taken down"

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    words = models.TextField(blank=True)
    email = models.EmailField(blank=True, help_text="For an answer alone; erased some time after it was handled.")
    key = models.CharField(max_length=40, unique=True, help_text="Of the form, so that a double click is one row.")
    reported_at = models.DateTimeField(db_default=Now(), editable=False)
    handled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    handled_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=5, choices=Outcome.choices, blank=True)
    answer = models.TextField(blank=True)

    objects = LinkReportQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["link"], condition=models.Q(handled_at__isnull=True), name="link_report_waiting")
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="broken")
                | models.Q(kind__in=["harmful", "sells", "private", "illegal", "other"]) & ~models.Q(words=""),
                name="report_is_told_in_words",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("words"), MOST_WORDS), name="words_of_a_report_are_not_too_many"
            ),
            models.CheckConstraint(
                condition=models.Q(handled_by__isnull=True, handled_at__isnull=True, outcome="", answer="")
                | models.Q(handled_by__isnull=False, handled_at__isnull=False, outcome__in=["kept", "words", "down"]),
                name="handling_of_a_report_has_who_when_and_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.link}"

    @transaction.atomic
    def close(self, *, by: "User", outcome: str, answer: str = "") -> None:
        """Say what became of it; whoever left an address is told. Raises NotAllowed, Refusal, Decided."""
        if not by.has_perm("community.change_link"):
            raise NotAllowed(f"{by} may not close what readers report. Moderators do.")
        if outcome not in {self.Outcome.KEPT, self.Outcome.WORDS}:
            raise Refusal("Take the link down: that closes what was reported about it.")
        answer = link_words.checked_reason(answer, needed=False)
        if self.email and not answer:
            raise Refusal("Say why: whoever reported it waits for an answer.")
        self.handle(by=by, outcome=outcome, answer=answer)

    def erase(self, *, by: "User") -> None:
        """Delete it for good: spam, or words that somebody wants erased. What was decided because of it stays."""
        if not by.has_perm("community.change_link"):
            raise NotAllowed(f"{by} may not erase what readers report. Moderators do.")
        self.delete()

    def handle(self, *, by: "User", outcome: str, answer: str) -> None:
        """Close it unless somebody did, or does at this moment, and write the answer."""
        waits = LinkReport.objects.waiting().filter(pk=self.pk)
        done = waits.update(handled_by=by, handled_at=clock.now(), outcome=outcome, answer=answer)
        self.refresh_from_db()
        if done != 1:
            raise Decided(f"{self.handled_by} handled this before you: {self.get_outcome_display().lower()}.")
        link_letters.report_handled(self)


User.forgetting.append(LinkReport.objects.forget)
