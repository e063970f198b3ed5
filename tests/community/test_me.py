"""What is kept about somebody: they see it, take it, change it, leave, erase; nothing stays, the numbers are right."""

import datetime as dt
import json
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import models
from django.test import Client
from django.urls import reverse

from accounts.models import Erasure, Letter, Session, User
from accounts.refusals import NotAllowed, Refusal
from community import consents
from community.models import Community, Consent, Link, LinkReport, Member, StrikeOut
from tests import make, people
from tests.world import security_key

pytestmark = pytest.mark.django_db

NOW = {"relation": "self", "consent_version": consents.CURRENT}


@pytest.fixture
def mia() -> User:
    """A member of two communities, who named her country in one."""
    person = people.member()
    one = make.community(members=3)
    two = make.community(make.condition("wilson-disease", "Wilson disease"), members=0)
    one.join(by=person, relation="self", country="NL", consent_version=consents.CURRENT)
    two.join(by=person, relation="family", consent_version=consents.CURRENT)
    return person


@pytest.fixture
def browser(mia: User) -> Client:
    """Her browser."""
    client = Client(headers={"User-Agent": "Firefox on Linux"})
    client.force_login(mia)
    return client


def of(person: User, slug: str = "poems-syndrome") -> Member:
    return Member.objects.get(user=person, community__condition__slug=slug)


def counts() -> list[int]:
    """The numbers, each of which is the number of its members."""
    rows = list(Community.objects.order_by("pk"))
    assert [row.member_count for row in rows] == [row.members.count() for row in rows]
    return [row.member_count for row in rows]


