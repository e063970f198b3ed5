"""Whatever a stranger sends is answered with a page or a clean refusal, safe headers, and nothing of the inside."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest
from django.conf import settings as site_settings
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.core.handlers.wsgi import WSGIHandler
from django.core.signals import request_started
from django.db import close_old_connections, transaction
from django.test import Client
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from config.headers import HEADERS

from . import make, people

pytestmark = pytest.mark.django_db

PAGE = "/conditions/poems-syndrome/prognosis/"
LOGIN = "/accounts/login/"
ADDRESSES = ["/", PAGE, "/conditions/never-was/", LOGIN, "/accounts/password/reset/", "/admin/", "/healthz"]
TOKEN = "f" * 32
FORM = "application/x-www-form-urlencoded"
INSIDE = (b"Traceback", b'File "', b"django.", b"Error at", b"evil")


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def _site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        make.publication()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def ask(_site: None) -> Iterator[Ask]:
    """The WSGI application itself, as the web server calls it; an exception that escapes it fails the test."""
    application = WSGIHandler()
    cache.clear()

    def asked(path: str, method: str = "GET", body: bytes = b"", **environ: str) -> Answer:
        path, _, query = path.partition("?")
        found: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "HTTP_HOST": "testserver",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": io.BytesIO(body),
            **environ,
        }
        setup_testing_defaults(found)
        head: list[Any] = []
        answer = application(found, lambda *given: head.append(given))
        return Answer(int(head[0][0][:3]), dict(head[0][1]), b"".join(answer))

    # As in Django's own test client: the connection of the test stays open.
    request_started.disconnect(close_old_connections)
    yield asked
    request_started.connect(close_old_connections)


def faults(answer: Answer) -> list[str]:
    """What is wrong with an answer to something strange."""
    found = [] if answer.status < 500 else [f"status {answer.status}"]
    found += [f"no {name}" for name, value in HEADERS.items() if answer.headers.get(name) != value]
    found += [] if "Cache-Control" in answer.headers else ["may be kept"]
    return found + [f"tells {word!r}" for word in INSIDE if word in answer.body]


def walked(ask: Ask, cases: dict[str, dict[str, Any]], *, addresses: list[str] = ADDRESSES) -> dict[str, set[int]]:
    """Send each case to each address; fails with the list of all that is wrong, returns the statuses by case."""
    wrong, statuses = [], {}
    for name, case in cases.items():
        answers = {address: ask(**{"path": address, **case}) for address in addresses}
        statuses[name] = {answer.status for answer in answers.values()}
        wrong += [f"{name}, {address}: {bad}" for address, answer in answers.items() if (bad := faults(answer))]
    assert not wrong, "\n".join(wrong)
    return statuses


def post(body: bytes, kind: str = FORM, **environ: str) -> dict[str, Any]:
    """A form sent by somebody who has the cookie and the token of the site."""
    cookie = f"{site_settings.CSRF_COOKIE_NAME}={TOKEN}"
    return {
        "method": "POST",
        "body": body,
        "CONTENT_TYPE": kind,
        "HTTP_COOKIE": cookie,
        "HTTP_X_CSRFTOKEN": TOKEN,
        **environ,
    }


def test_an_unknown_host_is_refused_and_not_repeated(ask: Ask) -> None:
    hosts = ["evil.example", "testserver.evil.example", "testserver@evil.example", "evil.example:80", "", "[::1", "é"]
    statuses = walked(ask, {host: {"HTTP_HOST": host} for host in hosts})
    assert set.union(*statuses.values()) == {400}


def test_a_method_that_no_page_has_is_refused_or_answered_like_a_stranger(ask: Ask) -> None:
    methods = ["TRACE", "PROPFIND", "CONNECT", "PUT", "DELETE", "PATCH", "OPTIONS", "FROBNICATE", "X" * 5000, "get "]
    statuses = walked(ask, {method: {"method": method} for method in methods}, addresses=["/", PAGE, "/healthz"])
    assert set.union(*statuses.values()) <= {403, 405}
    statuses = walked(ask, {method: {"method": method, "HTTP_X_ECHO": "evil"} for method in methods})
    assert set.union(*statuses.values()) <= {200, 302, 403, 404, 405}


def test_a_form_in_an_odd_charset_is_refused_also_by_the_page_that_refuses_it(ask: Ask) -> None:
    # Stock Django reads the form again in its own error page, and that escapes to the web server.
    charsets = [
        "utf-16",
        "utf-7",
        "utf-32",
        "idna",
        "punycode",
        "hex",
        "rot13",
        "nonsense",
        "undefined",
        "\xff",
        "x" * 999,
    ]
    cases = {name: post("login=a&b=é".encode(), f"{FORM}; charset={name}") for name in charsets}
    parts = "multipart/form-data; boundary=part"
    cases |= {f"parts in {name}": post(b"--part--", f"{parts}; charset={name}") for name in charsets}
    walked(ask, cases)
    # The same without the cookie, where the refusal is of the missing token.
    walked(ask, {name: {**case, "HTTP_COOKIE": ""} for name, case in cases.items()})


def test_a_form_that_cannot_be_read_is_refused(ask: Ask) -> None:
    parts = "multipart/form-data; boundary=part"
    many = b"&".join(b"a%d=1" % number for number in range(1200))
    head = b'--part\r\nContent-Disposition: form-data; name="login"'
    cases = {
        "too many fields": post(many),
        "too large": post(b"login=" + b"a" * 3_000_000),
        "invalid UTF-8": post(b"login=%ff%fe&password=\xff\xc0\xaf"),
        "NUL": post(b"login=a%00b%40example.org&password=a%00b&next=%00&email=a%00%40example.org"),
        "parts without a boundary": post(b"--part--", "multipart/form-data"),
        "a boundary that is none": post(b"--part--", 'multipart/form-data; boundary="\x01"'),
        "parts that never end": post(head + b"\r\n\r\nada", parts),
        "a part without a name": post(b"--part\r\nContent-Disposition: form-data\r\n\r\na\r\n--part--", parts),
        "a part in base64 that is none": post(
            head + b"\r\nContent-Transfer-Encoding: base64\r\n\r\n&&\r\n--part--", parts
        ),
        "a file with a path": post(head + b'; filename="../../evil"\r\n\r\na\r\n--part--', parts),
        "too many parts": post(
            b"".join(b'--part\r\nContent-Disposition: form-data; name="a"\r\n\r\na\r\n' for _ in range(1200))
            + b"--part--",
            parts,
        ),
        "JSON": post(b'{"login": "a"}', "application/json"),
        "shorter than it says": post(b"login=a", CONTENT_LENGTH="70000"),
        "a length that is none": post(b"login=a", CONTENT_LENGTH="-5"),
        "a type of 10 kB": post(b"login=a", "a/b; " + "c=d; " * 2000),
    }
    statuses = walked(ask, cases)
    assert 400 in statuses["too many fields"]
    assert 400 in statuses["too large"]
    # Where there is nobody to be refused: the same form reaches what reads it.
    assert get_user_model().objects.filter(email__contains="\N{REPLACEMENT CHARACTER}").count() == 0


STRANGE_PATHS = [
    "//evil.example/",
    "/\\evil.example/",
    "/%2f%2fevil.example/",
    "/%5cevil.example",
    "//evil.example",
    "/\t/evil.example",
    "/conditions//evil.example",
    "/admin//evil.example",
    "//evil.example/%2e%2e",
    "/admin/../admin/",
    "/.//evil.example",
    "/\x00",
    "/conditions/\x00/",
    "/conditions/poems-syndrome/\x00/",
    "/reviewers/\x00/",
    "/accounts/\x00",
    "/admin/\x00/",
    "/\xff\xfe",
    "/conditions/\xc0\xaf/",
    "/conditions/\xed\xa0\x80/",
    "/static/../config/settings.py",
    "/static/%2e%2e/manage.py",
    "/conditions/" + "a" * 10_000 + "/",
    "/" + "/" * 5_000,
    "",
    "*",
    "http://evil.example/",
    "/admin/r/1/1/",
    "/accounts/confirm-email/a:b:c/",
    "/accounts/password/reset/key/1-\x00/",
    "/accounts/password/reset/key/" + "z" * 40 + "-set-password/",
]


def test_a_strange_path_is_refused_and_leads_to_no_other_site(ask: Ask) -> None:
    answers = {path: ask(path) for path in STRANGE_PATHS}
    wrong = {path: bad for path, answer in answers.items() if (bad := faults(answer))}
    assert not wrong
    for path, answer in answers.items():
        location = answer.headers.get("Location", "/")
        assert location.startswith("/"), path
        assert location[1:2] not in {"/", "\\", "\t"}, path


QUERIES = [
    "a=%00",
    "a=\x00",
    "a=%ff%fe",
    "a=\xff",
    "%",
    "&&&&",
    "a[]=1",
    "a" * 10_240,
    "next=//evil.example/",
    "next=%00",
    "page=" + "9" * 99,
]


def test_a_strange_query_changes_nothing_or_is_refused(ask: Ask) -> None:
    statuses = walked(
        ask, {query: {"path": f"{address}?{query}"} for query in QUERIES for address in ADDRESSES}, addresses=["/"]
    )
    assert set.union(*statuses.values()) <= {200, 302, 400, 404}
    for address in ("/", PAGE):
        assert {ask(f"{address}?{query}").body for query in QUERIES} == {ask(address).body}, address
    # More parameters than anybody sends.
    walked(ask, {"many": {"QUERY_STRING": "&".join(f"a{number}=1" for number in range(1200))}})


TRICKS = {
    "HTTP_SCRIPT_NAME": "/evil",
    "HTTP_PATH_INFO": "/admin/",
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "https",
    "HTTP_X_FORWARDED_FOR": "evil, 127.0.0.1, \x00",
    "HTTP_X_FORWARDED_PORT": "99999",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_X_ORIGINAL_URL": "/admin/",
    "HTTP_X_REWRITE_URL": "/admin/",
    "HTTP_X_HTTP_METHOD_OVERRIDE": "POST",
    "HTTP_FORWARDED": "host=evil.example;proto=https",
    "HTTP_X_REAL_IP": "evil",
    "HTTP_REMOTE_USER": "root@example.org",
    "HTTP_ACCEPT_LANGUAGE": "evil," * 2000,
    "HTTP_ACCEPT_ENCODING": "\xff",
    "HTTP_ACCEPT": "evil/evil;q=evil",
    "HTTP_IF_MODIFIED_SINCE": "evil",
    "HTTP_IF_NONE_MATCH": '"' * 5000,
    "HTTP_RANGE": "bytes=9-1",
    "HTTP_REFERER": "https://evil.example/",
    "HTTP_USER_AGENT": "\xff\x00",
    "HTTP_AUTHORIZATION": "Basic \xff",
}


def test_a_trick_in_a_header_shows_the_same_page_as_without_it(ask: Ask) -> None:
    plain = {address: ask(address) for address in ADDRESSES}
    different = [
        f"{name}, {address}"
        for name, value in TRICKS.items()
        for address in ADDRESSES
        if shown(ask(address, **{name: value})) != shown(plain[address])
    ]
    assert not different


def shown(answer: Answer) -> tuple[int, str, bytes]:
    """What a reader sees, and where they are sent; the token of a form is another each time."""
    lines = [line for line in answer.body.splitlines() if b"csrfmiddlewaretoken" not in line]
    return answer.status, answer.headers.get("Location", ""), b"\n".join(lines)


def test_a_strange_cookie_is_nobodys(ask: Ask) -> None:
    names = [site_settings.SESSION_COOKIE_NAME, site_settings.CSRF_COOKIE_NAME, "messages"]
    values = [
        "\xff\xfe",
        "a\x00b",
        "'",
        '"',
        "=;=;=",
        "x" * 8000,
        "../../evil",
        "W10:1:1",
        "\u0000".encode().decode("latin1"),
    ]
    cases = {f"{name}={value}": {"HTTP_COOKIE": f"{name}={value}"} for name in names for value in values}
    statuses = walked(ask, cases)
    assert set.union(*statuses.values()) == {200, 302, 404}


def test_nobody_is_sent_to_another_site_after_signing_in(ask: Ask) -> None:
    body = f"login={people.publisher().email}&password={people.PASSWORD}&next=".encode()
    for place in (
        b"//evil.example/",
        b"/\\evil.example",
        b"https:evil.example",
        b"%09//evil.example",
        b"javascript:alert(1)",
    ):
        answer = ask(LOGIN, **post(body + place))
        assert answer.status == 302, (answer.status, answer.body)
        assert (answer.status, answer.headers["Location"]) == (302, "/admin/"), place


# The headers themselves


def test_no_page_of_an_account_or_of_the_desk_is_kept(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True
    client.force_login(people.superuser())
    for address in (
        LOGIN,
        "/accounts/password/reset/",
        "/accounts/2fa/",
        "/accounts/email/",
        "/admin/",
        "/admin/accounts/user/",
        "/admin/jsi18n/",
    ):
        for browser in (client, Client()):
            assert "no-store" in browser.get(address).headers["Cache-Control"], address


def test_what_is_not_said_to_be_a_page_is_not_kept(ask: Ask) -> None:
    for address in ("/conditions/never-was/", "/conditions", "/conditions/poems-syndrome/symptoms/"):
        assert ask(address).headers["Cache-Control"] == "no-store"
    assert ask(PAGE).headers["Cache-Control"].startswith(("public, max-age=", "no-cache"))


@pytest.mark.usefixtures("_site")
def test_with_https_every_answer_says_so_for_a_year_refusals_too(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    answers = [
        Client().get("/", secure=True),
        Client().get("/conditions", secure=True),
        Client().get("/never-was/", secure=True),
        Client().get("/", secure=True, headers={"Host": "evil.example"}),
        Client().get("/", headers={"Host": "evil.example", "X-Forwarded-Proto": "https"}),
        Client().get("/", headers={"X-Forwarded-Proto": "https"}),
    ]
    assert [answer.status_code for answer in answers] == [200, 301, 404, 400, 400, 200]
    for answer in answers:
        assert answer.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
        assert HEADERS.items() <= dict(answer.headers).items()
    # By plain HTTP a browser would not believe it: there is the redirect, and refusals.
    answer = Client().get("/", headers={"Host": "evil.example"})
    assert (answer.status_code, "Strict-Transport-Security" in answer.headers) == (400, False)
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert HEADERS.items() <= dict(answer.headers).items()


@pytest.mark.usefixtures("_site")
def test_the_word_of_a_proxy_counts_only_where_one_is_named(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get("/", headers={"X-Forwarded-Proto": "https"})
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://testserver/")


def test_a_static_file_carries_the_headers_and_is_for_this_site_alone(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "rounds.css").write_text("body {}")
    settings.STATIC_ROOT = tmp_path
    settings.MIDDLEWARE = [
        *settings.MIDDLEWARE[:2],
        "whitenoise.middleware.WhiteNoiseMiddleware",
        *settings.MIDDLEWARE[2:],
    ]
    answer = Client().get("/static/rounds.css")
    assert (answer.status_code, b"".join(answer)) == (200, b"body {}")
    assert HEADERS.items() <= dict(answer.headers).items()
    assert "Access-Control-Allow-Origin" not in answer.headers
    for refused in (
        Client().post("/static/rounds.css"),
        Client().get("/static/none.css"),
        Client().get("/static/../manage.py"),
    ):
        assert refused.status_code in {403, 404, 405}
        assert HEADERS.items() <= dict(refused.headers).items()
