"""The first page: what was reviewed last, how many pages are in date, and the people."""

import datetime as dt

import pytest
from django.test import Client
from pytest_django import Settings

from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def recent(client: Client) -> list[str]:
    """Where the titles under “Recently reviewed” lead."""
    return [link.get("href", "") for link in dom.having(dom.read(client, "/"), "line-title")]


def test_an_empty_site_claims_nothing(client: Client) -> None:
    root = dom.read(client, "/")
    assert not dom.having(root, "is-current")
    assert "Recently reviewed" not in dom.words(root)
    assert "in date" not in dom.words(root)
    assert "There is no community yet." in dom.words(root)


def test_the_three_pages_reviewed_last_stand_first(client: Client) -> None:
    poems = make.condition()
    for slug, days_ago in [("third", 30), ("first", 1), ("fourth", 40), ("second", 20)]:
        site.live(poems, slug, signed_on=make.today() - dt.timedelta(days_ago))
    assert recent(client) == [f"/conditions/poems-syndrome/{slug}/" for slug in ("first", "second", "third")]
    text = dom.words(dom.read(client, "/"))
    assert "POEMS syndrome. Approved by Clara Test, MD" in text


def test_approvals_that_nobody_published_hide_no_page_that_was_reviewed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.reading.LATELY", 2)
    page = site.live(make.condition(), "page")
    make.review(make.revision(page.article, body="The next version."))
    for slug in ("one", "two"):
        make.review(make.revision(make.article(slug)))
    assert recent(client) == ["/conditions/poems-syndrome/page/"]


def test_it_counts_what_is_in_date_and_what_has_lapsed(client: Client, moved_clock: Clock) -> None:
    # way 23
    poems = make.condition()
    first = site.live(poems, "first", signed_on=make.today() - dt.timedelta(40), months=2)
    assert "Today 1 of 1 page is in date." in dom.words(dom.read(client, "/"))
    site.live(poems, "second")
    assert "Today 2 of 2 pages are in date." in dom.words(dom.read(client, "/"))
    assert first.review.next_due is not None
    moved_clock.move(first.review.next_due)
    assert "Today 1 of 2 pages is in date and 1 has lapsed." in dom.words(dom.read(client, "/"))


def test_a_lapsed_page_is_not_called_recently_reviewed(client: Client) -> None:
    site.live(make.condition(), "overdue", signed_on=make.today() - dt.timedelta(400))
    root = dom.read(client, "/")
    assert "Recently reviewed" not in dom.words(root)
    assert not dom.having(root, "is-current")
    assert "Today 0 of 1 page" in dom.words(root)
    assert "and 1 has lapsed." in dom.words(root)


def test_it_lists_live_pages_only(client: Client) -> None:
    # way 27
    poems = make.condition()
    site.live(poems, "live")
    make.revision(make.article("draft", of=poems))
    make.review(make.revision(make.article("approved", of=poems)))
    make.publication(
        make.review(make.revision(make.article("later", of=poems))), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1)
    )
    site.live(poems, "gone").withdraw(by=people.publisher(), why="Wrong.")
    site.live(poems, "never", by=people.clinician("Quack"))
    site.revoke(people.clinician("Quack"), from_day=make.today() - dt.timedelta(1))
    assert recent(client) == ["/conditions/poems-syndrome/live/"]
    assert "Today 1 of 1 page is in date." in dom.words(dom.read(client, "/"))


def test_the_guide_to_the_stamp_is_a_picture_and_not_a_stamp(client: Client) -> None:
    # way 25: it shows the dial of a real page and claims no review of its own
    site.live(make.condition(), "live")
    root = dom.read(client, "/")
    assert not dom.having(root, "review-stamp")
    assert "How to read the stamp" in dom.words(dom.only(root, "stamp-guide"))


