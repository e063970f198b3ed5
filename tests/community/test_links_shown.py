"""What readers see of links: those that a moderator accepted and that answer, in a section that claims no review."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import Letter
from community.models import Link
from pages.links import A_FEW, A_PART
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PEOPLE, together
from tests.pages import dom
from tests.pages.keeping import COMMUNITY, HUB, Waiting, waiting

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def outside(root: Any) -> list[Any]:
    """The links to other sites on a page, but for those of sources and registers."""
    return [link for link in root.iter("a") if "ugc" in link.get("rel", "")]


def shown(client: Client, address: str = COMMUNITY) -> list[str]:
    """The titles of the links on a page."""
    return [dom.words(link) for link in outside(dom.read(client, address))]


class TestThePage:
    def test_it_says_what_kind_of_place_it_is_and_that_nobody_reviewed_it(self, client: Client) -> None:
        poems = make.community().condition
        link = make.shown_link(poems, description="A sample.", language="es", country="ES")
        link.checked(outcome="works")
        root = dom.read(client, COMMUNITY)
        (anchor,) = outside(root)
        assert (anchor.get("href"), anchor.get("hreflang")) == ("https://example.org/", "es")
        assert anchor.get("rel") == "ugc nofollow noopener noreferrer"
        (section,) = [each for each in root.iter("section") if each.get("aria-labelledby") == "links-title"]
        words = dom.words(section)
        for said in (
            "Not medically reviewed.",
            "example.org",
            "A sample.",
            "Patient organisation, in Spanish, for Spain.",
            f"Checked {make.today():%-d %b %Y}",
            "Report this link to Sample foundation",
        ):
            assert said in words
        assert "They know the condition." not in dom.words(root)

    def test_nothing_that_readers_suggested_stands_in_what_a_clinician_reviewed(self, client: Client) -> None:
        # way 28
        page = make.publication()
        make.community(page.article.condition)
        make.shown_link(page.article.condition)
        make.link_report(Link.objects.get())
        for address in (COMMUNITY, HUB, page.article.get_absolute_url()):
            root = dom.read(client, address)
            for reviewed in [*dom.having(root, "prose"), *dom.having(root, "review-stamp"), *dom.having(root, "lead")]:
                assert not outside(reviewed), address
                assert "Sample foundation" not in dom.words(reviewed)
            assert len(outside(root)) == len([link for link in root.iter("a") if "example.org" in link.get("href", "")])
            scripts = [each.text or "" for each in root.iter("script") if each.get("type") == "application/ld+json"]
            assert not [each for each in scripts if "Sample foundation" in each or "//example.org/" in each]
        assert not shown(client, page.article.get_absolute_url())
        assert b"ugc" not in client.get("/").content

    @pytest.mark.parametrize("standing", ["pending", "refused", "down"])
    def test_what_no_moderator_accepted_or_was_taken_down_is_nowhere(self, client: Client, standing: str) -> None:
        poems = make.community().condition
        link = make.link(poems, title="Sample forum", kind="peers")
        if standing == "refused":
            link.refuse(by=people.moderator(), why="A shop.")
        if standing == "down":
            link.accept(by=people.moderator(), **link.words)
            link.take_down(by=people.moderator(), why="A shop.")
        for address in (COMMUNITY, HUB, f"{COMMUNITY}suggest/"):
            page = client.get(address).content.decode()
            assert "Sample forum" not in page
            assert "A shop." not in page
        assert "There is no link yet." in dom.words(dom.read(client, COMMUNITY))

    def test_another_condition_shows_none_of_it(self, client: Client) -> None:
        make.community()
        make.shown_link(make.community(make.condition("wilson-disease", "Wilson disease")).condition)
        assert shown(client) == []
        assert shown(client, "/conditions/wilson-disease/community/") == ["Sample foundation"]

    def test_they_stand_by_kind_and_then_by_title(self, client: Client) -> None:
        poems = make.community().condition
        for number, (title, kind) in enumerate(
            [("b", "research"), ("Zebra", "organisation"), ("A", "research"), ("apple", "organisation")]
        ):
            make.shown_link(poems, url=f"https://{number}.example.org/", title=title, kind=kind)
        assert shown(client) == ["apple", "Zebra", "A", "b"]

    def test_the_hub_shows_a_few_and_leads_to_all(self, client: Client) -> None:
        poems = make.community().condition
        assert "Helpful links" not in dom.words(dom.read(client, HUB))
        for number in range(A_FEW + 1):
            make.shown_link(poems, url=f"https://{number}.example.org/", title=f"Sample {number}")
        root = dom.read(client, HUB)
        assert len(outside(root)) == A_FEW
        assert {link.get("rel") for link in outside(root)} == {"ugc nofollow noopener noreferrer"}
        assert f"All {A_FEW + 1} links, or suggest one" in dom.words(root)
        assert "Not medically reviewed." in dom.words(root)

    def test_many_stand_in_parts_each_at_one_address(self, client: Client) -> None:
        poems = make.community().condition
        for number in range(A_PART + 2):
            make.shown_link(poems, url=f"https://{number}.example.org/", title=f"Sample {number:02}")
        first, second = shown(client), shown(client, f"{COMMUNITY}links/2/")
        assert len(first) == A_PART
        assert [*first, *second] == [f"Sample {number:02}" for number in range(A_PART + 2)]
        assert f"{COMMUNITY}links/2/" in dom.links(dom.read(client, COMMUNITY))
        for wrong in ("links/1/", "links/3/", "links/0/", "links/10000/", "links/99999999999999999999/"):
            assert client.get(f"{COMMUNITY}{wrong}").status_code == 404

    def test_words_of_a_link_are_no_markup(self, client: Client) -> None:
        make.shown_link(
            make.community().condition,
            url="https://example.org/?a=%22%3E%3Cscript%3E",
            title='"><script>alert(1)</script>',
            description="<img src=x>",
        )
        page = client.get(COMMUNITY).content.decode()
        assert "<script>alert" not in page
        assert "<img" not in page


class TestBroken:
    def days(self, link: Link, clock: Clock, *found: str) -> list[bool]:
        """What each day's look found, and whether readers saw the link afterwards."""
        seen = []
        for number, outcome in enumerate(found):
            clock.move(dt.datetime(2026, 5, 4, 12, tzinfo=dt.UTC) + number * DAY)
            link.checked(outcome=outcome)
            seen.append(Link.objects.shown().filter(pk=link.pk).exists())
        return seen

    def test_broken_on_three_days_running_it_leaves_and_comes_back_when_it_answers(self, moved_clock: Clock) -> None:
        link = make.shown_link()
        found = ["works", "broken", "broken", "broken", "broken", "works", "broken"]
        assert self.days(link, moved_clock, *found) == [True, True, True, False, False, True, True]
        assert link.decision == "accepted", "nobody took it down"
        assert list(Link.objects.broken()) == [link], "moderators see it"

    def test_a_day_on_which_it_answers_begins_the_count_anew(self, moved_clock: Clock) -> None:
        found = ["broken", "broken", "works", "broken", "broken"]
        assert self.days(make.shown_link(), moved_clock, *found) == [True] * 5

    def test_many_looks_on_one_day_count_once(self, moved_clock: Clock) -> None:
        link = make.shown_link()
        for hour in range(0, 24, 3):
            moved_clock.move(dt.datetime(2026, 5, 4, hour, tzinfo=dt.UTC))
            link.checked(outcome="broken", words="No such name.")
        assert (link.broken_days, link.is_hidden) == (1, False)
        assert link.failing_since == dt.datetime(2026, 5, 4, 0, tzinfo=dt.UTC)
        moved_clock.move(dt.datetime(2026, 5, 5, 0, 1, tzinfo=dt.UTC))
        link.checked(outcome="broken")
        assert link.broken_days == 2

    def test_a_look_that_fell_between_two_does_not_hide_a_link_early(self, moved_clock: Clock) -> None:
        link = make.shown_link()
        for day in (4, 9):
            moved_clock.move(dt.datetime(2026, 5, day, tzinfo=dt.UTC))
            link.checked(outcome="broken")
        assert not link.is_hidden, "it was seen broken on two days only"

    def test_one_that_is_accepted_while_it_does_not_answer_is_not_said_to_be_seen(self, moved_clock: Clock) -> None:
        link = make.link(email="rosa@example.org")
        assert self.days(link, moved_clock, "broken", "broken", "broken") == [False] * 3
        moved_clock.reset()
        link.accept(by=people.moderator(), title="Sample foundation", kind="organisation")
        assert not Link.objects.shown().exists()
        assert "Readers see it as soon as it answers" in Letter.objects.get().body

    def test_the_page_says_when_it_did_not_answer(self, client: Client) -> None:
        make.shown_link(make.community().condition).checked(outcome="broken")
        assert f"Did not answer on {make.today():%-d %b %Y}" in dom.words(dom.read(client, COMMUNITY))


