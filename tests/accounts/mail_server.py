"""Letters of the tests, and a mail server that does with each what it is told."""

import datetime as dt
import smtplib
from collections.abc import Callable, Sequence
from typing import ClassVar

from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends import locmem

from accounts.models import Letter

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
