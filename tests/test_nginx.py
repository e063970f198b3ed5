"""The cache before the site, with the configuration in deploy/: it keeps what it may and no longer than it may."""

import gzip
import http.client
import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from .nginx import Nginx
from .test_run import PATIENCE, until

pytestmark = [pytest.mark.nginx, pytest.mark.once]

PAGE = "/conditions/poems-syndrome/prognosis/"


@dataclass
class Site:
    """What stands behind nginx: it counts what it is asked, and answers as it is told."""

    control: str = "public, max-age=1000"
    status: int = 200
    text: str = "first"
    cookie: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    server: Any = None

    def stop(self) -> None:
        """Answer nobody any more."""
        self.server.shutdown()
        self.server.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers for the site of the test."""

    site: ClassVar[Site]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        site = self.site
        site.asked.append({name.lower(): value for name, value in self.headers.items()})
        plain = site.text.encode()
        encoding = self.headers.get("Accept-Encoding", "")
        body = gzip.compress(plain, mtime=0) if encoding == "gzip" else plain
        tag = f'"{site.text}-{encoding}"'
        known = site.status == 200 and self.headers.get("If-None-Match") == tag
        self.send_response(304 if known else site.status)
        self.send_header("Cache-Control", site.control)
        self.send_header("ETag", tag)
        self.send_header("Vary", "Accept-Encoding")
        self.send_header("Connection", "close")
        if site.cookie:
            self.send_header("Set-Cookie", site.cookie)
        if encoding == "gzip" and not known:
            self.send_header("Content-Encoding", "gzip")
        if not known:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if not known:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def site() -> Iterator[Site]:
    """A site of the test's own."""
    site = Site()
    handler = type("Ours", (Handler,), {"site": site})
    site.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,))
    thread.start()
    yield site
    site.stop()
    thread.join()


@pytest.fixture
def nginx(site: Site, tmp_path: Path) -> Iterator[Nginx]:
    """nginx before it."""
    nginx = Nginx(tmp_path, site.server.server_port)
    yield nginx
    nginx.stop()


def get(nginx: Nginx, path: str = PAGE, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """What a reader gets."""
    connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=PATIENCE)
    try:
        named = {name.replace("__", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Host": "localhost", **named})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()
    finally:
        connection.close()


def test_what_may_be_kept_is_fetched_once(site: Site, nginx: Nginx) -> None:
    for _ in range(3):
        assert get(nginx)[2] == b"first"
    assert len(site.asked) == 1
    status, headers, body = get(nginx, If__None__Match='"first-"')
    assert (status, body, headers["etag"]) == (304, b"", '"first-"')
    assert len(site.asked) == 1


@pytest.mark.parametrize("control", ["no-cache", "no-store", "private", "max-age=0"])
def test_what_may_not_be_kept_is_fetched_each_time(site: Site, nginx: Nginx, control: str) -> None:
    site.control = control
    get(nginx)
    site.text = "second"
    assert get(nginx)[2] == b"second"


def test_an_answer_to_a_clinicians_system_is_never_kept(site: Site, nginx: Nginx) -> None:
    for _ in range(2):
        get(nginx, "/infobutton?age.v.v=50")
    assert len(site.asked) == 2


def test_an_answer_with_a_cookie_is_not_kept(site: Site, nginx: Nginx) -> None:
    site.cookie = "sessionid=a"
    for _ in range(2):
        get(nginx)
    assert len(site.asked) == 2


def test_an_old_copy_goes_when_its_time_is_over(site: Site, nginx: Nginx) -> None:
    # way 15: a withdrawal behind a cache
    site.control = "public, max-age=1"
    assert get(nginx)[0] == 200
    site.status = 410
    until(lambda: get(nginx)[0] == 410)
    assert {get(nginx)[0] for _ in range(20)} == {410}


def test_the_same_page_is_asked_for_by_its_version(site: Site, nginx: Nginx) -> None:
    site.control = "public, max-age=1"
    get(nginx)
    until(lambda: get(nginx)[0] == 200 and len(site.asked) > 1)
    assert site.asked[1]["if-none-match"] == '"first-"'


def test_while_the_site_is_away_a_copy_is_given_no_longer_than_the_site_said(site: Site, nginx: Nginx) -> None:
    # way 15
    site.control = "public, max-age=1, stale-if-error=2"
    get(nginx)
    site.stop()
    until(lambda: get(nginx)[0] == 502)
    assert any(" 200 " in line and " STALE " in line for line in nginx.log), "within the time that the site allowed"
    assert {get(nginx)[0] for _ in range(10)} == {502}


def test_a_site_that_says_it_cannot_answer_is_believed(site: Site, nginx: Nginx) -> None:
    site.control = "public, max-age=1, stale-if-error=1000"
    get(nginx)
    site.status, site.control = 503, "no-store"
    until(lambda: get(nginx)[0] == 503)


def test_each_browser_gets_the_page_in_a_form_it_takes(site: Site, nginx: Nginx) -> None:
    for accepted, encoding in {
        "gzip, deflate": "gzip",
        "gzip": "gzip",
        "deflate, gzip , zstd": "gzip",
        "": "",
        "identity": "",
        "gzip;q=0": "",
    }.items():
        for _ in range(2):
            _, headers, body = get(nginx, Accept__Encoding=accepted)
            assert headers.get("content-encoding", "") == encoding, accepted
            assert (gzip.decompress(body) if encoding else body) == b"first"
            assert headers["vary"] == "Accept-Encoding"
    assert sorted(asked.get("accept-encoding", "") for asked in site.asked) == ["", "gzip"]


def test_the_site_is_told_who_asks_by_nginx_alone(site: Site, nginx: Nginx) -> None:
    get(nginx, X__Forwarded__For="203.0.113.7", X__Forwarded__Proto="https", X_Forwarded_Host="evil", SCRIPT_NAME="/e")
    (asked,) = site.asked
    assert (asked["x-forwarded-for"], asked["x-forwarded-proto"], asked["host"]) == ("127.0.0.1", "http", "localhost")
    assert not {"x_forwarded_host", "script_name"} & set(asked)


def test_no_log_holds_an_address_of_a_reader_beside_a_page_nor_what_they_searched_for(
    site: Site, nginx: Nginx, tmp_path: Path
) -> None:
    get(nginx, User__Agent="Marzipan", Referer="http://marzipan.example/")
    get(nginx, "/search/?q=marzipan")
    get(nginx, "/infobutton?age.v.v=marzipan")
    for private in ("/conditions/wilson-disease/community/join/", "/join/code/", "/me/communities/7/leave/", "/me/"):
        get(nginx, private)
    site.stop()
    assert get(nginx, "/conditions/wilson-disease/")[0] == 502
    assert get(nginx, "/infobutton?age.v.v=marzipan")[0] == 502
    until(lambda: len(nginx.log) == 5)
    nginx.stop()
    assert PAGE in nginx.log[0]
    assert not [line for line in nginx.log if "join" in line or "/me/" in line]
    for path in tmp_path.glob("*.log"):
        text = path.read_text()
        for line in text.splitlines():
            assert not ("127.0.0.1" in line and "/conditions/" in line), line
        assert "arzipan" not in text
