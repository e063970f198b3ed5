"""Sends the letters of the outbox, each once, whoever else is sending too."""

import datetime as dt
import logging

from django.core.mail import EmailMessage, get_connection

from . import clock
from .models import Letter

LEASE = dt.timedelta(minutes=5)
LONGEST_WAIT = dt.timedelta(hours=6)

logger = logging.getLogger(__name__)


def send_letters() -> int:
    """Send every letter whose time has come and say how many went out.

    A letter is claimed before it is sent. If the mail server refuses it, it is tried again later, with the
    reason kept on the row. A process killed between sending and noting it may send that one letter twice.
    """
    sent = 0
    for letter in Letter.objects.filter(sent_at__isnull=True, not_before__lte=clock.now()).order_by("pk"):
        now = clock.read()  # a long run: each lease begins when its letter is taken
        if not letter.claim(now=now, lease=LEASE):
            continue
        try:
            # A connection of its own for each: one letter that the server refuses does not spoil the next. It is
            # closed in any case, also where TLS fails half way.
            with get_connection() as server:
                EmailMessage(letter.subject, letter.body, to=[letter.to], connection=server).send()
        except (OSError, ValueError) as error:  # every SMTP and socket error; a header that cannot be
            wait = min(LONGEST_WAIT, dt.timedelta(minutes=2 ** min(letter.tries + 1, 10)))
            Letter.objects.filter(pk=letter.pk).update(problem=str(error)[:1000], not_before=now + wait)
            logger.warning("Letter %s was not sent: %s", letter.pk, type(error).__name__)
        else:
            Letter.objects.filter(pk=letter.pk).update(sent_at=clock.read(), problem="")
            sent += 1
    return sent
