"""What stood on a clinician's screen beside the text, so that a decision is refused when it moved meanwhile."""

import re
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, cast

from django.db import models

from articles.models import Revision

from .checklists import Checklist
from .reviews import Review

if TYPE_CHECKING:
    from .requests import ReviewRequest


@dataclass(frozen=True)
class Screen:
    """The rows that a decision looks at, by their numbers; 0 where there is none. The form carries it as one word."""

    newest: int
    base: int
    live: int
    checklist: int
    claim: int

    @classmethod
    def of(cls, request: "ReviewRequest", base: Review | None = None) -> "Screen":
        """What stands now. Pass what the text is compared with where it is loaded already. One query, or two."""
        from .publications import Publication

        article = request.revision.article_id
        base = base or request.compared_with()
        newest = Revision.objects.filter(article=article).order_by("-number").values("number")[:1]
        live = Publication.objects.live().filter(article=article).values("pk")[:1]
        row = type(request).objects.filter(pk=request.pk)
        facts = row.values_list(
            models.Subquery(newest),
            models.Value(base.pk if base else 0),
            models.Subquery(live),
            models.Subquery(Checklist.objects.order_by("-pk").values("pk")[:1]),
            "claimed_by",
        ).get()
        return cls(*(number or 0 for number in cast("tuple[int | None, ...]", facts)))

    @classmethod
    def read(cls, word: str) -> "Screen | None":
        """The screen from its word; None where it is none."""
        return cls(*map(int, word.split("-"))) if re.fullmatch(r"\d{1,18}(-\d{1,18}){4}", word) else None

    def __str__(self) -> str:
        return "-".join(map(str, astuple(self)))

    def moves(self, since: "Screen", request: "ReviewRequest") -> Iterator[str]:
        """What happened between an earlier screen and this one: who did what, and when."""
        if self.newest != since.newest:
            yield _newer(request, self.newest)
        if self.base != since.base:
            yield _other_base(self.base)
        if self.live != since.live:
            yield _other_live(request, self.live)
        if self.checklist != since.checklist:
            yield _other_checklist(self.checklist)
        if since.claim and not self.claim:
            yield "The claim on this review ended, so anybody may decide it now."


def _newer(request: "ReviewRequest", number: int) -> str:
    draft = Revision.objects.select_related("author").get(article=request.revision.article_id, number=number)
    return (
        f"{draft.author} saved version {number} on {draft.recorded_at:%-d %B %Y at %H:%M} UTC. "
        f"You are still deciding about version {request.revision.number}."
    )


def _other_base(base: int) -> str:
    review = Review.objects.select_related("revision").filter(pk=base).first()
    if review is None:
        return "The approval that this text was compared with no longer counts."
    return (
        f"The text is now compared with version {review.revision.number}, approved by {review.signed_as} "
        f"on {review.signed_on:%-d %B %Y}."
    )


def _other_live(request: "ReviewRequest", live: int) -> str:
    from .publications import Publication

    current = Publication.objects.current().filter(article=request.revision.article_id)
    shown = current.select_related("published_by", "withdrawal__by", "review__revision").get()
    version = f"version {shown.review.revision.number}"
    if live:
        return f"{shown.published_by} published {version} on {shown.live_from:%-d %B %Y at %H:%M} UTC."
    if hasattr(shown, "withdrawal"):
        withdrawal = shown.withdrawal
        return f"{withdrawal.by} withdrew {version} on {withdrawal.at:%-d %B %Y at %H:%M} UTC: {withdrawal.why}"
    return f"Readers no longer see {version}: its approval no longer counts."


def _other_checklist(number: int) -> str:
    checklist = Checklist.objects.select_related("written_by").get(pk=number)
    return (
        f"{checklist.written_by} changed the checklist on {checklist.written_at:%-d %B %Y at %H:%M} UTC. "
        "Read its points again."
    )
