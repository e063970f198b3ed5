"""The outbox: a letter is written with the act it tells of and sent once, whatever the mail server does."""

import datetime as dt
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from django.core import mail
from django.core.mail import EmailMessage
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import Letter
from accounts.outbox import LEASE, LONGEST_WAIT, send_letters
from tests import make, people
from tests.conftest import Clock

from .mail_server import KEY, Act, MailServer, later, post, refuses, sent, takes

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """A mail server that behaves as told."""
    settings.EMAIL_BACKEND = "tests.accounts.mail_server.MailServer"
    return lambda act: monkeypatch.setattr(MailServer, "act", staticmethod(act))


# Writing


def test_a_letter_is_written_and_not_sent_yet() -> None:
    letter = post()
    assert (letter.to, letter.subject, letter.body) == ("ada@example.org", "Approved", "It is approved.")
    assert letter.sent_at is None
    assert sent() == []


def test_a_letter_with_a_key_is_written_once_and_the_first_one_stays() -> None:
    first = post(subject="First", key=KEY)
    again = post(subject="Second", key=KEY)
    assert first == again
    assert Letter.objects.get().subject == "First"


def test_letters_without_a_key_or_with_other_keys_are_all_written() -> None:
    post()
    post()
    post(key="a")
    post(key="b")
    assert Letter.objects.count() == 4


def test_a_letter_with_a_key_that_went_out_is_not_written_again() -> None:
    post(key=KEY)
    send_letters()
    post(key=KEY)
    send_letters()
    assert sent() == ["ada@example.org"]


def test_an_act_writes_its_letters() -> None:
    clinician = people.clinician().user
    make.request()
    assert [letter.to for letter in Letter.objects.all()] == [clinician.email]


@transaction.atomic
def an_act_that_breaks() -> None:
    """Writes letters and fails afterwards."""
    make.request()
    assert Letter.objects.exists()
    raise ZeroDivisionError


def test_an_act_that_is_rolled_back_leaves_no_letter() -> None:
    people.clinician()
    with pytest.raises(ZeroDivisionError):
        an_act_that_breaks()
    assert not Letter.objects.exists()
    assert send_letters() == 0
    assert sent() == []


def test_the_letters_of_the_sign_in_wait_in_the_outbox_too_and_name_the_site(
    client: Client, settings: Settings
) -> None:
    rosa = people.reader()
    client.post(reverse("account_reset_password"), {"email": rosa.email})
    letter = Letter.objects.get()
    assert letter.to == rosa.email
    assert "http://testserver/accounts/password/reset/key/" in letter.body
    assert f"Hello from {settings.SITE_NAME}!" in letter.body
    assert sent() == []


# Sending


def test_every_letter_is_sent_once_in_order() -> None:
    for name in ("ada", "alan", "rosa"):
        post(f"{name}@example.org")
    assert send_letters() == 3
    assert send_letters() == 0
    assert sent() == ["ada@example.org", "alan@example.org", "rosa@example.org"]


def test_a_letter_goes_out_as_it_was_written_and_the_row_says_when() -> None:
    letter = post()
    send_letters()
    (message,) = mail.outbox
    assert (message.subject, message.body, message.to) == ("Approved", "It is approved.", ["ada@example.org"])
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert (letter.tries, letter.problem) == (1, "")


def test_a_letter_whose_time_has_not_come_waits(moved_clock: Clock) -> None:
    letter = post()
    Letter.objects.filter(pk=letter.pk).update(not_before=later(60))
    assert send_letters() == 0
    moved_clock.move(later(61))
    assert send_letters() == 1


# A mail server that refuses


def test_a_refused_letter_is_kept_with_the_reason_and_tried_again_later(
    mail_server: Callable[[Act], None], moved_clock: Clock
) -> None:
    letter = post()
    mail_server(refuses)
    assert send_letters() == 0
    letter.refresh_from_db()
    assert letter.sent_at is None
    assert letter.tries == 1
    assert "No such mailbox" in letter.problem
    mail_server(takes)
    assert send_letters() == 0
    moved_clock.move(later(10))
    assert send_letters() == 1
    letter.refresh_from_db()
    assert letter.sent_at is not None
    assert (letter.tries, letter.problem) == (2, "")
    assert sent() == ["ada@example.org"]


def test_the_wait_grows_with_every_refusal_up_to_some_hours(
    mail_server: Callable[[Act], None], moved_clock: Clock
) -> None:
    letter, now, waits = post(), later(1), []
    mail_server(refuses)
    for _ in range(14):
        moved_clock.move(now)
        send_letters()
        letter.refresh_from_db()
        waits.append(letter.not_before - now)
        now = letter.not_before
    assert letter.tries == 14
    assert waits == sorted(waits)
    assert dt.timedelta(minutes=1) < waits[0] < dt.timedelta(minutes=30)
    assert waits[-1] == LONGEST_WAIT


