"""The reader's form: what it takes, what it refuses and how it says so, and what it tells of drafts and readers."""

import datetime as dt
import re
from collections import Counter
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from accounts.models import Tally
from accounts.open_forms import HOURS_A_DAY, Ticket
from pages import feedback as page
from reviews.models import Feedback, Publication
from tests import feedback, make, people
from tests.conftest import Clock
from tests.crowd import PEOPLE, together
from tests.feedback import MINUTE, address, send, token

from . import dom, site
from .test_headers import assert_safe

pytestmark = pytest.mark.django_db

QUESTION = "/conditions/poems-syndrome/prognosis/"
WORDS = "The second figure belongs to another study."


def said(answer: HttpResponse) -> str:
    """All words of an answer."""
    return dom.words(dom.tree(answer.content))


def kept_below(answer: HttpResponse, words: str = WORDS) -> bool:
    """Whether the words stand in the form that came back."""
    (box,) = [element for element in dom.tree(answer.content).iter("textarea") if element.get("name") == "words"]
    return (box.text or "").strip() == words


def carried(answer: HttpResponse) -> str:
    """What the form carries."""
    fields = [element for element in dom.tree(answer.content).iter("input") if element.get("name") == "form_token"]
    return fields[0].get("value", "")


class TestAsking:
    def test_the_question_page_leads_there_with_its_version_and_holds_no_form_of_its_own(self, client: Client) -> None:
        make.publication()
        root = dom.read(client, QUESTION)
        links = [link for link in dom.links(root) if "/feedback/" in link]
        assert links == [f"{QUESTION}feedback/?version=1&about={about}" for about in ("yes", "no", "mistake")]
        for link, about in zip(links, ("yes", "no", "mistake"), strict=True):
            chosen = [box.get("value") for box in dom.read(client, link).iter("input") if "checked" in box.attrib]
            assert chosen == [about]

    def test_it_shows_a_form_about_the_page_that_nobody_keeps(self, client: Client) -> None:
        publication = make.publication()
        answer = client.get(address(publication))
        assert answer.status_code == 200
        assert answer.headers["Cache-Control"] == "no-store"
        assert "About version 1 of “What determines the outlook?”" in said(answer)
        assert "call your local emergency number" in said(answer)
        assert b'content="noindex"' in answer.content
        # But for that of the search box.
        assert [script.get("src") for script in dom.tree(answer.content).iter("script")] == ["/static/search.js"]

    def test_the_version_that_the_reader_had_is_named_even_if_it_was_replaced_since(self, client: Client) -> None:
        old = make.publication()
        opened = client.get(f"{address(old)}?version=1&about=mistake")
        make.publication(make.review(make.revision(old.article, body="Newer words.")))
        late = client.get(f"{address(old)}?version=1")
        assert "Readers now see version 2" in said(late)
        for answer in (opened, late):
            assert Ticket.read(carried(answer), page.subject(old.article)).number == 1  # type: ignore[union-attr]
        assert send(client, old).status_code == 302
        assert Feedback.objects.get().revision == old.review.revision

    @pytest.mark.parametrize("version", ["2", "3", "4", "0", "-1", "x", "1 ", "٣", "9" * 30, "%00"])
    def test_a_version_that_never_was_public_answers_like_no_page_at_all(self, client: Client, version: str) -> None:
        publication = make.publication()
        draft = make.review(make.revision(publication.article, body="Newer words."))
        make.publication(draft, live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))
        make.revision(publication.article, body="A draft.")
        answer = client.get(f"{address(publication)}?version={version}")
        never = client.get("/conditions/poems-syndrome/never-was/")
        assert (answer.status_code, answer.content) == (404, never.content)

    def test_a_draft_and_a_page_that_never_was_answer_alike_to_everything(self, client: Client) -> None:
        make.publication()
        make.revision(make.article("draft"))
        make.request(make.revision(make.article("asked")))
        expected = client.get("/conditions/poems-syndrome/never-was/").content
        for slug in ("draft", "asked", "never-was"):
            for query in ("", "?sent=yes", "?version=1"):
                here = f"/conditions/poems-syndrome/{slug}/feedback/{query}"
                for answer in (client.get(here), client.post(here, {"kind": "yes"})):
                    assert (answer.status_code, answer.content) == (404, expected), here

    def test_a_withdrawn_page_says_why_and_takes_what_was_being_typed(self, client: Client) -> None:
        publication = make.publication()
        form_token = token(publication)
        publication.withdraw(by=people.publisher(), why="A figure was wrong.")
        answer = client.get(address(publication))
        assert answer.status_code == 410
        assert "A figure was wrong." in said(answer)
        assert answer.headers["Cache-Control"] == "no-store"
        sent = send(client, publication, form_token=form_token)
        assert sent.status_code == 302
        assert "It has arrived." in said(client.get(sent.headers["Location"]))
        assert Feedback.objects.get().revision == publication.review.revision
        again = send(client, publication, words="", form_token=form_token)
        assert "Say what is wrong" in said(again)

    def test_of_a_page_that_is_approved_no_more_no_question_is_shown(self, client: Client) -> None:
        site.build()
        publication = Publication.objects.get(article__slug="research")
        answer = send(client, publication, words="")
        assert "This page is no longer shown" in said(answer)
        assert "What about research?" not in said(answer)

    def test_an_old_address_redirects_with_what_was_chosen_and_takes_what_was_typed(self, client: Client) -> None:
        publication = make.publication()
        old = address(publication)
        site.rename(publication.article, "outlook")
        answer = client.get(f"{old}?version=1&about=no&other=1")
        new = "/conditions/poems-syndrome/outlook/feedback/"
        assert (answer.status_code, answer.headers["Location"]) == (301, f"{new}?version=1&about=no")
        fields = {"kind": "mistake", "words": WORDS, "form_token": token(publication)}
        sent = client.post(old, fields)
        assert (sent.status_code, sent.headers["Location"]) == (302, f"{new}?sent=yes")

    @pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
    def test_it_takes_no_other_method(self, client: Client, method: str) -> None:
        assert client.generic(method, address(make.publication())).status_code == 405


