"""The outbox: a letter is written with the act it tells of and sent once, whatever the mail server does."""

import datetime as dt
import smtplib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends import locmem
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts import clock
from accounts.models import Letter
from accounts.outbox import LEASE, LONGEST_WAIT, send_letters
from accounts.refusals import NotAllowed, Refusal
from tests import make, people
from tests.conftest import Clock
from tests.crowd import together

pytestmark = pytest.mark.django_db

KEY = "asked-1-2"
Act = Callable[[EmailMessage], None]


def takes(message: EmailMessage) -> None:
    """A mail server that takes every letter."""


def refuses(message: EmailMessage) -> None:
    """A mail server that refuses every letter."""
    raise smtplib.SMTPRecipientsRefused({message.to[0]: (550, b"No such mailbox")})


class MailServer(locmem.EmailBackend):
    """A mail server that does something with each letter before it takes it."""

    act: ClassVar[Act] = staticmethod(takes)

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:  # type: ignore[override]
        for message in messages:
            type(self).act(message)
        return super().send_messages(messages)  # type: ignore[arg-type]


@pytest.fixture
def mail_server(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Callable[[Act], None]:
    """A mail server that behaves as told."""
    settings.EMAIL_BACKEND = "tests.accounts.test_letters.MailServer"
    return lambda act: monkeypatch.setattr(MailServer, "act", staticmethod(act))


def post(to: str = "ada@example.org", subject: str = "Approved", key: str | None = None) -> Letter:
    """A letter in the outbox."""
    Letter.objects.post(to=to, subject=subject, body="It is approved.", key=key)
    return Letter.objects.latest("pk")


def sent() -> list[str]:
    """To whom letters went out, in order."""
    return [message.to[0] for message in mail.outbox]


def later(minutes: float) -> dt.datetime:
    """So many minutes from now."""
    return dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)


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