def test_one_refused_letter_does_not_keep_the_others(mail_server: Callable[[Act], None]) -> None:
    def refuses_ada(message: EmailMessage) -> None:
        if message.to == ["ada@example.org"]:
            refuses(message)

    mail_server(refuses_ada)
    for name in ("ada", "alan", "rosa"):
        post(f"{name}@example.org")
    assert send_letters() == 2
    assert sent() == ["alan@example.org", "rosa@example.org"]


def test_a_line_break_in_a_subject_neither_forges_a_header_nor_keeps_the_letter() -> None:
    Letter.objects.post(to="ada@example.org", subject="Reset: Ada\r\nBcc: eve@example.org", body="Words.")
    assert send_letters() == 1
    assert [letter.subject for letter in mail.outbox] == ["Reset: Ada Bcc: eve@example.org"]


def test_a_letter_that_is_none_is_kept_with_the_reason_and_does_not_keep_the_others() -> None:
    letter = post("ada@example.org\nBcc: eve@example.org")
    post("rosa@example.org")
    assert send_letters() == 1
    assert sent() == ["rosa@example.org"]
    letter.refresh_from_db()
    assert letter.sent_at is None
    assert letter.problem


@pytest.fixture
def mail_server_down(settings: Settings) -> Iterator[None]:
    """A port that nobody answers on: bound, and never listened to."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = taken.getsockname()
        yield


@pytest.mark.usefixtures("mail_server_down")
def test_a_mail_server_that_is_down_keeps_every_letter_with_the_reason(settings: Settings, moved_clock: Clock) -> None:
    letters = [post(), post("rosa@example.org")]
    assert send_letters() == 0
    for letter in letters:
        letter.refresh_from_db()
        assert letter.sent_at is None
        assert "refused" in letter.problem
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    moved_clock.move(later(60))
    assert send_letters() == 2


@pytest.mark.usefixtures("mail_server_down")
def test_an_outbox_without_letters_needs_no_mail_server() -> None:
    assert send_letters() == 0


# Two senders


def test_a_letter_that_another_process_is_sending_is_left_alone_until_its_lease_ends(moved_clock: Clock) -> None:
    letter = post()
    now = later(1)
    assert letter.claim(now=now, lease=LEASE)
    assert not letter.claim(now=now, lease=LEASE)
    moved_clock.move(now + LEASE / 2)
    assert send_letters() == 0
    # The other process died: its lease ends, and the letter goes out after all.
    moved_clock.move(now + LEASE * 2)
    assert send_letters() == 1


def test_a_second_sender_that_comes_in_between_sends_nothing_twice(mail_server: Callable[[Act], None]) -> None:
    def second_sender(message: EmailMessage) -> None:
        mail_server(takes)
        send_letters()

    mail_server(second_sender)
    for name in ("ada", "alan", "rosa"):
        post(f"{name}@example.org")
    send_letters()
    assert sorted(sent()) == ["ada@example.org", "alan@example.org", "rosa@example.org"]


def test_a_long_run_holds_each_letter_for_the_whole_lease(
    mail_server: Callable[[Act], None], moved_clock: Clock
) -> None:
    begun = later(1)
    moved_clock.move(begun)

    def slow(message: EmailMessage) -> None:
        # The first letter takes longer than a lease; while the second one is under way, another sender looks.
        if message.to == ["ada@example.org"]:
            moved_clock.move(begun + LEASE * 1.2)
            return
        mail_server(takes)
        Letter.objects.filter(to="ada@example.org").update(sent_at=begun)
        send_letters()

    mail_server(slow)
    post("ada@example.org")
    post("rosa@example.org")
    send_letters()
    assert sent().count("rosa@example.org") == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_every_letter_once(mail_server: Callable[[Act], None]) -> None:
    people_written_to = [f"person{number}@example.org" for number in range(20)]
    for address in people_written_to:
        post(address)
    start = threading.Barrier(4)
    counted: list[int] = []

    def sender() -> None:
        try:
            start.wait()
            counted.append(send_letters())
        finally:
            connection.close()

    threads = [threading.Thread(target=sender) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(sent()) == sorted(people_written_to)
    assert sum(counted) == 20
    assert not Letter.objects.exclude(tries=1).exists()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_a_letter_with_a_key_written_twice_at_once_is_one_letter() -> None:
    start, raised = threading.Barrier(4), []

    def writer() -> None:
        try:
            start.wait()
            post(key=KEY)
        except Exception as error:  # noqa: BLE001  the test looks at it
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=writer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert raised == []
    assert Letter.objects.count() == 1
