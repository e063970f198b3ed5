"""Signing in and staying signed in: limits on tries, passwords as they were typed, sessions that end."""

import datetime as dt
import logging
import time
from collections.abc import Iterator

import pytest
import time_machine
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.test import Client

from accounts.models import Letter, User
from tests import people

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"
HOME = "/accounts/email/"


@pytest.fixture(autouse=True)
def _tries_forgotten() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def sign_in(person: User, password: str = people.PASSWORD) -> Client:
    """A browser in which this person tried to sign in."""
    client = Client()
    client.post(LOGIN, {"login": person.email, "password": password})
    return client


def signed_in(client: Client) -> bool:
    """Whether the browser is signed in."""
    return "_auth_user_id" in client.session


# Tries


def test_after_five_wrong_passwords_the_right_one_waits_and_nobody_else_does() -> None:
    ada, rosa = people.author(), people.reader()
    for _ in range(5):
        assert not signed_in(sign_in(ada, "wrong wrong wrong"))
    assert not signed_in(sign_in(ada))
    assert signed_in(sign_in(rosa))


def test_an_address_typed_in_another_form_gives_no_further_tries() -> None:
    ada = people.author()
    for typed in ("ADA@example.org", "ada@ｅxample.org", "ada@eｘample.org", "ada@exａmple.org", "ada@EXAｍPLE.org"):
        Client().post(LOGIN, {"login": typed, "password": "wrong wrong wrong"})
    assert not signed_in(sign_in(ada))


def test_the_log_tells_of_each_try_and_of_no_address(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "accounts.adapters")
    rosa = people.author()
    sign_in(rosa, "wrong wrong wrong")
    sign_in(rosa)
    assert [record.getMessage() for record in caplog.records if record.name == "accounts.adapters"] == [
        "Sign-in failed, from 127.0.0.1",
        f"Sign-in of account {rosa.pk}, from 127.0.0.1",
    ]
    assert rosa.email not in caplog.text


def test_a_forgotten_password_is_answered_alike_for_known_and_unknown_addresses() -> None:
    known = people.reader().email
    answers = {
        (answer.status_code, answer.headers["Location"])
        for address in (known, "nobody@example.org")
        for answer in [Client().post("/accounts/password/reset/", {"email": address})]
    }
    assert len(answers) == 1
    assert Letter.objects.filter(to=known).count() == 1


def test_an_unknown_address_costs_the_same_work_as_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    encode = MD5PasswordHasher.encode

    def counted(self: MD5PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(MD5PasswordHasher, "encode", counted)
    known, work = people.reader().email, []
    for address in (known, "nobody@example.org"):
        hashed.clear()
        Client().post(LOGIN, {"login": address, "password": "wrong wrong wrong"})
        signing_in = len(hashed)
        Client().post("/accounts/password/reset/", {"email": address})
        work.append((signing_in, Letter.objects.filter(to=address).count()))
    assert work == [(1, 1), (1, 1)]


# Passwords


@pytest.mark.parametrize(
    "password", [" blanks around it ", "pass phrase with ümläut", "x" * 200, "onlylowercase letters"]
)
def test_a_password_counts_exactly_as_it_was_typed(password: str) -> None:
    validate_password(password)
    rosa = people.person("rosa@example.org")
    rosa.set_password(password)
    rosa.save()
    assert signed_in(sign_in(rosa, password))
    assert not signed_in(sign_in(rosa, password.swapcase()))
    assert not signed_in(sign_in(rosa, password + " "))


@pytest.mark.parametrize("password", ["elevenchars", "passwordpassword"[:8], "1234567890123", "rosa@example.org"])
def test_a_short_personal_or_much_used_password_is_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        validate_password(password, people.reader())


@pytest.mark.parametrize("password", ["rounds-rounds-2026", "RoundsAdmin1234", "medical review 1", "testserver-12345"])
def test_a_password_of_little_more_than_words_of_the_site_is_refused(password: str) -> None:
    with pytest.raises(ValidationError, match="words of this site"):
        validate_password(password)
    validate_password(f"{password} and a horse")


# Sessions


def test_a_new_password_ends_every_other_session() -> None:
    rosa = people.reader()
    here, elsewhere = sign_in(rosa), sign_in(rosa)
    form = {"oldpassword": people.PASSWORD, "password1": "another pass phrase", "password2": "another pass phrase"}
    assert here.post("/accounts/password/change/", {**form, "oldpassword": "wrong"}).status_code == 200
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert here.get(HOME).status_code == 200
    assert elsewhere.get(HOME).status_code == 302


def test_signing_in_changes_the_session_and_signing_out_ends_it() -> None:
    client = Client()
    client.get(LOGIN)
    before = client.session.session_key
    client.post(LOGIN, {"login": people.reader().email, "password": people.PASSWORD})
    key = client.session.session_key
    assert key is not None
    assert key != before
    client.post("/accounts/logout/")
    late = Client()
    late.cookies["sessionid"] = key
    assert late.get(HOME).status_code == 302


def test_an_address_is_not_changed_in_a_browser_left_open() -> None:
    client = sign_in(people.reader())
    with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(minutes=10)):
        answer = client.post(HOME, {"action_add": "", "email": "other@example.org"})
    assert answer.headers["Location"].startswith("/accounts/reauthenticate/")
    assert not User.objects.filter(email="other@example.org").exists()


def test_the_desk_asks_for_the_second_factor_again_after_twelve_hours() -> None:
    ada, secret = people.author(), generate_totp_secret()
    TOTP.activate(ada, secret)
    client = sign_in(ada)
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    client.post("/accounts/2fa/authenticate/", {"code": code})
    hours = [client.get("/admin/").status_code]
    for passed in (11.0, 13.0):
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=passed)):
            hours.append(client.get("/admin/").status_code)
    assert hours == [200, 200, 302]
    # A form that was opened in time may still be sent within the hour, so that nothing was typed in vain.
    sent = []
    for passed in (12.5, 13.5):
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(hours=passed)):
            sent.append(client.post("/admin/articles/article/add/", {"question": "Typed?"}).status_code)
    assert sent == [200, 302]


@pytest.mark.parametrize("page", ["email/", "password/change/", "2fa/", "logout/", "password/reset/"])
def test_every_page_of_an_account_leads_out_and_no_browser_keeps_it(page: str) -> None:
    answer = sign_in(people.reader()).get(f"/accounts/{page}")
    assert "no-store" in answer.headers["Cache-Control"]
    assert 'href="/accounts/logout/"' in answer.content.decode()
