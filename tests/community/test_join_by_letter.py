"""Joining on the page: two questions, consent to each thing by itself, a code by letter, counted once."""

import base64
import datetime as dt
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client

from accounts.models import Letter, Session, User
from accounts.refusals import Refusal
from articles.models import ConditionSlug
from community import consents
from community.models import Community, Consent, Member
from tests import letters, make, people
from tests.crowd import together
from tests.pages.site import rename

pytestmark = pytest.mark.django_db

JOIN, CODE, ME = "/conditions/poems-syndrome/community/join/", "/join/code/", "/me/"
MIA = "mia@example.org"
SAID = {"relation": "self", "consent_join": "on", "consent_version": consents.CURRENT}


@pytest.fixture(autouse=True)
def community() -> Iterator[Community]:
    """A community without members."""
    cache.clear()
    yield make.community()
    cache.clear()


def asked(email: str = MIA, **said: str) -> Client:
    """A browser from which somebody sent the form."""
    browser = Client()
    answer = browser.post(JOIN, {**SAID, "email": email, **said})
    assert (answer.status_code, answer.headers["Location"]) == (302, CODE)
    return browser


def count() -> int:
    """The number on the public page's row, which is the number of members."""
    community = Community.objects.get()
    assert community.member_count == Member.objects.count()
    return community.member_count


def test_nothing_is_kept_and_nothing_counts_before_the_code_is_typed() -> None:
    browser = asked(country="NL", consent_country="on")
    assert count() == 0
    assert not User.objects.exists()
    assert browser.get(CODE).status_code == 200
    answer = browser.post(CODE, {"code": letters.code(MIA)})
    assert answer.headers["Location"] == ME
    assert count() == 1
    member = Member.objects.get()
    assert (member.user.email, member.relation, member.country) == (MIA, "self", "NL")
    assert member.consent_version == consents.CURRENT
    agreed = Consent.objects.get()
    assert (agreed.purpose, agreed.version, agreed.taken_back_at) == ("country", consents.CURRENT, None)
    assert not member.user.has_usable_password()
    assert not member.user.is_staff
    assert "You have joined." in browser.get(ME).content.decode()


def test_no_box_is_ticked_and_each_says_first_whether_it_is_needed(client: Client) -> None:
    page = client.get(JOIN).content.decode()
    assert "checked" not in page
    assert re.findall(r"<strong>(Needed to join|Optional)\.</strong>", page) == ["Needed to join", "Optional"]
    assert "says something about my health" in page
    assert "POEMS syndrome" in page


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"consent_join": ""}, "Without this nobody can be a member"),
        ({"relation": ""}, "Choose one of the three"),
        ({"relation": "x"}, "Choose one of the three"),
        ({"country": "XX"}, "Choose a country from the list"),
        ({"country": "NL"}, "Tick this box to have it kept"),
        ({"email": "mia@"}, "Enter the whole address"),
        ({"consent_version": "1999"}, "These words have changed"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(client: Client, wrong: dict[str, str], says: str) -> None:
    sent = {**SAID, "email": MIA, **wrong}
    answer = client.post(JOIN, {name: value for name, value in sent.items() if value})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert says in page
    assert f'value="{sent["email"]}"' in page
    assert f'value="{consents.CURRENT}"' in page
    assert not Letter.objects.exists()


def test_a_country_is_not_kept_without_its_own_consent() -> None:
    browser = asked(consent_country="on")
    browser.post(CODE, {"code": letters.code(MIA)})
    assert Member.objects.get().country == ""
    assert not Consent.objects.exists()


def test_whoever_is_a_member_already_gets_the_same_answer_and_counts_once() -> None:
    first = asked()
    first.post(CODE, {"code": letters.code(MIA)})
    again, new = asked(relation="family"), asked("new@example.org")
    shown = {
        re.sub(r'value="\w{64}"|until \d\d:\d\d', "", browser.get(CODE).content.decode().replace(email, ""))
        for browser, email in ((again, MIA), (new, "new@example.org"))
    }
    assert len(shown) == 1
    again.post(CODE, {"code": letters.code(MIA)})
    assert "You were a member already" in again.get(ME).content.decode()
    assert count() == 1
    assert Member.objects.get().relation == "self"


def test_a_replayed_form_a_second_tab_and_a_double_click_count_once() -> None:
    one, two = asked(), asked()
    code = letters.code(MIA)
    for browser in (two, two, one):
        browser.post(CODE, {"code": code})
    assert count() == 1
    assert two.post(JOIN, SAID).headers["Location"] == ME
    assert count() == 1
    assert User.objects.count() == 1


def test_whoever_is_signed_in_joins_on_one_page(client: Client) -> None:
    mia = people.member()
    client.force_login(mia)
    page = client.get(JOIN).content.decode()
    assert "You are signed in as mia@example.org" in page
    assert 'type="email"' not in page
    client.post(JOIN, SAID)
    assert count() == 1
    assert not Letter.objects.exists()


def test_a_session_that_is_over_joins_nobody_and_tells_no_address() -> None:
    """Whoever sits at a shared computer next learns of nobody, and makes nobody a member."""
    for method in ("get", "post"):
        browser = Client()
        browser.force_login(people.member())
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=13.5)):
            answer = getattr(browser, method)(JOIN, SAID)
        assert answer.status_code == 200
        assert MIA not in answer.content.decode()
    assert count() == 0


