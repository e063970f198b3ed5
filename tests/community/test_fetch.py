"""Asking for one page, when the server, the resolver and whoever stands between may be hostile."""

import ast
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from community.fetching.addresses import is_public
from community.fetching.outcomes import Answer, Outcome
from tests.community.hostile import (
    PAGE,
    PUBLIC,
    PUBLIC_6,
    Server,
    World,
    endless,
    resets,
    stays_silent,
    then,
    to,
)

pytestmark = pytest.mark.once

SITE = "http://good.example.org"
SAFE = "https://good.example.org"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def web(server: Server) -> Iterator[World]:
    server.pages, server.requests, server.certificate = {}, [], "good"
    world = World(server)
    yield world
    assert all(is_public(address) and port in {80, 443} for address, port in world.called)


def html(head: str = "", body: str = "", status: str = "200 OK") -> bytes:
    """An answer."""
    return f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\n{head}\r\n{body}".encode()


# What a page gives away


def test_a_page_that_answers_works_and_only_its_language_is_kept(web: World) -> None:
    web.server.pages["/"] = PAGE
    assert web.ask(f"{SITE}/") == Answer(Outcome.WORKS, f"{SITE}/", secure=False, language="es")


def test_a_page_over_https_is_secure(web: World) -> None:
    web.server.pages["/a?b=c"] = PAGE
    assert web.ask(f"{SAFE}/a?b=c#d") == Answer(Outcome.WORKS, f"{SAFE}/a?b=c", secure=True, language="es")
    assert web.called == [(PUBLIC, 443)]


def test_a_server_is_told_which_page_and_who_asks_and_no_more(web: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    web.server.pages["/"] = to("/next").replace(b"Content-Length", b"Set-Cookie: a=b\r\nContent-Length")
    web.server.pages["/next"] = PAGE
    assert web.ask(SITE).outcome is Outcome.WORKS
    assert web.server.requests == [
        f"GET {path} HTTP/1.1\r\nHost: good.example.org\r\nUser-Agent: Rounds-LinkCheck/1 (+https://rounds.example.org/)"
        "\r\nAccept: text/html,*/*;q=0.5\r\nAccept-Encoding: identity\r\nConnection: close\r\n\r\n".encode()
        for path in ("/", "/next")
    ]


@pytest.mark.parametrize(
    ("head", "body", "language"),
    [
        ("", "<html lang=de>", "de"),
        ("", "<!-- <html lang='fr'> --><HTML class=a LANG=\"pt-BR\">", "pt-BR"),
        ("", "<html xml:lang='nl' data-lang='fr'>", "nl"),
        ("Content-Language: sv, en\r\n", "<html>", "sv"),
        ("Content-Language: sv\r\n", "<html lang='it'>", "it"),
        ("Content-Language: sv\r\n", "<html lang='<script>'>", "sv"),
        ("Content-Language: sv\r\nContent-Encoding: gzip\r\n", "<html lang='it'>", "sv"),
        ("Content-Language: x\r\n", "<html lang=''>", ""),
        ("Content-Language: en'; DROP TABLE\r\n", "<p lang='fr'><html lang='it'>", ""),
        ("", "<html lang='en-with-far-too-many-parts-in-it'>", ""),
        ("", "<html lang='еѕ'>", ""),
        ("", "<![if x<html lang='it'>", ""),
        ("", f"{'<!-- -->' * 1100}<html lang='it'>", ""),
        ("", "<html lang='it", ""),
        ("", "<" * 9000, ""),
        ("", "<!DOCTYPE" + "[" * 9000, ""),
        ("", "\0\xff<html lang='it'>", "it"),
        ("", "", ""),
    ],
)
def test_the_language_is_what_the_first_bytes_or_the_header_say(
    web: World, head: str, body: str, language: str
) -> None:
    web.server.pages["/"] = html(head, body)
    assert web.ask(SITE) == Answer(Outcome.WORKS, f"{SITE}/", language=language)


def test_a_page_of_another_kind_works_and_is_not_read(web: World) -> None:
    web.server.pages["/"] = b"HTTP/1.0 200\r\nContent-Type: application/pdf\r\n\r\n<html lang='it'>"
    assert web.ask(SITE) == Answer(Outcome.WORKS, f"{SITE}/")


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        *[("200 OK", Outcome.WORKS), ("203 X", Outcome.WORKS), ("204 No Content", Outcome.WORKS)],
        *[("404 Not Found", Outcome.GONE), ("410 Gone", Outcome.GONE)],
        *[("401 Unauthorized", Outcome.CLOSED), ("403 Forbidden", Outcome.CLOSED), ("429 Slow", Outcome.CLOSED)],
        *[("400 Bad", Outcome.FAILING), ("500 Oh", Outcome.FAILING), ("503 Later", Outcome.FAILING)],
        *[("304 Not Modified", Outcome.GARBLED), ("300 Choose", Outcome.GARBLED), ("302 Found", Outcome.GARBLED)],
        *[("101 Switching", Outcome.GARBLED), ("099 What", Outcome.GARBLED), ("2000 OK", Outcome.GARBLED)],
    ],
)
def test_a_status_comes_to_one_of_a_closed_list(web: World, status: str, outcome: Outcome) -> None:
    web.server.pages["/"] = html(status=status)
    answer = web.ask(SITE)
    assert answer.outcome is outcome
    assert answer.outcome.is_well == ((status[0] == "2" and len(status.split()[0]) == 3) or outcome is Outcome.CLOSED)


