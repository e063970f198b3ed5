"""What waits for a clinician: the open requests, and the public pages whose review lapsed or soon will.

The second kind has no rows: it is worked out each time, so no job can forget one. All that waits is read as light
rows in two queries; the words are read for the rows of one screen.
"""

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q

from articles.models import Revision

from .models import CredentialCheck, Publication, Review, ReviewRequest
from .onlooker import Onlooker
from .standing import Stamp

SOON_DAYS = 14

# What is read of each request, in the order of the fields of Waiting.
COLUMNS = (
    "pk",
    "revision",
    "revision__number",
    "revision__article",
    "revision__article__topic",
    "revision__article__condition__slug",
    "kind",
    "due_on",
    "asked_at",
    "asked_by",
    "claimed_by__user",
    "claimed_at",
)


class Lapse(NamedTuple):
    """A public page whose review lapsed or soon will; `since` is the day it comes into the queue for that, or came."""

    publication: int
    revision: int
    number: int
    article: int
    topic: str
    condition: str
    day: dt.date
    since: dt.date
    reviewer: str  # the slug of who signed


def lapses(today: dt.date, *, until: dt.date | None = None) -> list[Lapse]:
    """Every public page whose review lapses until a day, or has; where none is given, within REVIEW_DUE_DAYS."""
    soon = dt.timedelta(settings.REVIEW_DUE_DAYS)
    until = until or today + soon
    # A stamp costs some subqueries, so only those are read that can have come due: an approval of the text ends in
    # time, or a credential on which it rests was revoked at all.
    revoked = CredentialCheck.objects.filter(revoked=True).values("credential")
    may_lapse = Review.objects.filter(
        Q(next_due__lte=until)
        | Q(credential_check__credential__in=revoked)
        | Q(base__credential_check__credential__in=revoked)
    )
    shown = Publication.objects.current().with_stamp().filter(withdrawal__isnull=True)
    columns = ("pk", *(f"review__{column}" for column in COLUMNS[1:6]), "stamp_facts")
    found = []
    for row in shown.filter(review__revision__in=may_lapse.values("revision")).order_by().values_list(*columns):
        publication, revision, number, article, topic, condition, facts = row
        if facts is None:  # as live() says: its approval counts no more, readers do not see it
            continue
        stamp = Stamp.from_facts(facts, today)
        if stamp.lapses_on <= until:
            day, since = stamp.lapses_on, max(stamp.signed_on, stamp.lapses_on - soon)
            found.append(Lapse(publication, revision, number, article, topic, condition, day, since, stamp.slug))
    return found


@dataclass(frozen=True, slots=True)
class Waiting:
    """A text that waits for a clinician: a request, or a public page that falls due, which has no request yet."""

    request: int | None
    revision: int
    number: int
    article: int
    topic: str
    condition: str
    kind: str
    due_on: dt.date
    since: dt.datetime
    asked_by: int | None
    claimed_by: int | None
    claimed_at: dt.datetime | None
    now: dt.datetime
    who: Onlooker
    lapse: Lapse | None

    @property
    def claim_ends_at(self) -> dt.datetime | None:
        """From when anybody may claim it again."""
        return self.claimed_at + dt.timedelta(settings.CLAIM_DAYS) if self.claimed_at else None

    @property
    def free(self) -> bool:
        """Whether nobody has it: no claim, or one that has ended."""
        return self.claim_ends_at is None or self.claim_ends_at <= self.now

    @property
    def mine(self) -> bool:
        """Whether the person who looks has it."""
        return self.claimed_by == self.who.user and not self.free

    @property
    def wrote_part(self) -> bool:
        """Whether the person who looks may not review it because they wrote a part."""
        return self.who.wrote_part(self.article, self.number)

    @property
    def may_claim(self) -> bool:
        """Whether the person who looks may claim it."""
        return self.free and self.who.may_sign and not self.wrote_part

    @property
    def for_me(self) -> bool:
        """Whether it waits for the person who looks."""
        return self.mine or self.may_claim

    @property
    def lapsed(self) -> bool:
        """Whether readers see an older approval of this page that has lapsed."""
        return self.lapse is not None and self.lapse.day <= self.now.date()

    @property
    def days_left(self) -> int:
        """Days until the decision is due; below zero, it is late."""
        return (self.due_on - self.now.date()).days

    @property
    def overdue(self) -> bool:
        """Whether the decision is late. A review lapses at the start of its day, so on that day it is."""
        return self.days_left < 0 or (self.days_left == 0 and self.lapsed)

    @property
    def group(self) -> str:
        """The heading under which it stands."""
        if self.overdue:
            return "Overdue"
        return f"Due in the next {SOON_DAYS} days" if self.days_left <= SOON_DAYS else "Later"

    @property
    def lateness(self) -> str:
        """How late it is, or how much time is left."""
        if self.days_left == 0:
            return "today"
        return f"{_days(-self.days_left)} late" if self.days_left < 0 else f"in {_days(self.days_left)}"

    @property
    def waited(self) -> str:
        """How long it has waited."""
        days = (self.now.date() - self.since.date()).days
        return f"Waits {_days(days)}" if days > 0 else "New today"

    @property
    def why(self) -> str:
        """Why it is here."""
        return str(ReviewRequest.Kind(self.kind).label)


