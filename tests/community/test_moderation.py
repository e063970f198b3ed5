"""Moderators and members: by number, a robot struck out, a rise released, every look at a person recorded."""

import datetime as dt

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.refusals import NotAllowed, Refusal
from community.models import Community, Member, MemberLook, StrikeOut
from tests import make, people

pytestmark = pytest.mark.django_db

WHY = "Forty addresses of one made-up domain in a minute."


def address(community: Community) -> str:
    return f"/admin/community/community/{community.pk}/members/"


def desk(person: User) -> Client:
    """Somebody at the desk."""
    client = Client()
    client.force_login(person)
    session = client.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": dt.datetime.now(dt.UTC).timestamp()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return client


def looker() -> User:
    """A moderator with the separate permission."""
    person = people.moderator()
    person.user_permissions.add(Permission.objects.get(codename="view_member"))
    return User.objects.get(pk=person.pk)


def test_a_moderator_sees_numbers_and_nobody() -> None:
    community = make.community(members=3)
    Member.objects.update(country="NL")
    page = desk(people.moderator()).get(address(community)).content.decode()
    for member in Member.objects.select_related("user"):
        assert f">{member.pk}<" in page
        assert member.user.email not in page
        assert member.get_relation_display() not in page
        assert f"{member.consented_at:%-d %b %Y, %H}:00" in page, "the minute is that in which an account was made"
    assert "NL<" not in page
    assert "See who a member is" not in page


@pytest.mark.parametrize("role", ["author", "publisher", "registrar"])
def test_nobody_else_at_the_desk_sees_even_the_numbers(role: str) -> None:
    community = make.community(members=1)
    client = desk(getattr(people, role)())
    for answer in (client.get(address(community)), client.post(address(community), {"act": "release"})):
        assert answer.status_code == 403


def test_a_robot_is_struck_out_by_number_and_the_reason_is_kept_without_the_condition() -> None:
    community = make.community(members=3)
    member = Member.objects.latest("pk")
    account = member.user_id
    answer = desk(people.moderator()).post(
        address(community), {"act": "strike_out", "numbers": f"{member.pk}, 999999", "why": WHY}, follow=True
    )
    assert "Struck out: 1." in answer.content.decode()
    community.refresh_from_db()
    assert (community.member_count, community.members.count()) == (2, 2)
    row = StrikeOut.objects.get()
    assert (row.account, row.why, row.by) == (account, WHY, people.moderator())
    assert {field.name for field in StrikeOut._meta.get_fields()} == {"id", "account", "by", "at", "why"}
    assert not LogEntry.objects.exists()


def test_an_account_that_was_struck_out_joins_nothing_again() -> None:
    community = make.community(members=1)
    member = Member.objects.get()
    community.strike_out([member.pk], by=people.moderator(), why=WHY)
    other = make.community(make.condition("wilson-disease", "Wilson disease"))
    for each in (community, other):
        with pytest.raises(Refusal, match="struck it out"):
            each.join(by=member.user, relation="self", consent_version="1")


def test_a_moderator_strikes_out_members_of_the_community_they_look_at_only() -> None:
    community, other = make.community(members=2), make.community(make.condition("wilson-disease", "Wilson disease"))
    other.join(by=people.member(), relation="self", consent_version="1")
    number = other.members.get().pk
    assert community.strike_out([number], by=people.moderator(), why=WHY) == 0
    assert other.members.count() == 1


@pytest.mark.parametrize(
    ("numbers", "why", "says"), [("1", " ", "required"), ("x", WHY, "numbers only"), ("", WHY, "req")]
)
def test_without_numbers_or_a_reason_nobody_is_struck_out(numbers: str, why: str, says: str) -> None:
    community = make.community(members=1)
    page = desk(people.moderator()).post(address(community), {"act": "strike_out", "numbers": numbers, "why": why})
    assert says in page.content.decode()
    assert community.members.count() == 1
    with pytest.raises(Refusal):
        community.strike_out([Member.objects.get().pk], by=people.moderator(), why="  ")


def test_a_sudden_rise_is_held_until_a_moderator_lets_it_count(settings: object) -> None:
    settings.MEMBERS_A_DAY = 3  # type: ignore[attr-defined]
    community = make.community(members=5)
    assert (community.member_count, community.members.count()) == (3, 5)
    client = desk(people.moderator())
    assert "Let the 2 count" in client.get(address(community)).content.decode()
    assert "2 held" in client.get("/admin/community/community/").content.decode()
    assert "More members than usual" in client.get("/admin/").content.decode()
    client.post(address(community), {"act": "release"})
    assert "More members than usual" not in client.get("/admin/").content.decode()
    community.refresh_from_db()
    assert (community.member_count, community.members.count()) == (5, 5)


