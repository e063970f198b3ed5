"""The desk in the admin: each role does its work there, and every refusal stands in the form."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from articles.models import Article, Revision
from reviews.models import Publication, Review, ReviewRequest, Withdrawal
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
