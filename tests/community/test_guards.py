"""The database keeps the count of members itself and refuses every other hand."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts import clock
from community.guards import GUARDS
from community.models import Community, Consent, CountrySnapshot, Member, MemberLook, StrikeOut, YearFigure
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
        sql("TRUNCATE community_member, community_consent")
    with refused_by("members_are_never_truncated"):
        sql("TRUNCATE community_community CASCADE")
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


# Those who are held


def test_a_member_who_is_held_is_not_counted_until_released() -> None:
    """The trigger "member_is_counted_on_release"."""
    community = make.community(members=2)
    held = Member.objects.create(**member_row(community, is_held=True))
    assert truth(community) == (2, 3)
    Member.objects.filter(pk=held.pk).update(is_held=False)
    assert truth(community) == (3, 3)
    sql("UPDATE community_member SET is_held = %s", True)
    assert truth(community) == (0, 3)
    Member.objects.update(country="NL")
    Member.objects.filter(pk=held.pk).delete()
    assert truth(community) == (0, 2)
    with refused_by("member_count_is_the_members"):
        Community.objects.update(member_count=2)
    Member.objects.update(is_held=False)
    assert truth(community) == (2, 2)


# What moderators did

NAMED = {
    "community_memberlook_refuses_update",
    "community_memberlook_refuses_delete",
    "community_memberlook_refuses_truncate",
    "community_memberlook_refuses_replace",
    "community_strikeout_refuses_update",
    "community_strikeout_refuses_delete",
    "community_strikeout_refuses_truncate",
    "community_strikeout_refuses_replace",
}


def looked() -> MemberLook:
    return MemberLook.objects.create(community=make.community(), by=people.moderator())


def struck() -> StrikeOut:
    return StrikeOut.objects.create(account=1, by=people.moderator(), why="Ten in a minute.")


@pytest.mark.parametrize("made", [looked, struck])
def test_what_moderators_did_is_never_changed_and_never_deleted(made: Callable[[], MemberLook | StrikeOut]) -> None:
    row = made()
    table, rows = row._meta.db_table, type(row)._base_manager.filter(pk=row.pk)
    assert {f"{table}_refuses_{way}" for way in ("update", "delete", "truncate", "replace")} <= NAMED
    with refused_by(f"{table}_refuses_update"):
        rows.update(by=people.reader())
    with refused_by(f"{table}_refuses_update"):
        sql(f"UPDATE {table} SET by_id = %s", 1)
    with refused_by(f"{table}_refuses_delete"):
        rows.delete()
    with refused_by(f"{table}_refuses_delete"):
        sql(f"DELETE FROM {table}")
    if not sqlite():
        connection.check_constraints()
        with refused_by(f"{table}_refuses_truncate"):
            sql(f"TRUNCATE {table}")
    else:
        with refused_by(f"{table}_refuses_replace"):
            sql(f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}")
    assert rows.count() == 1


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


def test_a_member_agrees_to_one_thing_once_at_a_time() -> None:
    member = Member.objects.create(**member_row(make.community()))
    agreed = {"member": member, "purpose": "country", "version": "1"}
    Consent.objects.create(**agreed, taken_back_at=clock.read())
    Consent.objects.create(**agreed)
    with refused_by("one_open_consent_a_purpose|community_consent.member_id, community_consent.purpose"):
        Consent.objects.create(**agreed)


@pytest.mark.parametrize(
    ("wrong", "constraint"),
    [({"version": ""}, "consent_names_its_text"), ({"purpose": "x"}, "purpose_is_known")],
)
def test_a_consent_names_its_text_and_a_known_purpose(wrong: dict[str, str], constraint: str) -> None:
    member = Member.objects.create(**member_row(make.community()))
    with refused_by(constraint):
        Consent.objects.create(**{"member": member, "purpose": "country", "version": "1", **wrong})


def test_nobody_is_struck_out_without_a_reason() -> None:
    with refused_by("strike_out_has_a_reason"):
        StrikeOut.objects.create(account=1, by=people.moderator(), why="")


def test_a_community_has_one_picture_a_day_and_one_figure_a_year() -> None:
    community = make.community()
    picture = {"community": community, "day": dt.date(2026, 11, 1), "total": 11}
    CountrySnapshot.objects.create(**picture)
    with refused_by("country_snapshot_once_a_day|community_countrysnapshot.community_id"):
        CountrySnapshot.objects.create(**picture)
    YearFigure.objects.create(community=community, year=2026, figure=11)
    with refused_by("one_figure_a_year|community_yearfigure.community_id"):
        YearFigure.objects.create(community=community, year=2026, figure=12)


def test_what_was_shown_by_country_is_neither_changed_nor_forgotten() -> None:
    CountrySnapshot.objects.create(community=make.community(), day=dt.date(2026, 11, 1), total=59)
    for change in [{"cells": [["US", 1]]}, {"total": 60}]:
        with refused_by("country_figures_stay_as_they_were_shown"):
            CountrySnapshot.objects.update(**change)
    with refused_by("country_figures_stay_as_they_were_shown"):
        sql("UPDATE community_countrysnapshot SET total = %s", 60)
    with refused_by("country_figures_are_not_forgotten_by_delete"):
        CountrySnapshot.objects.all().delete()
    with refused_by("country_figures_are_not_forgotten_by_delete"):
        sql("DELETE FROM community_countrysnapshot")
    if connection.vendor == "postgresql":
        sql("SET CONSTRAINTS ALL IMMEDIATE")
        with refused_by("country_figures_are_not_forgotten_by_truncate"):
            sql("TRUNCATE community_countrysnapshot")


def test_no_figure_below_eleven_is_kept() -> None:
    community = make.community()
    picture = {"community": community, "day": dt.date(2026, 11, 1), "total": 59}
    with refused_by("country_snapshot_has_a_public_total"):
        CountrySnapshot.objects.create(**{**picture, "total": 10})
    with refused_by("country_snapshot_has_no_small_rest"):
        CountrySnapshot.objects.create(**picture, counted_on=dt.date(2026, 11, 1), rest=10, split_total=59)
    with refused_by("no_small_figure_of_a_year"):
        YearFigure.objects.create(community=community, year=2026, figure=10)


def test_the_figure_of_a_past_year_stays() -> None:
    community = make.community()
    YearFigure.objects.create(community=community, year=make.today().year - 1, figure=30)
    for figure in (31, None):
        with refused_by("figure_of_a_past_year_stays"):
            YearFigure.objects.update(figure=figure)
    YearFigure.objects.create(community=community, year=make.today().year, figure=30)
    YearFigure.objects.filter(year=make.today().year).update(figure=31)


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
