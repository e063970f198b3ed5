"""Reads as much of an HTTP/1.1 answer (RFC 9112) as a check needs, and not a byte that is not counted.

What browsers would not take is Stopped(GARBLED). Nothing is decompressed.
"""

import re
import socket
import ssl
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from html.parser import HTMLParser

from .outcomes import Outcome, Stopped
from .outside import Budget

MOST_HEAD = 32 * 1024
MOST_LINES = 100
MOST_CHUNK_LINE = 300
# Before the answer itself a server may say so often that it is to come (1xx).
MOST_INTERIM = 3
# The language of a page stands at its very beginning; no more of it is read.
FIRST = 8 * 1024

STATUS = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\0\r\n]*)?")
FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\0\r\n]*?)[ \t]*")
CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\0\r\n]{0,200})?")
LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8}){0,3}")
# What is read of the headers; all others are counted and forgotten.
HEEDED = {b"location", b"content-length", b"transfer-encoding", b"content-encoding", b"content-type"} | {
    b"content-language"
}


class Wire:
    """The bytes that come over a connection, while the budget lasts."""

    def __init__(self, line: socket.socket, budget: Budget) -> None:
        self.line = line
        self.budget = budget
        self.waiting = bytearray()

    def send(self, request: bytes) -> None:
        """Say something. Raises Stopped."""
        try:
            self.line.settimeout(self.budget.left())
            self.line.sendall(request)
        except TimeoutError:
            raise Stopped(Outcome.SLOW) from None
        except OSError:
            raise Stopped(Outcome.SILENT) from None

    def more(self) -> bool:
        """Wait for more; False if the other side has ended. Raises Stopped."""
        try:
            self.line.settimeout(self.budget.left())
            came = self.line.recv(8192)
        except TimeoutError:
            raise Stopped(Outcome.SLOW) from None
        except ssl.SSLError:
            raise Stopped(Outcome.GARBLED) from None
        except OSError:
            raise Stopped(Outcome.SILENT) from None
        self.budget.spend(len(came))
        self.waiting += came
        return bool(came)

    def read_line(self, most: int) -> bytes:
        """A line without its end, which is CR LF or LF. Raises Stopped."""
        looked_at = 0
        while (end := self.waiting.find(b"\n", looked_at)) < 0:
            looked_at = len(self.waiting)
            if looked_at > most:
                raise Stopped(Outcome.TOO_MUCH)
            if not self.more():
                raise Stopped(Outcome.GARBLED if self.waiting else Outcome.SILENT)
        if end > most:
            raise Stopped(Outcome.TOO_MUCH)
        line = bytes(self.waiting[:end])
        del self.waiting[: end + 1]
        return line.removesuffix(b"\r")

    def read(self, most: int) -> bytes:
        """Some bytes, at most so many; none at the end. Raises Stopped."""
        if not self.waiting:
            self.more()
        came = bytes(self.waiting[:most])
        del self.waiting[:most]
        return came


@dataclass
class Head:
    """The status and the few headers that are heeded."""

    status: int
    fields: dict[bytes, list[bytes]] = field(default_factory=dict)

    def one(self, name: bytes) -> bytes:
        """The value of a header; empty where there is none. Raises Stopped(GARBLED) where there are two."""
        values = set(self.fields.get(name, ()))
        if len(values) > 1:
            raise Stopped(Outcome.GARBLED)
        return next(iter(values), b"")


def read_head(wire: Wire) -> Head:
    """The head of the answer; those that only say that it is to come are passed over. Raises Stopped."""
    for _ in range(MOST_INTERIM + 1):
        head = _read_one_head(wire)
        if head.status >= 200:
            return head
        if head.status == 101:
            break
    raise Stopped(Outcome.GARBLED)


def _read_one_head(wire: Wire) -> Head:
    # A server that speaks something else is recognised by its first bytes: it need not end a line, ever.
    while len(wire.waiting) < 7:
        if not wire.more():
            raise Stopped(Outcome.GARBLED if wire.waiting else Outcome.SILENT)
    status = STATUS.fullmatch(wire.read_line(MOST_HEAD)) if wire.waiting.startswith(b"HTTP/1.") else None
    if status is None:
        raise Stopped(Outcome.GARBLED)
    head, left = Head(int(status[1])), MOST_HEAD
    for _ in range(MOST_LINES + 1):
        line = wire.read_line(left)
        if not line:
            return head
        left -= len(line) + 2
        match = FIELD.fullmatch(line)
        if match is None:
            raise Stopped(Outcome.GARBLED)
        if (name := match[1].lower()) in HEEDED:
            head.fields.setdefault(name, []).append(match[2])
    raise Stopped(Outcome.TOO_MUCH)


def first_bytes(wire: Wire, head: Head) -> bytes:
    """The beginning of the body, at most FIRST bytes. Raises Stopped."""
    if head.status in {204, 205}:
        return b""
    coding, length = head.one(b"transfer-encoding").lower(), head.one(b"content-length")
    if coding not in {b"", b"chunked"} or (length and not re.fullmatch(rb"[0-9]{1,18}", length)):
        raise Stopped(Outcome.GARBLED)
    pieces = _chunks(wire) if coding else _pieces(wire, int(length) if length else None)
    came = bytearray()
    for piece in pieces:
        came += piece
        if len(came) >= FIRST:
            break
    return bytes(came[:FIRST])


def _pieces(wire: Wire, length: int | None) -> Iterator[bytes]:
    """A body of a given length, or to the end of the connection. Raises Stopped(GARBLED) for one that is cut off."""
    while length is None or length > 0:
        piece = wire.read(FIRST if length is None else min(FIRST, length))
        if not piece:
            if length is None:
                return
            raise Stopped(Outcome.GARBLED)
        length = None if length is None else length - len(piece)
        yield piece


def _chunks(wire: Wire) -> Iterator[bytes]:
    """A body in chunks (RFC 9112, 7.1), without its trailers. Raises Stopped(GARBLED) for any other."""
    while True:
        size = CHUNK.fullmatch(wire.read_line(MOST_CHUNK_LINE))
        if size is None:
            raise Stopped(Outcome.GARBLED)
        if (length := int(size[1], 16)) == 0:
            return
        yield from _pieces(wire, length)
        if wire.read_line(MOST_CHUNK_LINE):
            raise Stopped(Outcome.GARBLED)


def language(wire: Wire, head: Head) -> str:
    """The language that a page says it is in, by its `<html lang>` or else its header; empty where it says none.

    Raises Stopped.
    """
    kind = head.one(b"content-type").split(b";")[0].strip().lower()
    first = first_bytes(wire, head)
    said = ""
    if kind in {b"text/html", b"application/xhtml+xml"} and head.one(b"content-encoding").lower() in {b"", b"identity"}:
        said = language_of_html(first)
    by_header = b",".join(head.fields.get(b"content-language", ())).split(b",")[0].strip().decode("latin-1")
    return next((each for each in (said, by_header) if LANGUAGE.fullmatch(each)), "")


class _Read(Exception):
    """The first tag was read."""


class _FirstTag(HTMLParser):
    """Stops at the first tag: it is `<html>`, or there is none."""

    language = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read the language and stop."""
        if tag == "html":
            said = {name: value or "" for name, value in reversed(attrs)}
            self.language = (said.get("lang") or said.get("xml:lang") or "").strip()
        raise _Read


def language_of_html(first: bytes) -> str:
    """What `<html lang>` says in the first bytes of a page, whatever it may be."""
    parser = _FirstTag()
    with suppress(_Read, AssertionError):  # the parser asserts that marked sections are whole
        parser.feed(first.decode("latin-1"))
    return parser.language
