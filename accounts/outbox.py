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
    reason kept on the row; after `Letter.MOST_TRIES` it waits for somebody to have it tried again. A process killed
    between sending and noting it may send that one letter twice.
    """
    due = Letter.objects.filter(sent_at__isnull=True, not_before__lte=clock.now())
    # Claimed for the last time by a process that ended before it could say why.
    due.filter(tries__gte=Letter.MOST_TRIES, problem="").update(problem="The process that sent it ended on the way.")
    return sum(_send(letter) for letter in due.filter(tries__lt=Letter.MOST_TRIES).order_by("pk"))


def _send(letter: Letter) -> bool:
    now = clock.read()  # a long run: each lease begins when its letter is taken
    if not letter.claim(now=now, lease=LEASE):
        return False
    tries = letter.tries + 1
    try:
        # A connection of its own for each: one letter that the server refuses does not spoil the next. It is
        # closed in any case, also where TLS fails half way.
        with get_connection() as server:
            EmailMessage(letter.subject, letter.body, to=[letter.to], connection=server).send()
    except (OSError, ValueError) as error:  # every SMTP and socket error; a header that cannot be
        wait = min(LONGEST_WAIT, dt.timedelta(minutes=2 ** min(tries, 10)))
        problem = (str(error) or type(error).__name__)[:1000]
        unsent = Letter.objects.filter(pk=letter.pk, sent_at__isnull=True)
        unsent.update(problem=problem, not_before=now + wait)
        logger.warning("Letter %s was not sent: %s", letter.pk, type(error).__name__)
        if tries >= Letter.MOST_TRIES:
            logger.error("Letter %s was given up after %s tries", letter.pk, tries)
        return False
    Letter.objects.filter(pk=letter.pk).update(sent_at=clock.read(), problem="")
    return True
