"""The desk in the admin: each role does its work there, and every refusal stands in the form."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article, Revision
from reviews.models import Checklist, Publication, Review, ReviewRequest, Withdrawal
from reviews.models.terms import months_later
from tests import make, people

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_second_factor(settings: object) -> None:
    """The second factor has its own tests; here the door stands open as in a demonstration."""
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]


def at_desk(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def article_form(article: Article, **changes: object) -> dict[str, object]:
    """What the author's form sends."""
    return {
        "topic": article.topic,
        "slug": article.slug,
        "question": "What determines the outlook?",
        "short_answer": "How early it is found.",
        "body": "An opening.\n\n## What shapes it\n\nTreatment.",
        "sources": "A cohort. Sample Journal, 2024. | pmid:12456500",
        "origin": "human",
        "change_note": "",
        "based_on": 0,
        **changes,
    }


def decision(request: ReviewRequest, act: str, **changes: object) -> dict[str, object]:
    """What the clinician's form sends."""
    return {
        "act": act,
        "digest": request.revision.digest,
        "scope": "whole",
        "months": 12,
        "conflicts": "None declared",
        **changes,
    }


def seen_in(html: str) -> str:
    """What a screen tells of itself in its form."""
    found: list[str] = re.findall(r'name="seen" value="([\d-]+)"', html)
    return found[0]


def desk(request: ReviewRequest) -> str:
    """The address of a request's desk."""
    return reverse("admin:reviews_reviewrequest_change", args=[request.pk])


def page(article: Article) -> str:
    """The address of an article in the admin."""
    return reverse("admin:articles_article_change", args=[article.pk])


class TestAuthor:
    def test_starts_a_page_with_its_first_version(self) -> None:
        condition = make.condition()
        form = {**article_form(Article(topic="outlook", slug="outlook")), "condition": condition.pk, "language": "en"}
        answer = at_desk(people.author()).post(reverse("admin:articles_article_add"), form)
        assert answer.status_code == 302, answer.content.decode()
        revision = Revision.objects.get()
        assert (revision.article.slug, revision.number, revision.author) == ("outlook", 1, people.author())
        assert revision.citations.get().pmid == "12456500"

    def test_saves_a_new_version_and_an_unchanged_form_makes_none(self) -> None:
        article = make.article()
        client = at_desk(people.author())
        client.post(page(article), article_form(article))
        assert article.revisions.count() == 1
        client.post(page(article), article_form(article, based_on=1))
        assert article.revisions.count() == 1

    @pytest.mark.parametrize(
        ("field", "typed", "said"),
        [
            ("body", "An image ![x](/y.png) here", "Images are not possible yet"),
            ("body", "A hidden\u200b character", "line 1, column 9"),
            ("slug", "history", "reserved"),
            ("question", "", "required"),
            ("sources", "A title | somewhere", "is none of"),
        ],
    )
    def test_is_told_in_the_form_and_loses_no_word(self, field: str, typed: str, said: str) -> None:
        article = make.article()
        form = article_form(article, short_answer="A long answer typed for an hour.", **{field: typed})
        answer = at_desk(people.author()).post(page(article), form)
        html = answer.content.decode()
        assert answer.status_code == 200
        assert said in html
        assert "A long answer typed for an hour." in html
        assert Revision.objects.count() == 0

    def test_is_told_when_a_colleague_saved_meanwhile(self) -> None:
        first = make.revision()
        first.article.revise(by=people.second_author(), question="Another question?", based_on=1)
        form = article_form(first.article, based_on=1, body="My own words")
        html = at_desk(people.author()).post(page(first.article), form).content.decode()
        assert "Alan saved version 2 while you were writing" in html
        assert "My own words" in html
        assert Revision.objects.count() == 2

    def test_sees_what_became_of_a_version(self) -> None:
        request = make.request()
        request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Name the dose.")
        html = at_desk(people.author()).get(page(request.revision.article)).content.decode()
        assert "Changes asked for by Clara Test, MD" in html
        assert "Name the dose." in html

    def test_is_refused_a_review_with_everything_missing_at_once(self) -> None:
        revision = make.revision(short_answer="", body="## One\n\n#### Deep\n\n{{ number }}", sources=())
        address = reverse("admin:desk_ask", args=[revision.article_id, revision.number])
        html = at_desk(people.author()).post(address, {"note": "Please."}).content.decode()
        assert "There is no short answer." in html
        assert "skips a level" in html
        assert "number }}" in html
        assert "Please." in html
        assert ReviewRequest.objects.count() == 0

    def test_finds_the_version_in_the_preview_and_a_stranger_does_not(self) -> None:
        revision = make.revision()
        address = reverse("admin:desk_preview", args=[revision.article_id, 1])
        answer = at_desk(people.author()).get(address)
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["X-Robots-Tag"] == "noindex"
        assert revision.html.split("{{")[0] in answer.content.decode()
        for stranger in (Client(), at_desk(people.reader())):
            assert stranger.get(address).status_code == 302
        for colleague in (people.registrar(), people.moderator()):
            assert at_desk(colleague).get(address).status_code == 403


