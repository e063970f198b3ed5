"""A mail server that is slow, dead or hostile: no act waits for it, and every letter goes out once, never in clear."""

import datetime as dt
import socketserver
import threading
from collections.abc import Callable, Iterator

import pytest
from pytest_django import Settings

from accounts.models import Letter
from accounts.outbox import send_letters
from tests import desk
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


class Conversation(socketserver.StreamRequestHandler):
    """One conversation with a mail server that behaves as its `manner` says."""

    server: "MailServer"

    def handle(self) -> None:
        """Answer line by line."""
        self.server.callers += 1
        if self.server.manner == "silent":
            self.server.over.wait(60)
            return
        self.say("220 mail.example.org")
        while line := self.rfile.readline().decode(errors="replace").strip():
            self.server.heard.append(line)
            if not self.answer(line.split()[0].upper(), line):
                return

    def answer(self, word: str, line: str) -> bool:
        """Whether the conversation goes on."""
        manner = self.server.manner
        if word == "EHLO":
            self.say("250-mail.example.org", *(["250-STARTTLS"] if manner == "broken TLS" else []), "250 8BITMIME")
        elif word == "STARTTLS":
            self.say("220 Go ahead", "This is no handshake")
            return False
        elif word == "RCPT" and (manner == "refuses all" or (manner == "refuses Ada" and "ada@" in line)):
            self.say("550 No such mailbox")
        elif word == "MAIL" and manner == "busy":
            self.say("451 Come again later")
        elif word == "DATA":
            return self.take()
        elif word == "QUIT":
            self.say("221 Bye")
            return False
        else:
            self.say("250 Fine")
        return True

    def take(self) -> bool:
        """Take one letter, up to the line with a single dot."""
        self.say("354 Go on")
        lines = []
        while (line := self.rfile.readline().decode()) and line.rstrip() != ".":
            if self.server.manner == "breaks off":
                return False
            lines.append(line)
        self.server.taken.append("".join(lines))
        self.say("250 Taken")
        return self.server.manner != "hangs up"  # before anybody said good bye

    def say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())


class MailServer(socketserver.ThreadingTCPServer):
    """A mail server on loopback: who called, what was heard, and which letters were taken."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.manner = "well"
        self.callers = 0
        self.heard: list[str] = []
        self.taken: list[str] = []
        self.over = threading.Event()

    def letters_to(self, name: str) -> int:
        """How many letters to this person were taken."""
        return sum(f"To: {name}@example.org" in letter for letter in self.taken)


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """A server that the site sends its letters to."""
    with MailServer() as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.01])
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = server.server_address[:2]
        settings.EMAIL_TIMEOUT = 0.3  # nobody waits for an answer that never comes
        yield server
        server.over.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def later(moved_clock: Clock) -> Callable[[], None]:
    """Lets a day pass."""

    return lambda: moved_clock.move(dt.datetime.now(dt.UTC) + dt.timedelta(days=1))


def post(*names: str) -> None:
    """A letter to each."""
    for name in names:
        Letter.objects.post(to=f"{name}@example.org", subject="Approved", body="It is approved.")


TROUBLE = ["silent", "refuses all", "busy", "breaks off", "broken TLS"]


@pytest.mark.parametrize("manner", TROUBLE)
def test_every_letter_waits_for_a_mail_server_in_trouble_and_goes_out_once_afterwards(
    manner: str, mail_server: MailServer, later: Callable[[], None], settings: Settings
) -> None:
    post("ada", "rosa")
    mail_server.manner = manner
    settings.EMAIL_USE_TLS = manner == "broken TLS"
    assert send_letters() == 0
    assert mail_server.callers == 2
    assert mail_server.taken == []
    assert all(letter.problem and letter.sent_at is None for letter in Letter.objects.all())
    mail_server.manner, settings.EMAIL_USE_TLS = "well", False
    later()
    assert send_letters() == 2
    assert send_letters() == 0
    assert (mail_server.letters_to("ada"), mail_server.letters_to("rosa")) == (1, 1)


def test_a_letter_that_was_taken_is_not_sent_again_when_the_server_hangs_up(
    mail_server: MailServer, later: Callable[[], None]
) -> None:
    post("ada")
    mail_server.manner = "hangs up"
    assert send_letters() == 1
    later()
    assert send_letters() == 0
    assert mail_server.letters_to("ada") == 1


def test_one_refused_recipient_keeps_nobody_elses_letter(mail_server: MailServer, later: Callable[[], None]) -> None:
    post("ada", "rosa")
    mail_server.manner = "refuses Ada"
    assert send_letters() == 1
    assert (mail_server.letters_to("ada"), mail_server.letters_to("rosa")) == (0, 1)
    mail_server.manner = "well"
    later()
    assert send_letters() == 1
    assert (mail_server.letters_to("ada"), mail_server.letters_to("rosa")) == (1, 1)


@pytest.mark.parametrize(
    ("demand", "manner"), [("EMAIL_USE_TLS", "well"), ("EMAIL_USE_TLS", "broken TLS"), ("EMAIL_USE_SSL", "well")]
)
def test_where_the_site_asks_for_tls_neither_letter_nor_password_goes_in_clear(
    demand: str, manner: str, mail_server: MailServer, settings: Settings
) -> None:
    setattr(settings, demand, True)
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "rounds", "hunter2"
    mail_server.manner = manner
    post("ada")
    assert send_letters() == 0
    assert mail_server.callers == 1
    assert mail_server.taken == []
    spoken = {line.split()[0].upper() for line in mail_server.heard}
    assert not spoken & {"AUTH", "MAIL", "RCPT", "DATA"}
    assert "It is approved." not in "".join(mail_server.heard)
    assert Letter.objects.get().sent_at is None


@pytest.mark.parametrize("prepare", [desk.asking, desk.approving, desk.publishing, desk.withdrawing])
def test_no_act_waits_for_the_mail_server_or_fails_with_it(
    prepare: Callable[[], desk.Sending], mail_server: MailServer, settings: Settings
) -> None:
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    send = prepare()
    before = Letter.objects.count()
    mail_server.manner = "silent"
    assert send() == 302
    assert Letter.objects.count() > before
    assert mail_server.callers == 0
