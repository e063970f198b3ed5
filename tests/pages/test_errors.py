"""Error pages are our own, tell nothing that is not for readers, and need neither database nor session."""

from collections.abc import Callable

import pytest
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from pages import errors, reading
from tests import make, people

from . import dom

SECRET = "psql://rounds:hunter2@db"

ERRORS: dict[int, Callable[[HttpRequest], HttpResponse]] = {
    400: lambda request: errors.bad_request(request, ValueError(SECRET)),
    403: lambda request: errors.forbidden(request, PermissionDenied()),
    404: lambda request: errors.not_found(request, ValueError(SECRET)),
    500: errors.server_error,
}


def fail(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Let the first page fail."""

    def broken(*_: object) -> None:
        raise error

    monkeypatch.setattr(reading, "lines_signed_lately", broken)


@pytest.mark.parametrize("status", ERRORS)
def test_an_error_page_is_whole_without_database_session_or_account(status: int) -> None:
    # The mark for the database is left out on purpose: a query would fail the test.
    response = ERRORS[status](RequestFactory().get("/conditions/"))
    assert response.status_code == status
    root = dom.tree(response.content)
    assert f"Error {status}" in dom.words(root)
    assert len(list(root.iter("h1"))) == 1
    assert "hunter2" not in response.content.decode()
    assert [meta.get("content") for meta in root.iter("meta") if meta.get("name") == "robots"] == ["noindex"]


@pytest.mark.once
@pytest.mark.django_db
def test_the_page_of_a_break_down_needs_no_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert errors.server_error(RequestFactory().get("/")).status_code == 500


@pytest.mark.once
@pytest.mark.django_db
def test_a_page_that_was_never_there_gets_the_sites_own_404(client: Client) -> None:
    root = dom.read(client, "/never-was/", status=404)
    assert dom.words(dom.first(root, "h1")) == "There is no page at this address"
    assert dom.words(dom.only(root, "wordmark")) == "Rounds"


@pytest.mark.once
@pytest.mark.django_db
def test_what_is_not_allowed_gets_the_sites_own_403_with_the_reason(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(monkeypatch, PermissionDenied("Ask a registrar <b>first</b>."))
    root = dom.read(client, "/", status=403)
    assert dom.words(dom.first(root, "h1")) == "This is not open to you"
    assert "Ask a registrar <b>first</b>." in dom.words(root)


@pytest.mark.once
@pytest.mark.django_db
def test_a_break_down_gets_the_sites_own_500_and_tells_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, RuntimeError(SECRET))
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    page = response.content.decode()
    for inside in ("hunter2", "Traceback", "RuntimeError", "views.py", "errors.py", "/pages/"):
        assert inside not in page
    assert dom.words(dom.first(dom.tree(response.content), "h1")) == "Something broke on our side"


@pytest.mark.once
@pytest.mark.django_db
def test_a_break_down_is_the_same_for_whoever_is_signed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    fail(monkeypatch, RuntimeError(SECRET))
    answers = set()
    for person in (None, people.reader(), people.superuser()):
        client = Client()
        client.raise_request_exception = False
        if person is not None:
            client.force_login(person)
        answers.add(client.get("/").content)
    assert len(answers) == 1


@pytest.mark.once
@pytest.mark.django_db
def test_a_form_without_its_token_gets_the_sites_own_403() -> None:
    client = Client(enforce_csrf_checks=True)
    response = client.post("/accounts/login/", {"login": "ada@example.org", "password": people.PASSWORD})
    assert response.status_code == 403
    root = dom.tree(response.content)
    assert dom.words(dom.only(root, "wordmark")) == "Rounds"
    assert not list(root.iter("style"))


ODD = {
    "utf-16": "application/x-www-form-urlencoded; charset=utf-16",
    "no such charset": "application/x-www-form-urlencoded; charset=nonsense",
    "utf-16 in parts": "multipart/form-data; charset=utf-16; boundary=part",
    "parts without a boundary": "multipart/form-data",
    "a boundary that is none": 'multipart/form-data; boundary="\x01"',
    "json": "application/json",
    "no type": "",
}


@pytest.mark.once
@pytest.mark.django_db
@pytest.mark.parametrize("odd", ODD)
def test_a_form_in_an_odd_encoding_never_breaks_the_site(odd: str) -> None:
    make.publication()
    client = Client(enforce_csrf_checks=True)
    client.cookies[settings.CSRF_COOKIE_NAME] = "f" * 32
    for address in ("/", "/accounts/login/", "/conditions/poems-syndrome/prognosis/", "/never-was/", "/admin/"):
        # A server error would be raised here, and so would an exception that escapes to the web server.
        response = client.generic("POST", address, b"\xff\xfea\x00=\x00b\x00", content_type=ODD[odd])
        assert 300 <= response.status_code < 500, (address, response.status_code)
        assert "Content-Security-Policy" in response.headers, address
        assert b"Traceback" not in response.content, address
