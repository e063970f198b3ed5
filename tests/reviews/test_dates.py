"""Which event moves which date of a public page: reviewed, next review due, last updated."""

import datetime as dt
import re

import pytest
from django.test import Client

from reviews.models import Publication, Review
from reviews.models.terms import months_later
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/prognosis/"
DAY = dt.timedelta(1)
FACTS = re.compile(r'(?:<dt>([\w ]+)</dt><dd>|(Last updated) )<time datetime="([\d-]+)">')


class Page:
    """One public page and its life. Days count from today; reviews are signed before it, publications come after."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.today = clock, make.today()
        self.review = make.review(signed_on=self.today - 100 * DAY)
        self.publication = make.publication(self.review)

    def publish_in(self, days: int) -> None:
        """Publish the last review so many days from now, and move on to that day."""
        hour = dt.datetime.combine(self.today + days * DAY, dt.time(8), dt.UTC)
        self.publication = make.publication(self.review, live_from=hour)
        self.clock.move(hour + dt.timedelta(hours=1))

    def sign(self, days_ago: int, *, body: str = "", months: int = 12, scope: str = "whole") -> None:
        """Approve a new body, or the same text again."""
        text = make.revision(self.publication.article, body=body) if body else self.review.revision
        signed_on = self.today - days_ago * DAY
        self.review = make.review(text, signed_on=signed_on, months=months, scope=scope)

    def first_publication(self) -> None:
        """A whole page, signed 100 days ago, public today."""

    def withdrawn_and_restored(self) -> None:
        """The same approval, published again."""
        self.publication.withdraw(by=people.publisher(), why="Looked at again.")
        assert Client().get(ADDRESS).status_code == 410
        self.publication = make.publication(self.review)

    def typo_mended(self) -> None:
        """Approved by its changes only."""
        self.sign(90, body="Mended words [1](#source-1).", scope="changes")
        self.publish_in(10)

    def checked_and_nothing_changed(self) -> None:
        """The same text again, for longer; nothing is published."""
        self.sign(40, months=24)

    def typo_mended_again(self) -> None:
        """Its end is that of the newer whole-page review."""
        self.sign(35, body="Mended words, twice [1](#source-1).", scope="changes")
        self.publish_in(20)

    def new_version(self) -> None:
        """Other words, read as a whole."""
        self.sign(30, body="Other words [1](#source-1).")
        self.publish_in(30)

    def credential_revoked(self) -> None:
        """From yesterday on: after the signature, so that the review lapses."""
        self.clock.reset()
        licence = people.clinician().credentials.get()
        licence.revoke(by=people.registrar(), from_day=self.today - DAY, why="Left the register.")
        self.clock.move(self.today + 31 * DAY)


# After each event in turn: last updated, reviewed, and due as months after the review, in days from today.
TABLE = {
    "first_publication": (0, -100, 12),
    "withdrawn_and_restored": (0, -100, 12),
    "typo_mended": (10, -100, 12),
    "checked_and_nothing_changed": (10, -40, 24),
    "typo_mended_again": (20, -40, 24),
    "new_version": (30, -30, 12),
    "credential_revoked": (30, -30, None),
}


def test_each_event_moves_the_dates_it_should_and_no_other(client: Client, moved_clock: Clock) -> None:
    page = Page(moved_clock)
    for event, (updated, reviewed, months) in TABLE.items():
        getattr(page, event)()
        found = {
            name or label: dt.date.fromisoformat(day)
            for name, label, day in FACTS.findall(client.get(ADDRESS).content.decode())
        }
        signed = page.today + reviewed * DAY
        due = page.today - DAY if months is None else months_later(signed, months)
        assert found["Last updated"] == page.today + updated * DAY, event
        assert found["Last reviewed" if months is None else "Reviewed"] == signed, event
        assert found["Lapsed" if months is None else "Next review due"] == due, event
    assert Review.objects.count() == 5
    assert Publication.objects.count() == 5
