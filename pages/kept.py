"""Answers a reader's page from memory for as long as the state of the record allows it.

A page is kept with the state under which it was made, which was read before it was made: what changes meanwhile
makes a new state. It is given while the state is the same, and for a minute at the most, because a few things that
pages show are in no state, and so that a text somebody tampered with does not stay.
"""

import datetime as dt
import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.http import http_date, parse_etags

from . import encodings
from .state import State, held

# What every reader page says until it is known how long a copy may be kept.
ASK_AGAIN = "no-cache"
# Two caches in a row, a browser behind a proxy, keep a copy for 58 seconds; with a second for the state it is the
# minute within which a withdrawal shows. While the site is away, a CDN, a proxy and a browser come to 259 seconds.
MAY_BE_KEPT = "public, max-age=25, stale-while-revalidate=4, stale-if-error=90"

# No condition has a longer name in an address.
LONGEST_CONDITION = 100

# Where a request carries the state that was read for it; no header of a caller has such a name.
STATE = "rounds.state"
# Where it carries when the oldest was read that its answer is made from.
READ_AT = "rounds.read_at"
# A script of another site that asks whether its copy still holds may not read the answer without these.
TOLD_AGAIN = {"Access-Control-Allow-Origin", "Access-Control-Expose-Headers"}
# Of what is made anew for each answer.
OURS = {"cache-control", "content-length", "content-encoding", "etag", "last-modified", "vary"}


@dataclass
class Page:
    """The bytes of a page with the state under which they were made."""

    state: State
    # By the process's own clock: before the page was made.
    made_at: float
    status: int
    headers: dict[str, str]
    plain: bytes
    digest: str
    # When this process made these very bytes first.
    first_at: dt.datetime
    bodies: dict[str, bytes] = field(default_factory=dict)

    @classmethod
    def of(cls, response: HttpResponse, state: State, made_at: float) -> "Page":
        """The page that a view answered."""
        return cls(
            state=state,
            made_at=made_at,
            status=response.status_code,
            headers={name: value for name, value in response.items() if name.lower() not in OURS},
            plain=response.content,
            digest=hashlib.sha256(response.content).hexdigest()[:32],
            first_at=state.now,
        )

    @property
    def size(self) -> int:
        """How many bytes of memory it takes at the most: compressed both ways a page is smaller than plain."""
        return 2000 + 2 * len(self.plain)

    def same_as(self, other: "Page") -> bool:
        """Whether readers get the same."""
        return (self.digest, self.status, self.headers) == (other.digest, other.status, other.headers)

    def allowed_by(self, state: State | None) -> bool:
        """Whether it may be given under a state."""
        return self.state == state and 0 <= time.monotonic() - self.made_at < settings.PAGES_KEPT_SECONDS

    def body(self, encoding: str) -> bytes:
        """The bytes in an encoding, compressed when first asked for."""
        if encoding == encodings.PLAIN:
            return self.plain
        if encoding not in self.bodies:
            self.bodies[encoding] = encodings.COMPRESS[encoding](self.plain)
        return self.bodies[encoding]

    def answer(self, request: HttpRequest, state: State) -> HttpResponse:
        """The answer to a GET or HEAD: the page, or that the reader has it already."""
        encoding = encodings.chosen(request.META.get("HTTP_ACCEPT_ENCODING", ""))
        etag = f'"{self.digest}-{encoding}"' if encoding else f'"{self.digest}"'
        response: HttpResponse
        if self.status == 200 and _has(request, etag):
            response = HttpResponseNotModified()
            for name in self.headers.keys() & TOLD_AGAIN:
                response.headers[name] = self.headers[name]
        else:
            body = self.body(encoding)
            response = HttpResponse(b"" if request.method == "HEAD" else body, status=self.status)
            for name, value in self.headers.items():
                response.headers[name] = value
            response.headers["Content-Length"] = str(len(body))
            if encoding:
                response.headers["Content-Encoding"] = encoding
        response.headers["Cache-Control"] = freshness(state)
        response.headers["ETag"] = etag
        response.headers["Last-Modified"] = http_date(self.first_at.timestamp())
        response.headers["Vary"] = "Accept-Encoding"
        return response


