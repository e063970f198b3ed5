"""The database keeps the count of members itself and refuses every other hand."""

from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from community.guards import GUARDS
from community.models import Community, Member
from tests import make, people
from tests.database import refused_by, sql, sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


def member_row(of: Community, **more: Any) -> dict[str, Any]:
    return {"community": of, "user": people.reader(), "relation": "self", "consent_version": "1", **more}


def truth(community: Community) -> tuple[int, int]:
    """The stored count and the number of rows."""
    community.refresh_from_db()
    return community.member_count, community.members.count()


def files_about_guards() -> str:
    """This file and those beside it that go round guards."""
    return "".join(path.read_text() for path in sorted(Path(__file__).parent.glob("test_*guards.py")))


def test_every_guard_is_named_in_a_test() -> None:
    here = files_about_guards()
    assert [guard.name for guard in GUARDS if f'"{guard.name}"' not in here] == []


@pytest.mark.parametrize("way", ["orm", "bulk", "sql"])
def test_a_new_member_is_counted_by_the_database(way: str) -> None:
    """The trigger "member_is_counted_on_insert"."""
    community = make.community()
    row = member_row(community)
    if way == "orm":
        Member.objects.create(**row)
    elif way == "bulk":
        Member.objects.bulk_create([Member(**row)])
    else:
        sql(
            "INSERT INTO community_member (community_id, user_id, relation, country, consent_version, consented_at) "
            "VALUES (%s, %s, 'self', '', '1', CURRENT_TIMESTAMP)",
            community.pk,
            people.reader().pk,
        )
    assert truth(community) == (1, 1)


@pytest.mark.parametrize("way", ["orm", "queryset", "raw", "sql"])
def test_a_member_who_goes_is_counted_by_the_database(way: str) -> None:
    """The trigger "member_is_counted_on_delete"."""
    community = make.community(members=2)
    rows = Member.objects.filter(pk=Member.objects.latest("pk").pk)
    if way == "orm":
        rows.get().delete()
    elif way == "queryset":
        rows.delete()
    elif way == "raw":
        rows._raw_delete("default")
    else:
        sql("DELETE FROM community_member WHERE id = %s", rows.get().pk)
    assert truth(community) == (1, 1)


def test_a_membership_is_not_moved_to_another_community_or_person() -> None:
    community = make.community(members=1)
    other = make.community(make.condition("wilson-disease", "Wilson disease"))
    with refused_by("member_stays_in_the_community"):
        Member.objects.update(community=other)
    with refused_by("member_stays_in_the_community"):
        Member.objects.update(user=people.reader())
    with refused_by("member_stays_in_the_community"):
        sql("UPDATE community_member SET community_id = %s", other.pk)
    Member.objects.update(country="NL")
    assert (truth(community), truth(other)) == ((1, 1), (0, 0))


@pytest.mark.postgresql
def test_members_are_not_truncated() -> None:
    community = make.community(members=2)
    connection.check_constraints()
    with refused_by("members_are_never_truncated"):
        sql("TRUNCATE community_member")
    with refused_by("members_are_never_truncated"):
        sql("TRUNCATE community_member, community_community")
    assert truth(community) == (2, 2)


def test_a_count_is_not_written_by_hand() -> None:
    community = make.community(members=2)
    for count in (0, 1, 3, 59):
        with refused_by("member_count_is_the_members"):
            Community.objects.update(member_count=count)
        with refused_by("member_count_is_the_members"):
            sql("UPDATE community_community SET member_count = %s", count)
    community.member_count = 59
    with refused_by("member_count_is_the_members"):
        community.save()
    with refused_by("member_count_is_the_members"):
        Community.objects.bulk_update([community], ["member_count"])
    assert truth(community) == (2, 2)


def test_a_count_that_went_wrong_can_be_set_right() -> None:
    """After the guards were away; they look at the truth, not at the step."""
    community = make.community(members=2)
    connection.check_constraints()
    for guard in GUARDS:
        if guard.name == "member_count_is_the_members":
            sql(f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if sqlite() else f" ON {guard.table}"))
    Community.objects.update(member_count=59)
    connection.check_constraints()
    for guard in GUARDS:
        if guard.name == "member_count_is_the_members":
            for statement in guard.create(connection.vendor):
                with connection.cursor() as cursor:
                    cursor.execute(statement, None)
    with refused_by("member_count_is_the_members"):
        Community.objects.update(member_count=3)
    Community.objects.update(member_count=2)
    assert truth(community) == (2, 2)


@pytest.mark.parametrize("count", [1, 59])
def test_a_community_begins_without_members(count: int) -> None:
    with refused_by("community_begins_empty"):
        Community.objects.create(condition=make.condition(), member_count=count)
    with refused_by("community_begins_empty"):
        Community.objects.bulk_create([Community(condition=make.condition(), member_count=count)])
    assert not Community.objects.exists()


def test_a_member_written_over_another_leaves_the_count_right() -> None:
    community = make.community(members=2)
    columns = "id, community_id, user_id, relation, country, consent_version, consented_at"
    row = f"SELECT {columns} FROM community_member WHERE id = %s"
    key = Member.objects.latest("pk").pk
    ways = {
        "sqlite": f"INSERT OR REPLACE INTO community_member ({columns}) {row}",
        "postgresql": f"INSERT INTO community_member ({columns}) {row} ON CONFLICT (id) DO UPDATE SET country = 'NL'",
    }
    try:
        for switch in ("ON", "OFF") if sqlite() else ("",):
            if switch:
                sql(f"PRAGMA recursive_triggers = {switch}")
            written_or_refused(ways[connection.vendor], key)
            assert truth(community) == (2, 2)
    finally:
        if sqlite():
            sql("PRAGMA recursive_triggers = ON")


def written_or_refused(statement: str, *values: Any) -> None:
    """Either is an answer, as long as the count stays right."""
    try:
        with transaction.atomic():
            sql(statement, *values)
    except IntegrityError:
        pass


# Constraints, each by its name


def test_a_person_is_a_member_once() -> None:
    community = make.community(members=1)
    with refused_by("member_once_a_community|community_member.community_id, community_member.user_id"):
        Member.objects.create(**member_row(community, user=Member.objects.get().user))


def test_a_member_has_consented_to_a_text_that_is_named() -> None:
    with refused_by("member_has_consented"):
        Member.objects.create(**member_row(make.community(), consent_version=""))


def test_a_relation_is_a_known_one() -> None:
    with refused_by("relation_is_known"):
        Member.objects.create(**member_row(make.community(), relation="x"))


def test_a_count_is_never_negative() -> None:
    make.community()
    with refused_by("members_are_not_negative|community_community_member_count_check|member_count_is_the_members"):
        Community.objects.update(member_count=-1)


def test_every_constraint_is_named_in_a_test_and_stands_in_the_database() -> None:
    here = files_about_guards()
    for model in apps.get_app_config("community").get_models():
        with connection.cursor() as cursor:
            standing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        for constraint in model._meta.constraints:
            assert constraint.name in standing
            assert f'"{constraint.name}' in here
