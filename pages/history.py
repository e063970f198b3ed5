"""The history of a question page: what readers saw, on whose word and until when; nothing that never was public.

No word of a text that was taken down is shown, so no difference reaches back to it or beyond: see
docs/decisions/0015-history.md.
"""

import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict, cast

from django.db import models
from django.db.models.functions import Coalesce, Least

from accounts.prepared import Prepared
from articles.models import Article, Citation, Revision, preferred_name
from reviews import difference
from reviews.models import CredentialCheck, Publication, Review, Reviewer, Withdrawal
from reviews.models.publications import PublicationQuerySet
from reviews.models.reviews import ReviewQuerySet
from reviews.standing import Stamp

from . import reading

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from .reading import Shown

    Signed = WithAnnotations[Review, "Worth"]


class Worth(TypedDict):
    """What `_approvals` adds to a review."""

    counts: bool
    holds_until: dt.date


@dataclass(frozen=True)
class Approval:
    """A signature under a text while readers saw it, or before."""

    review: "Signed"
    again: bool  # readers saw the text already: it was checked and nothing changed
    readable: bool

    @property
    def counts(self) -> bool:
        """Whether the credential counted on the day of signing."""
        return self.review.counts

    @property
    def note(self) -> str:
        """The public note; of a text that is no longer shown it may quote."""
        return self.review.public_note if self.readable and self.counts else ""

    @property
    def recorded_later(self) -> bool:
        """Whether it was signed on paper and entered on another day."""
        return self.review.recorded_at.date() != self.review.signed_on

    @property
    def fingerprint(self) -> str:
        """The beginning of the digest of the approved text, in groups of four."""
        return " ".join(re.findall("....", self.review.digest[:12]))


@dataclass(frozen=True, eq=False)
class Entry:
    """A version as long as readers saw it."""

    publication: "Shown"
    approvals: list[Approval]
    before: "Entry | None"
    ended_at: dt.datetime | None
    readable: bool
    returns: bool  # readers had seen this text before
    latest: bool  # they have not seen it again since
    instead: reading.Line | None

    @property
    def revision(self) -> Revision:
        """The text."""
        return self.publication.review.revision

    @property
    def number(self) -> int:
        """The number of the version."""
        return self.revision.number

    @property
    def withdrawal(self) -> Withdrawal | None:
        """How it was taken down, if it was."""
        return _withdrawal(self.publication)

    @property
    def stamp(self) -> Stamp | None:
        """The stamp that readers see on this version; None unless it is the one they see."""
        live = self.ended_at is None and self.publication.stamp_facts is not None
        return Stamp.of(self.publication) if live else None

    @property
    def void(self) -> bool:
        """Whether no approval of it counts any more."""
        return self.publication.stamp_facts is None

    @property
    def seen_for(self) -> str:
        """How long readers saw it, in words."""
        return _span((self.ended_at - self.publication.live_from).days) if self.ended_at else ""

    @property
    def changed(self) -> bool:
        """Whether readers had seen other words on this page before."""
        return self.before is not None and self.before.revision != self.revision

    @property
    def change_is_shown(self) -> bool:
        """Whether what changed may be shown."""
        return self.changed and self.readable and self.before is not None and self.before.readable


@dataclass(frozen=True)
class History:
    """All that was public at one address, newest first."""

    entries: list[Entry]

    @property
    def newest(self) -> Entry:
        """What readers see now, or saw last."""
        return self.entries[0]

    @property
    def article(self) -> Article:
        """Whose history it is."""
        return self.newest.publication.article

    @property
    def heading(self) -> str:
        """The question, unless no approval of it counts."""
        return reading.TITLE_OF_VOID if self.newest.void else self.newest.revision.question

    @property
    def since(self) -> dt.datetime:
        """When the first version became public."""
        return self.entries[-1].publication.live_from

    @property
    def clinicians(self) -> int:
        """How many people approved what readers saw."""
        return len({row.review.reviewer_id for entry in self.entries for row in entry.approvals if row.counts})

    def of_version(self, number: str) -> Entry | None:
        """The entry of a version by its number as it stands in an address; None for any that never was public."""
        return next((entry for entry in self.entries if str(entry.number) == number), None)


def _public_at(condition: str, article: str) -> PublicationQuerySet:
    """Whatever was public at this address, or at the one that it replaced, oldest first, without the texts."""
    return (
        Publication.objects.counted()
        .with_stamp()
        .filter(article__slugs__slug=article, article__slugs__condition__slugs__slug=condition)
        .select_related("article__condition", "review__revision", "withdrawal")
        .defer("review__revision__body", "review__revision__html", "review__revision__short_answer")
        .annotate(condition_name=preferred_name("article__condition"))
        .order_by("live_from")
    )


_rows_at = Prepared(_public_at)


