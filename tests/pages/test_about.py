"""The pages about the site: who reviews, who is behind it, access and privacy; what nobody wrote is not there."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from accounts import clock
from pages import about
from pages.models import SiteText
from reviews.models import Credential
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

PAGES = {"/how-we-review/": about.ABOUT, "/accessibility/": about.ACCESS, "/privacy/": about.DATA}


def say(key: str, words: str) -> None:
    """Write a text of the site."""
    SiteText.objects.write(key, words, by=people.publisher())


def headings(client: Client, address: str) -> list[str]:
    """The headings of a page."""
    return [dom.words(heading) for heading in dom.read(client, address).iter("h2")]


def test_every_text_of_the_operator_has_its_page() -> None:
    assert sorted(key for keys in PAGES.values() for key in keys) == sorted(SiteText.Key)


@pytest.mark.parametrize("address", PAGES)
def test_it_says_what_the_operator_wrote_and_of_the_rest_nothing(client: Client, address: str) -> None:
    before = client.get(address).content
    keys = PAGES[address]
    for key in SiteText.Key:
        if key != keys[0]:
            say(key, f"Said of {key}.")
    root = dom.read(client, address)
    found = [heading for heading in headings(client, address) if heading in SiteText.Key.labels]
    assert found == [key.label for key in keys[1:]]
    for key in SiteText.Key:
        assert (f"Said of {key}." in dom.words(root)) == (key in keys[1:])
    for key in keys[1:]:
        say(key, "")
    assert client.get(address).content == before


def test_a_new_version_shows_at_once(client: Client) -> None:
    say("funding", "A foundation pays.")
    say("funding", "Two foundations pay.")
    text = dom.words(dom.read(client, "/how-we-review/"))
    assert "Two foundations pay." in text
    assert "A foundation pays." not in text


def test_paragraphs_and_addresses_are_made_and_nothing_else(client: Client) -> None:
    say(
        "contact",
        "Write to <b>us</b>: help@example.org\n\nOr see https://example.org/a?b=1&c=2 and javascript:alert(1)",
    )
    part = dom.having(dom.read(client, "/how-we-review/"), "prose")[-1]
    assert len(list(part.iter("p"))) == 2
    assert [link.get("href") for link in part.iter("a")] == ["mailto:help@example.org", "https://example.org/a?b=1&c=2"]
    assert "<b>us</b>" in dom.words(part)
    assert not list(part.iter("b"))


@pytest.mark.parametrize("address", PAGES)
def test_they_cost_one_query_beside_the_state(
    client: Client, address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for key in SiteText.Key:
        say(key, "Words.")
        say(key, "Other words.")
    with django_assert_num_queries(2):
        client.get(address)


@pytest.mark.parametrize("address", [*PAGES, "/reviewers/"])
def test_the_footer_of_every_page_leads_to_them(client: Client, address: str) -> None:
    footer = dom.first(dom.read(client, "/never-was/", status=404), "footer")
    assert address in dom.links(footer)


def test_privacy_says_what_holds_here(client: Client, settings: Any) -> None:
    settings.MEMBER_COUNT_THRESHOLD = 20
    text = dom.words(dom.read(client, "/privacy/"))
    assert "A number below 20 is never shown" in text
    assert "it ends 12 hours after you last used it" in text
    assert "No cookie is set" in text


# Reviewers


def test_whoever_may_sign_today_is_listed(client: Client) -> None:
    people.clinician("Zoe")
    people.clinician("Adam")
    main = dom.first(dom.read(client, "/reviewers/"), "main")
    assert [link for link in dom.links(main) if "reviewers" in link] == ["/reviewers/adam/", "/reviewers/zoe/"]
    assert "Adam Test, MD Haematologist, Test Hospital. Reviewer since September 2024" in dom.words(main)
    assert "Who reviewed before" not in dom.words(main)


def test_whose_licence_ended_is_listed_apart_if_readers_know_their_name(client: Client) -> None:
    site.live(make.condition(), "page", by=people.clinician("Rex"))
    for name in ("Rex", "Never"):
        site.revoke(people.clinician(name), from_day=make.today())
    Credential.objects.create(reviewer=people.clinician("Clara"), profession="P", register="R", number="unchecked")
    main = dom.first(dom.read(client, "/reviewers/"), "main")
    now, former = [dom.links(part) for part in dom.having(main, "line-list")]
    assert (now, former) == (["/reviewers/clara/"], ["/reviewers/rex/"])
    assert "Never" not in dom.words(main)


def test_whose_approval_nobody_has_seen_yet_is_not_told_of(client: Client) -> None:
    # way 27
    rex = people.clinician("Rex")
    make.review(make.revision(make.article("draft")), by=rex)
    site.revoke(rex, from_day=make.today() + dt.timedelta(0))
    assert "Rex" not in dom.words(dom.read(client, "/reviewers/"))


@pytest.mark.parametrize("cancelled", [False, True])
def test_whose_approval_waits_for_its_hour_or_never_met_it_is_not_told_of(client: Client, cancelled: bool) -> None:
    # way 27
    rex = people.clinician("Rex")
    later = dt.datetime.now(dt.UTC) + dt.timedelta(1)
    waiting = make.publication(make.review(by=rex), live_from=later)
    if cancelled:
        waiting.withdraw(by=people.publisher(), why="Not now.")
    site.revoke(rex, from_day=make.today() + dt.timedelta(0))
    assert "Rex" not in dom.words(dom.read(client, "/reviewers/"))


def test_whoever_checked_a_page_again_is_listed_after_their_licence_ended(client: Client) -> None:
    publication = site.live(make.condition(), "page", signed_on=make.today() - dt.timedelta(30))
    make.review(publication.review.revision, by=people.clinician("Rex"), signed_on=make.today() - dt.timedelta(1))
    site.revoke(people.clinician("Rex"), from_day=make.today())
    assert "Rex Test" in dom.words(dom.read(client, "/conditions/poems-syndrome/page/"))
    former = dom.having(dom.read(client, "/reviewers/"), "line-list")[-1]
    assert dom.links(former) == ["/reviewers/rex/"]


def test_nobody_is_claimed_where_there_is_nobody(client: Client) -> None:
    text = dom.words(dom.first(dom.read(client, "/reviewers/"), "main"))
    assert "Nobody has a licence that we have checked and that counts today." in text


def test_who_signed_a_text_that_is_to_come_alone_is_not_listed_before_its_hour(
    client: Client, moved_clock: Clock
) -> None:
    # way 27: a name that comes onto the list would tell that something waits for its hour
    rex, today = people.clinician("Rex"), make.today()
    review = make.review(make.revision(), by=rex, signed_on=today - dt.timedelta(30))
    make.publication(review, live_from=clock.read() + dt.timedelta(hours=1))
    site.revoke(rex, from_day=today)
    assert "Rex" not in dom.words(dom.read(client, "/reviewers/"))
    moved_clock.move(clock.read() + dt.timedelta(hours=2))
    assert "Rex" in dom.words(dom.read(client, "/reviewers/"))
