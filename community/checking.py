"""Looks at each link that is due, each once whoever else looks too, and politely: one request to a host at a time.

It goes out into the web, so it runs from a timer or by hand, never while somebody waits for a page.
"""

import datetime as dt
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.cache import cache

from accounts import clock

from .fetching import asking
from .fetching.outcomes import Answer, Outcome
from .models import Link

# Longer than any one request can take. A checker that is killed loses its links for so long, and no longer.
LEASE = dt.timedelta(minutes=2)
# Between the end of one request to a host and the next.
PAUSE_SECONDS = 5
# So many other hosts that answered last time are asked before we believe that it is not us who are cut off.
WITNESSES = 3

logger = logging.getLogger(__name__)

# For moderators. Readers are told only that a link works, by its standing on the page, or nothing.
WORDS = {
    Outcome.WORKS: "",
    Outcome.CLOSED: "It answers, and lets no program in. Look at it yourself.",
    Outcome.ADDRESS: "The checker asks no such address.",
    Outcome.NAME: "Its name is not known.",
    Outcome.INSIDE: "Its name leads to an address that is not public.",
    Outcome.SILENT: "Nobody answers there, or the connection broke.",
    Outcome.SLOW: "It took longer than twelve seconds.",
    Outcome.CERTIFICATE: "Its certificate is not valid, or no safe connection could be made.",
    Outcome.GARBLED: "Its answer is not one that browsers understand.",
    Outcome.TOO_MUCH: "Its answer is out of all proportion.",
    Outcome.REDIRECTS: "It leads in a circle, or more than four times on.",
    Outcome.ASTRAY: "It leads on to an address that the checker does not ask.",
    Outcome.GONE: "The page is not there any more.",
    Outcome.FAILING: "The site says that something is wrong.",
}
# What looks the same when our own network or resolver is down, or our certificates are missing.
PERHAPS_US = {Outcome.NAME, Outcome.SILENT, Outcome.SLOW, Outcome.CERTIFICATE}


def asks_nobody() -> str:
    """Why nobody outside is asked here; empty where links are looked at."""
    if settings.ROUNDS_DEMO:
        return "This is a demonstration (ROUNDS_DEMO)"
    return "" if settings.CHECK_LINKS else "CHECK_LINKS is 0"


def pause(seconds: float) -> None:
    """Let time pass."""
    time.sleep(seconds)


class CutOff(Exception):
    """Nothing answers, not even what did before: it is us, so nothing is held against a link."""


class Checker:
    """One run over the links that are due."""

    def __init__(
        self,
        *,
        seconds: float | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """With `seconds` it begins no other look after so long; without, it goes on until none is due."""
        self.now = now
        self.until = None if seconds is None else now() + seconds
        self.online = False

    def run(self) -> Iterator[Link]:
        """Look at each link that is due, and give each one whose finding is noted. Raises CutOff."""
        while due := list(Link.objects.due_for_check(clock.read())):
            resting = 0
            for link in due:
                if self.until is not None and self.now() >= self.until:
                    return
                with _turn(link.host) as ours:
                    looked = ours and link.claim_check(now=clock.read(), lease=LEASE) and self._look(link)
                resting += not ours
                if looked:
                    yield link
            if resting == len(due):
                if self.until is not None:
                    return  # all of their hosts had a visit just now, and the next run comes soon
                pause(PAUSE_SECONDS)

    def _look(self, link: Link) -> bool:
        """Ask for the page and note what was found; False where the look itself broke. Raises CutOff."""
        answer = _ask(link)
        if answer is None:
            return False  # its lease runs out, and it is due again
        self.online = self.online or answer.outcome not in PERHAPS_US or self._somebody_answers(link)
        if not self.online:
            Link.objects.filter(pk=link.pk).update(checking_until=None)
            raise CutOff("No link answers, not even those that did last time. Look at network, resolver, certificates.")
        note(link, answer)
        return True

    def _somebody_answers(self, suspect: Link) -> bool:
        """Whether a link that was well last time answers. Too few of them prove nothing, if we ever got out."""
        witnesses: dict[str, Link] = {}
        for link in Link.objects.filter(outcome=Link.Outcome.WORKS).order_by("-checked_at", "pk")[:200]:
            if link.host != suspect.host and len(witnesses) < WITNESSES:
                witnesses.setdefault(link.host, link)
        if any(map(_answers, witnesses.values())):
            return True
        # The first finding of all needs somebody who answers: a machine that is let out to nobody finds nothing.
        return len(witnesses) < WITNESSES and Link.objects.exclude(outcome=Link.Outcome.UNCHECKED).exists()


def _answers(link: Link) -> bool:
    """Whether it answers. Of one whose host was asked a moment ago we think no evil."""
    with _turn(link.host) as ours:
        answer = _ask(link) if ours else None
    return not ours or (answer is not None and answer.outcome not in PERHAPS_US)


def _ask(link: Link) -> Answer | None:
    """What came of asking for a link; None where that says nothing about it."""
    try:
        return asking.fetch(link.url)
    except asking.CheckBroke:
        logger.exception("Link %s could not be looked at", link.pk)
        return None


def note(link: Link, answer: Answer) -> None:
    """Keep what moderators need: whether it works, why not, where it leads, how safely, in which language."""
    well = answer.outcome.is_well
    link.checked(
        outcome=Link.Outcome.WORKS if well else Link.Outcome.BROKEN,
        words=WORDS[answer.outcome],
        final_url=answer.final,
        tls=answer.secure if well or answer.outcome is Outcome.CERTIFICATE else None,
        found_language=answer.language,
    )


@contextmanager
def _turn(host: str) -> Iterator[bool]:
    """Whether we may ask a host now: one process at a time may, and then it rests for a moment.

    A process that is killed meanwhile leaves it alone for as long as its lease.
    """
    key = f"link-check-{hashlib.sha256(host.encode()).hexdigest()[:32]}"
    ours = cache.add(key, 1, LEASE.total_seconds())
    try:
        yield ours
    finally:
        if ours:
            cache.set(key, 1, PAUSE_SECONDS)