def history_at(condition: str, article: str) -> History | None:
    """The history of the page that has, or had, this address; None where nothing ever was public.

    Two queries, and one for each page to read instead of a withdrawn one.
    """
    rows = cast("list[Shown]", _rows_at(condition=condition, article=article))
    if not rows:
        return None
    readable, newest = _readable(rows), {row.review.revision_id: row.pk for row in rows}
    reviews = _approvals({row.review.revision_id for row in rows})
    entries: list[Entry] = []
    for row, following in zip(rows, [*rows[1:], None], strict=True):
        gone, text = _withdrawal(row), row.review.revision_id
        ended_at = gone.at if gone else following.live_from if following else None
        earlier = [entry for entry in entries if entry.revision.pk == text]
        told = {approval.review.pk for entry in earlier for approval in entry.approvals} - {row.review_id}
        seen_first = (earlier[0].publication if earlier else row).live_from
        entries.append(
            Entry(
                publication=row,
                approvals=[
                    Approval(review, again=review.recorded_at > seen_first, readable=text in readable)
                    for review in reviews
                    if review.revision_id == text
                    and review.pk not in told
                    and (ended_at is None or review.recorded_at < ended_at)
                ],
                before=entries[-1] if entries else None,
                ended_at=ended_at,
                readable=text in readable,
                returns=bool(earlier),
                latest=newest[text] == row.pk,
                instead=reading.line_of(gone.instead_id) if gone and gone.instead_id else None,
            )
        )
    return History(entries[::-1])


def _withdrawal(row: Publication) -> Withdrawal | None:
    return getattr(row, "withdrawal", None)


def _readable(rows: "list[Shown]") -> set[int]:
    """The texts of which words may be shown: each has an approval that counts and came after all that is down.

    A text shares most of its words with the one that followed it. So what was public before a text that is down may
    hold the very words for which that one was taken down.
    """
    newest = {row.review.revision_id: place for place, row in enumerate(rows)}
    down = [place for place in newest.values() if _withdrawal(rows[place])]
    if rows[-1].stamp_facts is None:
        down.append(len(rows) - 1)
    barrier = max(down, default=-1)
    return {text for text, place in newest.items() if place > barrier and rows[place].stamp_facts is not None}


def _approvals(texts: set[int]) -> "list[Signed]":
    """Every approval of these texts in the order in which they were recorded, and what each is worth; one query."""
    revoked = CredentialCheck.objects.filter(
        credential=models.OuterRef("credential_check__credential"),
        pk__gt=models.OuterRef("credential_check"),
        revoked=True,
    ).order_by("valid_from")
    rows = (
        Review.objects.filter(decision=Review.Decision.APPROVED, revision__in=texts)
        .select_related("reviewer", "credential_check")
        .defer("private_note")
        .annotate(
            counts=models.Exists(Review.objects.valid().filter(pk=models.OuterRef("pk"))),
            holds_until=Least("next_due", Coalesce(models.Subquery(revoked.values("valid_from")[:1]), "next_due")),
        )
        .order_by("recorded_at", "pk")
    )
    return cast("list[Signed]", list(rows))


def _span(days: int) -> str:
    """A length of time in words, by its largest unit."""
    for unit, length in (("year", 365.25), ("month", 30.44), ("day", 1)):
        if days >= 2 * length or (days >= length and unit != "year"):
            count = int(days / length)
            return f"{count} {unit}{'s' if count > 1 else ''}"
    return "less than a day"


def public_approvals() -> ReviewQuerySet:
    """The approvals that a history tells of, whatever they are worth today: of what readers saw, or of what they see.

    Not of what waits for its hour or was cancelled before it. Whether a page is void is not asked, as it would cost a
    stamp each, and its history tells of its approvals all the same.
    """
    seen = Publication.objects.counted().values("review")
    shown = Publication.objects.current().filter(withdrawal__isnull=True).values("review__revision")
    approved = Review.objects.filter(decision=Review.Decision.APPROVED)
    return approved.filter(models.Q(pk__in=seen) | models.Q(revision__in=shown))


def signed_by(reviewer: Reviewer) -> ReviewQuerySet:
    """The valid approvals of a reviewer under which readers saw a text, or see one, newest first."""
    return public_approvals().valid().filter(reviewer=reviewer).order_by("-signed_on", "-pk")


@dataclass(frozen=True)
class Change:
    """A paragraph that changed, in pieces, as readers can read it."""

    title: str
    pieces: tuple[difference.Piece, ...]
    moved_from: str = ""


def changes(history: History, entry: Entry) -> list[Change]:
    """Every paragraph in which a version differs from the one before it; none where that may not be shown.

    Both texts, and the newest, whose question is the heading, are checked against the approved digest. Raises
    Tampered. Two queries.
    """
    compared = [entry.before, entry] if entry.before and entry.change_is_shown else []
    shown = [history.newest, *compared]
    texts = Revision.objects.select_related("article").in_bulk({each.revision.pk for each in shown})
    citations = list(Citation.objects.filter(revision__in=texts).order_by("number"))
    for each in shown:
        text = texts[each.revision.pk]
        sources = [citation for citation in citations if citation.revision_id == text.pk]
        if each.publication.review.digest != text.digest or not text.is_intact(sources):
            raise reading.Tampered(str(text))
    if not compared:
        return []
    old, new = (texts[each.revision.pk] for each in compared)
    return [
        Change(
            block.place.title,
            tuple(replace(piece, words=_plain(piece.words)) for piece in block.pieces),
            block.moved_from.within if block.moved_from else "",
        )
        for block in difference.compare(old, new, citations).blocks
        if block.pieces
    ]


def _plain(words: str) -> str:
    """Words of a text without the marks that only the page needs."""
    words = re.sub(r"^#+ ", "", words, flags=re.MULTILINE).replace("**", "")
    words = re.sub(r"\[(\d+)\]\(#source-\d+\)", r"[\1]", words)
    return re.sub(r"\{\{\s*members\s*\}\}", "members", words)
