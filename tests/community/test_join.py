"""Joining and leaving a community; the count follows, whatever takes a member away."""

import threading
from collections.abc import Callable

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connection, connections, transaction
from django.db.models import ProtectedError
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from accounts.models import Erasure, Letter, User
from community.models import Community, Member
from tests import make, people
from tests.database import sql

pytestmark = pytest.mark.django_db

Relation = Member.Relation


def join(community: Community, by: User, **more: str) -> bool:
    return community.join(by=by, **{"relation": Relation.LIVES_WITH_IT, "consent_version": "1", **more})


def counted(community: Community) -> int:
    """The stored count, which must be the number of rows."""
    community.refresh_from_db()
    assert community.member_count == community.members.count()
    return community.member_count


def other_community() -> Community:
    return make.community(make.condition("wilson-disease", "Wilson disease"))


# Join and leave


def test_a_person_joins_with_a_consent_that_says_which_text_and_when() -> None:
    community = make.community()
    assert join(community, people.reader(), country="NL", consent_version="2026-01")
    member = Member.objects.get()
    assert (member.user, member.relation, member.country) == (people.reader(), Relation.LIVES_WITH_IT, "NL")
    assert member.consent_version == "2026-01"
    assert member.consented_at is not None
    assert counted(community) == 1


def test_joining_twice_is_one_membership_and_keeps_the_first_consent() -> None:
    community = make.community()
    assert join(community, people.reader())
    with CaptureQueriesContext(connection) as asked:
        assert not join(community, people.reader(), consent_version="2")
    refused = [query for query in asked if query["sql"].startswith("INSERT")]
    assert not refused, "PostgreSQL writes what it refuses into its log: who is a member of what, and lives where"
    assert Member.objects.get().consent_version == "1"
    assert counted(community) == 1


def test_leaving_really_deletes_the_row() -> None:
    community = make.community(members=2)
    join(community, people.reader())
    assert community.leave(by=people.reader())
    assert not Member.objects.filter(user=people.reader()).exists()
    assert counted(community) == 2


def test_leaving_twice_changes_nothing() -> None:
    community = make.community(members=2)
    join(community, people.reader())
    assert community.leave(by=people.reader())
    assert not community.leave(by=people.reader())
    assert counted(community) == 2


def test_whoever_left_can_join_again() -> None:
    community = make.community()
    join(community, people.reader())
    community.leave(by=people.reader())
    assert join(community, people.reader(), consent_version="2")
    assert Member.objects.get().consent_version == "2"
    assert counted(community) == 1


def test_one_person_can_be_a_member_of_two_communities() -> None:
    first, second = make.community(members=1), other_community()
    assert join(first, people.reader())
    assert join(second, people.reader())
    assert first.leave(by=people.reader())
    assert (counted(first), counted(second)) == (1, 1)


def test_nobody_leaves_for_another() -> None:
    community = make.community()
    join(community, people.reader())
    assert not community.leave(by=people.superuser())
    assert counted(community) == 1


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [({"consent_version": ""}, "member_has_consented"), ({"relation": "x"}, "relation_is_known")],
)
def test_without_consent_or_with_an_unknown_relation_nobody_joins(wrong: dict[str, str], constraint: str) -> None:
    community = make.community()
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        join(community, people.reader(), **wrong)
    assert counted(community) == 0


def test_a_membership_shows_in_no_letter_and_in_no_name() -> None:
    community = make.community()
    join(community, people.reader(), country="NL")
    member = Member.objects.get()
    assert "rosa" not in str(member).lower()
    assert not Letter.objects.exists()
    assert Member not in admin.site._registry


# Whatever takes a member away


def three_members() -> tuple[Community, User]:
    """A community of three, and one of them, who is in another community too."""
    community = make.community(members=2)
    join(community, people.reader())
    join(other_community(), people.reader())
    return community, people.reader()


def as_the_admin_deletes(person: User) -> None:
    request = RequestFactory().post("/")
    request.user = people.superuser()
    admin.site._registry[User].delete_model(request, person)


def as_the_admin_deletes_many(person: User) -> None:
    request = RequestFactory().post("/")
    request.user = AnonymousUser()
    admin.site._registry[User].delete_queryset(request, User.objects.filter(pk=person.pk))


