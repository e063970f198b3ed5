"""One's own sessions: seen, ended at once, ended by themselves; nobody ends another's."""

import datetime as dt
import re

import pytest
import time_machine
from django.conf import settings
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client

from accounts.models import Session, User
from accounts.refusals import NotAllowed
from tests import people

pytestmark = pytest.mark.django_db

SESSIONS, HOME = "/accounts/sessions/", "/accounts/email/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"


def sign_in(person: User, **headers: str) -> Client:
    """A browser in which this person signed in with their password."""
    client = Client(headers=headers)
    client.post("/accounts/login/", {"login": person.email, "password": people.PASSWORD})
    return client


def signed_in(client: Client) -> bool:
    """Whether the next request of this browser is still theirs."""
    return client.get(HOME).status_code == 200


def after(**passed: float) -> time_machine.travel:
    """Some time later."""
    return time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(**passed))


def test_each_browser_is_listed_and_one_is_signed_out_at_once() -> None:
    rosa = people.reader()
    here, there, third = sign_in(rosa), sign_in(rosa, **{"User-Agent": FIREFOX}), sign_in(rosa)
    page = here.get(SESSIONS).content.decode()
    assert page.count("This one") == 1
    assert "Firefox on Windows" in page
    names = dict(re.findall(r'name="end" value="(\w{20})">Sign out<span class="visually-hidden"> (\w[\w ]*),', page))
    assert len(names) == 2
    # A key in the page would be a signed-in browser for whoever reads along.
    assert not [row.session_key for row in Session.objects.all() if row.session_key in page]
    name = next(name for name, browser in names.items() if browser == "Firefox on Windows")
    assert here.post(SESSIONS, {"end": name}).status_code == 302
    assert [signed_in(client) for client in (here, there, third)] == [True, False, True]
    here.post(SESSIONS, {"end": name})
    here.post(SESSIONS, {"end": ""})
    assert [signed_in(client) for client in (here, there, third)] == [True, False, True]
    here.post(SESSIONS, {"end": "others"})
    assert [signed_in(client) for client in (here, third)] == [True, False]


def test_nobody_sees_or_ends_the_session_of_another() -> None:
    ada, rosa = people.author(), people.reader()
    hers, his = sign_in(ada), sign_in(rosa, **{"User-Agent": FIREFOX})
    row = Session.objects.get(user=rosa)
    assert "Firefox" not in hers.get(SESSIONS).content.decode()
    for end in (row.name, row.session_key, "others"):
        hers.post(SESSIONS, {"end": end})
    assert signed_in(his)
    with pytest.raises(NotAllowed, match="your own"):
        row.end(by=ada)


def test_a_session_that_ended_while_it_was_used_does_not_come_back() -> None:
    client = sign_in(people.reader())
    session = client.session
    assert session["seen"]
    Session.objects.all().delete()
    session["seen"] = 0
    with pytest.raises(UpdateError):
        session.save()
    assert not Session.objects.exists()
    assert not signed_in(client)


def test_a_new_password_and_a_reset_one_leave_no_other_browser_in_the_list() -> None:
    rosa = people.reader()
    here, elsewhere = sign_in(rosa), sign_in(rosa)
    form = {"oldpassword": people.PASSWORD, "password1": "another pass phrase", "password2": "another pass phrase"}
    assert here.post("/accounts/password/change/", form).status_code == 302
    assert not signed_in(elsewhere)
    assert "Nowhere else." in here.get(SESSIONS).content.decode()
    rosa.refresh_from_db()
    rosa.set_password("a third pass phrase")
    rosa.save()
    assert not signed_in(here)
    assert Session.objects.open(rosa) == []


def test_a_session_ends_that_nobody_used_for_twelve_hours_and_a_used_one_goes_on() -> None:
    idle, used = sign_in(people.reader()), sign_in(people.author())
    with after(hours=11):
        assert signed_in(used)
    with after(hours=12.5):
        # A form that was opened in time may still be sent.
        assert used.post(SESSIONS, {}).status_code == 302
        assert idle.post(SESSIONS, {}).headers["Location"] == SESSIONS
        assert not signed_in(idle)
        assert not Session.objects.filter(user=people.reader()).exists()
        assert signed_in(used)
    with after(hours=26):
        answer = used.post(SESSIONS, {"end": "others"})
        assert answer.headers["Location"].startswith("/accounts/login/")


def test_a_session_ends_after_two_weeks_however_much_it_was_used() -> None:
    client = sign_in(people.reader())
    assert settings.SESSION_COOKIE_AGE == 14 * 24 * 60 * 60
    for hours in range(11, 14 * 24, 11):
        with after(hours=hours):
            assert signed_in(client), hours
    with after(hours=14 * 24 + 1):
        assert not signed_in(client)


def test_using_the_site_writes_a_row_every_five_minutes_at_most() -> None:
    client = sign_in(people.reader())
    before = Session.objects.get().session_data
    client.get(HOME)
    assert Session.objects.get().session_data == before
    with after(minutes=6):
        client.get(HOME)
    assert Session.objects.get().session_data != before
