"""A page goes public at its hour: not before, not late, and without a job."""

import datetime as dt

import pytest
import time_machine
from django.test import Client

from tests import make, people
from tests.conftest import Clock

from . import dom

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/prognosis/"
NEVER_WAS = "/conditions/poems-syndrome/never-was/"


def in_days(days: int) -> dt.datetime:
    """Noon, so many days from now."""
    return dt.datetime.combine(make.today() + dt.timedelta(days), dt.time(12), dt.UTC)


def test_before_its_hour_a_page_is_like_one_that_never_was(client: Client, moved_clock: Clock) -> None:
    # way 22 and way 27
    make.publication(live_from=in_days(2))
    moved_clock.move(in_days(2) - dt.timedelta(seconds=1))
    response = client.get(ADDRESS)
    assert response.status_code == 404
    assert response.content == client.get(NEVER_WAS).content


def test_at_its_hour_a_page_is_public(client: Client, moved_clock: Clock) -> None:
    # way 22
    hour = in_days(2)
    make.publication(live_from=hour)
    moved_clock.move(hour)
    assert f"Last updated {dom.spelled(hour.date())}" in dom.words(dom.read(client, ADDRESS))


def test_a_process_whose_clock_is_fast_shows_nothing_early(client: Client) -> None:
    # way 22: only the database's clock counts
    make.publication(live_from=in_days(2))
    with time_machine.travel(in_days(3), tick=False):
        assert client.get(ADDRESS).status_code == 404
        assert b"What determines the outlook?" not in client.get("/conditions/poems-syndrome/").content


def test_the_old_text_stays_until_the_hour_of_the_new_one(client: Client, moved_clock: Clock) -> None:
    first = make.publication()
    before = client.get(ADDRESS).content
    second = make.review(make.revision(first.article, body="A new opening."), by=people.clinician("Cleo"))
    hour = in_days(2)
    make.publication(second, live_from=hour)
    assert client.get(ADDRESS).content == before
    moved_clock.move(hour)
    stamp = dom.only(dom.read(client, ADDRESS), "review-stamp")
    assert dom.facts(stamp)["Version"] == "2, what changed"


def test_a_publication_cancelled_before_its_hour_never_counts(client: Client, moved_clock: Clock) -> None:
    publication = make.publication(live_from=in_days(2))
    publication.withdraw(by=people.publisher(), why="Not yet.")
    moved_clock.move(in_days(3))
    response = client.get(ADDRESS)
    assert response.status_code == 404
    assert response.content == client.get(NEVER_WAS).content


def test_a_cancelled_one_leaves_the_text_that_is_public(client: Client, moved_clock: Clock) -> None:
    first = make.publication()
    second = make.review(make.revision(first.article, body="A new opening."), by=people.clinician("Cleo"))
    make.publication(second, live_from=in_days(2)).withdraw(by=people.publisher(), why="Not yet.")
    moved_clock.move(in_days(3))
    stamp = dom.only(dom.read(client, ADDRESS), "review-stamp")
    assert dom.facts(stamp)["Version"] == "1, what changed"


def test_a_withdrawal_cancels_what_is_pending(client: Client, moved_clock: Clock) -> None:
    first = make.publication()
    second = make.review(make.revision(first.article, body="A new opening."), by=people.clinician("Cleo"))
    make.publication(second, live_from=in_days(2))
    first.withdraw(by=people.publisher(), why="A figure was wrong.")
    moved_clock.move(in_days(3))
    root = dom.read(client, ADDRESS, status=410)
    assert "A figure was wrong." in dom.words(root)