def with_sql(person: User) -> None:
    sql("DELETE FROM community_member WHERE user_id = %s", person.pk)
    sql("DELETE FROM accounts_user WHERE id = %s", person.pk)


@pytest.mark.parametrize(
    "delete",
    [
        lambda person: person.delete(),
        lambda person: User.objects.filter(pk=person.pk).delete(),
        as_the_admin_deletes,
        as_the_admin_deletes_many,
        with_sql,
    ],
    ids=["orm", "queryset", "admin", "admin bulk", "sql"],
)
def test_deleting_a_person_leaves_every_count_right_and_is_noted(delete: Callable[[User], object]) -> None:
    community, person = three_members()
    key = person.pk
    delete(person)
    connection.check_constraints()
    assert not User.objects.filter(pk=key).exists()
    assert not Member.objects.filter(user=key).exists()
    # So that a restored backup brings nobody back.
    assert [row.number for row in Erasure.objects.lately() if row.kind == "account"] == [key]
    assert [counted(row) for row in Community.objects.order_by("pk")] == [2, 0]
    assert counted(community) == 2


@pytest.mark.django_db(transaction=True)
def test_a_person_is_not_deleted_with_sql_over_the_head_of_the_membership() -> None:
    community, person = three_members()
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("DELETE FROM accounts_user WHERE id = %s", person.pk)
    assert counted(community) == 3


def test_members_deleted_and_added_in_bulk_are_counted() -> None:
    community = make.community(members=3)
    Member.objects.filter(pk__in=Member.objects.order_by("pk")[:2]).delete()
    assert counted(community) == 1
    Member.objects.all()._raw_delete("default")
    assert counted(community) == 0
    crowd = [people.person(f"crowd{number}@example.org") for number in range(5)]
    Member.objects.bulk_create(
        Member(community=community, user=person, relation="self", consent_version="1") for person in crowd
    )
    assert counted(community) == 5
    sql("DELETE FROM community_member")
    assert counted(community) == 0


def test_a_refused_or_undone_join_is_not_counted() -> None:
    community = make.community(members=2)
    with pytest.raises(RuntimeError, match="undone"):
        undone(lambda: join(community, people.reader()))
    assert counted(community) == 2


def undone(act: Callable[[], object]) -> None:
    with transaction.atomic():
        act()
        raise RuntimeError("undone")


def test_a_community_with_members_is_not_deleted() -> None:
    community = make.community(members=1)
    with pytest.raises(ProtectedError):
        community.delete()
    assert counted(community) == 1


def test_a_condition_has_one_community() -> None:
    community = make.community()
    with pytest.raises(IntegrityError), transaction.atomic():
        Community.objects.create(condition=community.condition)


# Many at once


def together(acts: list[Callable[[], object]]) -> list[object]:
    """What acts came to that began at the same time."""
    results: list[object] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait(300)
            results.append(act())
        except BaseException as problem:  # noqa: BLE001  the test looks at it
            results.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(300)
    return results


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_many_join_and_leave_at_once_and_the_count_is_right() -> None:
    community = make.community(members=4)
    old = [member.user for member in Member.objects.all()]
    new = [people.person(f"new{number}@example.org") for number in range(4)]
    leave = [lambda person=person: community.leave(by=person) for person in old]
    arrive = [lambda person=person: join(community, person) for person in new]
    assert together([*leave, *arrive]) == [True] * 8
    assert counted(community) == 4
    assert set(community.members.values_list("user", flat=True)) == {person.pk for person in new}


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_person_who_joins_eight_times_at_once_is_one_member() -> None:
    community, person = make.community(), people.reader()
    results = together([lambda: join(community, person)] * 8)
    assert sorted(map(str, results)) == ["False"] * 7 + ["True"]
    assert counted(community) == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_one_person_who_leaves_eight_times_at_once_leaves_once() -> None:
    community, person = make.community(members=3), people.reader()
    join(community, person)
    results = together([lambda: community.leave(by=person)] * 8)
    assert sorted(map(str, results)) == ["False"] * 7 + ["True"]
    assert counted(community) == 3