class Pages:
    """The pages that this process keeps, the one that was asked for last at the end, bounded in bytes."""

    def __init__(self, part: float = 1.0) -> None:
        self.part = part  # of the memory that the setting allows
        self._pages: OrderedDict[str, Page] = OrderedDict()
        self._lock = threading.Lock()
        self.size = 0

    def at(self, path: str) -> Page | None:
        """The page that was made last at an address."""
        with self._lock:
            page = self._pages.get(path)
            if page is not None:
                self._pages.move_to_end(path)
            return page

    def keep(self, path: str, page: Page) -> None:
        """Keep a page in the place of the one before; the longest unasked make room for it."""
        with self._lock:
            before = self._pages.pop(path, None)
            if before is not None:
                self.size -= before.size
                if before.same_as(page):
                    page.first_at, page.bodies = before.first_at, before.bodies
            self._pages[path] = page
            self.size += page.size
            while self.size > settings.PAGES_KEPT_MB * 1_000_000 * self.part:
                self.size -= self._pages.popitem(last=False)[1].size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._pages.clear()
            self.size = 0


pages = Pages()


def kept_pages(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Answer what is kept without session, sign-in and template; keep what a reader page answers.

    It stands inside the headers, HTTPS and the static files, and outside everything that is about a person.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if request.method not in {"GET", "HEAD"} or request.META.get("QUERY_STRING"):
            return get_response(request)
        request.get_host()  # refuses a host that is not ours
        made_at = time.monotonic()
        page = pages.at(request.path)
        if page is not None:
            state = held.current(page.state.condition)
            if state is not None and page.allowed_by(state):
                return page.answer(request, state)
            request.META[STATE] = state
        response = get_response(request)
        made_under: State | None = request.META.get(STATE)
        if made_under is None or not _may_be_kept(response):
            return response
        page = Page.of(response, made_under, oldest(request, made_at))
        pages.keep(request.path, page)
        return page.answer(request, made_under)

    return middleware


def before_making(request: HttpRequest, condition: str) -> None:
    """Read the state under which a reader page is about to be made; a view that hands on to another keeps the first."""
    if len(condition) > LONGEST_CONDITION:
        return  # there is none, and what is not there must not fill the memory
    if STATE not in request.META and not request.META.get("QUERY_STRING"):
        request.META[STATE] = held.current(condition)


def made_from(request: HttpRequest, moment: float) -> None:
    """Say by the process's own clock when something was read that an answer is made from."""
    request.META[READ_AT] = oldest(request, moment)


def oldest(request: HttpRequest, made_at: float) -> float:
    """From when on an answer counts its minute: since it was made, or since what it is made from was read."""
    read_at: float = request.META.get(READ_AT, made_at)
    return min(read_at, made_at)


def freshness(state: State) -> str:
    """What caches are told: how long a copy may be given without asking."""
    midnight = dt.datetime.combine(state.day + dt.timedelta(1), dt.time(), dt.UTC)
    soon = midnight - state.now < dt.timedelta(seconds=settings.NOTHING_KEPT_SECONDS_BEFORE_MIDNIGHT)
    return ASK_AGAIN if state.unconfirmed or soon else MAY_BE_KEPT


def _may_be_kept(response: HttpResponse) -> bool:
    """Only pages and withdrawn pages that are the same for everybody; never a 404, of which there is no end."""
    return (
        response.status_code in {200, 410}
        and not response.streaming
        and response.headers.get("Cache-Control") == ASK_AGAIN
        and not response.cookies
        and not response.has_header("Vary")
    )


def _has(request: HttpRequest, etag: str) -> bool:
    """Whether the reader says they have these very bytes (If-None-Match; RFC 9110, 13.1.2)."""
    quoted = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in quoted or etag in {each.removeprefix("W/") for each in quoted}
