"""A reader reports a link: it is kept, a moderator handles it once, and whoever asked is told what became of it."""

import re
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import Letter
from accounts.refusals import NotAllowed, Refusal
from community.models import Link, LinkReport
from community.models.links import Decided
from pages.suggestions import AN_HOUR
from tests import make, people
from tests.crowd import PEOPLE, together
from tests.pages import dom, site
from tests.suggestions import report, reporting, token

pytestmark = pytest.mark.django_db


def said(answer: HttpResponse) -> str:
    """All words of an answer."""
    return dom.words(dom.tree(answer.content))


@pytest.fixture
def link() -> Link:
    """A link that readers see on the page of a community."""
    return make.shown_link(make.community().condition)


class TestTheForm:
    def test_each_link_on_the_page_leads_to_it(self, client: Client, link: Link) -> None:
        page = dom.read(client, link.get_absolute_url())
        assert reporting(link) in dom.links(page)
        answer = client.get(reporting(link))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert b'content="noindex"' in answer.content
        assert "Sample foundation" in said(answer)
        assert "https://example.org/" in said(answer)

    def test_what_is_sent_is_kept_and_thanked_for_by_a_redirect(self, client: Client, link: Link) -> None:
        answer = report(client, link, email="Rosa@example.org")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{reporting(link)}?sent=yes")
        row = LinkReport.objects.get()
        assert (row.link, row.kind, row.words, row.email) == (
            link,
            "sells",
            "Half of it is a shop.",
            "rosa@example.org",
        )
        assert "take it down if you are right" in said(client.get(answer.headers["Location"]))
        assert list(Link.objects.shown()) == [link], "a report alone takes nothing down"

    def test_a_link_that_does_not_open_needs_no_word_and_a_double_click_is_one(
        self, client: Client, link: Link
    ) -> None:
        form_token = token(link)
        for _ in range(2):
            assert report(client, link, kind="broken", words="", form_token=form_token).status_code == 302
        assert LinkReport.objects.get().kind == "broken"
        other = report(client, link, kind="broken", words="More.", form_token=form_token)
        assert "sent already, with other words" in said(other)

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ({"kind": ""}, "Choose what is wrong."),
            ({"kind": "praise"}, "Choose what is wrong."),
            ({"words": " "}, "Say what is wrong with it"),
            ({"words": "w" * 1001}, "have 1,001 characters"),
            ({"words": "Hid\u200bden."}, "zero width space"),
            ({"email": "rosa at example"}, "This is no e-mail address."),
            ({"email": f"rosa@{'long.' * 55}org"}, "This is no e-mail address."),
            ({"website": "https://spam.example/"}, "A box that people do not see was filled in."),
            ({"form_token": ""}, "This form was not made here"),
        ],
    )
    def test_what_is_refused_says_why(self, client: Client, link: Link, typed: dict[str, str], why: str) -> None:
        answer = report(client, link, **typed)
        assert answer.status_code == 200
        assert why in said(answer)
        assert not LinkReport.objects.exists()

    def test_there_is_a_form_only_about_what_readers_see(self, client: Client, link: Link) -> None:
        waits = make.link(link.condition, url="https://waits.example.org/")
        refused = make.link(link.condition, url="https://refused.example.org/")
        refused.refuse(by=people.moderator(), why="A shop.")
        for row in (waits, refused):
            assert client.get(reporting(row)).status_code == 404
            assert report(client, row).status_code == 404
        wilson = make.community(make.condition("wilson-disease", "Wilson disease")).condition
        assert client.get(reverse("report-link", args=[wilson.slug, link.pk])).status_code == 404
        assert client.get(f"{link.get_absolute_url()}links/99999999999999999999/report/").status_code in {400, 404}
        with pytest.raises(Refusal, match="never was shown"):
            make.link_report(waits)

    def test_what_was_taken_down_meanwhile_is_taken_all_the_same(self, client: Client, link: Link) -> None:
        form_token = token(link)
        link.take_down(by=people.moderator(), why="A shop.")
        assert report(client, link, form_token=form_token).status_code == 302
        assert client.get(reporting(link)).status_code == 404
        answer = client.post(reporting(link), {"form_token": "1.2.3:none"})
        assert answer.status_code == 404, "what was taken down is not told to whoever sends an empty form"
        assert client.get(f"{reporting(link)}?sent=yes").status_code == 200

    def test_an_old_address_leads_on(self, client: Client, link: Link) -> None:
        old = reporting(link)
        site.rename(link.condition, "poems")
        answer = client.get(old)
        assert answer.status_code == 301
        assert answer.headers["Location"].startswith("/conditions/poems/community/links/")

    def test_the_sixth_of_an_hour_from_one_network_waits(self, client: Client, link: Link) -> None:
        for _ in range(AN_HOUR):
            assert report(client, link).status_code == 302
        assert report(client, link).status_code == 429
        assert report(client, link, caller="192.0.3.1").status_code == 302