ADDRESSES = ["/me/", "/me/export/", "/me/erase/"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_stranger_is_sent_to_the_members_door(client: Client, address: str) -> None:
    assert client.get(address).headers["Location"] == f"/accounts/code/?next={address}"


def test_everything_that_is_kept_is_shown(browser: Client, mia: User) -> None:
    Letter.objects.post(to=mia.email, subject="Your code for Rounds", body="Your code")
    Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    EmailAddress.objects.create(user=mia, email="mimi@example.org", verified=True)
    EmailAddress.objects.create(user=mia, email="rosa@example.org", verified=False)
    Letter.objects.post(to="mimi@example.org", subject="To the second", body="")
    Letter.objects.post(to="rosa@example.org", subject="To a stranger", body="")
    page = browser.get("/me/").content.decode()
    assert "rosa@example.org, not confirmed" in page
    assert "To a stranger" not in page + browser.get("/me/export/").content.decode()
    for words in ("mimi@example.org", "To the second"):
        assert words in page
        assert words in browser.get("/me/export/").content.decode()
    for words in ("POEMS syndrome", "Wilson disease", "I live with it", "I care for someone who does", "Netherlands"):
        assert words in page
    for words in (mia.email, "Your code for Rounds", f"text of {consents.CURRENT}", "1 browser"):
        assert words in page


def test_everything_is_handed_out_as_a_file_and_nothing_of_others(browser: Client, mia: User) -> None:
    Letter.objects.post(to=mia.email, subject="Hello", body="Secret 1234")
    Letter.objects.post(to="member0@example.org", subject="Not hers", body="")
    StrikeOut.objects.create(account=mia.pk, by=people.moderator(), why="Forty in a minute.")
    answer = browser.get("/me/export/")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="what-is-kept.json"'
    said: dict[str, Any] = json.loads(answer.content)
    assert said["account"]["email"] == mia.email
    one, two = said["communities"]
    assert (one["condition"], one["relation"], one["country"]) == ("POEMS syndrome", "I live with it", "NL")
    assert [each["purpose"] for each in one["agreed_to"]] == ["join", "country"]
    assert "POEMS syndrome community" in one["agreed_to"][0]["words"]
    assert two["agreed_to"][0]["agreed_at"]
    assert [letter["subject"] for letter in said["letters"]] == ["Hello"]
    assert [each["why"] for each in said["struck_out"]] == ["Forty in a minute."]
    assert "Forty in a minute." in browser.get("/me/").content.decode()
    assert len(said["browsers"]) == 1
    for secret in ("1234", "member0", str(browser.session.session_key)):
        assert secret not in answer.content.decode()


def test_a_country_is_named_taken_back_and_named_again_with_its_history(browser: Client, mia: User) -> None:
    member = of(mia)
    address = f"/me/communities/{member.pk}/"
    assert browser.post(address, {**NOW, "country": ""}).headers["Location"] == "/me/"
    assert of(mia).country == ""
    assert Consent.objects.get(member=member).taken_back_at is not None
    assert "taken back" in browser.get("/me/").content.decode()
    assert "Tick this box" in browser.post(address, {**NOW, "country": "DE"}).content.decode()
    browser.post(address, {**NOW, "relation": "works", "country": "DE", "consent_country": "on"})
    member = of(mia)
    assert (member.country, member.relation) == ("DE", "works")
    assert [each.taken_back_at is None for each in Consent.objects.order_by("pk")] == [False, True]
    assert counts() == [4, 1]


def test_nobody_sees_or_changes_what_is_kept_about_another(browser: Client) -> None:
    other = Member.objects.exclude(user__email="mia@example.org").first()
    assert other is not None
    for number in (other.pk, 10**30):
        assert browser.get(f"/me/communities/{number}/").status_code == 404
        assert browser.post(f"/me/communities/{number}/", NOW).status_code == 404
        browser.post(f"/me/communities/{number}/leave/")
    assert counts() == [4, 1]
    with pytest.raises(NotAllowed):
        other.change(by=people.member(), relation="self", country="", consent_version="1")


def test_leaving_is_one_button_and_deletes_at_once(browser: Client, mia: User) -> None:
    member = of(mia)
    address = f"/me/communities/{member.pk}/leave/"
    assert f'action="{address}"' in browser.get("/me/").content.decode()
    assert browser.get(address).status_code == 405
    assert "You have left" in browser.post(address, follow=True).content.decode()
    assert counts() == [3, 1]
    assert not Consent.objects.exists()
    assert "You had left already" in browser.post(address, follow=True).content.decode()
    assert counts() == [3, 1]


# Erasing


def test_erasing_leaves_nothing_but_a_number(browser: Client, mia: User) -> None:
    key = mia.pk
    EmailAddress.objects.create(user=mia, email=mia.email, primary=True, verified=True)
    Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    Letter.objects.post(to=mia.email, subject="Hello", body="Hello", key="hello-mia")
    root, admin = people.superuser(), Client()
    admin.force_login(root)
    LogEntry.objects.log_actions(root.pk, User.objects.filter(pk=key), 2, "Changed e-mail address.")
    for words in ("Letter (to MIA@example.org)", "notmia@example.org", "mia@example.org.uk"):
        LogEntry.objects.create(user=root, action_flag=2, object_repr=words)
    assert "cannot be undone" in browser.get("/me/erase/").content.decode()
    assert "Tick the box" in browser.post("/me/erase/").content.decode()
    assert counts() == [4, 1]
    answer = browser.post("/me/erase/", {"sure": "on"})
    assert answer.headers["Location"] == "/erased/"
    assert browser.get("/erased/").status_code == 200
    assert counts() == [3, 0]
    assert "_auth_user_id" not in browser.session
    assert holding("mia@example.org") == ["admin.LogEntry.object_repr"], "of others, whose address hers is a part of"
    assert not Session.objects.filter(user=key).exists()
    left = LogEntry.objects.values_list("object_repr", flat=True)
    assert set(left) == {"notmia@example.org", "mia@example.org.uk"}, "a log that nobody thins out who chose an address"
    assert {(row.kind, row.number) for row in Erasure.objects.all()} >= {("account", key)}


def test_erasing_takes_the_letters_to_a_second_address_with_it(browser: Client, mia: User) -> None:
    EmailAddress.objects.create(user=mia, email="mimi@example.org", verified=True)
    EmailAddress.objects.create(user=mia, email="rosa@example.org", verified=False)
    for to in ("mimi@example.org", "rosa@example.org"):
        Letter.objects.post(to=to, subject="Hello", body="Hello")
    browser.post("/me/erase/", {"sure": "on"})
    assert holding("mimi@example.org") == []
    assert Letter.objects.get().to == "rosa@example.org"  # anybody can write down an address as theirs


def test_erasing_forgets_the_address_beside_a_link_that_was_suggested_or_reported(browser: Client, mia: User) -> None:
    condition = Community.objects.earliest("pk").condition
    link = Link.objects.suggest(condition, url="https://mia.example.org/", why="It helps.", key="s", email=mia.email)
    link.accept(by=people.moderator(), title="Group", kind="peers")
    LinkReport.objects.give(link, kind="broken", key="r", email="MIA@example.org")
    browser.post("/me/erase/", {"sure": "on"})
    assert holding("mia@example.org") == []


def holding(words: str) -> list[str]:
    """Every column of the database in which these words stand."""
    return [
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField | models.JSONField)
        and model._default_manager.filter(**{f"{field.name}__icontains": words}).exists()
    ]


@pytest.mark.parametrize("how", ["erase", "close"])
def test_whichever_way_an_account_ends_an_address_left_for_an_answer_goes_with_it(how: str) -> None:
    person = people.person("mia@example.org")
    said = make.feedback(words="The figure is wrong.", email="Mia@example.org")
    make.link_report(make.shown_link(make.community().condition), words="It sells something.", email="mia@example.org")
    getattr(person, how)(by=people.superuser())
    assert holding("mia@example.org") == []
    said.refresh_from_db()
    assert said.words == "The figure is wrong."