class TestSending:
    def test_what_is_sent_is_kept_and_thanked_for_by_a_redirect(self, client: Client) -> None:
        publication = make.publication()
        answer = send(client, publication, words=WORDS, email="rosa@example.org")
        assert (answer.status_code, answer.headers["Location"]) == (302, f"{address(publication)}?sent=yes")
        row = Feedback.objects.get()
        assert (row.revision, row.kind, row.words, row.email) == (
            publication.review.revision,
            "mistake",
            WORDS,
            "rosa@example.org",
        )
        thanks = client.get(answer.headers["Location"])
        assert "Nobody can advise you about your own health" in said(thanks)
        assert "call your local emergency number" in said(thanks)
        assert WORDS not in said(thanks)

    def test_a_yes_needs_no_word_and_a_double_click_is_one(self, client: Client) -> None:
        publication = make.publication()
        form_token = token(publication)
        for _ in range(2):
            assert send(client, publication, kind="yes", words="", form_token=form_token).status_code == 302
        assert Feedback.objects.get().kind == "yes"
        assert set(Tally.objects.filter(key__contains="feedback-answers").values_list("value", flat=True)) == {1}

    def test_an_answer_does_not_depend_on_who_one_is(self) -> None:
        publication = make.publication()
        for person in (None, *site.everybody()):
            client = Client()
            if person is not None:
                client.force_login(person)
            Tally.objects.all().delete()
            answer = client.get(address(publication))
            sent = send(client, publication)
            assert (answer.status_code, sent.status_code) == (200, 302)
            assert not re.search(r"sign out|/admin/", answer.content.decode())
        assert Counter(Feedback.objects.values_list("kind", flat=True)) == {"mistake": len(site.everybody()) + 1}

    def test_a_form_of_another_site_is_refused(self) -> None:
        publication = make.publication()
        client = Client(enforce_csrf_checks=True)
        assert send(client, publication).status_code == 403
        assert not Feedback.objects.exists()
        csrf = client.get(address(publication)).cookies[live_settings.CSRF_COOKIE_NAME].value
        assert send(client, publication, csrfmiddlewaretoken=csrf).status_code == 302

    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            ({"kind": ""}, "Choose one of the three."),
            ({"kind": "praise"}, "Choose one of the three."),
            ({"email": "rosa at example"}, "This is no e-mail address. Mend it, or leave it out."),
            ({"email": f"rosa@{'long.' * 55}org"}, "This is no e-mail address. Mend it, or leave it out."),
            ({"website": "https://spam.example/"}, "A box that people do not see was filled in."),
            ({"form_token": ""}, "This form was not made here"),
            ({"form_token": "1.1.abc:forged"}, "This form was not made here"),
        ],
    )
    def test_what_is_refused_says_why_and_loses_no_word(self, client: Client, typed: dict[str, str], why: str) -> None:
        answer = send(client, make.publication(), words=WORDS, **typed)
        assert answer.status_code == 200
        assert why in said(answer)
        assert kept_below(answer)
        assert not Feedback.objects.exists()
        boxes = [box for box in dom.tree(answer.content).iter("input") if box.get("name") == "website"]
        assert [box.get("value", "") for box in boxes] == [""]

    def test_too_many_words_and_hidden_characters_come_back_whole(self, client: Client) -> None:
        publication = make.publication()
        for words, why in (("x" * 4001, "have 4,001 characters"), ("A hidden \u200b blank.", "zero width space")):
            answer = send(client, publication, words=words)
            assert why in said(answer)
            assert kept_below(answer, words)

    def test_a_form_of_another_page_is_refused(self, client: Client) -> None:
        publication = make.publication()
        other = make.publication(make.review(make.revision(make.article("other"))))
        answer = send(client, publication, words=WORDS, form_token=token(other))
        assert "This form was not made here" in said(answer)
        assert not Feedback.objects.exists()

    def test_a_form_that_comes_back_at_once_is_refused_and_then_taken(self, client: Client) -> None:
        publication = make.publication()
        quick = token(publication, age=dt.timedelta(seconds=-60))
        answer = send(client, publication, words=WORDS, form_token=quick)
        assert "quicker than people are" in said(answer)
        assert kept_below(answer)
        assert carried(answer) == quick, "a new one would be too quick again"
        assert not Feedback.objects.exists()
        assert send(client, publication, form_token=token(publication, age=dt.timedelta(seconds=3))).status_code == 302

    def test_an_old_form_is_made_anew_about_the_same_version(self, client: Client) -> None:
        publication = make.publication()
        make.publication(make.review(make.revision(publication.article, body="Newer words.")))
        old = token(publication, age=dt.timedelta(hours=25))
        answer = send(client, publication, words=WORDS, form_token=old)
        assert "open for more than a day" in said(answer)
        assert kept_below(answer)
        assert Ticket.read(carried(answer), page.subject(publication.article)).number == 1  # type: ignore[union-attr]
        assert send(client, publication, form_token=token(publication, age=dt.timedelta(hours=23))).status_code == 302

    def test_a_form_is_good_for_one_message(self, client: Client) -> None:
        publication = make.publication()
        form_token = token(publication)
        assert send(client, publication, form_token=form_token).status_code == 302
        answer = send(client, publication, words=WORDS, form_token=form_token)
        assert "sent already, with other words" in said(answer)
        assert kept_below(answer)
        assert carried(answer) != form_token
        assert Feedback.objects.count() == 1

    @pytest.mark.parametrize(
        "typed",
        [
            {"words": "\x00"},
            {"email": "\x00@example.org"},
            {"form_token": "\x00"},
            {"kind": "\x00"},
            {"website": "\x00"},
            {"words": "\ud800"},
            {"form_token": "9" * 5000},
            {"words": "w" * 1_000_000},
        ],
    )
    def test_nothing_sent_breaks_it(self, client: Client, typed: dict[str, str]) -> None:
        typed = {name: value.encode("utf-8", "surrogatepass").decode("latin-1") for name, value in typed.items()}
        assert send(client, make.publication(), **typed).status_code in {200, 400}
        assert not Feedback.objects.exists()