def _days(number: int) -> str:
    return f"{number} day" if number == 1 else f"{number} days"


def everything(who: Onlooker, now: dt.datetime, due: Sequence[Lapse]) -> list[Waiting]:
    """All that waits, as this person sees it: overdue first, then by due date."""
    rows = [*_requested(who, now, due)]
    rows += _unasked(who, now, due, asked={row.article for row in rows})
    # The last two keep the order the same from one screen to the next.
    return sorted(rows, key=lambda row: (not row.overdue, row.due_on, row.request is None, row.revision))


def _requested(who: Onlooker, now: dt.datetime, due: Sequence[Lapse]) -> Iterator[Waiting]:
    """The open requests; where the public page lapses meanwhile, with that."""
    by_article = {lapse.article: lapse for lapse in due}
    for columns in ReviewRequest.objects.open().order_by().values_list(*COLUMNS):
        yield Waiting(*(*columns, now, who, by_article.get(columns[3])))


def _unasked(who: Onlooker, now: dt.datetime, due: Sequence[Lapse], *, asked: set[int]) -> Iterator[Waiting]:
    """The public pages that fall due and for which nobody asked yet."""
    for lapse in due:
        if lapse.article not in asked:
            yield Waiting(
                request=None,
                revision=lapse.revision,
                number=lapse.number,
                article=lapse.article,
                topic=lapse.topic,
                condition=lapse.condition,
                kind=ReviewRequest.Kind.AGAIN,
                due_on=lapse.day,
                since=dt.datetime.combine(lapse.since, dt.time(), dt.UTC),
                asked_by=None,
                claimed_by=None,
                claimed_at=None,
                now=now,
                who=who,
                lapse=lapse,
            )


@dataclass(frozen=True)
class Line:
    """A row of the queue with its words, as it stands on the screen."""

    row: Waiting
    question: str
    condition: str
    asked_by: str
    claimed_by: str

    @property
    def holder(self) -> str:
        """With whom it is."""
        if self.row.mine:
            return "You"
        if not self.row.free:
            return self.claimed_by
        if self.row.claim_ends_at is None:
            return "Nobody yet"
        return f"Nobody; {self.claimed_by} had it until {self.row.claim_ends_at:%-d %B %Y}"


def lines(rows: Sequence[Waiting], conditions: Mapping[str, str]) -> list[Line]:
    """The rows of one screen with their words, in two queries and without the texts themselves."""
    questions = dict(Revision.objects.filter(pk__in=[row.revision for row in rows]).values_list("pk", "question"))
    related = ReviewRequest.objects.select_related("asked_by", "claimed_by")
    requests = related.in_bulk([row.request for row in rows if row.request])
    found = []
    for row in rows:
        request = requests.get(row.request) if row.request else None
        found.append(
            Line(
                row=row,
                question=questions[row.revision],
                condition=conditions.get(row.condition, row.condition),
                asked_by=str(request.asked_by) if request else "",
                claimed_by=str(request.claimed_by or "") if request else "",
            )
        )
    return found