class TestClinician:
    def test_signs_the_text_on_the_screen(self) -> None:
        request = make.request()
        clinician = people.clinician()
        answer = at_desk(clinician.user).post(desk(request), decision(request, "approve", public_note="Read."))
        assert answer.status_code == 302, answer.content.decode()
        review = Review.objects.get()
        assert (review.digest, review.reviewer, review.public_note) == (request.revision.digest, clinician, "Read.")

    def test_sees_the_readers_bytes_and_what_changed(self) -> None:
        publication = make.publication()
        newer = make.revision(publication.article, body="An opening.\n\n## What shapes it\n\nTreatment late on.")
        request = make.request(newer)
        html = at_desk(people.clinician().user).get(desk(request)).content.decode()
        assert newer.html in html
        assert "Review version 2 against version 1, the last approved" in html
        assert "<ins>" in html
        assert "<del>" in html

    # way 2
    def test_is_refused_when_the_text_is_not_the_one_on_the_screen(self) -> None:
        request = make.request()
        newer = make.revision(request.revision.article, body="Something else entirely.")
        make.request(newer)
        form = decision(request, "approve", private_note="Words that took long to write")
        html = at_desk(people.clinician().user).post(desk(request), form).content.decode()
        assert "closed on" in html
        assert "Words that took long to write" in html
        assert Review.objects.count() == 0

    # way 7
    def test_cannot_sign_another_request_with_a_swapped_id(self) -> None:
        request = make.request()
        other = make.request(make.revision(make.article("treatment"), body="Another text."))
        html = at_desk(people.clinician().user).post(desk(other), decision(request, "approve")).content.decode()
        assert "is not the text of this request" in html
        assert Review.objects.count() == 0

    def test_must_say_what_should_change(self) -> None:
        request = make.request()
        html = at_desk(people.clinician().user).post(desk(request), decision(request, "changes")).content.decode()
        assert "Say what must change" in html
        assert Review.objects.count() == 0

    def test_keeps_every_typed_word_when_a_field_is_wrong(self) -> None:
        request = make.request()
        form = decision(request, "approve", months=99, private_note="Kept words", signed_on="tomorrow")
        html = at_desk(people.clinician().user).post(desk(request), form).content.decode()
        assert "Kept words" in html
        assert 'value="tomorrow"' in html
        assert Review.objects.count() == 0

    def test_claims_and_hands_back(self) -> None:
        request = make.request()
        clinician = people.clinician()
        client = at_desk(clinician.user)
        client.post(desk(request), {"act": "claim"})
        request.refresh_from_db()
        assert request.claimed_by == clinician
        other = at_desk(people.clinician("Carl").user)
        assert (
            "Clara Test, MD has claimed this review"
            in other.post(desk(request), {"act": "claim"}, follow=True).content.decode()
        )
        client.post(desk(request), {"act": "hand_back"})
        request.refresh_from_db()
        assert request.claimed_by is None

    def test_a_claim_loses_nothing_typed_and_signs_nothing(self) -> None:
        Checklist.objects.write("Every figure has a source.\nIt is clear.", by=people.publisher())
        request = make.request()
        client = at_desk(people.clinician().user)
        html = client.get(desk(request)).content.decode()
        assert 'value="claim" form="decision" formnovalidate' in html
        untouched = decision(request, "claim", scope="", seen=seen_in(html), signed_on="", private_note="")
        assert client.post(desk(request), untouched).status_code == 302
        client.post(desk(request), {"act": "hand_back"})
        typed = {"private_note": "Kept words", "months": 24, "signed_on": "tomorrow", "conflicts": "", "ticked": [2]}
        form = decision(request, "claim", seen=seen_in(html), **typed)
        html = client.post(desk(request), form).content.decode()
        for words in ("You have claimed this review.", "Kept words", 'value="24" selected', 'value="tomorrow"'):
            assert words in html, words
        assert re.findall(r'name="ticked" value="(\d)" type="checkbox" checked', html) == ["2"]
        assert "field-error" not in html
        assert "Hand this review back" in html
        request.revision.article.revise(by=people.second_author(), question="Newer?")
        other = at_desk(people.clinician("Carl").user).post(desk(request), form).content.decode()
        assert "Clara Test, MD has claimed this review" in other
        assert "Kept words" in other
        client.post(desk(request), {"act": "hand_back"})
        html = client.post(desk(request), form).content.decode()
        assert "Look again; if you still want to, decide once more." in html, "what moved is told at once"
        assert Review.objects.count() == 0

    # ways 4 and 5
    @pytest.mark.parametrize("who", ["author", "publisher", "registrar", "superuser", "clinician-author"])
    def test_nobody_else_signs(self, who: str) -> None:
        if who == "clinician-author":
            reviewer = people.clinician("Clara", "Authors")
            request = make.request(make.revision(by=reviewer.user))
            person = reviewer.user
        else:
            request = make.request()
            person = getattr(people, who)()
        answer = at_desk(person).post(desk(request), decision(request, "approve"))
        assert answer.status_code in {200, 403}
        assert Review.objects.count() == 0