# Where it leads


def test_four_redirects_are_followed_and_where_they_end_is_kept(web: World) -> None:
    for number in range(4):
        web.server.pages[f"/{number}"] = to(f"/{number + 1}")
    web.server.pages["/4"] = PAGE
    assert web.ask(f"{SITE}/0") == Answer(Outcome.WORKS, f"{SITE}/4", language="es")


def test_a_fifth_redirect_is_not_followed(web: World) -> None:
    for number in range(9):
        web.server.pages[f"/{number}"] = to(f"/{number + 1}")
    assert web.ask(f"{SITE}/0").outcome is Outcome.REDIRECTS
    assert len(web.server.requests) == 5


@pytest.mark.parametrize("pages", [{"/": "/"}, {"/": "/a", "/a": "/b", "/b": "/"}, {"/": "/#again"}])
def test_a_circle_is_seen_at_once(web: World, pages: dict[str, str]) -> None:
    web.server.pages = {path: to(location) for path, location in pages.items()}
    assert web.ask(SITE).outcome is Outcome.REDIRECTS
    assert len(web.server.requests) == len(pages)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_https_and_another_host_is_followed_with_all_judgements_anew(web: World, status: int) -> None:
    web.names["www.good.example.org"] = [PUBLIC_6]
    web.server.pages["/"] = to("https://www.good.example.org/x").replace(b"302", str(status).encode())
    web.server.pages["www.good.example.org/x"] = PAGE
    assert web.ask(SITE) == Answer(Outcome.WORKS, "https://www.good.example.org/x", secure=True, language="es")
    assert web.resolved == ["good.example.org", "www.good.example.org"]
    assert web.called == [(PUBLIC, 80), (PUBLIC_6, 443)]


@pytest.mark.parametrize(
    ("location", "path"),
    [
        (b"relative?x", b"/a/relative?x"),
        (b"../up", b"/up"),
        (b"?only", b"/a/b?only"),
        (b"//good.example.org/x", b"/x"),
        (b"/with blanks", b"/with%20blanks"),
        ("/ünter".encode(), b"/%C3%BCnter"),
        (b"/latin\xfc", b"/latin%FC"),
        (b"/kept%2F%20", b"/kept%2F%20"),
        (b"  /trimmed  ", b"/trimmed"),
    ],
)
def test_a_redirect_is_read_as_browsers_read_it(web: World, location: bytes, path: bytes) -> None:
    web.server.pages["/a/b"] = to(location)
    web.ask(f"{SITE}/a/b")
    assert [asked.split(b" ")[1] for asked in web.server.requests] == [b"/a/b", path]


