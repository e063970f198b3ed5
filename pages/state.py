"""In which state is the record? One small query, whose answer a process holds for a second.

A page is a function of its rows and of the day. What the ledger decides, the hour, the day and the count that is
shown are in the state; so while the state of a page is the same, nothing that anybody decided about it differs.
What is not decided (names, codes, biographies, whether a review was asked for) is not in it.
"""

import datetime as dt
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypedDict, cast

from django.conf import settings
from django.db import Error, models
from django.db.models.functions import JSONObject

from accounts import clock
from accounts.prepared import Prepared
from community.counting import ShownCount
from community.models import Community, Link
from reviews.models import LedgerEntry, Publication

from . import reading
from .gathered import Gathered
from .models import SiteText

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True)
class State:
    """What decides the pages of a condition; of the pages that are about none, where `condition` is empty."""

    condition: str
    # The digest of the ledger's last entry: each check, review, publication and withdrawal makes another.
    decided: str
    # The newest hour of a publication that has come.
    hour: dt.datetime | None
    # The day in UTC.
    day: dt.date
    # The newest of the operator's own words.
    words: int | None
    # The newest decision about a link of the condition: one taken down must not stay.
    link: dt.datetime | None
    # What is shown of the number of members, by community.
    members: tuple[tuple[int, ShownCount | None], ...]
    # When it was read, by the database's clock, and when it was asked for, by the process's own.
    read_at: dt.datetime = field(compare=False)
    asked_at: float = field(compare=False)
    # Whether the database could not say it again since.
    unconfirmed: bool = field(default=False, compare=False)

    @property
    def now(self) -> dt.datetime:
        """The moment by the database's clock, as far as the process can tell."""
        return self.read_at + dt.timedelta(seconds=time.monotonic() - self.asked_at)

    def holds(self, seconds: float) -> bool:
        """Whether it was true so many seconds ago at the most, and the day is still the same."""
        return 0 <= time.monotonic() - self.asked_at < seconds and self.now.date() == self.day


class Facts(TypedDict):
    """What is asked beside the ledger's last entry."""

    read_at: dt.datetime
    newest_hour: dt.datetime | None
    newest_words: int | None
    newest_link: dt.datetime | None
    member_counts: list[dict[str, int]] | None


if TYPE_CHECKING:
    Read = WithAnnotations[LedgerEntry, Facts]


def _asked(communities: "models.QuerySet[Community]", links: "models.QuerySet[Link]") -> "models.QuerySet[LedgerEntry]":
    """The ledger's last entry with everything else that is in a state; none before the first decision.

    Whatever else is decided about pages and stands in no ledger joins here.
    """
    hours = Publication.objects.filter(live_from__lte=clock.now()).order_by("-live_from")
    counts = (
        communities.order_by()
        .annotate(all=models.Value(1))
        .values("all")
        .annotate(gathered=Gathered(JSONObject(community="pk", count="member_count")))
    )
    return (
        LedgerEntry.objects.order_by("-pk")
        .only("digest")
        .annotate(
            read_at=models.ExpressionWrapper(clock.now(), output_field=models.DateTimeField()),
            newest_hour=models.Subquery(hours.values("live_from")[:1]),
            newest_words=models.Subquery(SiteText.objects.order_by("-pk").values("pk")[:1]),
            newest_link=models.Subquery(links.order_by("-decided_at").values("decided_at")[:1]),
            member_counts=models.Subquery(counts.values("gathered")),
        )[:1]
    )


_of_condition = Prepared(
    lambda condition: _asked(
        Community.objects.filter(condition__slug=condition),
        Link.objects.filter(condition__slug=condition, decided_at__isnull=False),
    )
)
# Pages that are about no condition show no link.
_of_all = Prepared(lambda: _asked(Community.objects.filter(member_count__gt=0), Link.objects.none()))


def ask(condition: str) -> State | None:
    """The state now, with one query; None before the first decision, when nothing may be kept."""
    asked_at = time.monotonic()
    row = cast("Read | None", _of_condition.first(condition=condition) if condition else _of_all.first())
    if row is None:
        return None
    counts = sorted((each["community"], each["count"]) for each in row.member_counts or [])
    return State(
        condition=condition,
        decided=row.digest,
        hour=row.newest_hour,
        day=row.read_at.astimezone(dt.UTC).date(),
        words=row.newest_words,
        link=row.newest_link,
        members=tuple((community, reading.members(count)) for community, count in counts),
        read_at=row.read_at.astimezone(dt.UTC),
        asked_at=asked_at,
    )


class Held:
    """The answers that this process holds, each for a second, the newest of them."""

    MOST = 10_000

    def __init__(self) -> None:
        self._answers: OrderedDict[str, tuple[float, State | None]] = OrderedDict()
        self._lock = threading.Lock()
        # One thread asks for a condition, and the others wait for its answer.
        self._asking = tuple(threading.Lock() for _ in range(64))

    def current(self, condition: str) -> State | None:
        """The state a second ago at the most.

        Where the database does not answer, what it said last, for as long as STATE_HELD_SECONDS_WITHOUT_DATABASE;
        then its error.
        """
        if (answer := self._within(condition)) is not None:
            return answer[1]
        with self._asking[hash(condition) % len(self._asking)]:
            if (answer := self._within(condition)) is not None:
                return answer[1]
            asked_at = time.monotonic()
            try:
                state = ask(condition)
            except Error:
                state = self._last(condition)
                if state is None:
                    raise
                # A refusal may take its time; whoever waited for it need not ask again at once.
                asked_at = time.monotonic()
            with self._lock:
                self._answers[condition] = asked_at, state
                self._answers.move_to_end(condition)
                while len(self._answers) > self.MOST:
                    self._answers.popitem(last=False)
            return state

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._answers.clear()

    def _within(self, condition: str) -> tuple[float, State | None] | None:
        """The answer that is held, if it was asked for within the second and no midnight has passed since."""
        answer = self._answers.get(condition)
        if answer is None or not 0 <= time.monotonic() - answer[0] < settings.STATE_HELD_SECONDS:
            return None
        state = answer[1]
        return answer if state is None or state.holds(settings.STATE_HELD_SECONDS_WITHOUT_DATABASE) else None

    def _last(self, condition: str) -> State | None:
        """What the database said last, if that may still be believed."""
        _, state = self._answers.get(condition, (0, None))
        if state is None or not state.holds(settings.STATE_HELD_SECONDS_WITHOUT_DATABASE):
            return None
        return replace(state, unconfirmed=True)


held = Held()
