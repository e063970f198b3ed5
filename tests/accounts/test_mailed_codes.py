"""Signing in with a code from a letter: the same answer for every address, limits for all processes, and no desk."""

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import mailed_codes
from accounts.models import Letter, Session, Tally, User
from tests import letters, people
from tests.conftest import Clock
from tests.database import tamper
from tests.world import security_key

pytestmark = pytest.mark.django_db

ASK, TYPE, ME = "/accounts/code/", "/accounts/code/typed/", "/me/"


@pytest.fixture(autouse=True)
def _tries_forgotten() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def asked(email: str, **options: str) -> Client:
    """A browser that asked for a code."""
    browser = Client(**options)
    browser.post(ASK, {"email": email})
    return browser


def signed_in(browser: Client) -> str | None:
    """The number of whoever is signed in."""
    return browser.session.get("_auth_user_id")


def test_a_member_signs_in_with_the_code_and_goes_to_what_is_theirs() -> None:
    mia = people.member()
    browser = asked("MIA@example.org ")
    answer = browser.post(TYPE, {"code": letters.code(mia.email)})
    assert answer.headers["Location"] == ME
    assert signed_in(browser) == str(mia.pk)
    assert browser.get(ME).status_code == 200
    assert EmailAddress.objects.get(user=mia).verified


def test_they_go_where_they_wanted_and_never_to_another_site() -> None:
    mia = people.member()
    for wanted, there in (("/me/export/", "/me/export/"), ("https://evil.example/", ME), ("//evil.example", ME)):
        browser = Client()
        browser.post(f"{ASK}?next={wanted}", {"email": mia.email})
        assert browser.post(TYPE, {"code": letters.code(mia.email)}).headers["Location"] == there


def test_looking_at_the_page_of_the_code_changes_nothing() -> None:
    browser = asked(people.member().email)
    before = list(Session.objects.values_list("session_data", flat=True))
    assert browser.get(f"{TYPE}?code={letters.code('mia@example.org')}").status_code == 200
    assert signed_in(browser) is None
    assert list(Session.objects.values_list("session_data", flat=True)) == before
    assert not re.search(r"https?://", letters.newest("mia@example.org").body)


def test_a_code_counts_once_and_in_the_browser_that_asked() -> None:
    mia = people.member()
    first, other = asked(mia.email), asked(mia.email)
    newest = letters.code(mia.email)
    first.post(TYPE, {"code": newest})
    assert signed_in(first) is None
    other.post(TYPE, {"code": newest})
    assert signed_in(other)
    assert Client().post(TYPE, {"code": newest}).headers["Location"] == ASK


def test_a_code_is_spent_with_the_first_sign_in() -> None:
    mia = people.member()
    browser = asked(mia.email)
    key = str(browser.session.session_key)
    kept = Session.objects.get(pk=key).session_data
    browser.post(TYPE, {"code": letters.code(mia.email)})
    # Somebody who copied the session from before it.
    Session.objects.create(pk=key, session_data=kept, expire_date=dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))
    copied = Client()
    copied.cookies["sessionid"] = key
    answer = copied.post(TYPE, {"code": letters.code(mia.email)})
    assert signed_in(copied) is None
    assert mailed_codes.SPENT in answer.content.decode()


def test_a_code_is_good_for_half_an_hour(moved_clock: Clock) -> None:
    mia, now = people.member(), dt.datetime.now(dt.UTC)
    moved_clock.move(now)
    browser = asked(mia.email)
    moved_clock.move(now + dt.timedelta(minutes=31))
    browser.post(TYPE, {"code": letters.code(mia.email)})
    assert signed_in(browser) is None


def test_after_five_wrong_codes_the_right_one_is_refused_in_whatever_tab() -> None:
    mia = people.member()
    browser = asked(mia.email)
    right = letters.code(mia.email)
    wrong = "0000 0000" if right != "0000 0000" else "1111 1111"
    tabs = [Client() for _ in range(5)]
    for tab in tabs:
        tab.cookies = browser.cookies
        assert mailed_codes.WRONG in tab.post(TYPE, {"code": wrong}).content.decode()
    assert "A wrong code was typed 5 times" in browser.post(TYPE, {"code": right}).content.decode()
    assert signed_in(browser) is None


# Nobody learns who has an account