class TestScreen:
    """What stands on the desk, and what happens when it moves."""

    def test_everything_needed_stands_on_one_screen(self, django_assert_max_num_queries: Any) -> None:
        Checklist.objects.write("Every figure has a source.", by=people.publisher())
        publication = make.publication(make.review(ticked=[1]))
        text = {
            "body": "An opening.\n\n## What shapes it\n\nTreatment late on [1](#source-1).",
            "change_note": "Later.",
        }
        request = make.request(make.revision(publication.article, **text))
        client = at_desk(people.clinician().user)
        client.get(desk(request))
        with django_assert_max_num_queries(12):
            html = client.get(desk(request)).content.decode()
        until = months_later(make.today(), 12)
        signed = re.sub(
            r"<span data-exact hidden>.*?</span>|<[^>]+>", "", html.split('for="sign-whole">')[1].split("</label>")[0]
        )
        assert signed == (
            "I have read version 2 from top to bottom, and I put my name to this exact text, "
            f"{request.revision.digest[:12]}, for the months chosen above, counted from the signing day."
        ), "no day, for without JavaScript it would stay when another is chosen"
        for words in (
            "Change 1 of 1, in “What shapes it”",
            '<ins><span class="visually-hidden">Added: </span>late',
            '<span class="visually-hidden">. End of change. </span></ins>',
            "1 paragraph unchanged: Opening",
            "Version 1 is good until",
            ", in 14 days",
            "Readers now see</dt><dd>Version 1",
            "Clara Test, MD, Physician",
            "Test Register, no. CLARA",
            "Every figure has a source.",
            f"12 months, until {until:%-d %B %Y}",
            "I have read what changed from version 1 to version 2",
            'class="review-stamp is-current"',
        ):
            assert words in html, words
        assert [html.count(f'id="{view}"') for view in ("side-by-side", "in-one-text", "as-read")] == [1, 1, 1]
        assert "Approve and publish" not in html

    def test_who_may_not_decide_is_told_before_the_work_is_done(self) -> None:
        request = make.request()
        lapsed = people.clinician("Lars")
        lapsed.credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Left.")
        request.claim(by=people.clinician().user)
        for person, said in (
            (people.author(), "Clinicians decide about it."),
            (people.clinician("Carl").user, "Clara Test, MD has claimed this review."),
        ):
            html = at_desk(person).get(desk(request)).content.decode()
            assert said in html
            assert 'value="approve"' not in html
        request.hand_back(by=people.clinician().user)
        assert "No credential of Lars Test, MD" in at_desk(lapsed.user).get(desk(request)).content.decode()

    def test_unchanged_text_says_so_and_offers_the_whole_page_alone(self) -> None:
        publication = make.publication()
        request = make.request(publication.review.revision)
        client = at_desk(people.clinician("Carl", "Publishers").user)
        html = client.get(desk(request)).content.decode()
        assert "Nothing changed since" in html
        assert "Checked, nothing changed" in html
        assert 'value="changes" type="radio"' not in html
        assert "Approve and publish" not in html
        answer = client.post(desk(request), decision(request, "approve_and_publish"))
        assert "Readers already see version 1" in answer.content.decode()
        assert Review.objects.count() == 1, "refused to publish, so nothing is signed"

    def test_approve_and_publish_is_one_act_for_who_may_do_both(self) -> None:
        request = make.request()
        html = at_desk(people.clinician().user).post(desk(request), decision(request, "approve_and_publish"))
        assert "may not publish" in html.content.decode()
        assert Review.objects.count() == 0
        both = at_desk(people.clinician("Carl", "Publishers").user)
        assert "Approve and publish" in both.get(desk(request)).content.decode()
        assert both.post(desk(request), decision(request, "approve_and_publish")).status_code == 302
        assert Publication.objects.live().get().review.reviewer == people.clinician("Carl")

    def test_nothing_is_signed_without_its_sentence_and_changes_need_none(self) -> None:
        request = make.request()
        client = at_desk(people.clinician().user)
        html = client.post(desk(request), decision(request, "approve", scope="", months=24)).content.decode()
        assert "choose the sentence that you sign" in html
        assert f'as last sent, until <strong><time datetime="{months_later(make.today(), 24)}">' in html
        for wrong in ({"months": 99}, {"signed_on": "tomorrow"}, {"signed_on": make.today() + dt.timedelta(1)}):
            html = client.post(desk(request), decision(request, "approve", **wrong)).content.decode()
            assert "as last sent" not in html, wrong
        assert client.post(desk(request), decision(request, "rewrite")).status_code == 404
        form = {
            "act": "changes",
            "digest": request.revision.digest,
            "private_note": "Name the dose.",
            "evidence_to": "?",
        }
        assert client.post(desk(request), form).status_code == 302
        assert Review.objects.get().decision == Review.Decision.CHANGES

    # ways 2 and 3
    def test_whatever_moved_while_the_page_was_open_is_told_once_and_nothing_typed_is_lost(self) -> None:
        first = make.publication()
        Checklist.objects.write("Every figure has a source.\nIt is clear.", by=people.publisher())
        request = make.request(make.revision(first.article, body="Other words."))
        clinician = people.clinician()
        request.claim(by=clinician.user)
        client = at_desk(clinician.user)
        html = client.get(desk(request)).content.decode()
        typed = {"private_note": "Kept words", "public_note": "Kept note", "evidence_to": "2026-01-02", "months": 24}
        for move, said in (
            (lambda: first.article.revise(by=people.second_author(), question="Newer?"), "Alan saved version 3 on"),
            (lambda: first.withdraw(by=people.publisher(), why="It harms."), "Petra withdrew the page on"),
            (lambda: first.review.publish(by=people.publisher()), "Petra published version 1 on"),
            (lambda: request.hand_back(by=clinician.user), "The claim on this review ended"),
            (
                lambda: Checklist.objects.write("New.\nIt is clear.", by=people.publisher()),
                "Petra changed the checklist",
            ),
        ):
            move()
            form = decision(request, "approve", seen=seen_in(html), ticked=[1, 2], **typed)
            html = client.post(desk(request), form).content.decode()
            assert said in html
            for kept in ("Kept words", "Kept note", 'value="2026-01-02"', 'value="24" selected', "required checked"):
                assert kept in html, (said, kept)
        assert re.findall(r'name="ticked" value="(\d)" type="checkbox" checked', html) == ["2"], (
            "ticks keep their words"
        )
        assert "Alan saved version 3" in html, "told for as long as it is so"
        assert Review.objects.count() == 1
        form = decision(request, "approve", seen=seen_in(html), ticked=[1, 2], **typed)
        assert client.post(desk(request), form).status_code == 302
        assert Review.objects.count() == 2

    # ways 2 and 5
    def test_a_lapsed_check_and_a_request_taken_back_refuse_the_decision(self) -> None:
        request = make.request()
        clinician = people.clinician()
        client = at_desk(clinician.user)
        form = decision(
            request, "approve", seen=seen_in(client.get(desk(request)).content.decode()), public_note="Kept"
        )
        clinician.credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Left.")
        html = client.post(desk(request), form).content.decode()
        assert "is checked as valid on" in html
        assert 'value="Kept"' in html
        request.take_back(by=people.author())
        html = client.post(desk(request), form).content.decode()
        assert "by Ada: taken back by the author" in html
        assert 'value="Kept"' in html
        assert Review.objects.count() == 0