def test_whoever_leaves_while_held_leaves_the_count_alone(settings: object) -> None:
    settings.MEMBERS_A_DAY = 1  # type: ignore[attr-defined]
    community = make.community(members=2)
    held = Member.objects.get(is_held=True)
    community.leave(by=held.user)
    community.refresh_from_db()
    assert (community.member_count, community.members.count()) == (1, 1)


def test_leaving_and_joining_again_makes_no_room_for_more(settings: object) -> None:
    settings.MEMBERS_A_DAY = 3  # type: ignore[attr-defined]
    community, mia = make.community(), people.member()
    for _ in range(3):
        community.join(by=mia, relation="self", consent_version="1")
        community.leave(by=mia)
    community.join(by=mia, relation="self", consent_version="1")
    assert Member.objects.get().is_held
    assert not community.join(by=mia, relation="self", consent_version="1")


def test_only_moderators_release_strike_out_and_only_lookers_look() -> None:
    community = make.community(members=1)
    number = Member.objects.get().pk
    for person in (people.member(), people.author(), people.publisher()):
        with pytest.raises(NotAllowed):
            community.release(by=person)
        with pytest.raises(NotAllowed):
            community.strike_out([number], by=person, why=WHY)
    for person in (people.member(), people.publisher(), people.moderator()):
        with pytest.raises(NotAllowed):
            community.look_at(number, by=person)
    assert not MemberLook.objects.exists()


def test_each_look_at_who_somebody_is_is_recorded_without_saying_at_whom() -> None:
    community = make.community(members=2)
    member = Member.objects.select_related("user").latest("pk")
    client = desk(looker())
    page = client.post(address(community), {"act": "look", "number": member.pk}).content.decode()
    assert member.user.email in page
    assert member.get_relation_display() in page
    row = MemberLook.objects.get()
    assert (row.by, row.community) == (people.moderator(), community)
    assert {field.name for field in MemberLook._meta.get_fields()} == {"id", "community", "by", "at"}
    assert not LogEntry.objects.exists()
    assert member.user.email not in client.get(address(community)).content.decode()
    # That a number is nobody's here tells something too.
    assert "has this number" in client.post(address(community), {"act": "look", "number": 10**9}).content.decode()
    assert MemberLook.objects.count() == 2


def test_a_superuser_looks_too_and_is_recorded_too() -> None:
    community = make.community(members=1)
    community.look_at(Member.objects.get().pk, by=people.superuser())
    assert MemberLook.objects.get().by == people.superuser()


def test_a_moderator_without_the_permission_is_refused_and_shown_nothing() -> None:
    community = make.community(members=1)
    member = Member.objects.select_related("user").get()
    page = desk(people.moderator()).post(address(community), {"act": "look", "number": member.pk}).content.decode()
    assert member.user.email not in page
    assert not MemberLook.objects.exists()


def test_no_page_asks_for_each_community_by_itself() -> None:
    mia, root, asked = people.member(), desk(people.superuser()), []
    hers = Client()
    hers.force_login(mia)
    pages = [(root, "/admin/community/community/"), (root, "/admin/community/memberlook/"), (root, "/admin/")]
    pages += [(hers, "/me/"), (hers, "/me/export/")]
    for number in range(4):
        community = make.community(make.condition(f"condition-{number}", f"Condition {number}"))
        community.join(by=mia, relation="self", consent_version="1")
        Member.objects.update(is_held=True)
        community.look_at(Member.objects.latest("pk").pk, by=people.superuser())
        if number in {1, 3}:
            for client, path in pages:
                with CaptureQueriesContext(connection) as queries:
                    assert "Condition 1" in client.get(path).content.decode(), path
                asked.append(len(queries))
    assert asked[: len(pages)] == asked[len(pages) :]


def test_members_stand_nowhere_else_in_the_admin() -> None:
    community = make.community(members=1)
    root = desk(people.superuser())
    for where in ("/admin/community/member/", "/admin/community/consent/"):
        assert root.get(where).status_code == 404
    page = root.get(f"/admin/community/community/{community.pk}/change/").content.decode()
    assert "member0@example.org" not in page
