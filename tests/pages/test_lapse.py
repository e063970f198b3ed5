"""A review runs out by itself: the badge never says more than the rows and the day allow."""

import datetime as dt
from xml.etree.ElementTree import Element

import pytest
import time_machine
from django.test import Client

from pages import kept
from reviews.models import Publication, ReviewRequest
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/prognosis/"
LISTS = ["/", "/conditions/poems-syndrome/", "/reviewers/clara/"]


def signed(days_ago: int, *, months: int = 12) -> Publication:
    """A public page whose review was signed so many days ago."""
    return site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(days_ago), months=months)


def due(publication: Publication) -> dt.date:
    """The day its review runs out."""
    assert publication.review.next_due is not None
    return publication.review.next_due


def assert_in_date(root: Element) -> None:
    """The page says in every place that its review holds."""
    stamp = dom.only(root, "review-stamp")
    assert "is-current" in stamp.get("class", "").split()
    assert "Medically reviewed, in date" in dom.words(stamp)
    assert "Medically reviewed summary" in dom.words(dom.only(root, "short-answer"))
    assert "lapsed" not in dom.words(dom.first(root, "title"))
    assert not dom.having(root, "notice")
    assert not dom.having(stamp, "dial-strike")


def assert_lapsed(root: Element) -> None:
    """The page says in every place that its review has lapsed, and in none that it holds."""
    stamp = dom.only(root, "review-stamp")
    assert "is-lapsed" in stamp.get("class", "").split()
    assert "Review lapsed" in dom.words(stamp)
    assert not dom.having(stamp, "dial-left")
    answer = dom.only(root, "short-answer")
    assert "is-lapsed" in answer.get("class", "").split()
    assert "Review lapsed on" in dom.words(answer)
    assert "What this means for you" in dom.words(dom.only(root, "notice"))
    assert "(review lapsed)" in dom.words(dom.first(root, "title"))
    everything = dom.words(root)
    assert "Medically reviewed" not in everything
    assert "in date" not in everything
    assert not dom.having(root, "is-current")


def test_on_the_day_before_the_review_is_in_date(client: Client, moved_clock: Clock) -> None:
    # way 23
    publication = signed(40, months=2)
    moved_clock.move(due(publication) - dt.timedelta(1))
    assert_in_date(dom.read(client, ADDRESS))


def test_on_its_day_the_review_lapses_without_a_job(client: Client, moved_clock: Clock) -> None:
    # way 23
    publication = signed(40, months=2)
    moved_clock.move(due(publication))
    root = dom.read(client, ADDRESS)
    assert_lapsed(root)
    assert dom.facts(dom.only(root, "review-stamp")) == {
        "Last reviewed": dom.spelled(publication.review.signed_on),
        "Review was due": dom.spelled(due(publication)),
        "Overdue by": "0 days",
        "Version": "1, what changed",
    }
    assert f"Review lapsed on {dom.spelled(due(publication))}" in dom.words(dom.only(root, "short-answer"))
    assert "Last checked by a reviewer on" in dom.words(root)


def test_it_lapses_at_midnight_in_utc(client: Client, moved_clock: Clock) -> None:
    # way 22 and way 23
    midnight = dt.datetime.combine(due(signed(40, months=2)), dt.time(), dt.UTC)
    moved_clock.move(midnight - dt.timedelta(microseconds=1))
    assert_in_date(dom.read(client, ADDRESS))
    moved_clock.move(midnight)
    assert_lapsed(dom.read(client, ADDRESS))


@pytest.mark.parametrize("hours", [14, -12])
def test_the_day_is_the_utc_day_wherever_the_clock_of_the_process_stands(
    client: Client, moved_clock: Clock, hours: int
) -> None:
    # way 22
    zone = dt.timezone(dt.timedelta(hours=hours))
    midnight = dt.datetime.combine(due(signed(40, months=2)), dt.time(), dt.UTC)
    moved_clock.move((midnight - dt.timedelta(minutes=30)).astimezone(zone))
    assert_in_date(dom.read(client, ADDRESS))


def test_a_process_with_a_wrong_clock_tells_the_same_day(client: Client) -> None:
    # way 22: the database's clock decides
    signed(40, months=2)
    before = client.get(ADDRESS).content
    for days in (-500, 500):
        with time_machine.travel(dt.datetime.now(dt.UTC) + dt.timedelta(days), tick=False):
            assert client.get(ADDRESS).content == before


def test_every_list_tells_of_the_lapse_on_the_same_day(client: Client, moved_clock: Clock) -> None:
    # way 23 and way 25
    publication = signed(40, months=2)
    moved_clock.move(due(publication) - dt.timedelta(1))
    for address in LISTS:
        root = dom.read(client, address)
        guide = [mark for part in dom.having(root, "stamp-guide") for mark in dom.having(part, "review-mark")]
        marks = [mark for mark in dom.having(root, "review-mark") if mark not in guide]
        assert marks[0].get("class") == "review-mark is-current", address
        assert "lapsed" not in "".join(dom.words(mark) for mark in marks), address
    moved_clock.move(due(publication))
    for address in LISTS:
        root = dom.read(client, address)
        assert not dom.having(root, "is-current"), address
    for address in LISTS[1:]:
        (mark,) = dom.having(dom.read(client, address), "review-mark")
        assert dom.words(mark) == f"Review lapsed on {due(publication):%-d %b %Y}"


