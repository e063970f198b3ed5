"""Requests for a review, and the decision of each: they never go away."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.refusals import NotAllowed, Refusal
from articles.models import Article, Revision

from .. import emails
from ..refusals import Moved
from .asking import ReviewRequestManager
from .checklists import Checklist
from .ledger import LedgerEntry
from .people import Credential, Reviewer
from .reviews import Review, ReviewContributor, baseline, contributors, last_whole_page
from .terms import USUAL_MONTHS, Terms

if TYPE_CHECKING:
    from accounts.models import User

    from .screens import Seen


class ReviewRequest(models.Model):
    """A version that waits for a clinician, and what became of it."""

    class Kind(models.TextChoices):
        """Why it is in the queue."""

        NEW = "new", "New page"
        CHANGE = "change", "Changed page"
        AGAIN = "again", "Due again, unchanged"

    class Outcome(models.TextChoices):
        """What became of it."""

        APPROVED = "approved", "Approved"
        CHANGES = "changes", "Changes asked for"
        TAKEN_BACK = "back", "Taken back by the author"
        REPLACED = "replaced", "Replaced by a newer version"

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=6, choices=Kind.choices)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(db_default=Now(), editable=False)
    note = models.TextField(blank=True)
    due_on = models.DateField()
    claimed_by = models.ForeignKey(Reviewer, on_delete=models.PROTECT, null=True, blank=True, related_name="claims")
    claimed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    outcome = models.CharField(max_length=8, choices=Outcome.choices, blank=True)

    objects: ClassVar[ReviewRequestManager] = ReviewRequestManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["revision"], condition=models.Q(closed_at__isnull=True), name="one_open_request_a_version"
            ),
            models.CheckConstraint(
                condition=models.Q(claimed_by__isnull=True, claimed_at__isnull=True)
                | models.Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="claim_has_who_and_when",
            ),
            models.CheckConstraint(
                condition=models.Q(closed_by__isnull=True, closed_at__isnull=True, outcome="")
                | models.Q(
                    closed_by__isnull=False,
                    closed_at__isnull=False,
                    outcome__in=["approved", "changes", "back", "replaced"],
                ),
                name="closing_has_who_when_and_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.revision}"

    @property
    def claim_ends_at(self) -> dt.datetime | None:
        """From when anybody may claim it again; None where nobody has."""
        return self.claimed_at + dt.timedelta(settings.CLAIM_DAYS) if self.claimed_at else None

    def is_held(self, now: dt.datetime) -> bool:
        """Whether somebody's claim counts at a moment. A claim that has ended is nobody's."""
        return self.claim_ends_at is not None and self.claim_ends_at > now

    @transaction.atomic
    def claim(self, *, by: "User") -> None:
        """Take the work for CLAIM_DAYS days, so that nobody else does it too; after them anybody may claim it again.

        Raises NotAllowed, MayNotReview, or Moved: who has it.
        """
        if not by.has_perm("reviews.add_review"):
            raise NotAllowed(f"{by} may not review. Ask an administrator to add you to the group Clinicians.")
        reviewer = Reviewer.of(by)
        reviewer.may_review(self.revision, on=clock.today())
        ended = models.Q(claimed_at__lte=clock.now() - dt.timedelta(settings.CLAIM_DAYS))
        free = ReviewRequest.objects.filter(
            models.Q(claimed_by__isnull=True) | ended, pk=self.pk, closed_at__isnull=True
        )
        if free.update(claimed_by=reviewer, claimed_at=clock.now()) != 1:
            self._explain_move(reviewer)
        self.refresh_from_db()

    @transaction.atomic
    def hand_back(self, *, by: "User") -> None:
        """Give a claim back to the queue."""
        mine = ReviewRequest.objects.filter(pk=self.pk, closed_at__isnull=True, claimed_by=Reviewer.of(by))
        if mine.update(claimed_by=None, claimed_at=None) != 1:
            raise Moved("This review is not yours to hand back.")
        self.refresh_from_db()

    @transaction.atomic
    def take_back(self, *, by: "User") -> None:
        """Withdraw the request, by who asked for it."""
        request = ReviewRequest.objects.select_for_update(of=("self",)).get(pk=self.pk)
        if by.pk != request.asked_by_id:
            raise NotAllowed(f"{request.asked_by} asked for this review, only they take it back.")
        holder = request.claimed_by if request.is_held(clock.read()) else None
        if request.kind == self.Kind.AGAIN and holder is not None and holder.user_id != by.pk:
            raise Moved(f"{holder} has this review. It is no longer yours to take back.")
        request.close(by=by, outcome=ReviewRequest.Outcome.TAKEN_BACK)
        self.refresh_from_db()

    def compared_with(self) -> Review | None:
        """The whole-page approval whose text this one is compared with; its own, where it is due again unchanged."""
        return last_whole_page(self.revision) if self.kind == self.Kind.AGAIN else baseline(self.revision)

    @transaction.atomic
    def approve(
        self,
        *,
        by: "User",
        digest: str,
        seen: "Seen | None" = None,
        ticked: Iterable[int] = (),
        scope: str = Review.Scope.WHOLE_PAGE,
        signed_on: dt.date | None = None,
        months: int = USUAL_MONTHS,
        evidence_to: dt.date | None = None,
        conflicts: str = "None declared",
        public_note: str = "",
        private_note: str = "",
    ) -> Review:
        """Sign the text with this digest: the reviewer's name, a day, and the months until it must be read again.

        A signing day before today records a review done on paper. A review of the changes only inherits its end.
        A review of the whole page ticks every point of the checklist. Pass what was `seen`, to be told what moved.
        Raises NotAllowed, MayNotReview, Moved or Refusal; nothing is written then.
        """
        reviewer, today = self._start_decision(by=by, digest=digest, seen=seen)
        said = Terms(signed_on or today, months, evidence_to, conflicts, public_note, private_note)
        terms = said.kept(today=today)
        points = _points(seen, ticked, all_of_them=scope == Review.Scope.WHOLE_PAGE)
        if scope == Review.Scope.CHANGES_ONLY:
            terms["base"] = self._base(said.signed_on)
            terms["next_due"] = terms["base"].next_due
        review = self._decide(
            by=by, reviewer=reviewer, decision=Review.Decision.APPROVED, scope=scope, **points, **terms
        )
        emails.approved(review)
        return review

    @transaction.atomic
    def ask_for_changes(
        self, *, by: "User", digest: str, reason: str, seen: "Seen | None" = None, ticked: Iterable[int] = ()
    ) -> Review:
        """Send the text back to its author with a reason."""
        reviewer, today = self._start_decision(by=by, digest=digest, seen=seen)
        if not reason.strip():
            raise Refusal("Say what must change; the author reads it.")
        review = self._decide(
            by=by,
            reviewer=reviewer,
            decision=Review.Decision.CHANGES,
            scope=Review.Scope.WHOLE_PAGE,
            **_points(seen, ticked, all_of_them=False),
            signed_on=today,
            private_note=reason.strip(),
        )
        emails.changes_asked(review)
        return review

    def close(self, *, by: "User", outcome: "ReviewRequest.Outcome") -> None:
        """Take an open request from the queue. Raises Moved if somebody decided it meanwhile."""
        undecided = ReviewRequest.objects.filter(pk=self.pk, closed_at__isnull=True)
        if undecided.update(closed_at=clock.now(), closed_by=by, outcome=outcome) != 1:
            self._explain_move(None)

    def _start_decision(self, *, by: "User", digest: str, seen: "Seen | None") -> tuple[Reviewer, dt.date]:
        """Hold the article and the request, and refuse whoever or whatever must not be decided."""
        if not by.has_perm("reviews.add_review"):
            raise NotAllowed(f"{by} may not review. Ask an administrator to add you to the group Clinicians.")
        reviewer = Reviewer.of(by)
        Article.objects.lock(self.revision.article_id)
        request = ReviewRequest.objects.select_for_update(of=("self",)).get(pk=self.pk)
        if request.closed_at is not None or request.claimed_by_id not in {None, reviewer.pk}:
            request._explain_move(reviewer)
        if digest != self.revision.digest:
            raise Moved("The text that was on your screen is not the text of this request. Open it again and read it.")
        if not self.revision.is_intact():
            raise Refusal("The stored text does not match its digest. Do not sign; tell the operator (verify_record).")
        if seen is not None:
            seen.check(request)
        today = clock.today()
        reviewer.may_review(self.revision, on=today)  # whatever day they sign with: who records it is licensed now
        return reviewer, today

    def _base(self, signed_on: dt.date) -> Review:
        """The whole-page approval that a review of the changes, signed that day, rests on and ends with."""
        base = baseline(self.revision)
        if base is None or base.next_due is None:
            raise Refusal("No earlier version was approved as a whole page. Review the whole page.")
        if signed_on < base.signed_on or base.next_due <= signed_on:
            raise Refusal("The whole-page approval this rests on is not in date that day. Review the whole page.")
        if base.reviewer.user_id in contributors(self.revision):
            raise Refusal(
                f"{base.signed_as}, whose name would stand on the page, wrote a part of this text since. "
                "Review the whole page."
            )
        return base

    def _decide(self, *, by: "User", reviewer: Reviewer, signed_on: dt.date, decision: str, **fields: object) -> Review:
        """Write the review with its contributors, and close the request."""
        # Every credential the decision rests on, also where it is published in the same act: before the ledger's lock.
        mine, base = models.Q(reviewer=reviewer), fields.get("base")
        under = models.Q(pk=base.credential_check.credential_id) if isinstance(base, Review) else models.Q()
        Credential.objects.lock(mine | under)
        check = reviewer.may_review(self.revision, on=signed_on)
        review = Review.objects.create(
            revision=self.revision,
            digest=self.revision.digest,
            request=self,
            reviewer=reviewer,
            credential_check=check,
            decision=decision,
            signed_as=reviewer.signature,
            signed_role=reviewer.specialty,
            signed_on=signed_on,
            **fields,
        )
        ReviewContributor.objects.bulk_create(
            ReviewContributor(review=review, user_id=user) for user in sorted(contributors(self.revision))
        )
        ReviewRequest.objects.filter(pk=self.pk, claimed_by__isnull=True).update(
            claimed_by=reviewer, claimed_at=clock.now()
        )
        self.close(by=by, outcome=ReviewRequest.Outcome(decision))
        self.refresh_from_db()
        LedgerEntry.objects.enter(review)
        return review

    def _explain_move(self, reviewer: Reviewer | None) -> None:
        """Raise Moved with what happened to this request."""
        now = ReviewRequest.objects.select_related("claimed_by", "closed_by").get(pk=self.pk)
        if now.closed_at is not None:
            raise Moved(
                f"This request was closed on {now.closed_at:%-d %B %Y at %H:%M} by {now.closed_by}: "
                f"{now.get_outcome_display().lower()}."
            )
        if now.claimed_by is not None and now.claimed_by != reviewer:
            if not now.is_held(clock.read()):
                raise Moved(f"{now.claimed_by} had this review until {now.claim_ends_at:%-d %B %Y}. Claim it first.")
            raise Moved(f"{now.claimed_by} has claimed this review. Take another one from the queue.")
        raise Moved("You have claimed this review already.")


def _points(seen: "Seen | None", ticked: Iterable[int], *, all_of_them: bool) -> dict[str, Any]:
    """The checklist in force and what is ticked of it, as a review keeps them.

    Raises Moved where it is not the checklist that was seen, however lately it was changed; Refusal for a number of no
    point, and for points that are not ticked where all of them have to be.
    """
    checklist = Checklist.objects.in_force()
    if seen is not None and seen.checklist != (checklist.pk if checklist else 0):
        raise Moved("The checklist was changed just now. Read its points again, and decide once more.")
    ticks = sorted(set(ticked))
    points = len(checklist.lines) if checklist is not None else 0
    if ticks and not (ticks[0] >= 1 and ticks[-1] <= points):
        raise Refusal(f"The checklist has {points} points. Open the page again.")
    if checklist is not None and all_of_them and (left := checklist.missing(ticks)):
        words = " ".join(f"“{point}”" for point in left)
        raise Refusal(f"Not ticked: {words} Tick it if it is so; otherwise ask for changes.")
    return {"checklist": checklist, "ticked": ticks}
