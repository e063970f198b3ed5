"""The number under fire, and the command that finds and mends one that is wrong."""

import io
import random
from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import Letter, User
from community.models import Community, Member
from tests import make, people
from tests.crowd import together
from tests.database import tamper

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

PEOPLE, COMMUNITIES = 200, 4
# As many as the site has at once: threads before PostgreSQL, processes on SQLite.
WORKERS = 16 if connection.vendor == "postgresql" else 4


def counted(*options: str) -> tuple[int, str]:
    """With what the command ends, and what it prints."""
    printed = io.StringIO()
    try:
        call_command("count_members", *options, stdout=printed)
    except CommandError as problem:
        return problem.returncode, printed.getvalue() + str(problem)
    return 0, printed.getvalue()


def drift(community: Community, number: int) -> None:
    """A number written by somebody who took the guards away."""
    tamper(("UPDATE community_community SET member_count = %s WHERE id = %s", [number, community.pk]))


def test_where_every_number_is_right_the_command_says_so() -> None:
    make.community(members=3)
    assert counted() == (0, "All 1 numbers are right.\n")


@pytest.mark.parametrize("wrong", [0, 1, 59])
def test_a_number_that_is_wrong_is_found_mended_and_told(
    settings: Any, caplog: pytest.LogCaptureFixture, wrong: int
) -> None:
    settings.OPERATOR_EMAILS = ["operator@example.org"]
    community = make.community(members=2)
    drift(community, wrong)
    said = f"The POEMS syndrome community said {wrong} members and has 2"
    code, printed = counted("--dry-run")
    assert (code, said in printed) == (1, True)
    community.refresh_from_db()
    assert (community.member_count, Letter.objects.count()) == (wrong, 0)
    code, printed = counted()
    assert (code, f"{said}: set right." in printed) == (1, True)
    community.refresh_from_db()
    assert community.member_count == 2
    assert said in Letter.objects.get(to="operator@example.org").body
    assert said in caplog.text
    assert counted()[0] == 0


def test_those_who_are_held_are_no_drift(settings: Any) -> None:
    settings.MEMBERS_A_DAY = 1
    make.community(members=3)
    assert counted()[0] == 0


def test_the_timer_counts_each_day(settings: Any) -> None:
    community = make.community(members=2)
    drift(community, 7)
    printed = io.StringIO()
    call_command("run_due", stdout=printed)
    assert "count_members: 1 numbers of members set right" in printed.getvalue()
    community.refresh_from_db()
    assert community.member_count == 2


def crowd() -> tuple[list[Community], list[User]]:
    """Communities, and people half of whom are members of some."""
    conditions = [make.condition(f"condition-{number}", f"Condition {number}") for number in range(COMMUNITIES)]
    communities = [make.community(condition) for condition in conditions]
    users = User.objects.bulk_create(User(email=f"crowd{number}@example.org", password="!") for number in range(PEOPLE))
    for number, user in enumerate(users):
        if number % 2:
            for community in communities[: 1 + number % COMMUNITIES]:
                community.join(by=user, relation="self", consent_version="1", country="NL" if number % 3 else "")
    return communities, users


def impatient() -> None:
    """No statement waits for another for five seconds."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET lock_timeout = '5s'")
            cursor.execute("SET statement_timeout = '5s'")
        else:
            cursor.execute("PRAGMA busy_timeout = 5000")


def life(number: int, communities: list[Community], users: list[User]) -> list[tuple[int, int]]:
    """What one worker's people do, in an order of their own; the memberships that should be left of it."""
    impatient()
    chance = random.Random(number)  # noqa: S311  the same walk each time
    mine = users[number::WORKERS]
    wanted = set(Member.objects.filter(user__in=mine).values_list("community", "user"))
    for _ in range(4):
        chance.shuffle(mine)
        for user in list(mine):
            _one(chance, user, communities, wanted, mine)
    return sorted(wanted)


def _one(
    chance: random.Random, user: User, communities: list[Community], wanted: set[tuple[int, int]], mine: list[User]
) -> None:
    """One act of one person, who knows beforehand what it must come to."""
    community = chance.choice(communities)
    place = (community.pk, user.pk)
    match chance.randrange(8):
        case 0 | 1 | 2 | 3:
            assert community.join(by=user, relation="self", consent_version="1") == (place not in wanted)
            wanted.add(place)
        case 4 | 5:
            assert community.leave(by=user) == (place in wanted)
            wanted.discard(place)
        case 6:
            here = {each for each in wanted if each[1] == user.pk}
            assert Member.objects.all().leave(by=user) == len(here)
            wanted -= here
        case _ if chance.randrange(5) == 0:
            gone, key = {each for each in wanted if each[1] == user.pk}, user.pk
            user.erase(by=user)
            wanted -= gone
            mine.remove(user)
            assert not User.objects.filter(pk=key).exists()


@pytest.mark.django_db(transaction=True)
def test_two_hundred_people_who_join_leave_and_erase_at_once_are_counted_exactly(settings: Any) -> None:
    settings.MEMBERS_A_DAY = 10_000
    communities, users = crowd()
    acts: list[Callable[[], object]] = [
        lambda number=number: life(number, communities, users)  # type: ignore[misc]
        for number in range(WORKERS)
    ]
    results = together(acts)
    assert [each for each in results if not isinstance(each, list)] == []
    wanted = sorted(place for each in results for place in each)  # type: ignore[attr-defined]
    assert sorted(Member.objects.values_list("community", "user")) == wanted
    for community in Community.objects.all():
        assert community.member_count == sum(place[0] == community.pk for place in wanted)
    assert counted()[0] == 0


@pytest.mark.django_db(transaction=True)
def test_one_who_joins_leaves_and_erases_in_many_tabs_at_once_is_counted_once_or_not_at_all(settings: Any) -> None:
    settings.MEMBERS_A_DAY = 10_000
    communities, _ = crowd()
    mia = people.member()

    def tab(number: int) -> object:
        impatient()
        return [
            communities[(number + turn) % COMMUNITIES].join(by=mia, relation="self", consent_version="1")
            if (number + turn) % 3
            else Member.objects.all().leave(by=mia)
            for turn in range(12)
        ]

    results = together([lambda number=number: tab(number) for number in range(WORKERS)])  # type: ignore[misc]
    assert [each for each in results if not isinstance(each, list)] == []
    assert counted()[0] == 0
    assert Member.objects.filter(user=mia).count() <= COMMUNITIES


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_counting_while_people_come_and_go_finds_no_drift_and_makes_none(settings: Any) -> None:
    settings.MEMBERS_A_DAY = 10_000
    communities, users = crowd()
    acts: list[Callable[[], object]] = [
        lambda number=number: life(number, communities, users)  # type: ignore[misc]
        for number in range(WORKERS)
    ]
    counting: list[Callable[[], object]] = [lambda: [len(Community.objects.recount()) for _ in range(30)]] * 2
    results = together([*acts, *counting])
    assert [each for each in results if not isinstance(each, list)] == []
    assert results[-2:] == [[0] * 30] * 2
    assert counted()[0] == 0