def test_communities_are_listed_with_what_may_be_shown_of_their_number(client: Client) -> None:
    make.community(make.condition("a", "A disease"), members=12)
    make.community(make.condition("b", "B disease"), members=3)
    make.community(make.condition("c", "C disease"), members=0)
    root = dom.read(client, "/")
    panel = dom.by_id(root, "people")
    assert dom.facts(panel) == {"A disease": "12 members", "B disease": "Fewer than 11 members"}
    assert dom.links(panel) == ["/conditions/a/community/", "/conditions/b/community/"]
    assert f"Counted {dom.spelled(make.today())}." in dom.words(panel)


def test_some_communities_are_listed_and_their_order_tells_nothing_of_hidden_numbers(client: Client) -> None:
    for letter, members in zip("abcdefgh", (1, 2, 3, 4, 5, 6, 7, 12), strict=True):
        make.community(make.condition(letter, f"{letter.upper()} disease"), members=members)
    found = dom.facts(dom.by_id(dom.read(client, "/"), "people"))
    # The one whose number is shown, then the others by name alone.
    assert list(found) == [f"{letter} disease" for letter in "ABCDEH"]


def test_which_communities_are_listed_tells_nothing_that_rounding_hides(client: Client, settings: Settings) -> None:
    # All are “at least 20”: which of them has most is not to be seen by who is left out.
    settings.MEMBER_COUNT_ROUND_TO = 10
    for letter, members in zip("abcdefg", (21, 20, 20, 20, 20, 20, 24), strict=True):
        make.community(make.condition(letter, f"{letter.upper()} disease"), members=members)
    found = dom.facts(dom.by_id(dom.read(client, "/"), "people"))
    assert list(found) == [f"{letter} disease" for letter in "ABCDEF"]


def test_what_is_approved_and_not_public_moves_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    # way 27: the page would leave the list, one draft after another
    monkeypatch.setattr("pages.reading.LATELY", 2)
    site.live(make.condition(), "first")
    before = client.get("/").content
    for number in range(3):
        make.review(make.revision(make.article(f"hidden-{number}")))
    assert client.get("/").content == before


def test_below_the_threshold_it_is_the_same_for_one_and_for_ten(client: Client) -> None:
    community = make.community(members=1)
    one = client.get("/").content
    for number in range(9):
        community.join(by=people.person(f"more{number}@example.org"), relation="self", consent_version="1")
    assert client.get("/").content == one


def test_it_leads_to_the_conditions_and_to_how_we_review(client: Client) -> None:
    links = dom.links(dom.first(dom.read(client, "/"), "main"))
    assert {"/conditions/", "/how-we-review/"} <= set(links)


def test_the_promise_leads_to_the_reviewers_to_a_lapsed_page_and_to_a_history(client: Client) -> None:
    poems = make.condition()
    links = set(dom.links(dom.first(dom.read(client, "/"), "main")))
    assert "/reviewers/" in links
    assert not [link for link in links if "history" in link]
    site.live(poems, "fresh")
    for slug, days in (("older", 500), ("overdue", 400)):
        site.live(poems, slug, signed_on=make.today() - dt.timedelta(days))
    links = set(dom.links(dom.first(dom.read(client, "/"), "main")))
    assert {"/conditions/poems-syndrome/overdue/", "/conditions/poems-syndrome/fresh/history/"} <= links
    assert "/conditions/poems-syndrome/older/" not in links


def test_few_conditions_are_named_and_many_stand_behind_their_letters(client: Client) -> None:
    for number in range(12):
        make.condition(f"c{number}", f"Condition {number}")
    assert "/conditions/c3/" in dom.links(dom.read(client, "/"))
    make.condition("another", "Another")
    root = dom.read(client, "/")
    assert "/conditions/c3/" not in dom.links(root)
    assert dom.links(dom.only(root, "letters")) == ["/a-z/a/", "/a-z/c/"]


def test_how_we_review_says_who_writes_approves_and_withdraws(client: Client) -> None:
    root = dom.read(client, "/how-we-review/")
    assert dom.words(dom.first(root, "h1")) == "How a page is reviewed"
    assert "a clinician who did not write it has approved it" in dom.words(root)
    assert not dom.having(root, "review-stamp")
