"""How long a copy may be kept: less than a minute by browser and proxy, and never past the end of the day."""

import datetime as dt
import re

import pytest
from django.test import Client
from pytest_django import Settings

from config import settings as real_settings
from tests import make, people
from tests.conftest import Clock

from .keeping import ADDRESS, waiting

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def directives(control: str) -> dict[str, int]:
    """The directives of a Cache-Control that have a number of seconds."""
    return {name: int(seconds) for name, seconds in re.findall(r"([\w-]+)=(\d+)", control)}


def test_a_browser_behind_a_proxy_shows_a_withdrawal_within_a_minute_and_a_broken_site_within_five(
    client: Client, settings: Settings
) -> None:
    # way 15
    make.publication()
    control = client.get(ADDRESS)["Cache-Control"]
    assert control.startswith("public, ")
    kept = directives(control)
    unasked = kept["max-age"] + kept["stale-while-revalidate"]
    assert 2 * unasked + 1 <= 60
    while_away = kept["max-age"] + kept["stale-if-error"]
    assert 2 * while_away + unasked + 1 <= 300, "behind a CDN before the proxy"


def test_a_withdrawn_page_says_the_same(client: Client) -> None:
    publication = make.publication()
    control = client.get(ADDRESS)["Cache-Control"]
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    assert client.get(ADDRESS)["Cache-Control"] == control


def test_in_the_last_five_minutes_of_the_day_no_copy_may_be_kept(
    client: Client, moved_clock: Clock, settings: Settings
) -> None:
    # way 15 and way 23: a chain of caches, each with a copy a few minutes old, is over before the day is
    settings.NOTHING_KEPT_SECONDS_BEFORE_MIDNIGHT = real_settings.NOTHING_KEPT_SECONDS_BEFORE_MIDNIGHT
    page = make.publication()
    assert page.review.next_due is not None
    midnight = dt.datetime.combine(page.review.next_due, dt.time(), dt.UTC)
    moved_clock.move(midnight - dt.timedelta(minutes=5, seconds=30))  # a busy machine may take a while to answer
    longest = sum(directives(client.get(ADDRESS)["Cache-Control"]).values())
    assert 0 < longest < 300
    for seconds in (299, 60, 1, 0.001):
        moved_clock.move(midnight - dt.timedelta(seconds=seconds))
        answer = client.get(ADDRESS)
        assert answer["Cache-Control"] == "no-cache"
        assert b"Review lapsed" not in answer.content
    moved_clock.move(midnight)
    answer = client.get(ADDRESS)
    assert directives(answer["Cache-Control"])
    assert b"Review lapsed" in answer.content


def test_a_state_that_is_held_ends_with_the_day(
    client: Client, moved_clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    # way 23: also within the second for which a process does not ask
    settings.STATE_HELD_SECONDS = 1
    page = make.publication()
    assert page.review.next_due is not None
    midnight = dt.datetime.combine(page.review.next_due, dt.time(), dt.UTC)
    with waiting(monkeypatch) as clock:
        moved_clock.move(midnight - dt.timedelta(seconds=0.5))
        assert b"Review lapsed" not in client.get(ADDRESS).content
        moved_clock.move(midnight)
        clock.wait(0.5)
        assert b"Review lapsed" in client.get(ADDRESS).content


def test_what_nobody_may_keep_says_so(client: Client) -> None:
    make.publication()
    assert client.get("/conditions/never-was/")["Cache-Control"] == "no-store"
    assert client.get("/healthz")["Cache-Control"] == "no-store"
    assert client.get("/admin/")["Cache-Control"] != client.get(ADDRESS)["Cache-Control"]
    assert client.get(f"{ADDRESS}history/?version=1")["Cache-Control"] == "no-cache"