class TestPublisher:
    def test_publishes_and_withdraws(self) -> None:
        review = make.review()
        client = at_desk(people.publisher())
        client.post(reverse("admin:desk_publish", args=[review.revision.article_id, review.pk]), {})
        publication = Publication.objects.live().get()
        client.post(
            reverse("admin:desk_withdraw", args=[publication.article_id, publication.pk]), {"why": "A wrong figure."}
        )
        assert Publication.objects.live().count() == 0
        assert Withdrawal.objects.get().why == "A wrong figure."

    def test_is_refused_a_past_hour_and_a_second_publication_in_the_form(self) -> None:
        review = make.review()
        client = at_desk(people.publisher())
        address = reverse("admin:desk_publish", args=[review.revision.article_id, review.pk])
        html = client.post(address, {"live_from_0": "2020-01-01", "live_from_1": "08:00"}).content.decode()
        assert "is past" in html
        assert 'value="2020-01-01"' in html
        assert Publication.objects.count() == 0
        client.post(address, {})
        assert "Readers already see version 1" in client.post(address, {}).content.decode()
        assert Publication.objects.count() == 1

    # way 7
    def test_cannot_publish_the_review_of_another_page(self) -> None:
        review = make.review()
        other = make.article("treatment")
        address = reverse("admin:desk_publish", args=[other.pk, review.pk])
        assert at_desk(people.publisher()).post(address, {}).status_code == 404
        assert Publication.objects.count() == 0

    def test_finds_what_may_go_out(self) -> None:
        review = make.review()
        make.revision(make.article("treatment"), question="Not approved?")
        html = (
            at_desk(people.publisher())
            .get(reverse("admin:articles_article_changelist"), {"standing": "reviewed"})
            .content.decode()
        )
        assert review.revision.question in html
        assert "Not approved?" not in html

    @pytest.mark.parametrize("who", ["author", "registrar", "moderator"])
    def test_nobody_else_publishes_or_withdraws(self, who: str) -> None:
        publication = make.publication()
        newer = make.review(make.revision(publication.article, body="Newer words."))
        client = at_desk(getattr(people, who)())
        client.post(reverse("admin:desk_publish", args=[publication.article_id, newer.pk]), {})
        client.post(reverse("admin:desk_withdraw", args=[publication.article_id, publication.pk]), {"why": "No."})
        assert Publication.objects.live().get() == publication


class TestRegistrar:
    def test_records_a_check_but_never_their_own(self) -> None:
        credential = people.clinician("Clara", "Registrars").credentials.get()
        form = {
            "credential": credential.pk,
            "checked_on": make.today(),
            "valid_from": make.today(),
            "valid_until": make.today(),
            "why": "",
        }
        address = reverse("admin:reviews_credentialcheck_add")
        html = at_desk(people.clinician().user).post(address, form).content.decode()
        assert "Nobody checks their own credential." in html
        assert credential.checks.count() == 1
        assert at_desk(people.registrar()).post(address, form).status_code == 302
        assert credential.checks.count() == 2

    def test_must_give_an_end_or_a_reason(self) -> None:
        credential = people.clinician().credentials.get()
        form = {"credential": credential.pk, "checked_on": make.today(), "valid_from": make.today()}
        client = at_desk(people.registrar())
        address = reverse("admin:reviews_credentialcheck_add")
        assert "Say until when" in client.post(address, form).content.decode()
        assert "Say why" in client.post(address, {**form, "revoked": "on"}).content.decode()
        assert credential.checks.count() == 1
