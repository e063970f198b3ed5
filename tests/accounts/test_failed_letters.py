"""A letter that fails for a week is given up, shows in the outbox, and goes out when it is tried again."""

import datetime as dt
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import clock
from accounts.models import Letter
from accounts.outbox import LEASE, send_letters
from accounts.refusals import NotAllowed, Refusal
from tests import people
from tests.conftest import Clock
from tests.crowd import together

from .mail_server import KEY, Act, MailServer, later, post, refuses, sent, takes

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """A mail server that behaves as told."""
    settings.EMAIL_BACKEND = "tests.accounts.mail_server.MailServer"
    return lambda act: monkeypatch.setattr(MailServer, "act", staticmethod(act))


# Giving up, and trying again


def failed(to: str = "ada@example.org", tries: int = 3) -> Letter:
    """A letter that the mail server refused, and that is tried again in an hour."""
    letter = post(to)
    Letter.objects.filter(pk=letter.pk).update(tries=tries, problem="No such mailbox", not_before=later(60))
    letter.refresh_from_db()
    return letter


def test_a_letter_that_fails_for_a_week_is_given_up_and_says_why(
    mail_server: Callable[[Act], None], moved_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    letter, now, first = post(), later(1), later(1)
    mail_server(refuses)
    for _ in range(Letter.MOST_TRIES):
        moved_clock.move(now)
        send_letters()
        letter.refresh_from_db()
        now = letter.not_before
    assert dt.timedelta(days=6) < now - first < dt.timedelta(days=8)
    assert (letter.tries, letter.state, letter.is_given_up) == (Letter.MOST_TRIES, Letter.State.FAILED, True)
    assert "No such mailbox" in letter.problem
    assert caplog.messages[-1] == f"Letter {letter.pk} was given up after {Letter.MOST_TRIES} tries"
    mail_server(takes)
    moved_clock.move(now + dt.timedelta(days=30))
    assert send_letters() == 0
    letter.try_again(by=people.superuser())
    assert send_letters() == 1


def test_a_letter_whose_process_ended_at_the_last_try_shows_as_failed(moved_clock: Clock) -> None:
    letter = failed(tries=Letter.MOST_TRIES - 1)
    assert letter.claim(now=later(61), lease=LEASE)  # and nothing is heard of it any more
    letter.refresh_from_db()
    assert letter.state == Letter.State.WAITS
    moved_clock.move(later(120))
    assert send_letters() == 0
    letter.refresh_from_db()
    assert (letter.state, letter.problem) == (Letter.State.FAILED, "The process that sent it ended on the way.")


def test_a_failed_letter_that_is_tried_again_goes_out_with_the_next_run(caplog: pytest.LogCaptureFixture) -> None:
    letter, root = failed(), people.superuser()
    caplog.set_level("INFO")
    assert send_letters() == 0
    letter.try_again(by=root)
    assert (letter.tries, letter.problem, letter.state) == (0, "", Letter.State.WAITS)
    assert f"Letter {letter.pk} is tried again" in caplog.messages
    assert "ada@example.org" not in caplog.text
    assert send_letters() == 1
    assert sent() == ["ada@example.org"]


def test_a_letter_that_went_out_waits_or_is_being_sent_is_not_tried_again() -> None:
    root, gone, waiting, on_its_way = people.superuser(), post("gone@example.org"), post("waits@example.org"), failed()
    Letter.objects.filter(pk=gone.pk).update(sent_at=clock.read(), problem="An old one")
    assert on_its_way.claim(now=later(61), lease=LEASE)
    for letter, why in ((gone, "not sent twice"), (waiting, "goes out by itself"), (on_its_way, "goes out by itself")):
        with pytest.raises(Refusal, match=why):
            letter.try_again(by=root)
    assert Letter.objects.all().try_again(by=root) == 0
    assert send_letters() == 1
    assert sent() == ["waits@example.org"]


def test_only_administrators_have_letters_tried_again() -> None:
    letter = failed()
    for somebody in (people.publisher(), people.registrar(), people.reader()):
        with pytest.raises(NotAllowed):
            letter.try_again(by=somebody)
        with pytest.raises(NotAllowed):
            Letter.objects.all().try_again(by=somebody)
    letter.refresh_from_db()
    assert letter.state == Letter.State.FAILED


@pytest.mark.django_db(transaction=True)
def test_letters_tried_again_while_many_send_them_go_out_once_each(settings: Settings, tmp_path: Path) -> None:
    # A file for each letter that goes out, whichever process sends it.
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path
    root = people.superuser()
    for number in range(6):
        failed(f"person{number}@example.org")

    def try_again() -> int:
        return sum(Letter.objects.all().try_again(by=root) for _ in range(5))

    def send() -> int:
        return sum(send_letters() for _ in range(5))

    results = together([try_again, send] * 3)
    assert all(isinstance(result, int) for result in results), results
    send_letters()
    assert sum(path.read_text().count("Subject: Approved") for path in tmp_path.iterdir()) == 6
    assert not Letter.objects.filter(sent_at__isnull=True).exists()
    assert set(Letter.objects.values_list("tries", flat=True)) == {1}


# The outbox in the admin


@pytest.fixture
def root() -> Client:
    """An administrator's browser, which sends no form without its token."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.superuser())
    return client


def press(client: Client, page: str, address: str) -> str:
    """Open a page, press the button on it that leads to an address, and read the answer."""
    assert f'action="{address}"' in client.get(page).text
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    return client.post(address, {"csrfmiddlewaretoken": token}, follow=True).text


OUTBOX = "/admin/accounts/letter/"


@pytest.fixture
def _demo(settings: Settings) -> None:
    """Nobody is asked for a second factor."""
    settings.ROUNDS_DEMO = True


@pytest.mark.usefixtures("_demo")
def test_the_outbox_shows_what_waits_what_was_sent_and_what_failed_and_why(root: Client) -> None:
    post("waits@example.org", key=KEY)
    gone = post("gone@example.org")
    Letter.objects.filter(pk=gone.pk).update(sent_at=clock.read())
    bad, hopeless = failed("bad@example.org"), failed("hopeless@example.org", tries=Letter.MOST_TRIES)
    shown = {
        state: {name for name in ("waits", "gone", "bad", "hopeless") if f"{name}@" in root.get(OUTBOX + query).text}
        for state, query in (("waits", "?state=waits"), ("sent", "?state=sent"), ("failed", "?state=failed"))
    }
    assert shown == {"waits": {"waits"}, "sent": {"gone"}, "failed": {"bad", "hopeless"}}
    page = root.get(OUTBOX).text
    assert "No such mailbox" in page
    assert f"Given up after {Letter.MOST_TRIES} tries" in page
    assert "Tries: 3. Next try from" in page
    assert "Letters that failed: 2." in page
    assert "Nothing sends this letter by itself any more." in root.get(f"{OUTBOX}{hopeless.pk}/change/").text
    assert "This letter is tried again by itself." in root.get(f"{OUTBOX}{bad.pk}/change/").text
    # A letter of the desk is shown whole; one about an account holds a link that opens it, and is not.
    assert "It is approved." in root.get(f"{OUTBOX}{Letter.objects.get(key=KEY).pk}/change/").text
    page = root.get(f"{OUTBOX}{gone.pk}/change/").text
    assert "It is approved." not in page
    assert "Try again" not in page


@pytest.mark.usefixtures("_demo")
def test_the_buttons_have_one_letter_tried_again_or_all_that_failed(root: Client) -> None:
    one, two, three = failed("one@example.org"), failed("two@example.org"), failed("three@example.org")
    answer = press(root, f"{OUTBOX}{one.pk}/change/", f"{OUTBOX}{one.pk}/try-again/")
    assert "The letter is tried again with the next run, within a minute." in answer
    assert Letter.objects.in_state(Letter.State.FAILED).count() == 2
    assert root.post(f"{OUTBOX}{two.pk}/try-again/").status_code == 403  # without its token
    assert root.get(f"{OUTBOX}{two.pk}/try-again/").status_code == 405
    answer = press(root, OUTBOX, f"{OUTBOX}try-again/")
    assert "Letters that are tried again with the next run, within a minute: 2." in answer
    assert send_letters() == 3
    # The page was left open: the letter has gone out meanwhile.
    token = root.cookies[settings.CSRF_COOKIE_NAME].value
    late = root.post(f"{OUTBOX}{three.pk}/try-again/", {"csrfmiddlewaretoken": token}, follow=True)
    assert "It is not sent twice." in late.text
    assert send_letters() == 0