def test_with_the_account_goes_the_address_that_was_left_with_links(client: Client) -> None:
    person, community = people.person("mia@example.org"), make.community()
    said = {"url": "https://foundation.example.org/", "why": "They know it.", "email": "Mia@Example.org"}
    link = Link.objects.suggest(community.condition, key="a", **said)
    link.accept(by=people.moderator(), title="A sample foundation", kind="organisation")
    LinkReport.objects.give(link, kind="broken", key="b", email="mia@example.org")
    client.force_login(person)
    client.post("/me/erase/", {"sure": "on"})
    assert holding("mia@example.org") == []
    assert Link.objects.get().why == "They know it."


@pytest.mark.parametrize("role", ["signed", "wrote", "works"])
def test_whoever_the_record_needs_keeps_the_account_and_loses_the_membership(client: Client, role: str) -> None:
    made = {"signed": lambda: make.review().reviewer.user, "wrote": lambda: make.revision().author}
    person = made[role]() if role in made else people.moderator()
    community = make.community()
    community.join(by=person, relation="works", consent_version=consents.CURRENT)
    client.force_login(person)
    assert "The account with which you work here stays" in client.get("/me/erase/").content.decode()
    client.post("/me/erase/", {"sure": "on"})
    assert User.objects.filter(pk=person.pk, email=person.email, is_active=True).exists()
    assert counts() == [0]
    assert client.get("/me/").status_code == 200


def test_whoever_signed_and_works_here_no_more_keeps_the_account_too(client: Client) -> None:
    clara = make.review().reviewer.user
    User.objects.filter(pk=clara.pk).update(is_staff=False)
    client.force_login(clara)
    client.post("/me/erase/", {"sure": "on"})
    assert User.objects.filter(pk=clara.pk).exists()
    with pytest.raises(Refusal, match="closed and not erased"):
        User.objects.get(pk=clara.pk).erase(by=clara)


def test_nobody_erases_the_account_of_another() -> None:
    mia = people.member()
    for person in (people.reader(), people.moderator(), people.publisher()):
        with pytest.raises(NotAllowed):
            mia.erase(by=person)
    mia.erase(by=people.superuser())
    assert not User.objects.filter(email="mia@example.org").exists()


def test_a_closed_account_is_a_member_of_nothing(mia: User) -> None:
    mia.close(by=people.superuser())
    assert counts() == [3, 0]
    assert not Member.objects.filter(user=mia).exists()


def test_an_account_erased_in_the_admin_leaves_two_numbers_in_the_log_and_no_address(
    mia: User, caplog: pytest.LogCaptureFixture
) -> None:
    admin, key = at_the_desk(people.superuser()), mia.pk
    # Neither is deleted by itself at the desk; with the account both go.
    EmailAddress.objects.create(user=mia, email=mia.email, primary=True, verified=True)
    Authenticator.objects.create(user=mia, type=Authenticator.Type.TOTP, data={})
    answer = admin.post(reverse("admin:accounts_user_delete", args=[key]), {"post": "yes"})
    assert answer.status_code == 302
    assert not User.objects.filter(pk=key).exists()
    assert counts() == [3, 0]
    assert holding("mia@example.org") == []
    assert not LogEntry.objects.exists()
    assert f"Account {key} is erased by account {people.superuser().pk}" in caplog.text


def at_the_desk(person: User) -> Client:
    """A browser in which somebody gave their second factor."""
    admin = Client()
    admin.force_login(person)
    session = admin.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": dt.datetime.now(dt.UTC).timestamp()}]
    session["account_authentication_methods_user"] = str(person.pk)
    session.save()
    return admin


def test_the_question_before_an_erasure_names_no_membership(mia: User) -> None:
    page = at_the_desk(people.superuser()).get(reverse("admin:accounts_user_delete", args=[mia.pk]))
    assert page.status_code == 200
    assert mia.email in page.content.decode()
    for number in Member.objects.filter(user=mia).values_list("pk", flat=True):
        assert f"Member {number}" not in page.content.decode()
    assert "Members:" not in page.content.decode()


def test_no_administrator_erases_the_account_with_which_they_work(mia: User) -> None:
    root = people.superuser()
    answer = at_the_desk(root).post(reverse("admin:accounts_user_delete", args=[root.pk]), {"post": "yes"})
    assert answer.status_code == 403
    assert User.objects.filter(pk=root.pk).exists()


def test_a_member_who_becomes_a_colleague_sets_up_a_second_factor_anew(browser: Client, mia: User) -> None:
    Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    admin, here = at_the_desk(people.superuser()), reverse("admin:accounts_user_change", args=[mia.pk])
    said = {"email": mia.email, "name": "Mia", "is_active": "on"}
    admin.post(here, said)
    assert Authenticator.objects.filter(user=mia).exists()
    admin.post(here, {**said, "is_staff": "on"})
    assert User.objects.get(pk=mia.pk).is_staff
    assert not Authenticator.objects.filter(user=mia).exists()
    assert browser.get("/me/").status_code == 302
    Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    admin.post(here, {**said, "name": "Mia M", "is_staff": "on"})
    assert Authenticator.objects.filter(user=mia).exists()
