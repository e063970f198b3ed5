"""Reader pages are the same for everybody: no cookie, no session, no token, few queries."""

import re

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from tests import make, people

from . import site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

QUESTION = "/conditions/poems-syndrome/prognosis/"


def test_no_page_sets_a_cookie_or_asks_for_one(client: Client) -> None:
    site.build()
    wrong = []
    for name, address in {**site.ADDRESSES, **site.MACHINES}.items():
        response = client.get(address)
        assert response.status_code == site.STATUS.get(name, 200), name
        if response.cookies:
            wrong.append(f"{name}: Set-Cookie")
        if "cookie" in response.headers.get("Vary", "").lower():
            wrong.append(f"{name}: Vary: Cookie")
        if b"csrf" in response.content.lower() or b'method="post"' in response.content.lower():
            wrong.append(f"{name}: a token, or a form that sends something")
    assert not wrong


def test_every_page_is_the_same_for_a_stranger_and_for_everybody_signed_in(client: Client) -> None:
    site.build()
    strangers = {name: client.get(address) for name, address in {**site.ADDRESSES, **site.MACHINES}.items()}
    for person in [*site.everybody(), people.person("member0@example.org")]:
        signed_in = Client()
        signed_in.force_login(person)
        for name, address in {**site.ADDRESSES, **site.MACHINES}.items():
            response = signed_in.get(address)
            assert response.content == strangers[name].content, (name, person)
            assert dict(response.headers) == dict(strangers[name].headers), (name, person)
            assert not response.cookies, (name, person)


def test_a_forged_or_outdated_session_changes_nothing() -> None:
    make.publication()
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "forged0123456789forged0123456789"
    client.cookies[settings.CSRF_COOKIE_NAME] = "f" * 32
    response = client.get(QUESTION)
    assert response.content == Client().get(QUESTION).content
    assert not response.cookies, "the page takes the cookie away, so it looked at the session"


def test_a_question_page_needs_three_queries_at_most(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    site.build()
    with django_assert_max_num_queries(3):
        assert client.get(QUESTION).status_code == 200


def test_a_question_page_needs_no_more_queries_for_a_member(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    site.build()
    client = Client()
    client.force_login(people.reader())
    with django_assert_max_num_queries(3):
        assert client.get(QUESTION).status_code == 200


def test_a_list_of_ten_pages_needs_few_queries(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        site.live(make.condition(), f"question-{number}")
    for address in ("/", "/conditions/", "/conditions/poems-syndrome/", "/reviewers/clara/"):
        with django_assert_max_num_queries(9):
            assert client.get(address).status_code == 200


def test_no_cache_keeps_a_page_for_more_than_five_minutes(client: Client) -> None:
    # way 15
    site.build()
    wrong = {}
    for name, address in {**site.ADDRESSES, **site.MACHINES}.items():
        if site.STATUS.get(name) == 404:
            continue  # nothing on it can go out of date
        control = client.get(address).headers.get("Cache-Control", "")
        directives = [directive.strip() for directive in control.split(",")]
        seconds = [int(found[1]) for found in (re.fullmatch(r"[\w-]+=(\d+)", word) for word in directives) if found]
        asked_again = bool({"no-cache", "no-store"} & set(directives))
        if sum(seconds) > 300 or not (seconds or asked_again):
            wrong[name] = control
    assert not wrong


def test_a_withdrawal_shows_at_the_next_request_though_the_old_page_is_quoted(client: Client) -> None:
    # way 15: asked with and without what the browser kept
    publication = make.publication()
    kept = client.get(QUESTION).headers
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    quoted = {
        "If-None-Match": kept.get("ETag", '"anything"'),
        "If-Modified-Since": kept.get("Last-Modified", "Wed, 01 Jan 2031 00:00:00 GMT"),
    }
    assert client.get(QUESTION).status_code == 410
    assert client.get(QUESTION, headers=quoted).status_code == 410