class TestLimits:
    def test_the_sixth_message_of_an_hour_from_one_network_waits_and_another_network_does_not(
        self, client: Client
    ) -> None:
        publication = make.publication()
        for number in range(page.MESSAGES_AN_HOUR):
            assert send(client, publication, caller=f"192.0.2.{number}").status_code == 302
        answer = send(client, publication, words=WORDS, caller="192.0.2.200")
        assert answer.status_code == 429
        assert 0 < int(answer.headers["Retry-After"]) <= 3600 + 61
        assert re.search(r"came from your network .* send them after \d\d:\d\d UTC on \d+ \w+\.", said(answer))
        assert kept_below(answer)
        assert send(client, publication, caller="192.0.3.1").status_code == 302
        assert send(client, publication, kind="yes", words="", caller="192.0.2.200").status_code == 302
        assert Feedback.objects.count() == page.MESSAGES_AN_HOUR + 2

    @pytest.mark.parametrize(
        ("one", "same", "another"),
        [
            ("192.0.2.1", "192.0.2.254", "192.0.3.1"),
            ("2001:db8:1:100::1", "2001:db8:1:ffff:ffff::2", "2001:db8:2:100::1"),
            ("192.0.2.1", "::ffff:192.0.2.9", "::ffff:192.0.3.9"),
        ],
    )
    def test_a_network_is_a_block_of_addresses(self, client: Client, one: str, same: str, another: str) -> None:
        publication = make.publication()
        for _ in range(page.MESSAGES_AN_HOUR):
            send(client, publication, caller=one)
        assert send(client, publication, caller=same).status_code == 429
        assert send(client, publication, caller=another).status_code == 302

    def test_after_the_hour_it_is_taken(self, client: Client, moved_clock: Clock) -> None:
        publication = make.publication()
        for _ in range(page.MESSAGES_AN_HOUR):
            send(client, publication)
        assert send(client, publication).status_code == 429
        Tally.objects.update(until=dt.datetime.now(dt.UTC))
        assert send(client, publication).status_code == 302

    def test_a_network_that_comes_back_each_hour_is_stopped_before_it_fills_the_day(self, client: Client) -> None:
        publication = make.publication()
        for _ in range(HOURS_A_DAY * page.MESSAGES_AN_HOUR):
            Tally.objects.filter(key__contains="-hour-").delete()
            assert send(client, publication).status_code == 302
        Tally.objects.filter(key__contains="-hour-").delete()
        answer = send(client, publication, words=WORDS)
        assert answer.status_code == 429
        assert "came from your network in the last day" in said(answer)
        assert send(client, publication, caller="192.0.3.1").status_code == 302

    def test_what_is_refused_for_another_reason_is_not_counted(self, client: Client) -> None:
        publication = make.publication()
        for _ in range(2 * page.MESSAGES_AN_HOUR):
            assert send(client, publication, words="").status_code == 200
        assert not Tally.objects.filter(value__gt=0, key__contains="feedback-messages").exists()
        assert send(client, publication).status_code == 302

    def test_behind_a_proxy_the_readers_address_counts_and_a_forged_one_does_not(
        self, client: Client, settings: Settings
    ) -> None:
        settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
        publication = make.publication()

        def through_the_proxy(told: str) -> int:
            fields = {"kind": "mistake", "words": WORDS, "form_token": token(publication)}
            answer = client.post(
                address(publication), fields, REMOTE_ADDR="127.0.0.1", headers={"X-Forwarded-For": told}
            )
            return answer.status_code

        answers = [through_the_proxy(f"198.51.{number}.1, 192.0.2.7") for number in range(page.MESSAGES_AN_HOUR + 1)]
        assert answers == [302] * page.MESSAGES_AN_HOUR + [429]
        assert through_the_proxy("203.0.113.7") == 302
        assert through_the_proxy("nonsense") == 302

    def test_without_a_proxy_nobody_chooses_their_address(self, client: Client) -> None:
        publication = make.publication()
        for number in range(page.MESSAGES_AN_HOUR + 1):
            fields = {"kind": "mistake", "words": WORDS, "form_token": token(publication)}
            answer = client.post(address(publication), fields, headers={"X-Forwarded-For": f"198.51.{number}.1"})
        assert answer.status_code == 429

    def test_a_day_has_room_for_so_many_from_all_networks_together(
        self, client: Client, settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.FEEDBACK_A_DAY = 3
        publication = make.publication()
        answers = [send(client, publication, caller=f"198.51.{number}.1") for number in range(4)]
        assert [answer.status_code for answer in answers] == [302, 302, 302, 429]
        assert "More came today than we can read." in said(answers[3])
        assert 0 < int(answers[3].headers["Retry-After"]) <= 86_400 + 61
        assert "Forms are not taken until" in caplog.text
        assert "198.51" not in caplog.text
        assert send(client, publication, kind="yes", words="", caller="198.51.9.1").status_code == 302

    def test_neither_limit_remembers_an_address_or_a_condition(self, client: Client) -> None:
        send(client, make.publication(), caller="192.0.2.7")
        kept = " ".join(f"{row.key} {row.value}" for row in Tally.objects.all())
        assert "feedback-messages" in kept
        assert not re.search(r"192\.0|poems|prognosis", kept)
        assert max(Tally.objects.values_list("until", flat=True)) < dt.datetime.now(dt.UTC) + dt.timedelta(1, 60)

    def test_the_name_of_a_network_is_another_one_when_the_salt_is_forgotten(self, client: Client) -> None:
        publication = make.publication()
        names = []
        for _ in range(2):
            send(client, publication)
            names.append(sorted(Tally.objects.filter(key__contains="feedback-messages-").values_list("key", flat=True)))
            cache.clear()
        assert names[0] != names[1]

    @pytest.mark.django_db(transaction=True)
    def test_many_processes_at_once_count_together(self) -> None:
        publication = make.publication()
        client = Client()
        client.get("/")
        tokens = [token(publication) for _ in range(PEOPLE)]

        def sending(form_token: str) -> Any:
            return lambda: send(Client(), publication, form_token=form_token).status_code

        answers = Counter(together([sending(form_token) for form_token in tokens]))
        assert answers == {302: page.MESSAGES_AN_HOUR, 429: PEOPLE - page.MESSAGES_AN_HOUR}
        assert Feedback.objects.count() == page.MESSAGES_AN_HOUR

    @pytest.mark.django_db(transaction=True)
    def test_one_form_sent_by_many_processes_at_once_is_one_row(self) -> None:
        publication = make.publication()
        form_token = token(publication)
        answers = together([lambda: send(Client(), publication, form_token=form_token).status_code] * 5)
        assert answers == [302] * 5
        assert Feedback.objects.count() == 1


class TestPrivacy:
    def test_no_public_answer_holds_a_word_of_it(self, client: Client) -> None:
        # way 28
        site.build()
        publication = Publication.objects.get(article__slug="prognosis")
        row = make.feedback(publication, words="A canary sings.", email="canary@example.org")
        row.ask_for_review(by=people.author(), note="A canary note.")
        make.feedback(publication, words="Another canary.").close(by=people.author(), outcome="nothing", note="canary")
        addresses = [
            *site.ADDRESSES.values(),
            address(publication),
            f"{address(publication)}?sent=yes",
            "/search/?q=canary",
        ]
        for where in addresses:
            content = client.get(where, follow=True).content
            # What the search page repeats is what was typed: “canary”.
            for typed in (b"q=canary", b'value="canary"', b"<title>Search: canary", "“canary”".encode()):
                content = content.replace(typed, b"")
            assert b"canary" not in content, where

    def test_every_answer_carries_the_headers_and_is_kept_nowhere(self, client: Client, settings: Settings) -> None:
        settings.FEEDBACK_A_DAY = 1
        publication = make.publication()
        gone = make.publication(make.review(make.revision(make.article("gone"))))
        gone.withdraw(by=people.publisher(), why="A figure was wrong.")
        answers = [
            client.get(address(publication)),
            send(client, publication, words=""),
            send(client, publication),
            send(client, publication),
            client.get(f"{address(publication)}?sent=yes"),
            client.get(address(gone)),
            client.get(f"{QUESTION}feedback/?version=9"),
            send(Client(enforce_csrf_checks=True), publication),
            client.delete(address(publication)),
            client.get(f"{QUESTION}feedback"),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 302, 429, 200, 410, 404, 403, 405, 301]
        for answer in answers:
            assert_safe(answer.headers)
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "same-origin"

    def test_the_form_sets_the_cookie_of_its_own_protection_and_no_other(self, client: Client) -> None:
        publication = make.publication()
        client.get(QUESTION)
        assert not client.cookies
        client.get(address(publication))
        send(client, publication)
        client.get(f"{address(publication)}?sent=yes")
        assert set(client.cookies) == {live_settings.CSRF_COOKIE_NAME}

    def test_the_form_needs_few_queries(self, client: Client, django_assert_max_num_queries: Any) -> None:
        publication = make.publication()
        with django_assert_max_num_queries(2):
            client.get(address(publication))


def test_the_form_of_these_tests_carries_what_the_real_one_does(client: Client) -> None:
    publication = make.publication()
    real = Ticket.read(carried(client.get(address(publication))), page.subject(publication.article))
    made = Ticket.read(feedback.token(publication), page.subject(publication.article))
    assert real is not None
    assert made is not None
    assert real.number == made.number
    assert real.made_at - made.made_at < 2 * MINUTE
