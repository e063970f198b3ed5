"""Reviews: one clinician's decision about one exact text, on one day."""

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Now

from accounts.prepared import Prepared
from articles.models import Revision

from .checklists import Checklist
from .people import CredentialCheck, Reviewer

if TYPE_CHECKING:
    from accounts.models import User

    from .publications import Publication


class ReviewQuerySet(models.QuerySet["Review"]):
    """Reviews by what they are worth."""

    def valid(self) -> "ReviewQuerySet":
        """Approvals, less those whose credential turned out not to count on the day of signing."""
        void = CredentialCheck.objects.filter(
            credential=models.OuterRef("credential_check__credential"),
            pk__gt=models.OuterRef("credential_check"),
            revoked=True,
            valid_from__lte=models.OuterRef("signed_on"),
        )
        return self.filter(decision=Review.Decision.APPROVED).exclude(models.Exists(void))

    def whole_page(self) -> "ReviewQuerySet":
        """Reviews of the whole page."""
        return self.filter(scope=Review.Scope.WHOLE_PAGE)


class Review(models.Model):
    """A clinician approved one exact text, or asked for changes to it; never changed, never deleted."""

    class Decision(models.TextChoices):
        """What the clinician decided."""

        APPROVED = "approved", "Approved"
        CHANGES = "changes", "Changes asked for"

    class Scope(models.TextChoices):
        """What the clinician read."""

        WHOLE_PAGE = "whole", "The whole page"
        CHANGES_ONLY = "changes", "Only what changed since the last whole-page approval"

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    request = models.OneToOneField("reviews.ReviewRequest", on_delete=models.PROTECT, related_name="review")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="reviews")
    credential_check = models.ForeignKey(CredentialCheck, on_delete=models.PROTECT, related_name="reviews")
    decision = models.CharField(max_length=8, choices=Decision.choices)
    scope = models.CharField(max_length=7, choices=Scope.choices)
    base = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The whole-page approval that a review of changes only rests on.",
    )
    checklist = models.ForeignKey(
        Checklist,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The version in force on the day; none where nobody had written one.",
    )
    ticked = models.JSONField(default=list, blank=True, help_text="The numbers of the points that were ticked, from 1.")
    signed_as = models.CharField(max_length=170, help_text="The reviewer's name on the day.")
    signed_role = models.CharField(max_length=200, help_text="The reviewer's specialty on the day.")
    evidence_to = models.DateField(null=True, blank=True, help_text="Evidence was searched up to this day.")
    conflicts = models.TextField(default="None declared", help_text="Conflicts of interest, as declared.")
    private_note = models.TextField(blank=True, help_text="For the author. The reason, where changes are asked for.")
    public_note = models.CharField(max_length=300, blank=True, help_text="One sentence for the page's history.")
    signed_on = models.DateField()
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)
    next_due = models.DateField(null=True, blank=True)

    objects = ReviewQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["revision", "decision", "scope", "signed_on"], name="review_of_revision")]
        constraints = [
            models.CheckConstraint(condition=models.Q(decision__in=["approved", "changes"]), name="decision_is_known"),
            models.CheckConstraint(
                condition=models.Q(scope="whole", base__isnull=True)
                | models.Q(scope="changes", base__isnull=False)
                | models.Q(scope="changes", decision="changes"),
                name="changes_only_rests_on_a_whole_page",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="approved", next_due__isnull=False, next_due__gt=models.F("signed_on"))
                | models.Q(decision="changes", next_due__isnull=True),
                name="approval_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="approved") | ~models.Q(private_note=""), name="changes_have_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_decision_display()} by {self.signed_as} on {self.signed_on:%-d %B %Y}: {self.revision}"

    @property
    def contributor_ids(self) -> list[int]:
        """The ids of the frozen contributors, in order."""
        return sorted(self.contributors.values_list("user", flat=True))

    @property
    def points(self) -> str:
        """The points of the checklist, as they were to be ticked."""
        return self.checklist.points if self.checklist is not None else ""

    def publish(self, *, by: "User", live_from: dt.datetime | None = None) -> "Publication":
        """Let readers see the approved text, now or from a later hour; see `Publication.objects.publish`."""
        from .publications import Publication

        return Publication.objects.publish(self, by=by, live_from=live_from)


class ReviewContributor(models.Model):
    """Somebody who had a hand in the reviewed text, as it stood on the day; never changed, never deleted."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="contributors")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "user"], name="contributor_once_a_review")]

    def __str__(self) -> str:
        return str(self.user)


# A review, if it is valid; and the valid ones of a version.
valid = Prepared(lambda review: Review.objects.valid().filter(pk=review))
valid_of = Prepared(lambda revision: Review.objects.valid().filter(revision=revision))


def _whole_pages_before(article: int, number: int) -> ReviewQuerySet:
    earlier = Review.objects.valid().whole_page().filter(revision__article=article, revision__number__lt=number)
    return earlier.order_by("-revision__number", "-signed_on", "-pk").select_related("revision")[:1]


_last_before = Prepared(_whole_pages_before)


def baseline(revision: Revision) -> Review | None:
    """The newest valid whole-page approval of an earlier version: what a change is measured against."""
    return _last_before.first(article=revision.article_id, number=revision.number)


def last_whole_page(revision: Revision) -> Review | None:
    """The newest valid whole-page approval of this version or an earlier one: what a re-review is measured against."""
    return _last_before.first(article=revision.article_id, number=revision.number + 1)


def _written_since(article: int, number: int) -> "models.QuerySet[Revision]":
    base = _whole_pages_before(article, number).values("revision__number")
    written = Revision.objects.filter(article=article, number__lte=number)
    return written.filter(number__gt=Coalesce(models.Subquery(base), 0)).only("author").order_by("pk")


_since_baseline = Prepared(_written_since)


def contributors(revision: Revision) -> set[int]:
    """The ids of everybody who wrote a version after the baseline, up to and with this one."""
    return {row.author_id for row in _since_baseline(article=revision.article_id, number=revision.number)}