def addresses() -> dict[str, str]:
    """One address of each kind."""
    closed = people.person("kate@example.org")
    closed.close(by=closed)
    people.person("blocked@example.org", is_active=False)
    for number in range(20):
        asked("full@example.org", REMOTE_ADDR=f"198.51.{number // 5}.1")
    return {
        "member": people.member().email,
        "nobody": "nobody@example.org",
        "colleague": people.publisher().email,
        "administrator": people.superuser().email,
        "closed": "kate@example.org",
        "name of a closed account": f"closed-{closed.pk}@account.invalid",
        "name of no closed account": "closed-999999@account.invalid",
        "blocked": "blocked@example.org",
        "too many letters": "full@example.org",
    }


def test_the_answer_is_the_same_for_every_address_and_so_is_the_work() -> None:
    answers, work = set(), {}
    for number, (kind, email) in enumerate(addresses().items()):
        browser = Client(REMOTE_ADDR=f"192.0.2.{number}")
        with CaptureQueriesContext(
            connection,
        ) as queries:
            sent = browser.post(ASK, {"email": email})
        page = browser.get(TYPE).content.decode().replace(email, "…")
        page = re.sub(r'name="csrfmiddlewaretoken" value="\w+"|until \d\d:\d\d', "", page)
        answers.add((sent.status_code, sent.headers["Location"], page))
        work[kind] = [
            re.sub(r"'[^']*'|\d+|[0-9a-f]{12,}", "?", query["sql"])[:40] for query in queries.captured_queries
        ]
    assert len(answers) == 1
    first = work["member"]
    for kind, statements in work.items():
        # The tally of an address that was seen before is there already; a savepoint is undone in place of kept.
        differ = {line for line in statements if line not in first}
        assert len(statements) <= len(first) + 1, (kind, statements)
        assert all("SAVEPOINT" in line or "ROLLBACK" in line for line in differ), (kind, differ)


def test_what_differs_is_in_the_letter_and_only_members_get_a_code() -> None:
    Letter.objects.all().delete()
    said = {}
    for kind, email in addresses().items():
        before = Letter.objects.filter(to=email).count()
        asked(email)
        new = Letter.objects.filter(to=email).count() - before
        said[kind] = letters.newest(email).subject if new else None
    assert said == {
        "member": "Your code for Rounds",
        "nobody": "About signing in to Rounds",
        "colleague": "About signing in to Rounds",
        "administrator": "About signing in to Rounds",
        "closed": "About signing in to Rounds",
        "name of a closed account": None,
        "name of no closed account": None,
        "blocked": "About signing in to Rounds",
        "too many letters": None,
    }
    assert not User.objects.filter(email="nobody@example.org").exists()


@pytest.mark.parametrize(
    "typed", ["", "rosa", "rosa@", "@example.org", "rosa@example", "a" * 300 + "@example.org", "\x00"]
)
def test_what_is_no_address_is_said_so_to_everybody(typed: str) -> None:
    answer = Client().post(ASK, {"email": typed})
    assert answer.status_code == 200
    assert "example" in answer.content.decode() or "Enter your" in answer.content.decode()
    assert not Letter.objects.exists()


def test_an_address_in_another_form_is_the_same_address() -> None:
    kate = User.objects.create_user("kate@example.org")
    asked("\u212aATE@ｅxample.org")
    assert letters.code(kate.email)
    assert set(Letter.objects.values_list("to", flat=True)) == {"kate@example.org"}


# Limits


def letters_after(times: int, email: str, *, networks: int) -> int:
    """How many letters an address has after it was asked for from so many networks in turn, in whatever form."""
    forms = [email, email.upper(), email.replace("@e", "@ｅ")]
    for number in range(times):
        asked(forms[number % 3], REMOTE_ADDR=f"198.51.{number % networks}.{number}")
    return Letter.objects.filter(to=email).count()


def test_a_stranger_at_one_network_uses_up_five_letters_an_hour_and_the_owner_still_gets_theirs() -> None:
    mia = people.member()
    assert letters_after(9, mia.email, networks=1) == 5
    browser = asked(mia.email, REMOTE_ADDR="203.0.113.9")
    browser.post(TYPE, {"code": letters.code(mia.email)})
    assert signed_in(browser)


def test_an_address_gets_twenty_letters_an_hour_and_no_more_a_day_whatever_the_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert letters_after(24, "mia@example.org", networks=24) == 20
    monkeypatch.setattr(mailed_codes, "LETTERS_A_DAY", 22)
    Tally.objects.filter(pk__startswith="code-letters-").exclude(pk__contains="-day-").delete()  # an hour later
    assert letters_after(24, "mia@example.org", networks=24) == 22


