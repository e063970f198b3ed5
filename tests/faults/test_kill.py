"""The web process is killed at every step of an act: the act is whole or nothing, and sent again it is done once."""

import os
import signal
from collections import Counter
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from django.apps import apps
from django.db import connection

from community.models import Community, Member
from reviews import record
from tests import desk, make, people
from tests.crowd import Act, Child, Killed

pytestmark = pytest.mark.django_db(transaction=True)

OURS = [
    model for app in ("accounts", "articles", "reviews", "community") for model in apps.get_app_config(app).get_models()
]
Rows = dict[str, list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def _no_second_factor(settings: object) -> None:
    """The second factor has its own tests; here the door stands open as in a demonstration."""
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]


def rows() -> Rows:
    """Every row of ours, as the database holds it."""
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in OURS}


def added(before: Rows, after: Rows) -> Counter[str]:
    """How many rows of each kind came or went."""
    counts = Counter({name: len(after[name]) - len(before[name]) for name in before})
    return Counter({name: number for name, number in counts.items() if number})


class Killing:
    """Does an act, and kills its own process before the given step: a statement that writes, a COMMIT or the answer.

    Whoever is killed before a SELECT leaves what is left by whoever is killed before the next step.
    """

    def __init__(self, act: Act, step: int) -> None:
        self.act, self.left = act, step

    def step(self) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def statement(self, execute: Callable[..., object], sql: str, *rest: object) -> object:
        if not sql.startswith("SELECT "):
            self.step()
        return execute(sql, *rest)

    def __call__(self) -> object:
        commit = connection._commit

        def step_and_commit() -> None:
            self.step()
            commit()

        connection._commit = step_and_commit
        with connection.execute_wrapper(self.statement):
            answer = self.act()
        self.step()
        return answer


# Each makes a new subject and returns the act on it.


def joining(slug: str) -> Act:
    community, person = _community(), people.person(f"{slug}@example.org")
    return lambda: community.join(by=person, relation="self", consent_version="1")


def leaving(slug: str) -> Act:
    joining(slug)()
    community, person = _community(), people.person(f"{slug}@example.org")
    return lambda: community.leave(by=person)


def _community() -> Community:
    return Community.objects.first() or make.community(members=1)  # the day already has a tally


ACTS: dict[str, tuple[Callable[[str], Act], Counter[str]]] = {
    "approve": (desk.approving, Counter(Review=1, ReviewContributor=1, LedgerEntry=1, Letter=1)),
    "publish": (desk.publishing, Counter(Publication=1, Withdrawal=1, LedgerEntry=2, Letter=2)),
    "withdraw": (desk.withdrawing, Counter(Withdrawal=2, LedgerEntry=2, Letter=2)),
    "join": (joining, Counter(Member=1)),
    "leave": (leaving, Counter(Member=-1, Erasure=1)),
}


@pytest.mark.parametrize("name", ACTS)
def test_killed_at_any_step_an_act_is_whole_or_nothing_and_sent_again_is_done_once(name: str) -> None:
    prepare, whole = ACTS[name]
    act, before = prepare("page-0"), rows()
    killed_after = 0
    for step in count():
        ended = isinstance(Child(Killing(act, step)).outcome(), Killed)
        after = rows()
        if ended and after == before:
            continue  # nothing: the next child sends the same again
        assert added(before, after) == whole, f"killed before step {step}"
        assert not list(record.faults())
        assert act() in {200, False}  # sent again: refused in the form
        assert rows() == after
        for community in Community.objects.all():
            assert community.member_count == Member.objects.filter(community=community).count()
        if not ended:
            break
        killed_after += 1
        act = prepare(f"page-{step}")
        before = rows()
    assert killed_after, "No process was killed between COMMIT and its answer."
