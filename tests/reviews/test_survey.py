"""Where all pages stand: the figures are those of the pages one by one, whatever became of each."""

import datetime as dt
from collections import Counter
from typing import Any

import pytest

from accounts import clock
from articles.models import Article, Topic
from reviews import survey
from reviews.models import Credential, Publication
from reviews.standing import Standing, standing_of, with_facts
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def article(slug: str, topic: str = "outlook") -> Article:
    return make.article(slug, topic=topic)


def public(slug: str, topic: str = "outlook", **decision: Any) -> Publication:
    """A public page of its own."""
    return make.publication(make.review(make.revision(article(slug, topic)), **decision))


def everything() -> None:
    """Pages that stand everywhere, by every way there is."""
    today, by = make.today(), people.publisher()
    article("empty")
    make.revision(article("draft", "symptoms"))
    make.request(make.revision(article("asked", "symptoms")))
    sent_back = make.request(make.revision(article("sent-back")))
    sent_back.ask_for_changes(by=people.clinician().user, digest=sent_back.revision.digest, reason="Too long.")
    make.review(make.revision(article("approved", "treatment")))
    edited = make.review(make.revision(article("edited"))).revision.article
    make.revision(edited, body="Words nobody read [1](#source-1).")
    asked_again = make.review(make.revision(article("asked-again"))).revision
    make.request(make.revision(asked_again.article, body="Newer [1](#source-1)."))
    make.publication(make.review(make.revision(article("later"))), live_from=clock.read() + 2 * DAY)
    cancelled = make.publication(make.review(make.revision(article("cancelled"))), live_from=clock.read() + 2 * DAY)
    cancelled.withdraw(by=by, why="Not yet.")
    public("long", months=24)
    public("soon", "treatment", months=1)
    public("over", "causes", signed_on=today - 400 * DAY)
    make.request(make.revision(public("in-both").article, body="Newer [1](#source-1)."))
    public("gone").withdraw(by=by, why="A figure was wrong.")
    public("gone-too", "causes").withdraw(by=by, why="A figure was wrong.")
    make.review(make.revision(Article.objects.get(slug="gone-too"), body="Mended [1](#source-1)."))
    dora, emil = people.clinician("Dora"), people.clinician("Emil")
    public("struck", by=dora)
    public("ended", "living", by=emil, signed_on=today - 30 * DAY)
    make.review(make.revision(article("struck-unseen")), by=dora)
    rita = people.registrar()
    Credential.objects.get(reviewer=dora).revoke(by=rita, from_day=today - 9 * DAY, why="Struck off.")
    Credential.objects.get(reviewer=emil).revoke(by=rita, from_day=today - 9 * DAY, why="Retired.")


def one_by_one() -> dict[int, tuple[str, Standing]]:
    """Topic and standing of each page, each worked out alone."""
    return {row.pk: (row.topic, standing_of(row, clock.today())) for row in with_facts(Article.objects.all())}


def test_the_figures_are_those_of_the_pages_one_by_one(moved_clock: Clock) -> None:
    everything()
    assert {standing for _, standing in one_by_one().values()} == set(Standing)
    today = make.today()
    # The hour of one comes, others fall due and lapse.
    for days in (0, 3, 40, 200, 305, 366, 800):
        moved_clock.move(today + days * DAY)
        assert survey.by_topic(clock.today()) == Counter(one_by_one().values()), days


def test_the_list_behind_a_figure_holds_the_pages_that_were_counted(moved_clock: Clock) -> None:
    everything()
    today = make.today()
    for days in (0, 305, 366):
        moved_clock.move(today + days * DAY)
        found = {
            standing: set(survey.having(standing, clock.today()).values_list("pk", flat=True)) for standing in Standing
        }
        wanted = {each: {pk for pk, (_, is_at) in one_by_one().items() if is_at == each} for each in Standing}
        assert found == wanted, days


def test_a_standing_that_there_is_not_has_no_pages() -> None:
    public("long")
    assert not survey.having("anything", clock.today()).exists()


def test_no_pages_are_no_figures() -> None:
    assert survey.by_topic(clock.today()) == {}


def test_it_takes_six_queries_however_many_pages_there_are(django_assert_num_queries: Any) -> None:
    for topic in Topic.values[:3]:
        public(topic, topic)
    make.revision(article("draft"))
    with django_assert_num_queries(6):
        survey.by_topic(clock.today())