def test_days_overdue_are_counted(client: Client, moved_clock: Clock) -> None:
    publication = signed(40, months=2)
    moved_clock.move(due(publication) + dt.timedelta(1))
    assert dom.facts(dom.only(dom.read(client, ADDRESS), "review-stamp"))["Overdue by"] == "1 day"
    moved_clock.move(due(publication) + dt.timedelta(30))
    assert dom.facts(dom.only(dom.read(client, ADDRESS), "review-stamp"))["Overdue by"] == "30 days"


def test_a_paper_review_that_is_overdue_at_its_first_publication_shows_lapsed_at_once(client: Client) -> None:
    signed(400)
    assert_lapsed(dom.read(client, ADDRESS))


def test_the_notice_says_how_long_nobody_has_confirmed_the_page(client: Client, moved_clock: Clock) -> None:
    publication = signed(40, months=2)
    months = 5
    signed_on = publication.review.signed_on
    moved_clock.move(dt.date(signed_on.year + (signed_on.month + months) // 12, (signed_on.month + months) % 12 + 1, 1))
    notice = dom.words(dom.only(dom.read(client, ADDRESS), "notice"))
    assert "our limit for this page is 2." in notice
    since = months + 1 - (signed_on.day > 1)
    assert f"no clinician has confirmed it for {since} months" in notice


def test_the_notice_says_when_a_new_review_was_asked_for(client: Client) -> None:
    publication = signed(400)
    assert "A new review was requested" not in dom.words(dom.read(client, ADDRESS))
    ReviewRequest.objects.ask(publication.review.revision, by=people.author())
    kept.pages.clear()  # nothing was decided, so it shows within a minute
    notice = dom.words(dom.only(dom.read(client, ADDRESS), "notice"))
    assert f"A new review was requested on {dom.spelled(make.today())}." in notice


def test_a_new_review_of_the_same_text_brings_the_badge_back_without_a_publication(client: Client) -> None:
    publication = signed(400)
    make.review(publication.review.revision, by=people.clinician("Cleo"))
    root = dom.read(client, ADDRESS)
    assert_in_date(root)
    assert "Cleo Test" in dom.words(dom.only(root, "review-stamp"))


def test_a_new_approval_of_another_version_does_not_bring_the_badge_back(client: Client) -> None:
    publication = signed(400)
    make.review(make.revision(publication.article, body="Newer words."), by=people.clinician("Cleo"))
    assert_lapsed(dom.read(client, ADDRESS))


def test_changes_approved_later_lapse_with_the_whole_page_under_them(client: Client, moved_clock: Clock) -> None:
    # way 31
    first = signed(40, months=2)
    typo = make.revision(first.article, body="An opening, corrected.")
    make.publication(make.review(typo, by=people.clinician("Cleo"), scope="changes"))
    moved_clock.move(due(first) - dt.timedelta(1))
    assert_in_date(dom.read(client, ADDRESS))
    moved_clock.move(due(first))
    assert_lapsed(dom.read(client, ADDRESS))


def test_a_credential_revoked_after_the_signing_lapses_the_review_at_once(client: Client) -> None:
    # way 6
    signed(40)
    site.revoke(people.clinician(), from_day=make.today())
    root = dom.read(client, ADDRESS)
    assert_lapsed(root)
    assert "the credential of that clinician no longer counts" in dom.words(dom.only(root, "notice"))
    stamp = dom.facts(dom.only(root, "review-stamp"))
    assert stamp["Lapsed"] == dom.spelled(make.today())
    assert "Review was due" not in stamp


def test_a_credential_that_ends_later_lapses_the_review_on_that_day(client: Client, moved_clock: Clock) -> None:
    # way 6
    signed(40)
    ends = make.today() + dt.timedelta(30)
    site.revoke(people.clinician(), from_day=ends)
    root = dom.read(client, ADDRESS)
    assert_in_date(root)
    assert dom.facts(dom.only(root, "review-stamp"))["Next review due"] == dom.spelled(ends)
    moved_clock.move(ends)
    assert_lapsed(dom.read(client, ADDRESS))


def test_a_licence_that_ran_out_after_the_signing_leaves_the_review_to_its_own_end(
    client: Client, moved_clock: Clock
) -> None:
    # way 6: the licence counts on the signing day; a review signed while it held runs to its own end
    publication = site.live(make.condition(), "prognosis", months=36)
    afterwards = make.today() + dt.timedelta(731)
    assert afterwards < due(publication)
    moved_clock.move(afterwards)
    assert_in_date(dom.read(client, ADDRESS))


def test_changes_lapse_at_once_when_the_credential_of_who_approved_them_is_revoked(client: Client) -> None:
    # way 6: every page that rests on the word of that person, the words of a change too
    first = signed(40)
    cleo = people.clinician("Cleo")
    typo = make.revision(first.article, body="An opening, corrected.")
    make.publication(make.review(typo, by=cleo, scope="changes", signed_on=make.today() - dt.timedelta(5)))
    assert_in_date(dom.read(client, ADDRESS))
    site.revoke(cleo, from_day=make.today())
    assert_lapsed(dom.read(client, ADDRESS))


def test_changes_lapse_at_once_when_the_credential_under_the_whole_page_is_revoked(client: Client) -> None:
    # way 6
    first = signed(40)
    typo = make.revision(first.article, body="An opening, corrected.")
    make.publication(make.review(typo, by=people.clinician("Cleo"), scope="changes"))
    site.revoke(people.clinician(), from_day=make.today())
    assert_lapsed(dom.read(client, ADDRESS))
