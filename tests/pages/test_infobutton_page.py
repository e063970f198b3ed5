"""What a clinician's system is told of one page: its summary, from its hour on, until it lapses or is withdrawn."""

import datetime as dt

import pytest
from django.test import Client

from tests import knowledge, make, people
from tests.conftest import Clock

from . import site
from .test_infobutton import POEMS, bear, poems

pytestmark = pytest.mark.django_db


def test_the_summary_bears_the_badge_and_the_approved_short_answer(client: Client) -> None:
    page = site.live(make.condition(), "prognosis", short_answer="How early it is found.\n\nHow far it reached, <5 cm.")
    bear(poems(), "MeSH", "D016878")
    (entry,) = knowledge.entries(knowledge.feed(client, POEMS))
    today, due = make.today(), page.review.next_due
    assert knowledge.text(entry, "summary") == (
        "<p>How early it is found.</p><p>How far it reached, &lt;5 cm.</p>"
        f"<p>Medically reviewed on {today:%-d %B %Y} by Clara Test, MD, Haematologist, Test Hospital. "
        f"Next review due on {due:%-d %B %Y}.</p>"
    )
    assert knowledge.terms(entry)["review"] == "in-date"


def test_on_the_day_of_the_lapse_it_says_so_first_and_no_job_ran(client: Client, moved_clock: Clock) -> None:
    page = site.live(make.condition(), "prognosis")
    bear(poems(), "MeSH", "D016878")
    due = page.review.next_due
    for day, review in ((due - dt.timedelta(1), "in-date"), (due, "overdue")):
        moved_clock.move(day)
        (entry,) = knowledge.entries(knowledge.feed(client, POEMS))
        assert knowledge.terms(entry)["review"] == review
        lapsed = f"<p><strong>The review of this page lapsed on {due:%-d %B %Y}.</strong> Not confirmed since Clara"
        assert knowledge.text(entry, "summary").startswith(lapsed) == (review == "overdue")
        assert ("Medically reviewed" in knowledge.text(entry, "summary")) == (review == "in-date")
        assert ("(review lapsed)" in knowledge.text(entry, "title")) == (review == "overdue")


def test_a_page_answers_from_its_hour_on_until_it_is_withdrawn(client: Client, moved_clock: Clock) -> None:
    bear(make.condition(), "MeSH", "D016878")
    hour = dt.datetime.now(dt.UTC) + dt.timedelta(hours=5)
    page = make.publication(live_from=hour)
    assert knowledge.pages(client, POEMS) == []
    moved_clock.move(hour + dt.timedelta(seconds=1))
    assert knowledge.pages(client, POEMS) == ["prognosis"]
    moved_clock.reset()
    page.withdraw(by=people.publisher(), why="A figure was wrong.")
    moved_clock.move(hour + dt.timedelta(hours=1))
    assert knowledge.pages(client, POEMS) == []


def test_a_draft_of_a_public_page_is_not_told(client: Client) -> None:
    bear(make.condition(), "MeSH", "D016878")
    article = make.publication().article
    make.revision(article, question="A new question?", short_answer="A new answer.")
    answer = client.get(knowledge.address(POEMS)).content.decode()
    assert "A new" not in answer
    assert "How early it is found" in answer
