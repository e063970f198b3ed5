"""How a version comes into the queue: somebody asks for its review, or takes up one that falls due again."""

import datetime as dt
from typing import TYPE_CHECKING

from django.db import models, transaction

from accounts import clock
from accounts.refusals import NotAllowed
from articles.models import Article, Revision

from .. import emails, readiness
from ..refusals import Moved, NotReady
from .people import Reviewer
from .reviews import baseline, valid_of

if TYPE_CHECKING:
    from accounts.models import User

    from .publications import Publication
    from .requests import ReviewRequest

USUAL_DAYS = 14


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
            older.close(by=by, outcome=self.model.Outcome.REPLACED)
        kind = self.model.Kind.AGAIN if approved else self._kind(revision)
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
            waiting = self.create(revision=shown, kind=self.model.Kind.AGAIN, asked_by=by, due_on=lapses_on)
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

    def _kind(self, revision: Revision) -> "ReviewRequest.Kind":
        return self.model.Kind.NEW if baseline(revision) is None else self.model.Kind.CHANGE