def test_a_code_that_was_sent_stays_good_in_its_browser_when_no_more_letters_go_out() -> None:
    mia = people.member()
    browser = asked(mia.email)
    code = letters.code(mia.email)
    assert letters_after(24, mia.email, networks=24) == 20
    browser.post(ASK, {"email": mia.email})
    browser.post(TYPE, {"code": code})
    assert signed_in(browser)
    # Who is signed in is asked for a code again, and has letters of their own for it.
    browser.post("/accounts/code/again/")
    assert Letter.objects.filter(to=mia.email).count() == 21


def test_a_code_that_was_never_sent_is_never_right_so_nobody_guesses_past_the_letters_from_many_networks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("accounts.mailed_codes.secrets.randbelow", lambda most: 12345678)
    mia = people.member()
    browsers = [asked(mia.email, REMOTE_ADDR=f"198.51.{number}.1") for number in range(21)]
    for browser in (browsers[0], browsers[20]):
        browser.post(TYPE, {"code": "1234 5678"})
    assert signed_in(browsers[0])
    assert not signed_in(browsers[20])


def test_a_network_asks_for_thirty_codes_an_hour_and_is_told_when_it_may_again() -> None:
    for number in range(30):
        asked(f"somebody{number}@example.org", REMOTE_ADDR=f"192.0.2.{number}")
    answer = Client(REMOTE_ADDR="192.0.2.99").post(ASK, {"email": "more@example.org"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 60
    assert "Too many codes" in answer.content.decode()
    assert Letter.objects.count() == 30
    asked("more@example.org", REMOTE_ADDR="203.0.113.9")
    assert Letter.objects.filter(to="more@example.org").exists()


def test_letters_about_a_password_are_five_an_hour_in_whatever_form_the_address_is_typed() -> None:
    rosa = people.reader()
    answers = [
        Client(REMOTE_ADDR=f"198.51.{number}.1")
        .post("/accounts/password/reset/", {"email": ["rosa@example.org", "RO\u017fA@example.org"][number % 2]})
        .status_code
        for number in range(7)
    ]
    assert answers == [302] * 5 + [429] * 2
    assert list(Letter.objects.values_list("to", flat=True)) == [rosa.email] * 5


def test_a_network_gets_thirty_letters_about_passwords_an_hour_however_many_names_a_mailbox_has() -> None:
    browser = Client()
    for number in range(32):
        browser.post("/accounts/password/reset/", {"email": f"victim+{number}@example.org"})
    assert Letter.objects.count() == 30


# Colleagues


def test_a_colleague_gets_no_code_and_is_told_by_letter_where_to_sign_in() -> None:
    petra = people.publisher()
    browser = asked(petra.email)
    letter = letters.newest(petra.email)
    assert "/accounts/login/" in letter.body
    assert not re.search(r"\d{4} \d{4}", letter.body)
    browser.post(TYPE, {"code": "0000 0000"})
    assert signed_in(browser) is None


@pytest.mark.owner
def test_a_session_that_came_by_letter_has_no_desk_though_its_owner_becomes_a_colleague() -> None:
    mia = people.member()
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    tamper(("UPDATE accounts_user SET is_staff = %s WHERE id = %s", [True, mia.pk]))
    session = browser.session
    session["account_authentication_methods"] += [{"method": "mfa", "at": dt.datetime.now(dt.UTC).timestamp()}]
    session.save()
    answer = browser.get("/admin/")
    assert answer.status_code == 302
    assert browser.get(answer.headers["Location"]).headers["Location"].startswith("/accounts/login/")
    assert signed_in(browser) is None


@pytest.mark.owner
def test_a_session_that_came_by_letter_has_no_desk_in_a_demonstration_either(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    mia = people.member()
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    tamper(("UPDATE accounts_user SET is_staff = %s WHERE id = %s", [True, mia.pk]))
    assert browser.get("/admin/").status_code == 302


def test_whoever_becomes_a_colleague_after_the_letter_was_sent_is_not_let_in_with_it() -> None:
    mia = people.member()
    browser = asked(mia.email)
    User.objects.filter(pk=mia.pk).update(is_staff=True)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    assert signed_in(browser) is None


def test_the_door_of_the_desk_offers_no_sign_up(client: Client) -> None:
    page = client.get("/accounts/login/").content.decode()
    assert "signup" not in page
    assert ASK in page


# No password, and a passkey if they like


def test_a_member_gets_no_password_by_letter_and_none_on_a_page() -> None:
    mia = people.member()
    browser = asked(mia.email)
    browser.post("/accounts/password/reset/", {"email": mia.email})
    told = letters.newest(mia.email)
    assert "/password/reset/key/" not in told.body
    assert ("no account with it that a password opens" in told.body, ASK in told.body) == (True, True)
    # True of whoever reads it: a member, somebody who is blocked, and nobody.
    assert not re.search("unknown|no account for", f"{told.subject} {told.body}", re.IGNORECASE)
    asked(mia.email)
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    new = {"password1": "another long password", "password2": "another long password"}
    assert browser.post("/accounts/password/set/", new).headers["Location"] == ME
    assert not User.objects.get(pk=mia.pk).has_usable_password()


def test_a_colleague_without_a_password_still_gets_one_by_letter() -> None:
    nina = User.objects.create_user("nina@example.org", is_staff=True)
    Client().post("/accounts/password/reset/", {"email": nina.email})
    assert "/password/reset/key/" in letters.newest(nina.email).body


@pytest.mark.parametrize(("kind", "there"), [("webauthn", ME), ("totp", "/accounts/2fa/authenticate/")])
def test_a_lost_passkey_locks_no_member_out_and_an_app_is_asked_for(kind: str, there: str) -> None:
    mia = people.member()
    data = security_key() if kind == "webauthn" else {"secret": "none"}
    Authenticator.objects.create(user=mia, type=kind, data=data)
    browser = asked(mia.email)
    assert browser.post(TYPE, {"code": letters.code(mia.email)}).headers["Location"] == there
    assert bool(signed_in(browser)) == (kind == "webauthn")


def test_nobody_takes_an_address_that_they_have_not_confirmed_and_so_gets_its_owner_into_their_account() -> None:
    rosa, email = people.reader(), "somebody@example.org"
    browser = Client()
    browser.post("/accounts/login/", {"login": rosa.email, "password": people.PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": people.PASSWORD})
    browser.post("/accounts/email/", {"action_add": "", "email": email})
    assert EmailAddress.objects.filter(user=rosa, email=email, verified=False).exists()
    browser.post("/accounts/email/", {"action_primary": "", "email": email})
    assert "Confirm this address first" in browser.get("/accounts/email/").content.decode()
    assert User.objects.get(pk=rosa.pk).email == rosa.email
    EmailAddress.objects.filter(user=rosa, email=email).update(verified=True)
    browser.post("/accounts/email/", {"action_primary": "", "email": email})
    assert User.objects.get(pk=rosa.pk).email == email


def test_a_letter_that_confirms_an_address_names_no_account_and_counts_as_one_with_a_code() -> None:
    mia = people.member()
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    browser.post("/accounts/email/", {"action_add": "", "email": "stranger@example.org"})
    letter = letters.newest("stranger@example.org")
    address = re.search(r"https?://[^/]+(/accounts/confirm-email/\S+)", letter.body)
    assert address
    page = Client().get(address[1]).content.decode()
    assert "stranger@example.org" in page
    for words in (letter.subject, letter.body, page):
        assert mia.email not in words, "who is a member, told to whoever reads a mistyped address"
    for number in range(40):
        Tally.objects.filter(key__contains="manage_email").delete()  # ten a minute for one account
        browser.post("/accounts/email/", {"action_add": "", "email": f"stranger+{number}@example.org"})
    assert Letter.objects.count() == 30
    for number in range(20):
        asked("full@example.org", REMOTE_ADDR=f"203.0.{number}.9")
    browser.post("/accounts/email/", {"action_add": "", "email": "full@example.org"}, REMOTE_ADDR="203.0.113.9")
    assert EmailAddress.objects.filter(user=mia, email="full@example.org").exists()
    assert Letter.objects.filter(to="full@example.org").count() == 20


def test_no_administrator_comes_into_a_members_account_unnoticed() -> None:
    mia, desk = people.member(), Client()
    desk.force_login(people.superuser())
    session = desk.session
    session["account_authentication_methods"] = [{"method": "mfa", "at": dt.datetime.now(dt.UTC).timestamp()}]
    session["account_authentication_methods_user"] = str(people.superuser().pk)
    session.save()
    here, new = f"/admin/accounts/user/{mia.pk}", "sturdy horse battery 9"
    desk.post(f"{here}/password/", {"password1": new, "password2": new, "usable_password": "true"})
    assert User.objects.get(pk=mia.pk).check_password(new)
    assert letters.newest(mia.email).subject == "Your password was changed"
    desk.post(f"{here}/change/", {"email": "else@example.org", "name": "", "is_active": "on"})
    assert User.objects.get(pk=mia.pk).email == "else@example.org"
    assert letters.newest(mia.email).subject == "Your e-mail address was changed"
    assert desk.get("/admin/account/emailaddress/").status_code == 200
    answer = desk.post("/admin/account/emailaddress/add/", {"user": mia.pk, "email": "x@example.org", "verified": "on"})
    assert answer.status_code == 403
    assert not EmailAddress.objects.filter(email="x@example.org").exists()


# Nothing stays behind


def test_a_session_that_only_asked_ends_within_the_half_hour_and_forgets_at_sign_in() -> None:
    mia = people.member()
    browser = asked(mia.email)
    assert browser.session.get_expiry_age() <= 30 * 60
    browser.post(TYPE, {"code": letters.code(mia.email)})
    assert mailed_codes.ASKED not in browser.session
    assert browser.session.get_expiry_age() > 24 * 60 * 60


def test_letters_with_codes_are_forgotten_a_day_after_they_went_out(moved_clock: Clock) -> None:
    now = dt.datetime.now(dt.UTC)
    asked("nobody@example.org")
    Letter.objects.post(to="ada@example.org", subject="Due", body="Due.", key="due-1")
    Letter.objects.update(sent_at=now)
    moved_clock.move(now + dt.timedelta(hours=23))
    assert Letter.objects.forget() == 0
    moved_clock.move(now + dt.timedelta(hours=25))
    assert Letter.objects.forget() == 1
    assert Letter.objects.get().key == "due-1"


def test_no_line_of_the_log_names_the_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    mia = people.member()
    browser = asked(mia.email)
    browser.post(TYPE, {"code": "0000 0001"})
    browser.post(TYPE, {"code": letters.code(mia.email)})
    said = "\n".join(record.getMessage() for record in caplog.records if not record.name.startswith("django.db"))
    assert "mia" not in said
    assert "Sign-in of a member" in said
    assert f"account {mia.pk}" not in said
    assert "127.0.0.1" not in said, "a line on a page read a moment ago may stand before it"


# Before something delicate


def signed_in_for_long(mia: User) -> Client:
    """A browser in which a member signed in with a code ten minutes ago, and which is left open."""
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 600
    session.save()
    return browser


DELICATE = ["/accounts/email/", "/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/"]


@pytest.mark.parametrize("address", DELICATE)
def test_a_browser_left_open_changes_no_members_address_and_adds_no_key(address: str) -> None:
    mia = people.member()
    browser = signed_in_for_long(mia)
    again = f"/accounts/code/again/?next={address.replace('/', '%2F')}"
    for answer in (browser.get(address), browser.post(address, {"action_add": "", "email": "thief@example.org"})):
        assert answer.headers["Location"] == again
    assert not EmailAddress.objects.filter(email="thief@example.org").exists()
    browser.post(again)
    assert mailed_codes.WRONG in browser.post(again, {"code": "0000 000"}).content.decode()
    assert browser.post(again, {"code": letters.code(mia.email)}).headers["Location"] == address
    assert browser.get(address).status_code == 200
    assert signed_in(browser)


def test_somebody_who_just_typed_a_code_types_none_again() -> None:
    mia = people.member()
    browser = asked(mia.email)
    browser.post(TYPE, {"code": letters.code(mia.email)})
    for address in DELICATE:
        assert browser.get(address).status_code == 200


def test_whoever_lost_a_passkey_takes_it_off_with_a_code() -> None:
    mia = people.member()
    key = Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    browser = signed_in_for_long(mia)
    remove = f"/accounts/2fa/webauthn/keys/{key.pk}/remove/"
    asks = browser.post(remove)
    assert asks.status_code == 302
    page = browser.get(asks.headers["Location"]).content.decode()
    assert "/accounts/code/again/" in page
    browser.post("/accounts/code/again/")
    browser.post("/accounts/code/again/", {"code": letters.code(mia.email)})
    browser.post(remove)
    assert not Authenticator.objects.filter(pk=key.pk).exists()


def test_a_code_is_no_way_past_an_app_or_a_colleagues_second_factor() -> None:
    mia = people.member()
    Authenticator.objects.create(user=mia, type="totp", data={"secret": "none"})
    for person in (mia, people.publisher()):
        browser = Client()
        browser.force_login(person)
        before = Letter.objects.count()
        assert browser.post("/accounts/code/again/").headers["Location"] == "/accounts/reauthenticate/"
        assert Letter.objects.count() == before