@pytest.mark.parametrize(
    "location",
    [
        *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f.1/", "http://017700000001/"),
        *("http://169.254.169.254/latest/meta-data/", "http://[::1]/", "http://[::ffff:169.254.169.254]/"),
        *("http://localhost/", "http://metadata.google.internal/", "//127.0.0.1/", "http://127.0.0.1.:80/"),
        *("file:///etc/passwd", "ftp://good.example.org/", "gopher://good.example.org/", "javascript:alert(1)"),
        *("data:text/html,x", "dict://good.example.org:11211/", "http+unix://x/", "mailto:a@example.org"),
        *("http://good.example.org:6379/", "http://good.example.org:22/", "https://good.example.org:8443/"),
        *("http://user@good.example.org/", "http://a:b@good.example.org/", "http://good.example.org@127.0.0.1/"),
        *("http://good.example.org\\@127.0.0.1/", "\\\\127.0.0.1\\", "/\\127.0.0.1", "http://good.example.org\t/"),
        *("http://bücher.example/", "http://①②⑦.⓪.⓪.①/", "http://exa mple.org/", "http://[", "http://[::1"),
        *("/a\0b", "/a\rHost: evil", "http://good.example.org\0.evil.org/", "//", "http:///", f"/{'a' * 3000}"),
    ],
)
def test_a_redirect_to_where_nobody_may_be_asked_ends_the_check(web: World, location: str) -> None:
    web.server.pages["/"] = to(location)
    answer = web.ask(SITE)
    assert answer.outcome in {Outcome.ASTRAY, Outcome.GARBLED, Outcome.REDIRECTS}
    assert answer.final == f"{SITE}/"
    assert web.called == [(PUBLIC, 80)]
    assert len(web.server.requests) == 1


def test_a_header_split_in_a_redirect_reaches_no_request(web: World) -> None:
    web.server.pages["/"] = to("/next\r\nX-Evil: 1\r\nLocation: /other")
    assert web.ask(SITE).outcome is Outcome.GARBLED  # two places to go to
    assert len(web.server.requests) == 1


# Whom a name leads to


