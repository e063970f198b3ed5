"""The version of a page changes exactly when something that its reader sees changes."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.template import engines
from django.test import Client
from pytest_django import Settings

from community.models import Community
from pages import kept
from pages.models import SiteText
from reviews.models import Publication, ReviewRequest
from tests import make, people
from tests.conftest import Clock

from . import site
from .keeping import ADDRESS, COMMUNITY, HUB, etag, quoting

pytestmark = pytest.mark.django_db


@pytest.fixture
def page() -> Publication:
    """A public page of a condition with a community of eleven, the fewest that are shown."""
    make.community(members=11)
    return make.publication()


def join(name: str) -> Callable[[Publication], object]:
    """Somebody joins the community of the page."""
    return lambda page: Community.objects.get().join(
        by=people.person(f"{name}@example.org"), relation="self", consent_version="1"
    )


def publish_another(page: Publication) -> None:
    """A newer text."""
    make.publication(make.review(make.revision(page.article, question="What is new?")))


def review_again(page: Publication) -> None:
    """Checked again, nothing changed: the stamp moves."""
    make.review(page.review.revision, by=people.clinician("Cleo"))


SEEN: dict[str, Callable[[Publication], object]] = {
    "publication": publish_another,
    "a review of the same text": review_again,
    "displayed count": join("twelfth"),
    "a page beside it": lambda page: site.live(page.article.condition, "treatment", "treatment"),
}


@pytest.mark.parametrize("name", SEEN)
def test_what_a_reader_sees_makes_another_version(page: Publication, name: str) -> None:
    before = etag()
    SEEN[name](page)
    answer = quoting(before)
    assert answer.status_code == 200
    assert answer["ETag"] == etag() != before


def test_a_withdrawal_is_told_to_whoever_has_a_copy(page: Publication) -> None:
    # way 15
    before = etag()
    assert quoting(before).status_code == 304
    page.withdraw(by=people.publisher(), why="A figure was wrong.")
    answer = quoting(before)
    assert answer.status_code == 410
    assert b"A figure was wrong." in answer.content
    assert quoting(answer["ETag"]).status_code == 410, "only what may be read is answered with 304"


def test_words_of_the_operator_make_another_version_where_they_stand_and_nowhere_else(page: Publication) -> None:
    about, beside = etag("/how-we-review/"), etag(ADDRESS)
    SiteText.objects.write("funding", "A charity pays for everything.", by=people.publisher())
    answer = quoting(about, "/how-we-review/")
    assert answer.status_code == 200
    assert b"A charity pays for everything." in answer.content
    assert quoting(beside, ADDRESS).status_code == 304


def test_a_revocation_makes_another_version() -> None:
    page = site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(30))
    before = etag()
    site.revoke(page.review.reviewer, from_day=make.today())
    answer = quoting(before)
    assert answer.status_code == 200
    assert b"Review lapsed" in answer.content


def test_a_page_that_comes_back_is_the_version_it_was(page: Publication) -> None:
    before = etag()
    page.withdraw(by=people.publisher(), why="A figure was wrong.")
    assert etag() != before
    page.review.publish(by=people.publisher())
    assert quoting(before).status_code == 304


def test_the_hour_of_another_text_makes_another_version(page: Publication, moved_clock: Clock) -> None:
    # way 22
    hour = dt.datetime.combine(make.today() + dt.timedelta(2), dt.time(12), dt.UTC)
    before = etag()
    make.publication(make.review(make.revision(page.article, body="Another.")), live_from=hour)
    moved_clock.move(hour - dt.timedelta(seconds=1))
    early = etag()
    moved_clock.move(hour)
    assert quoting(early).status_code == 200
    assert b"Another." in Client().get(ADDRESS).content
    moved_clock.reset()
    assert etag() == before


def test_the_day_on_which_a_review_is_due_and_the_one_on_which_it_lapses(
    page: Publication, moved_clock: Clock, settings: Settings
) -> None:
    # way 23
    ends = page.review.next_due
    assert ends is not None
    for day in (ends - dt.timedelta(settings.REVIEW_DUE_DAYS), ends):
        moved_clock.move(day - dt.timedelta(1))
        before = etag(HUB), etag()
        moved_clock.move(day)
        answer = quoting(before[1])
        assert answer.status_code == 200
        assert (b"Review lapsed" in answer.content) == (day == ends)
    assert quoting(before[0], HUB).status_code == 200


def test_another_release_makes_another_version(page: Publication, monkeypatch: pytest.MonkeyPatch) -> None:
    # way 17: a process keeps nothing that an older one made
    before = etag()
    engine = engines["django"]
    words = engine.from_string("<p>Another footer.</p>")
    monkeypatch.setattr("django.shortcuts.loader.render_to_string", lambda *_, **__: words.render())
    kept.pages.clear()
    assert quoting(before).status_code == 200
    monkeypatch.undo()
    kept.pages.clear()
    assert quoting(before).status_code == 304, "the same bytes are the same version, whoever made them"


UNSEEN: dict[str, Callable[[Publication], object]] = {
    "a draft of the page": lambda page: make.revision(page.article, body="A draft."),
    "a draft of another page": lambda page: make.revision(make.article("another", of=page.article.condition)),
    "an approval that is not published": lambda page: make.review(make.revision(page.article, body="Approved.")),
    "a request for a review of another page": lambda page: make.request(
        make.revision(make.article("another", of=page.article.condition))
    ),
    "a publication to come": lambda page: make.publication(
        make.review(make.revision(page.article, body="To come.")),
        live_from=dt.datetime.now(dt.UTC) + dt.timedelta(days=2),
    ),
    "a page of another condition": lambda page: site.live(make.condition("wilson-disease", "Wilson disease"), "diet"),
    "a check of somebody's credential": lambda page: people.clinician("Cleo"),
    "a member elsewhere": lambda page: make.community(make.condition("wilson-disease", "Wilson disease"), members=12),
}


@pytest.mark.parametrize("name", UNSEEN)
def test_what_no_reader_sees_leaves_the_version(page: Publication, name: str) -> None:
    before = quoting('"none"')
    UNSEEN[name](page)
    answer = quoting(before["ETag"])
    assert answer.status_code == 304
    assert {**before.headers, **answer.headers} == dict(before.headers), "nor does any header tell of it"


@pytest.mark.parametrize("address", [ADDRESS, COMMUNITY, HUB, "/"])
def test_a_member_who_is_not_shown_changes_nothing_not_even_what_is_made(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    community = make.community(members=3)
    before = etag(address)
    for module in ("home", "hub", "question"):
        monkeypatch.setattr(f"pages.{module}.render", None)  # nothing may be made anew
    community.join(by=people.person("fourth@example.org"), relation="self", consent_version="1")
    assert quoting(before, address).status_code == 304


@pytest.mark.parametrize("address", [ADDRESS, COMMUNITY, HUB, "/"])
def test_a_member_who_is_shown_changes_every_page_with_the_number(address: str) -> None:
    make.publication()
    community = make.community(members=10)
    before = etag(address)
    community.join(by=people.person("eleventh@example.org"), relation="self", consent_version="1")
    assert quoting(before, address).status_code == 200


def test_a_request_for_a_review_shows_within_a_minute(client: Client) -> None:
    page = site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(400))
    before = etag()
    ReviewRequest.objects.ask(page.review.revision, by=people.author())
    kept.pages.clear()
    assert quoting(before).status_code == 200


def test_a_site_without_any_decision_keeps_nothing(client: Client) -> None:
    answer = client.get("/conditions/")
    assert (answer.status_code, answer["Cache-Control"], "ETag" in answer) == (200, "no-cache", False)