def test_a_clinician_may_be_a_member(client: Client) -> None:
    clara = people.clinician().user
    client.force_login(clara)
    client.post(JOIN, {**SAID, "relation": "works"})
    assert Member.objects.get().user == clara


def test_a_colleague_who_types_their_address_joins_through_the_desks_door_only() -> None:
    clara = people.clinician().user
    browser = asked(clara.email)
    assert "You work at the desk" in letters.newest(clara.email).body
    browser.post(CODE, {"code": "0000 0000"})
    assert count() == 0
    assert "_auth_user_id" not in browser.session


def test_no_letter_no_subject_and_no_private_address_names_the_condition(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level("INFO")
    browser = asked()
    browser.post(CODE, {"code": letters.code(MIA)})
    number = Member.objects.get().pk
    for address in (ME, f"/me/communities/{number}/", "/me/erase/"):
        assert browser.get(address).status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        browser.post(f"/me/communities/{number}/leave/")
    for letter in Letter.objects.all():
        assert "poems" not in f"{letter.subject} {letter.body}".lower()
    lines = [record.getMessage() for record in caplog.records]
    assert not [line for line in lines if "poems" in line.lower() or "mia" in line.lower()]
    assert f"Erased membership {number}" in "\n".join(lines)


def test_no_page_of_it_is_kept_by_anybody_or_found_by_a_search_engine() -> None:
    browser = asked()
    pages = [browser.get(JOIN), browser.get(CODE)]
    browser.post(CODE, {"code": letters.code(MIA)})
    pages += [browser.get(address) for address in (ME, "/me/export/", "/me/erase/", "/erased/")]
    for page in pages:
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "same-origin"
        assert b"noindex" in page.content or "attachment" in page.headers.get("Content-Disposition", "")


def test_a_form_from_another_site_is_refused() -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(JOIN, {**SAID, "email": MIA}).status_code == 403
    assert strict.post(CODE, {"code": "1"}).status_code == 403
    assert not Letter.objects.exists()


def test_an_old_address_of_the_condition_leads_here(client: Client, community: Community) -> None:
    rename(community.condition, "poems")
    assert ConditionSlug.objects.filter(slug="poems").exists()
    answer = client.get(JOIN)
    assert (answer.status_code, answer.headers["Location"]) == (301, "/conditions/poems/community/join/")


@pytest.mark.parametrize("slug", ["wilson-disease", "no-such-page"])
def test_nobody_joins_where_there_is_no_community(client: Client, slug: str) -> None:
    make.condition("wilson-disease", "Wilson disease")
    for answer in (
        client.get(f"/conditions/{slug}/community/join/"),
        client.post(f"/conditions/{slug}/community/join/"),
    ):
        assert answer.status_code == 404


def test_the_code_of_another_act_joins_nobody() -> None:
    people.member()
    browser = Client()
    browser.post("/accounts/code/", {"email": MIA})
    assert "No code waits here" in browser.post(CODE, {"code": letters.code(MIA)}).content.decode()
    assert count() == 0


def test_what_somebody_agreed_to_can_be_read_again_word_for_word() -> None:
    for version, texts in consents.TEXTS.items():
        shown = consents.shown(Community.objects.get().condition, version)
        assert shown is not None
        assert "POEMS syndrome community" in shown.join
        assert texts.country
    assert consents.shown(Community.objects.get().condition, "1999") is None


def test_the_words_of_a_version_never_change() -> None:
    """Whoever changes them gives them a new version; those who agreed, agreed to these."""
    kept = consents.TEXTS["2026-11"]
    assert kept.join == (
        "I agree that {site} stores my e-mail address together with the fact that I joined the {condition} community "
        "and how I am concerned. I understand that this says something about my health, or about the health of someone "
        "close to me."
    )
    assert kept.country == (
        "Keep my country, and count it where the community’s page says in which countries members live. A country "
        "with fewer than {threshold} members is never shown by itself."
    )
    assert consents.CURRENT in consents.TEXTS


def test_the_public_page_is_the_same_for_a_member_and_a_stranger() -> None:
    make.publication()  # a record, so that pages are kept
    browser = asked()
    browser.post(CODE, {"code": letters.code(MIA)})
    for address in ("/conditions/poems-syndrome/community/", "/conditions/poems-syndrome/"):
        mine, theirs = browser.get(address), Client().get(address)
        assert mine.content == theirs.content
        assert not theirs.cookies


def test_the_session_that_waits_for_a_code_tells_a_thief_of_the_table_neither_address_nor_community() -> None:
    browser = asked(country="NL", consent_country="on")
    data = str([session.data for session in Session.objects.all()])
    assert "code_asked" in data
    for word in (MIA, "community", "relation", "self"):
        assert word not in data
    assert MIA in browser.get(CODE).content.decode()


def test_nothing_of_a_join_stands_in_the_admins_log_or_in_an_open_session() -> None:
    browser = asked()
    browser.post(CODE, {"code": letters.code(MIA)})
    assert not LogEntry.objects.exists()
    for session in Session.objects.all():
        assert "community" not in session.data
        assert "code_asked" not in session.data


def test_on_a_day_with_a_sudden_rise_the_rest_are_members_and_not_counted(settings: object) -> None:
    settings.MEMBERS_A_DAY = 2  # type: ignore[attr-defined]
    for number in range(4):
        browser = asked(f"somebody{number}@example.org")
        browser.post(CODE, {"code": letters.code(f"somebody{number}@example.org")})
    assert Community.objects.get().member_count == 2
    assert Member.objects.count() == 4
    assert "Not counted yet" in browser.get(ME).content.decode()


def test_a_robot_in_one_network_with_one_mailbox_of_many_names_is_held_though_the_day_has_room() -> None:
    accounts = [User.objects.create_user(f"robot+{number}@example.org") for number in range(21)]
    for account in accounts:
        browser = Client(REMOTE_ADDR=f"192.0.2.{account.pk % 200}")
        browser.force_login(account)
        browser.post(JOIN, SAID)
    assert (Community.objects.get().member_count, Member.objects.count()) == (20, 21)
    browser = Client(REMOTE_ADDR="203.0.113.9")
    browser.force_login(people.member())
    browser.post(JOIN, SAID)
    assert Community.objects.get().member_count == 21, "nobody elsewhere waits for that"


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_with_one_address_are_one_account_and_one_member() -> None:
    browsers = [asked() for _ in range(3)] + [asked("other@example.org")]
    codes = [letters.code(MIA)] * 3 + [letters.code("other@example.org")]
    acts = [
        lambda browser=browser, code=code: browser.post(CODE, {"code": code}).status_code
        for browser, code in zip(browsers, codes, strict=True)
        for _ in range(5)
    ]
    statuses = together(acts)
    assert set(statuses) <= {200, 302}
    assert User.objects.filter(email=MIA).count() == 1
    assert count() == 2


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_guesses_made_at_once_are_five_and_no_more() -> None:
    browser = asked()
    key = browser.session.session_key
    right = letters.code(MIA)

    def guess() -> str:
        tab = Client()
        tab.cookies["sessionid"] = str(key)
        return tab.post(CODE, {"code": "0000 0000" if right != "0000 0000" else "1111 1111"}).content.decode()

    answers = together([guess] * 20)
    assert sum("not the code of the newest letter" in str(answer) for answer in answers) == 5


def test_a_consent_is_dated_by_the_database() -> None:
    browser = asked()
    browser.post(CODE, {"code": letters.code(MIA)})
    age = dt.datetime.now(dt.UTC) - Member.objects.get().consented_at
    assert abs(age) < dt.timedelta(minutes=1)


def test_no_cookie_says_which_community_somebody_joined(client: Client) -> None:
    client.force_login(people.reader())
    said = client.post(JOIN, SAID).cookies["messages"].value.split(":")[0]
    assert b"You have joined" in base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))
    assert b"POEMS" not in base64.urlsafe_b64decode(said + "=" * (-len(said) % 4))