@pytest.mark.parametrize(
    "answers",
    [
        *(["127.0.0.1"], ["169.254.169.254"], ["10.1.2.3"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"]),
        *([PUBLIC, "192.168.0.1"], ["192.168.0.1", PUBLIC], [PUBLIC_6, "fe80::1%eth0"], ["224.0.0.1"], ["0.0.0.0"]),  # noqa: S104
    ],
)
def test_a_name_with_an_answer_that_is_not_public_is_never_called(web: World, answers: list[str]) -> None:
    web.names["good.example.org"] = answers
    assert web.ask(SITE) == Answer(Outcome.INSIDE, f"{SITE}/")
    assert web.called == []


def test_a_name_that_changes_after_it_was_judged_is_called_where_it_was_judged(web: World) -> None:
    web.names["good.example.org"] = iter([[PUBLIC], ["127.0.0.1"]])
    web.server.pages["/"] = PAGE
    assert web.ask(SITE).outcome is Outcome.WORKS
    assert (web.resolved, web.called) == (["good.example.org"], [(PUBLIC, 80)])


def test_a_name_that_changes_between_two_hops_is_judged_anew(web: World) -> None:
    web.names["good.example.org"] = iter([[PUBLIC], ["127.0.0.1"]])
    web.server.pages["/"] = to("/secret")
    assert web.ask(SITE) == Answer(Outcome.INSIDE, f"{SITE}/secret")
    assert web.called == [(PUBLIC, 80)]


def test_a_redirect_to_a_name_that_leads_inside_is_refused(web: World) -> None:
    web.names["rebound.example.org"] = ["169.254.169.254"]
    web.server.pages["/"] = to("http://rebound.example.org/latest/meta-data/")
    assert web.ask(SITE).outcome is Outcome.INSIDE
    assert web.called == [(PUBLIC, 80)]


def test_a_name_that_nobody_knows_is_said_so(web: World) -> None:
    web.names["good.example.org"] = []
    assert web.ask(SITE).outcome is Outcome.NAME


def test_when_one_address_is_dead_the_other_family_is_called(web: World) -> None:
    web.names["good.example.org"] = [PUBLIC_6, PUBLIC]
    web.dead = {PUBLIC_6}
    web.server.pages["/"] = PAGE
    assert web.ask(SITE).outcome is Outcome.WORKS
    assert web.called == [(PUBLIC_6, 80), (PUBLIC, 80)]


def test_of_many_dead_addresses_four_are_called(web: World) -> None:
    web.names["good.example.org"] = [f"93.184.216.{number}" for number in range(1, 200)]
    web.dead = set(web.names["good.example.org"])
    assert web.ask(SITE).outcome is Outcome.SILENT
    assert len(web.called) == 4


# Certificates


@pytest.mark.parametrize("kind", ["expired", "wrong-name", "self-signed", "anonymous"])
def test_a_certificate_that_browsers_would_not_take_is_said_so_and_nothing_is_asked(web: World, kind: str) -> None:
    web.server.certificate = kind
    web.server.pages["/"] = PAGE
    assert web.ask(SAFE) == Answer(Outcome.CERTIFICATE, f"{SAFE}/")
    assert web.server.requests == []


def test_a_server_that_speaks_no_tls_where_it_should_is_said_so(web: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:

        def answer() -> None:
            line, _ = door.accept()
            with line, suppress(OSError):
                line.recv(4096)
                line.sendall(PAGE)
                stays_silent(line)

        threading.Thread(target=answer, daemon=True).start()
        web.dial = lambda address, port, seconds: socket.create_connection(door.getsockname())  # type: ignore[method-assign]
        assert web.ask(SAFE) == Answer(Outcome.CERTIFICATE, f"{SAFE}/")


# Answers without end, and answers that lie

BAD_CHUNKS = [
    *("-1\r\n", "+1\r\n", "0x1\r\n", "1_0\r\n", " 1\r\n", "\r\n", "g\r\n", "fffffffff\r\n"),
    *("2\r\na", "1\r\nab", "1\nab\r\n0\r\n", "5\r\nabc"),
]


@pytest.mark.parametrize(
    ("says", "outcome"),
    [
        pytest.param(endless(b"a" * 8192, PAGE), Outcome.WORKS, id="body"),
        pytest.param(endless(b"\0" * 8192, html("Content-Encoding: gzip\r\n")), Outcome.WORKS, id="compressed bomb"),
        pytest.param(endless(b"X-A: b\r\n", b"HTTP/1.1 200 OK\r\n"), Outcome.TOO_MUCH, id="headers"),
        pytest.param(endless(b"a" * 8192, b"HTTP/1.1 200 OK\r\nX-A: "), Outcome.TOO_MUCH, id="one header"),
        pytest.param(endless(b"a" * 8192, b"HTTP/1.1 200 "), Outcome.TOO_MUCH, id="status line"),
        pytest.param(endless(b"a" * 8192), Outcome.GARBLED, id="no answer at all"),
        pytest.param(endless(b"<p>a\n"), Outcome.GARBLED, id="HTTP/0.9"),
        pytest.param(endless(b"HTTP/1.1 100 Continue\r\n\r\n"), Outcome.GARBLED, id="soon"),
        pytest.param(endless(b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\n"), Outcome.GARBLED, id="hints"),
        pytest.param(endless(b"a" * 8192, html("Transfer-Encoding: chunked\r\n", "5;")), Outcome.TOO_MUCH, id="chunk"),
        pytest.param(endless(b"1\r\na\r\n", html("Transfer-Encoding: chunked\r\n")), Outcome.WORKS, id="chunks"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 101 + b"\r\n", Outcome.TOO_MUCH, id="many headers"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 100 + b"\r\n", Outcome.WORKS, id="not too many"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\n" + (b"A: " + b"b" * 1000 + b"\r\n") * 60 + b"\r\n", Outcome.TOO_MUCH, id="big headers"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 33_000 + b"\r\n\r\n", Outcome.TOO_MUCH, id="a huge header"),
        pytest.param(b"HTTP/1.1 103 Early\r\n\r\n" * 2 + PAGE, Outcome.WORKS, id="two hints and a page"),
        pytest.param(resets, Outcome.SILENT, id="reset"),
        pytest.param(lambda line: None, Outcome.SILENT, id="hung up"),
        pytest.param(then(b"HTTP", resets), Outcome.SILENT, id="reset in the status"),
        pytest.param(b"HTTP", Outcome.GARBLED, id="hung up in the status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b", Outcome.GARBLED, id="hung up in the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", Outcome.SILENT, id="hung up between headers"),
        pytest.param(b"HTTP/1.1 200 OK\n\n", Outcome.WORKS, id="bare line feeds"),
        pytest.param(b"HTTP/1.1 200 OK\r\rA: b\r\n\r\n", Outcome.GARBLED, id="bare returns"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\0\r\n\r\n", Outcome.GARBLED, id="NUL"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n", Outcome.GARBLED, id="folded"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA b\r\n\r\n", Outcome.GARBLED, id="no colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n", Outcome.GARBLED, id="blank before the colon"),
        pytest.param(b"HTTP/2 200\r\n\r\n", Outcome.GARBLED, id="HTTP/2"),
        pytest.param(b"\r\nHTTP/1.1 200 OK\r\n\r\n", Outcome.GARBLED, id="blank line first"),
        pytest.param(b"ICY 200 OK\r\n\r\n", Outcome.GARBLED, id="a radio"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", Outcome.GARBLED, id="SSH"),
        pytest.param(b"\x15\x03\x01\x00\x02\x02\x46", Outcome.GARBLED, id="TLS where there should be none"),
        pytest.param(html("Content-Length: 10\r\n", "<html>"), Outcome.GARBLED, id="shorter than it says"),
        pytest.param(html("Content-Length: 3\r\n", "<html lang='it'>"), Outcome.WORKS, id="longer than it says"),
        pytest.param(html("Content-Length: -1\r\n"), Outcome.GARBLED, id="a negative length"),
        pytest.param(html("Content-Length: 0x10\r\n"), Outcome.GARBLED, id="a hexadecimal length"),
        pytest.param(html(f"Content-Length: {'9' * 30}\r\n"), Outcome.GARBLED, id="a length beyond all"),
        pytest.param(html("Content-Length: 1\r\nContent-Length: 2\r\n", "ab"), Outcome.GARBLED, id="two lengths"),
        pytest.param(html("Content-Length: 2\r\nContent-Length: 2\r\n", "ab"), Outcome.WORKS, id="a length twice"),
        pytest.param(html("Transfer-Encoding: gzip\r\n", "ab"), Outcome.GARBLED, id="another coding"),
        pytest.param(html("Transfer-Encoding: gzip, chunked\r\n", "0\r\n\r\n"), Outcome.GARBLED, id="two codings"),
        *(
            pytest.param(html("Transfer-Encoding: chunked\r\n", body), Outcome.GARBLED, id=f"chunks {number}")
            for number, body in enumerate(BAD_CHUNKS)
        ),
        pytest.param(html("Transfer-Encoding: chunked\r\n", "ffffffff\r\na"), Outcome.GARBLED, id="a chunk that lies"),
        pytest.param(
            html("Transfer-Encoding: Chunked\r\n", "6;a=b\r\n<html \r\n9 \r\nlang='it'\r\n1\r\n>\r\n0\r\n\r\n"),
            Outcome.WORKS,
            id="chunks as they should be",
        ),
        pytest.param(
            html("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", "0\r\n\r\n"),
            Outcome.WORKS,
            id="chunks and a length",
        ),
    ],
)
def test_an_answer_that_never_ends_or_lies_comes_to_an_end(
    web: World, says: "bytes | Callable[[socket.socket], None]", outcome: Outcome
) -> None:
    web.server.pages["/"] = says
    assert web.ask(SITE).outcome is outcome


def test_all_hops_share_half_a_megabyte(web: World) -> None:
    padding = b"\r\nA: " + b"b" * 30_000
    big = b"HTTP/1.1 103 Early" + padding + b"\r\n\r\n"
    for number in range(9):
        web.server.pages[f"/{number}"] = big * 3 + to(f"/{number + 1}").replace(
            b"Loc", b"A: " + b"b" * 30_000 + b"\r\nLoc"
        )
    web.octets = 300_000
    assert web.ask(f"{SITE}/0").outcome is Outcome.TOO_MUCH
    assert len(web.server.requests) == 3


def test_no_more_of_a_page_is_taken_than_its_language_needs(web: World) -> None:
    web.server.pages["/"] = endless(b"a" * 8192, PAGE)
    web.octets = 40_000
    assert web.ask(SITE).outcome is Outcome.WORKS


# Time: the clock of these tests goes on only when the checker looks at it, or runs out after a moment


class Drip:
    """A connection over which one byte comes at a time."""

    def __init__(self, before: bytes, drop: bytes) -> None:
        self.before, self.drop = before, drop

    def recv(self, most: int) -> bytes:
        if self.before:
            came, self.before = self.before, b""
            return came
        return self.drop

    def settimeout(self, seconds: float) -> None:
        assert 0 < seconds <= 12

    def sendall(self, request: bytes) -> None:
        assert request.startswith(b"GET ")

    def close(self) -> None:
        """Nothing to close."""


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"HTTP/1.1 ", b"2"),
        (b"HTTP/1.1 200 OK\r\n", b"a"),
        (html("Content-Length: 999999\r\n"), b"a"),
        (html("Transfer-Encoding: chunked\r\n"), b"0"),
    ],
    ids=["status", "headers", "body", "chunk"],
)
def test_a_drip_a_byte_at_a_time_ends_after_twelve_seconds(web: World, before: bytes, drop: bytes) -> None:
    web.dial = lambda address, port, seconds: Drip(before, drop)  # type: ignore[method-assign,assignment,return-value]
    web.step = 0.1
    assert web.ask(SITE).outcome is Outcome.SLOW
    assert 12 <= web.moment < 12.5


@pytest.mark.parametrize(
    "says",
    [stays_silent, then(b"HTTP/1.1 200 OK\r\nA: ", stays_silent), then(html("Content-Length: 9\r\n"), stays_silent)],
    ids=["at once", "in the head", "in the body"],
)
def test_a_server_that_falls_silent_is_waited_for_until_the_time_is_over(
    web: World, says: "Callable[[socket.socket], None]"
) -> None:
    web.server.pages["/"] = says
    web.seconds = 0.1
    assert web.ask(SITE).outcome is Outcome.SLOW


def test_a_handshake_that_falls_silent_is_too(web: World) -> None:
    with socket.create_server(("127.0.0.1", 0)) as door:
        web.dial = lambda address, port, seconds: socket.create_connection(door.getsockname())  # type: ignore[method-assign]
        web.seconds = 0.1
        assert web.ask(SAFE).outcome is Outcome.SLOW


def test_all_hops_share_twelve_seconds(web: World) -> None:
    for number in range(9):
        web.server.pages[f"/{number}"] = to(f"/{number + 1}")
    web.step = 1.0
    answer = web.ask(f"{SITE}/0")
    assert answer.outcome is Outcome.SLOW
    assert 1 < len(web.server.requests) < 5


def test_an_address_that_takes_the_call_and_is_silent_leaves_time_for_the_next(web: World) -> None:
    patience = []

    def dial(address: str, port: int, seconds: float) -> socket.socket:
        patience.append(seconds)
        raise TimeoutError

    web.dial = dial  # type: ignore[method-assign]
    web.names["good.example.org"] = [PUBLIC, PUBLIC_6, "93.184.216.35"]
    assert web.ask(SITE).outcome is Outcome.SLOW
    assert patience == [3.0, 3.0, 12.0]


# No way round the rules


def test_no_code_of_the_site_brings_a_world_of_its_own() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    made = {}
    for path in sorted(root.glob("[a-z]*/**/*.py")):
        inside = path.relative_to(root)
        if inside.parts[0] in {"tests", "var"} or "Outside" not in (text := path.read_text(encoding="utf-8")):
            continue
        calls = [ast.unparse(node) for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
        made[inside.as_posix()] = [call for call in calls if call.split("(")[0].endswith("Outside")]
    assert {path: calls for path, calls in made.items() if calls} == {"community/fetching/child.py": ["Outside()"]}
