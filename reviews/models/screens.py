"""What stands on a clinician's desk beside the text itself, so that a decision is refused when it moved meanwhile."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.db import models

from accounts import clock
from accounts.prepared import Prepared
from articles.models import Revision

from ..refusals import Moved
from .checklists import Checklist
from .feedback import Feedback
from .publications import Publication
from .requests import ReviewRequest
from .reviews import Review

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

_live = Prepared(
    lambda article: (
        Publication.objects.live()
        .filter(article=article)
        .select_related("published_by", "review__revision")
        .defer("review__revision__body", "review__revision__html")
        .order_by("pk")
    )
)


def laid_out(requests: "models.QuerySet[ReviewRequest]") -> "models.QuerySet[ReviewRequest]":
    """Requests with `newest`, the number of the page's newest version, and `read_at`, the database's time.

    And with `objection`, the id of the newest review that asked for changes to the page, or None; and `report`, what
    a reader said for which the review was asked for, as long as it is not erased.
    """
    versions = Revision.objects.filter(article=models.OuterRef("revision__article")).order_by("-number")
    objections = Review.objects.filter(
        revision__article=models.OuterRef("revision__article"), decision=Review.Decision.CHANGES
    )
    return requests.annotate(
        newest=models.Subquery(versions.values("number")[:1]),
        report=models.Subquery(Feedback.objects.filter(request=models.OuterRef("pk")).values("words")[:1]),
        objection=models.Subquery(objections.order_by("-pk").values("pk")[:1]),
        read_at=models.ExpressionWrapper(clock.now(), output_field=models.DateTimeField()),
    )


class Beside(TypedDict):
    """What `laid_out` adds to a request."""

    newest: int
    report: str | None
    objection: int | None
    read_at: dt.datetime


if TYPE_CHECKING:
    LaidOut = WithAnnotations[ReviewRequest, Beside]


@dataclass(frozen=True)
class Screen:
    """The rows that a decision looks at beside the text."""

    request: ReviewRequest
    newest: int
    base: Review | None
    live: Publication | None
    checklist: Checklist | None

    @classmethod
    def of(cls, request: ReviewRequest) -> "Screen":
        """What stands now, for a request that came from `laid_out()`. Three queries."""
        return cls(
            request=request,
            newest=cast("LaidOut", request).newest,
            base=request.compared_with(),
            live=_live.first(article=request.revision.article_id),
            checklist=Checklist.objects.in_force(),
        )

    @property
    def seen(self) -> "Seen":
        """The numbers of these rows, 0 where there is none."""
        base, live, checklist = (row.pk if row else 0 for row in (self.base, self.live, self.checklist))
        return Seen(self.newest, base, live, checklist, claim=self.request.claimed_by_id or 0)

    def objections(self) -> list[Review]:
        """What clinicians asked to be changed since the last approval, the oldest first."""
        since = self.base.pk if self.base else 0
        last = cast("LaidOut", self.request).objection
        if last is None or last < since:
            return []
        article = self.request.revision.article_id
        asked = Review.objects.filter(revision__article=article, decision=Review.Decision.CHANGES, pk__gt=since)
        return list(asked.select_related("revision").defer("revision__body", "revision__html").order_by("pk"))

    def newer_draft(self) -> str:
        """Who saved a version after the one that is asked about, and when; empty where nobody did."""
        number = self.request.revision.number
        if self.newest == number:
            return ""
        article = self.request.revision.article_id
        draft = Revision.objects.select_related("author").get(article=article, number=self.newest)
        return (
            f"{draft.author} saved version {self.newest} on {draft.recorded_at:%-d %B %Y at %H:%M} UTC. "
            f"What you decide about is version {number}."
        )


@dataclass(frozen=True)
class Seen:
    """What was on the screen when it was read, as numbers; the form carries them as one word."""

    newest: int
    base: int
    live: int
    checklist: int
    claim: int

    @classmethod
    def read(cls, word: str) -> "Seen | None":
        """What was seen, from its word; None where it is none."""
        return cls(*map(int, word.split("-"))) if re.fullmatch(r"\d{1,18}(-\d{1,18}){4}", word) else None

    def __str__(self) -> str:
        return f"{self.newest}-{self.base}-{self.live}-{self.checklist}-{self.claim}"

    def check(self, request: ReviewRequest) -> None:
        """Raise Moved with who did what and when, if something moved since."""
        if moves := list(self._moves(Screen.of(laid_out(ReviewRequest.objects.filter(pk=request.pk)).get()))):
            raise Moved(" ".join([*moves, "Look again; if you still want to, decide once more."]))

    def _moves(self, screen: Screen) -> Iterator[str]:
        now = screen.seen
        if now.newest != self.newest:
            yield screen.newer_draft()
        if now.base != self.base:
            yield _other_base(screen.base)
        if now.live != self.live:
            yield _other_live(screen)
        if now.checklist != self.checklist:
            yield _other_checklist(screen.checklist)
        if self.claim and not now.claim:
            yield "The claim on this review ended, so anybody may decide it now."


def _other_base(base: Review | None) -> str:
    if base is None:
        return "The approval that this text was compared with no longer counts."
    return (
        f"The text is now compared with version {base.revision.number}, approved by {base.signed_as} "
        f"on {base.signed_on:%-d %B %Y}."
    )


def _other_live(screen: Screen) -> str:
    live = screen.live
    if live is not None:
        version = live.review.revision.number
        return f"{live.published_by} published version {version} on {live.live_from:%-d %B %Y at %H:%M} UTC."
    current = Publication.objects.current().filter(article=screen.request.revision.article_id)
    last = current.select_related("withdrawal__by").first()
    if last is None or not hasattr(last, "withdrawal"):
        return "Readers no longer see the page: its approval no longer counts."
    withdrawal = last.withdrawal
    return f"{withdrawal.by} withdrew the page on {withdrawal.at:%-d %B %Y at %H:%M} UTC: {withdrawal.why}"


def _other_checklist(checklist: Checklist | None) -> str:
    if checklist is None:
        return "There is no checklist any more."
    return (
        f"{checklist.written_by} changed the checklist on {checklist.written_at:%-d %B %Y at %H:%M} UTC. "
        "Read its points again."
    )