class TestDue:
    def test_what_is_accepted_or_waits_is_looked_at_once_a_day_and_the_rest_never(self) -> None:
        waits, accepted = make.link(), make.shown_link(url="https://a.example.org/")
        refused, down = make.link(url="https://r.example.org/"), make.shown_link(url="https://d.example.org/")
        refused.refuse(by=people.moderator(), why="A shop.")
        down.take_down(by=people.moderator(), why="A shop.")
        now = dt.datetime.now(dt.UTC)
        assert set(Link.objects.due_for_check(now)) == {waits, accepted}
        waits.checked(outcome="works")
        assert set(Link.objects.due_for_check(now)) == {accepted}
        assert list(Link.objects.due_for_check(now + DAY)) == [accepted, waits], "the longest unseen first"

    def test_one_checker_takes_a_link_and_after_its_lease_another_may(self) -> None:
        link = make.link()
        now, lease = dt.datetime.now(dt.UTC), dt.timedelta(minutes=5)
        assert link.claim_check(now=now, lease=lease)
        assert not link.claim_check(now=now, lease=lease)
        assert not Link.objects.due_for_check(now).exists()
        assert link.claim_check(now=now + lease, lease=lease)
        link.checked(outcome="works")
        assert link.checking_until is None
        assert not link.claim_check(now=now + lease, lease=lease)

    @pytest.mark.django_db(transaction=True)
    def test_of_many_checkers_at_once_one_takes_a_link(self) -> None:
        link = make.link()
        now = dt.datetime.now(dt.UTC)
        taken = together([lambda: Link.objects.get(pk=link.pk).claim_check(now=now, lease=DAY)] * PEOPLE)
        assert sorted(map(str, taken)) == ["False"] * (PEOPLE - 1) + ["True"]

    @pytest.mark.django_db(transaction=True)
    def test_many_looks_at_once_on_one_day_are_one_day(self) -> None:
        link = make.shown_link()
        together([lambda: Link.objects.get(pk=link.pk).checked(outcome="broken")] * PEOPLE)
        link.refresh_from_db()
        assert link.broken_days == 1

    def test_what_was_found_is_kept_within_its_lengths(self) -> None:
        link = make.link()
        link.checked(
            outcome="works", words="w" * 999, final_url=f"https://example.org/{'a' * 9999}", found_language="x" * 99
        )
        assert (len(link.outcome_words), len(link.final_url), len(link.found_language)) == (200, 2000, 35)
        assert link.tls is None