class TestHandling:
    def test_closing_says_what_became_of_it_and_tells_whoever_left_an_address(self) -> None:
        row = make.link_report(email="rosa@example.org")
        with pytest.raises(Refusal, match="waits for an answer"):
            row.close(by=people.moderator(), outcome="kept")
        row.close(by=people.moderator(), outcome="kept", answer="It sells nothing.")
        assert (row.outcome, row.handled_by, row.answer) == ("kept", people.moderator(), "It sells nothing.")
        letter = Letter.objects.get()
        assert letter.to == "rosa@example.org"
        assert "The link stays as it is." in letter.body
        assert "It sells nothing." in letter.body
        assert not re.search("poems", f"{letter.subject} {letter.body}", re.IGNORECASE)

    def test_taking_the_link_down_closes_every_report_of_it_and_no_other(self) -> None:
        link = make.shown_link()
        mine = [make.link_report(link, email=f"r{number}@example.org") for number in range(2)]
        other = make.link_report(make.shown_link(url="https://other.example.org/"))
        link.take_down(by=people.moderator(), why="It is a shop now.")
        for row in mine:
            row.refresh_from_db()
            assert (row.outcome, row.answer) == ("down", "It is a shop now.")
        assert list(LinkReport.objects.waiting()) == [other]
        assert sorted(Letter.objects.values_list("to", flat=True)) == ["r0@example.org", "r1@example.org"]

    def test_nobody_but_a_moderator_handles_or_erases_it(self) -> None:
        row = make.link_report()
        for by in (people.reader(), people.publisher()):
            with pytest.raises(NotAllowed):
                row.close(by=by, outcome="kept")
            with pytest.raises(NotAllowed):
                row.erase(by=by)
        with pytest.raises(Refusal, match="Take the link down"):
            row.close(by=people.moderator(), outcome="down")
        assert LinkReport.objects.waiting().count() == 1

    def test_who_comes_second_is_told_who_was_faster(self) -> None:
        row = make.link_report()
        stale = LinkReport.objects.get(pk=row.pk)
        row.close(by=people.moderator(), outcome="kept")
        with pytest.raises(Decided, match="Mona handled this before you"):
            stale.close(by=people.superuser(), outcome="words")

    @pytest.mark.django_db(transaction=True)
    def test_many_moderators_at_once_answer_once(self) -> None:
        row = make.link_report(email="rosa@example.org")
        by = people.moderator()

        def closing(outcome: str) -> Any:
            mine = LinkReport.objects.get(pk=row.pk)
            return lambda: mine.close(by=by, outcome=outcome, answer="Looked at.")

        results = together([closing(("kept", "words")[number % 2]) for number in range(PEOPLE)])
        assert sorted(type(result).__name__ for result in results) == ["Decided"] * (PEOPLE - 1) + ["NoneType"]
        assert Letter.objects.count() == 1

    def test_a_moderator_handles_and_erases_it_at_the_desk(self, client: Client, settings: Settings) -> None:
        settings.ROUNDS_DEMO = True
        row = make.link_report(words="Rosa Muster runs it.")
        client.force_login(people.moderator())
        desk = reverse("admin:community_link_change", args=[row.link.pk])
        assert "Rosa Muster runs it." in said(client.get(desk))
        client.post(desk, {"act": f"close-{row.pk}", "outcome": "words", "answer": "Mended."})
        row.refresh_from_db()
        assert (row.outcome, row.answer) == ("words", "Mended.")
        client.post(desk, {"act": f"erase-{row.pk}"})
        assert not LinkReport.objects.exists()

    def test_addresses_go_some_days_after_the_answer_and_at_once_when_asked(self, moved_clock: Any) -> None:
        handled, other = make.link_report(email="rosa@example.org"), None
        handled.close(by=people.moderator(), outcome="kept", answer="No.")
        now = make.dt.datetime.now(make.dt.UTC)
        moved_clock.move(now + make.dt.timedelta(29))
        assert LinkReport.objects.erase_emails() == 0
        moved_clock.move(now + make.dt.timedelta(30, 3600))
        assert LinkReport.objects.erase_emails() == 1
        assert other is None
        moved_clock.move(now)
        make.link_report(handled.link, email="rosa@example.org")
        assert LinkReport.objects.forget("Rosa@example.org") == 1
        assert not LinkReport.objects.exclude(email="").exists()
