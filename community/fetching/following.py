"""Asks for a page and follows where it leads: each hop is judged anew, all of them share one budget."""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import quote, urljoin

from . import addresses, answers
from .addresses import Place
from .outcomes import Answer, Outcome, Stopped
from .outside import Budget, Outside

HOPS = 4
# One address that takes the call and does not answer leaves time for the next.
SECONDS_A_CALL = 3.0

REDIRECTS = {301, 302, 303, 307, 308}
GONE = {404, 410}
# It is there and wants to know who asks, or wants no programs, or has had enough for now.
CLOSED = {401, 403, 406, 429, 451, 999}


def follow(url: str, *, agent: str, outside: Outside, budget: Budget) -> Answer:
    """Ask for a page with GET and nothing that tells who or why, and say what came of it."""
    final, secure = url, False
    try:
        place = addresses.place(url)
        been = {place.url}
        for _ in range(HOPS + 1):
            final, secure = place.url, False
            with _open(place, outside, budget) as line:
                secure = place.scheme == "https"
                wire = answers.Wire(line, budget)
                wire.send(request(place, agent))
                head = answers.read_head(wire)
                if head.status not in REDIRECTS:
                    outcome = _outcome(head.status)
                    language = answers.language(wire, head) if outcome is Outcome.WORKS else ""
                    return Answer(outcome, final, secure, language)
            place = _onward(place, head.one(b"location"))
            if place.url in been:
                break
            been.add(place.url)
        raise Stopped(Outcome.REDIRECTS)
    except Stopped as stopped:
        return Answer(stopped.outcome, final, secure)


def request(place: Place, agent: str) -> bytes:
    """All that a server is told: which page, and who asks. No cookie, no referrer, no name, no language."""
    lines = [
        f"GET {place.path} HTTP/1.1",
        f"Host: {place.site}",
        f"User-Agent: {agent}",
        "Accept: text/html,*/*;q=0.5",
        "Accept-Encoding: identity",
        "Connection: close",
    ]
    return "".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii")


def _outcome(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome.WORKS
    if status in GONE:
        return Outcome.GONE
    if status in CLOSED:
        return Outcome.CLOSED
    return Outcome.FAILING if status >= 400 else Outcome.GARBLED


def _onward(place: Place, location: bytes) -> Place:
    """Where a redirect leads. Raises Stopped(ASTRAY) for a place that may not be asked.

    Blanks and letters beyond ASCII are written as browsers write them; in the name of a host they are refused.
    """
    if not location or re.search(rb"[\x00-\x1f\x7f\\]", location):
        raise Stopped(Outcome.GARBLED if not location else Outcome.ASTRAY)
    written = quote(location, safe="!\"#$%&'()*+,/:;<=>?@[]^`{|}~")
    try:
        return addresses.place(urljoin(place.url, written))
    except (Stopped, ValueError):
        raise Stopped(Outcome.ASTRAY) from None


@contextmanager
def _open(place: Place, outside: Outside, budget: Budget) -> Iterator[socket.socket]:
    """A connection to a place: its name is resolved once, and what was judged is what is called. Raises Stopped."""
    found = addresses.judged(outside.resolve(place.host))
    with closing(_call(found, place.port, outside, budget)) as line:
        if place.scheme == "http":
            yield line
            return
        line.settimeout(budget.left())
        try:
            sealed = outside.trust().wrap_socket(line, server_hostname=place.host)
        except TimeoutError:
            raise Stopped(Outcome.SLOW) from None
        except ssl.SSLError:
            raise Stopped(Outcome.CERTIFICATE) from None
        except (OSError, ValueError):
            raise Stopped(Outcome.SILENT) from None
        with closing(sealed):
            yield sealed


def _call(found: list[str], port: int, outside: Outside, budget: Budget) -> socket.socket:
    """The first of some judged addresses that answers. Raises Stopped."""
    outcome = Outcome.SILENT
    for number, address in enumerate(found, start=1):
        left = budget.left()
        try:
            return outside.dial(address, port, left if number == len(found) else min(left, SECONDS_A_CALL))
        except TimeoutError:
            outcome = Outcome.SLOW
        except OSError:
            outcome = Outcome.SILENT
    raise Stopped(outcome)
