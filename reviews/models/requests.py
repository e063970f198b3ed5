"""Requests for a review: the queue, which never forgets."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.refusals import NotAllowed, Refusal
from articles import text
from articles.models import Article, Revision

from .. import emails, readiness
from .checklists import Checklist
from .ledger import LedgerEntry
from .people import Credential, Reviewer
from .reviews import Review, ReviewContributor, baseline, contributors, last_whole_page, valid_of

if TYPE_CHECKING:
    from accounts.models import User

    from .publications import Publication
    from .screens import Seen

USUAL_DAYS = 14
USUAL_MONTHS = 12
MOST_MONTHS = 36


class NotReady(Refusal):
    """The text is not ready for review; `problems` lists everything at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("This text is not ready for review. " + " ".join(problems))


class Moved(Refusal):
    """Something changed meanwhile: the request was decided, claimed or replaced, or the text is another one."""


class ReviewRequestManager(models.Manager["ReviewRequest"]):
    """The queue."""

    def open(self) -> "models.QuerySet[ReviewRequest]":
        """Requests without a decision, the earliest due first."""
        return self.filter(closed_at__isnull=True).order_by("due_on", "pk")

    @transaction.atomic
    def ask(self, revision: Revision, *, by: "User", note: str = "", due_on: dt.date | None = None) -> "ReviewRequest":
        """Put a version into the queue. An open request for an older version of the page is replaced.

        Raises NotAllowed, NotReady with the whole list of problems, or Moved.
        """
        if not by.has_perm("reviews.add_reviewrequest"):
            raise NotAllowed(f"{by} may not ask for a review. Authors do.")
        article = Article.objects.lock(revision.article_id)
        newest = article.newest()
        approved = bool(valid_of(revision=revision.pk))
        if newest is not None and newest.pk != revision.pk and not approved:
            raise Moved(
                f"Version {newest.number} is newer than version {revision.number}. Ask for a review of that one."
            )
        if problems := readiness.problems(revision):
            raise NotReady(problems)
        waiting = self.open().filter(revision__article=article)
        if waiting.filter(revision=revision).exists():
            raise Moved(f"{revision} is waiting for a review already.")
        newer = waiting.filter(revision__number__gt=revision.number).select_related("revision").first()
        if newer is not None:
            raise Moved(
                f"Version {newer.revision.number} of this page waits for a review. "
                "Have that one decided, or take it back, before you ask for an older one."
            )
        for older in waiting:
            older.close(by=by, outcome=ReviewRequest.Outcome.REPLACED)
        kind = ReviewRequest.Kind.AGAIN if approved else self._kind(revision)
        request = self.create(
            revision=revision,
            kind=kind,
            asked_by=by,
            note=note,
            due_on=due_on or clock.today() + dt.timedelta(USUAL_DAYS),
        )
        emails.review_asked(request)
        return request

    @transaction.atomic
    def due_again(self, publication: "Publication", *, by: "User") -> "ReviewRequest":
        """Take up the re-review of a public page whose review lapsed or soon will: its text, unchanged.

        Such a page stands in the queue without a row; this makes the row, claimed by the clinician. Raises
        NotAllowed, MayNotReview, or Moved: who has it, or why there is nothing to review.
        """
        if not by.has_perm("reviews.add_review"):
            raise NotAllowed(f"{by} may not review. Ask an administrator to add you to the group Clinicians.")
        reviewer = Reviewer.of(by)
        article = Article.objects.lock(publication.article_id)
        shown, lapses_on = self._falls_due(publication)
        waiting = self.open().filter(revision__article=article).select_related("revision").first()
        if waiting is None:
            waiting = self.create(revision=shown, kind=ReviewRequest.Kind.AGAIN, asked_by=by, due_on=lapses_on)
        elif waiting.revision_id != shown.pk:
            raise Moved(
                f"Version {waiting.revision.number} of this page waits for a review already. "
                "Review that one: the page keeps its date until then."
            )
        elif waiting.claimed_by_id == reviewer.pk and waiting.is_held(clock.read()):
            return waiting
        waiting.claim(by=by)
        return waiting

    @staticmethod
    def _falls_due(publication: "Publication") -> tuple[Revision, dt.date]:
        """The version that readers see and the day its review lapses. Raises Moved where it is not due."""
        from ..standing import Stamp, Standing

        shown = type(publication).objects.live().filter(pk=publication.pk).select_related("review__revision").first()
        if shown is None:
            raise Moved("Readers do not see this version of the page any more. Take another one from the queue.")
        stamp = Stamp.of(shown)
        if stamp.standing == Standing.PUBLISHED:
            raise Moved(
                f"{stamp.reviewer} reviewed this page on {stamp.signed_on:%-d %B %Y}. "
                f"It is not due again before {stamp.lapses_on:%-d %B %Y}."
            )
        return shown.review.revision, stamp.lapses_on

    @staticmethod
    def _kind(revision: Revision) -> "ReviewRequest.Kind":
        return ReviewRequest.Kind.NEW if baseline(revision) is None else ReviewRequest.Kind.CHANGE


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
        signed_on = signed_on or today
        public_note, conflicts = text.one_line(public_note), text.normalise(conflicts).strip()
        text.check_characters(public_note, "Note for the public history")
        text.check_characters(conflicts, "Conflicts of interest")
        _check_terms(signed_on, today=today, months=months, evidence_to=evidence_to, conflicts=conflicts)
        checklist = _in_force(seen)
        ticks = _ticks(checklist, ticked)
        if checklist is not None and scope == Review.Scope.WHOLE_PAGE:
            _check_ticks(checklist, ticks)
        base = self._base(signed_on) if scope == Review.Scope.CHANGES_ONLY else None
        review = self._decide(
            by=by,
            reviewer=reviewer,
            decision=Review.Decision.APPROVED,
            scope=scope,
            base=base,
            checklist=checklist,
            ticked=ticks,
            signed_on=signed_on,
            next_due=base.next_due if base else months_later(signed_on, months),
            evidence_to=evidence_to,
            conflicts=conflicts,
            public_note=public_note,
            private_note=private_note.strip(),
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
        checklist = _in_force(seen)
        review = self._decide(
            by=by,
            reviewer=reviewer,
            decision=Review.Decision.CHANGES,
            scope=Review.Scope.WHOLE_PAGE,
            checklist=checklist,
            ticked=_ticks(checklist, ticked),
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


def _in_force(seen: "Seen | None") -> Checklist | None:
    """The checklist in force. Raises Moved where it is not the one that was seen, however lately it was changed."""
    checklist = Checklist.objects.in_force()
    if seen is not None and seen.checklist != (checklist.pk if checklist else 0):
        raise Moved("The checklist was changed just now. Read its points again, and decide once more.")
    return checklist


def _ticks(checklist: Checklist | None, ticked: Iterable[int]) -> list[int]:
    """The numbers of the ticked points, each once and in order. Raises Refusal for one that is not there."""
    numbers = sorted(set(ticked))
    points = len(checklist.lines) if checklist is not None else 0
    if numbers and not (numbers[0] >= 1 and numbers[-1] <= points):
        raise Refusal(f"The checklist has {points} points. Open the page again.")
    return numbers


def _check_ticks(checklist: Checklist, ticks: list[int]) -> None:
    """Raise Refusal with the points that an approval of the whole page still lacks."""
    if left := checklist.missing(ticks):
        points = " ".join(f"“{point}”" for point in left)
        raise Refusal(f"Not ticked: {points} Tick it if it is so; otherwise ask for changes.")


def _check_terms(
    signed_on: dt.date, *, today: dt.date, months: int, evidence_to: dt.date | None, conflicts: str
) -> None:
    """Raise Refusal for terms under which no approval can be signed."""
    if signed_on > today:
        raise Refusal(f"The signing day, {signed_on:%-d %B %Y}, has not come yet. Sign with today or an earlier day.")
    if not 1 <= months <= MOST_MONTHS:
        raise Refusal(f"An approval holds for 1 to {MOST_MONTHS} months, not {months}.")
    if evidence_to is not None and evidence_to > signed_on:
        raise Refusal("“Evidence searched up to” lies after the signing day.")
    if not conflicts.strip():
        raise Refusal("Declare conflicts of interest, or write “None declared”.")


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months later; the last day of the month where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(year, month, min(day.day, last))