class TestKept:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[Waiting]:
        """A site that holds what it knows for a second, as a real one does."""
        settings.STATE_HELD_SECONDS = 1
        with waiting(monkeypatch) as clock:
            yield clock

    @pytest.mark.parametrize("address", [COMMUNITY, HUB])
    def test_a_decision_shows_within_a_second_on_every_page_that_is_kept(
        self, client: Client, clock: Waiting, address: str
    ) -> None:
        make.community(make.publication().article.condition)
        link = make.shown_link()
        assert shown(client, address) == ["Sample foundation"]
        link.edit_words(by=people.moderator(), title="Better", kind="peers")
        clock.wait(1.1)
        assert shown(client, address) == ["Better"]
        link.take_down(by=people.moderator(), why="It is a shop now.")
        clock.wait(1.1)
        assert shown(client, address) == []
        link.restore(by=people.moderator(), title="Again", kind="peers")
        clock.wait(1.1)
        assert shown(client, address) == ["Again"]

    def test_a_later_part_is_kept_as_well_and_follows_a_decision(self, client: Client, clock: Waiting) -> None:
        make.community(make.publication().article.condition)
        for number in range(A_PART + 1):
            last = make.shown_link(url=f"https://{number}.example.org/", title=f"Sample {number:02}")
        assert shown(client, f"{COMMUNITY}links/2/") == [last.title]
        last.take_down(by=people.moderator(), why="It is a shop now.")
        clock.wait(1.1)
        assert client.get(f"{COMMUNITY}links/2/").status_code == 404

    def test_a_suggestion_and_a_report_change_no_page_and_not_even_what_is_made(
        self, client: Client, clock: Waiting
    ) -> None:
        make.community(make.publication().article.condition)
        link = make.shown_link()
        before = client.get(COMMUNITY)
        make.link(url="https://other.example.org/")
        make.link_report(link)
        clock.wait(1.1)
        from pages import kept

        page = kept.pages.at(COMMUNITY)
        after = client.get(COMMUNITY)
        assert (after.content, after["ETag"]) == (before.content, before["ETag"])
        assert kept.pages.at(COMMUNITY) is page

    def test_a_link_that_does_not_answer_is_gone_within_a_minute(self, client: Client, clock: Waiting) -> None:
        make.community(make.publication().article.condition)
        link = make.shown_link()
        assert shown(client) == ["Sample foundation"]
        now = dt.datetime.now(dt.UTC)
        Link.objects.filter(pk=link.pk).update(outcome="broken", checked_at=now, failing_since=now, broken_days=3)
        clock.wait(61)
        assert shown(client) == []
