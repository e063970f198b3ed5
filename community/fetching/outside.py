"""The world outside of the process: the resolver, the network, who is trusted, the time."""

import socket
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass

from .outcomes import Outcome, Stopped

SECONDS = 12
OCTETS = 512 * 1024


def resolve(host: str) -> list[str]:
    """Every address that the system's resolver knows for a name; none where it knows none.

    The dot at the end keeps the search domains of a house out: `intranet.example` is asked for as it stands. Only
    the clock of the process ends a resolver that hangs (`child.py`).
    """
    try:
        found = socket.getaddrinfo(f"{host}.", None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return []
    # A scope stands beside the address in some systems, within it in others.
    return [f"{to[0]}%{to[3]}" if len(to) == 4 and to[3] else str(to[0]) for *_, to in found]


def dial(address: str, port: int, seconds: float) -> socket.socket:
    """A connection to a numeric address. Raises Stopped(INSIDE) where that is this machine, by whatever name."""
    line = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_STREAM)
    try:
        line.settimeout(seconds)
        line.connect((address, port))
        if line.getsockname()[0] == line.getpeername()[0]:
            raise Stopped(Outcome.INSIDE)
    except BaseException:
        line.close()
        raise
    return line


def trust() -> ssl.SSLContext:
    """TLS 1.2 or later, with a certificate of the very name, from an authority that the system trusts."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_TICKET
    context.set_alpn_protocols(["http/1.1"])
    return context


@dataclass(frozen=True)
class Outside:
    """What the tests replace, and they alone: an argument that no setting, variable or input reaches.

    Which addresses are public is not a part of it.
    """

    resolve: Callable[[str], list[str]] = resolve
    dial: Callable[[str, int, float], socket.socket] = dial
    trust: Callable[[], ssl.SSLContext] = trust
    now: Callable[[], float] = time.monotonic


class Budget:
    """What one check may use over all its hops: time, and bytes that come in."""

    def __init__(self, now: Callable[[], float], *, seconds: float = SECONDS, octets: int = OCTETS) -> None:
        self.now = now
        self.until = now() + seconds
        self.octets = octets

    def left(self) -> float:
        """How many seconds are left. Raises Stopped(SLOW) where there are none."""
        left = self.until - self.now()
        if left <= 0:
            raise Stopped(Outcome.SLOW)
        return left

    def spend(self, octets: int) -> None:
        """Count what came in. Raises Stopped(TOO_MUCH)."""
        self.octets -= octets
        if self.octets < 0:
            raise Stopped(Outcome.TOO_MUCH)
