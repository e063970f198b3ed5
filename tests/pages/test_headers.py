"""Every answer carries the headers that keep a browser safe, redirects and errors too."""

from collections.abc import Mapping

import pytest
from django.test import Client
from pytest_django import Settings

from pages import reading
from tests import make, people

from . import site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "/conditions/poems-syndrome/prognosis/"


def assert_safe(headers: Mapping[str, str]) -> None:
    """Nothing from elsewhere, nothing inline, no frame, no guessing, no address told to others."""
    policy = headers["Content-Security-Policy"]
    directives = {name: values for name, *values in (part.split() for part in policy.split(";"))}
    assert directives["default-src"] == ["'none'"]
    assert directives["script-src"] == directives["style-src"] == ["'self'"]
    assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "geolocation=()" in headers["Permissions-Policy"]


def test_every_page_of_the_site(client: Client) -> None:
    site.build()
    for name, address in {**site.ADDRESSES, **site.MACHINES}.items():
        response = client.get(address)
        assert response.status_code == site.STATUS.get(name, 200), name
        assert_safe(response.headers)


def test_a_redirect_from_an_old_address(client: Client) -> None:
    site.rename(make.publication().article, "outlook")
    response = client.get(ADDRESS)
    assert response.status_code == 301
    assert_safe(response.headers)


def test_a_redirect_to_the_address_with_a_slash(client: Client) -> None:
    response = client.get("/conditions")
    assert response.status_code == 301
    assert_safe(response.headers)


def test_a_redirect_to_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get("/conditions/")
    assert (response.status_code, response.headers["Location"]) == (301, "https://testserver/conditions/")
    assert_safe(response.headers)


def test_a_withdrawn_page(client: Client) -> None:
    make.publication().withdraw(by=people.publisher(), why="Wrong.")
    response = client.get(ADDRESS)
    assert response.status_code == 410
    assert_safe(response.headers)


def test_a_page_that_never_was(client: Client) -> None:
    for address in ("/conditions/never-was/", "/never-was", "/%00", "/static/never-was.css"):
        response = client.get(address)
        assert response.status_code == 404, address
        assert_safe(response.headers)


def test_a_request_for_another_host(client: Client) -> None:
    response = client.get("/", headers={"Host": "evil.example"})
    assert response.status_code == 400
    assert b"evil.example" not in response.content
    assert_safe(response.headers)


def test_a_page_that_broke(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(reading, "lines_signed_lately", broken)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert_safe(response.headers)


def test_the_door_of_the_desk(client: Client) -> None:
    response = client.get("/admin/", follow=True)
    assert [status for _, status in response.redirect_chain] == [302, 302]
    assert_safe(client.get("/admin/").headers)
    assert_safe(response.headers)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_a_reader_page_can_be_read_and_nothing_else(client: Client, method: str) -> None:
    make.publication()
    before = client.get(ADDRESS).content
    response = client.generic(method, ADDRESS)
    assert response.status_code == 405
    assert set(response.headers["Allow"].split(", ")) == {"GET", "HEAD"}
    assert_safe(response.headers)
    assert client.get(ADDRESS).content == before


def test_head_answers_as_get_does_without_the_page(client: Client) -> None:
    site.build()
    for name, address in {**site.ADDRESSES, **site.MACHINES}.items():
        get, head = client.get(address), client.head(address)
        assert head.status_code == get.status_code, name
        assert head.content == b"", name
        assert dict(head.headers) == dict(get.headers), name
        assert_safe(head.headers)
