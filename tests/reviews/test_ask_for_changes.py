"""Sending a text back to its author with a reason."""

import pytest
from django.test import Client

from accounts.models import Letter
from accounts.refusals import NotAllowed, Refusal
from reviews.models import Review, ReviewRequest
from reviews.models.people import MayNotReview
from reviews.refusals import Moved
from tests import make, people

pytestmark = pytest.mark.django_db


def send_back(request: ReviewRequest, reason: str = "Source 1 does not say so.", **who: object) -> Review:
    by = who.get("by") or people.clinician().user
    return request.ask_for_changes(by=by, digest=request.revision.digest, reason=reason)  # type: ignore[arg-type]


def test_a_text_goes_back_with_its_reason_and_the_request_is_closed() -> None:
    request = make.request()
    review = send_back(request)
    request.refresh_from_db()
    assert (review.decision, review.private_note) == (Review.Decision.CHANGES, "Source 1 does not say so.")
    assert (review.revision, review.digest) == (request.revision, request.revision.digest)
    assert (review.next_due, review.signed_as) == (None, "Clara Test, MD")
    assert request.outcome == ReviewRequest.Outcome.CHANGES
    assert request.closed_by == people.clinician().user


def test_whoever_asked_gets_the_reason_in_one_letter() -> None:
    review = send_back(make.request())
    letter = Letter.objects.get(key__startswith=f"changes-{review.pk}-")
    assert letter.to == "ada@example.org"
    assert "Clara Test, MD asks for changes to version 1" in letter.body
    assert "Source 1 does not say so." in letter.body


def test_readers_keep_the_text_that_was_approved_before(client: Client) -> None:
    publication = make.publication()
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    send_back(make.request(make.revision(publication.article, body="Worse words [1](#source-1).")))
    send_back(make.request(publication.review.revision))
    assert client.get(address).content == before


def test_a_text_sent_back_cannot_be_published() -> None:
    review = send_back(make.request())
    with pytest.raises(Refusal, match="This review asks for changes; only an approval can be published"):
        review.publish(by=people.publisher())


@pytest.mark.parametrize("reason", ["", " \n "])
def test_a_reason_is_needed(reason: str) -> None:
    request = make.request()
    with pytest.raises(Refusal, match="Say what must change; the author reads it"):
        send_back(request, reason)
    request.refresh_from_db()
    assert request.closed_at is None
    assert not Review.objects.exists()


def test_a_second_decision_names_the_first() -> None:
    request = make.request()
    send_back(request)
    with pytest.raises(Moved, match=r"This request was closed on .* by Clara: changes asked for"):
        send_back(request)
    with pytest.raises(Moved, match=r"This request was closed on .* by Clara: changes asked for"):
        request.approve(by=people.clinician().user, digest=request.revision.digest)
    assert Review.objects.count() == 1
    assert Letter.objects.filter(key__startswith="changes-").count() == 1


# way 2
def test_another_text_than_the_one_on_screen_is_not_sent_back() -> None:
    request = make.request()
    newer = make.revision(request.revision.article, body="Newer words [1](#source-1).")
    with pytest.raises(Moved, match="The text that was on your screen is not the text of this request"):
        request.ask_for_changes(by=people.clinician().user, digest=newer.digest, reason="No.")
    assert not Review.objects.exists()


# way 4
def test_an_author_does_not_decide_about_their_own_words() -> None:
    wanda = people.clinician("Wanda", "Authors")
    request = make.request(make.revision(by=wanda.user))
    with pytest.raises(MayNotReview, match="Nobody approves their own words"):
        send_back(request, by=wanda.user)
    assert not Review.objects.exists()


# way 5
@pytest.mark.parametrize("who", ["superuser", "author", "publisher", "reader"])
def test_nobody_else_sends_a_text_back(who: str) -> None:
    request = make.request()
    with pytest.raises((NotAllowed, MayNotReview), match=r"may not review|is not a reviewer"):
        send_back(request, by=getattr(people, who)())
    assert not Review.objects.exists()