def test_one_account_that_goes_in_and_out_has_nobody_else_held(client: Client, settings: Any) -> None:
    settings.MEMBERS_A_DAY = 22
    community, rosa = Community.objects.get(), people.reader()
    client.force_login(rosa)
    for _ in range(23):
        answer = client.post(JOIN, SAID)
        community.leave(by=rosa)
    assert "You have joined 20 times today" in answer.content.decode()
    community.join(by=people.member(), relation="self", consent_version="1")
    assert not Member.objects.get().is_held


def sent(browser: Client, page: str, form: dict[str, str]) -> int:
    """The answer to a form."""
    return browser.post(page, form).status_code


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_who_joins_in_one_tab_and_erases_in_another_gets_two_clear_answers_and_nothing_stays_half() -> None:
    for number in range(5):
        mia = User.objects.create_user(f"mia{number}@example.org")
        tabs = [Client() for _ in range(4)]
        for tab in tabs:
            tab.force_login(mia)
        by_letter = asked(mia.email)
        acts = [
            (tabs[0], JOIN, SAID),
            (tabs[1], JOIN, SAID),
            (tabs[2], "/me/erase/", {"sure": "on"}),
            (tabs[3], "/me/erase/", {"sure": "on"}),
            (by_letter, CODE, {"code": letters.code(mia.email)}),
        ]
        answers = together([partial(sent, *act) for act in acts])
        # 400 is the page that says that this session ended meanwhile.
        assert set(answers) <= {200, 302, 400}, answers
        assert not User.objects.filter(pk=mia.pk).exists()
        assert not Member.objects.filter(user=mia.pk).exists()
        count()


def test_who_joins_with_an_account_that_is_gone_is_told_so(client: Client, community: Community) -> None:
    mia = people.member()
    User.objects.filter(pk=mia.pk).update(is_active=False, closed_at=dt.datetime.now(dt.UTC))
    with pytest.raises(Refusal, match="not there any more"):
        community.join(by=mia, relation="self", consent_version="1")
    User.objects.filter(pk=mia.pk).delete()
    with pytest.raises(Refusal, match="not there any more"):
        community.join(by=mia, relation="self", consent_version="1")
    with pytest.raises(Refusal, match="not there any more"):
        mia.erase(by=mia)
    assert count() == 0
