"""The web server as docs/operators.md starts it, spoken to as by its proxy, and by clients that are slow or broken."""

import http.client
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.headers import HEADERS

from .test_run import PATIENCE, ROOT, free_port, until
from .test_settings import SET

pytestmark = pytest.mark.once

HOST = "rounds.example.org"
PROXY = {"Host": HOST, "X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
OPERATORS = (ROOT / "docs" / "operators.md").read_text()


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All that the server writes, its log of requests switched on."""
    return tmp_path_factory.mktemp("log") / "all"


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, log: Path) -> Iterator[int]:
    """A site with HTTPS behind a proxy, one process, the database in a file."""
    var, port = tmp_path_factory.mktemp("served"), free_port()
    environment = {
        **SET,
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{var}/rounds.sqlite3",
        "STATIC_ROOT": str(var / "static"),
        "BEHIND_PROXY": "1",
    }
    for command in (["migrate", "-v0"], ["collectstatic", "-v0", "--noinput"]):
        subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, timeout=PATIENCE)
    written = log.open("wb")
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "python:config.server"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--access-logfile", "-"),
        ],
        cwd=ROOT,
        env=environment,
        stdout=written,
        stderr=written,
    )
    try:
        until(lambda: answers(port))
        yield port
    finally:
        server.terminate()
        server.wait(PATIENCE)
        written.close()


def answers(port: int) -> bool:
    """Whether the server answers already."""
    try:
        return get(port, "/healthz")[0] == 200
    except OSError:
        return False


def get(port: int, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What the proxy is answered; patient, because a busy machine is no fault of the site."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", path, headers={**PROXY, **headers})
        response = connection.getresponse()
        return response.status, dict(response.headers), response.read()
    finally:
        connection.close()


def say(port: int, said: bytes) -> bytes:
    """What comes back for these bytes, to the end of the connection."""
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as line:
        line.sendall(said)
        return b"".join(iter(lambda: line.recv(65536), b""))


def test_the_documents_start_the_server_that_is_tested_here() -> None:
    assert "gunicorn config.wsgi --config python:config.server --bind" in OPERATORS


def test_it_speaks_https_through_its_proxy_and_says_so(port: int) -> None:
    status, headers, _ = get(port, "/")
    assert status == 200
    assert HEADERS.items() <= headers.items()
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"


def test_a_static_file_carries_the_headers(port: int) -> None:
    page = get(port, "/")[2].decode()
    path = page.split('<link rel="stylesheet" href="')[1].split('"')[0]
    status, headers, body = get(port, path)
    assert (status, b"{" in body) == (200, True)
    assert HEADERS.items() <= headers.items()
    assert "immutable" in headers["Cache-Control"]


HEAD = f"Host: {HOST}\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n".encode()
BROKEN = {
    "no request": b"hello\r\n\r\n",
    "another protocol": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\r\n\r\n",
    "a made-up version": b"GET / HTTP/9.9\r\n" + HEAD + b"\r\n",
    "a method of 5 kB": b"X" * 5000 + b" / HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a method in small letters": b"get / HTTP/1.1\r\n" + HEAD + b"\r\n",
    "10 kB of query": b"GET /?" + b"a" * 10_240 + b" HTTP/1.1\r\n" + HEAD + b"\r\n",
    "a header of 10 kB": b"GET / HTTP/1.1\r\nX-Long: " + b"a" * 10_240 + b"\r\n" + HEAD + b"\r\n",
    "200 headers": b"GET / HTTP/1.1\r\n" + b"".join(b"X-%d: evil\r\n" % n for n in range(200)) + HEAD + b"\r\n",
    "NUL in a header": b"GET / HTTP/1.1\r\nX-Nul: a\x00b\r\n" + HEAD + b"\r\n",
    "a folded header": b"GET / HTTP/1.1\r\nX-Folded: a\r\n b\r\n" + HEAD + b"\r\n",
    "a length of words": b"POST /accounts/login/ HTTP/1.1\r\nContent-Length: many\r\n" + HEAD + b"\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n" + HEAD + b"\r\nab",
    "a length and chunks": b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n"
    + HEAD
    + b"\r\n0\r\n\r\n",
    "NUL in the address": b"GET /a\x00b HTTP/1.1\r\n" + HEAD + b"\r\n",
    "another site": b"GET //evil.example/ HTTP/1.1\r\n" + HEAD + b"\r\n",
    "no host": b"GET / HTTP/1.1\r\nX-Forwarded-Proto: https\r\nConnection: close\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: evil.example\r\n" + HEAD + b"\r\n",
    "another host": b"GET / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
}


def test_what_is_no_request_is_refused_with_the_headers_of_the_site(port: int) -> None:
    wrong = []
    for name, said in BROKEN.items():
        head, _, body = say(port, said).partition(b"\r\n\r\n")
        status = head.split(b" ")[1:2]
        lacking = [header for header, value in HEADERS.items() if f"{header}: {value}".encode() not in head]
        if not status or not 400 <= int(status[0]) < 500 or lacking or b"evil" in body or b"Traceback" in body:
            wrong.append(f"{name}: {head[:60]!r}, lacks {lacking}")
    assert not wrong, "\n".join(wrong)


def test_the_log_holds_no_address_of_a_reader_even_where_requests_are_logged(port: int, log: Path) -> None:
    for path in ("/conditions/", "/conditions/never-was/", "/conditions/never-was/page/feedback/"):
        get(port, path)
    say(port, b"GET /conditions/never-was/ nonsense\r\nHost: rounds.example.org\r\n\r\n")
    say(port, b"GET /conditions/never-was/ HTTP/1.1\r\nHost: rounds.example.org\r\nX-Forwarded-For : 192.0.2.1\r\n\r\n")
    until(lambda: "GET 404 " in log.read_text() and log.read_text().count("Invalid request") >= 2)
    lines = log.read_text().splitlines()
    assert [line for line in lines if "Not Found: /conditions/never-was/" in line]
    assert not [line for line in lines if "192.0.2.1" in line]
    # The proxy of these tests has the address of the server itself, which is told where the server is named.
    told = [line for line in lines if not re.search(r"Listening at: |Invalid HTTP_HOST header: ", line)]
    assert not [line for line in told if "127.0.0.1" in line]


def test_no_header_of_a_caller_moves_the_site_or_names_another_page(port: int) -> None:
    plain = get(port, "/how-we-review/")
    for name, value in (
        ("SCRIPT_NAME", "/evil"),
        ("PATH_INFO", "/admin/"),
        ("Script-Name", "/evil"),
        ("X_FORWARDED_HOST", "evil"),
    ):
        status, _, body = get(port, "/how-we-review/", **{name: value})
        assert (status, body) == (200, plain[2]), name


def test_with_fewer_slow_clients_than_threads_others_are_answered(port: int) -> None:
    from config.server import threads

    with ExitStack() as held:
        beginnings = [
            b"GET / HTTP/1.1\r\n" + HEAD,
            b"POST /accounts/login/ HTTP/1.1\r\nContent-Length: 100\r\n" + HEAD + b"\r\nlogin=",
        ]
        for number in range(threads - 1):
            line = held.enter_context(socket.create_connection(("127.0.0.1", port), PATIENCE))
            line.sendall(beginnings[number % len(beginnings)])
        assert [get(port, "/")[0] for _ in range(10)] == [200] * 10
    assert get(port, "/")[0] == 200
