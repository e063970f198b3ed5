"""Asking for a review, and taking the question back."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import Letter, User
from accounts.refusals import NotAllowed
from reviews.models import Publication, Review, ReviewRequest
from reviews.refusals import Moved
from tests import make, people

pytestmark = pytest.mark.django_db

Kind, Outcome = ReviewRequest.Kind, ReviewRequest.Outcome


def test_a_version_enters_the_queue() -> None:
    revision = make.revision()
    request = ReviewRequest.objects.ask(revision, by=people.author(), note="Please look at the doses.")
    request.refresh_from_db()
    assert list(ReviewRequest.objects.open()) == [request]
    assert (request.revision, request.kind, request.asked_by) == (revision, Kind.NEW, people.author())
    assert request.note == "Please look at the doses."
    assert request.due_on == request.asked_at.date() + dt.timedelta(14)
    assert (request.claimed_by, request.closed_at, request.outcome) == (None, None, "")


def test_the_queue_shows_the_earliest_due_first() -> None:
    day = make.today()
    late, soon = make.revision(make.article("late")), make.revision(make.article("soon"))
    later = ReviewRequest.objects.ask(late, by=late.author, due_on=day + dt.timedelta(9))
    sooner = ReviewRequest.objects.ask(soon, by=soon.author, due_on=day + dt.timedelta(3))
    assert list(ReviewRequest.objects.open()) == [sooner, later]


def test_every_clinician_without_a_part_in_the_text_gets_one_letter() -> None:
    revision = make.revision()
    people.clinician("Clara")
    writing = people.clinician("Wanda", "Authors")
    closed = people.clinician("Cora").user
    closed.close(by=closed)
    revision = make.revision(revision.article, by=writing.user, question="Another question?")
    request = ReviewRequest.objects.ask(revision, by=people.author())
    letter = Letter.objects.get()
    assert letter.to == "clara@example.org"
    assert letter.subject == "A review waits: Another question?"
    assert f"/reviewrequest/{request.pk}/" in letter.body


def test_a_changed_page_and_an_unchanged_one_are_named_so() -> None:
    first = make.review().revision
    again = make.request(first)
    assert again.kind == Kind.AGAIN
    second = make.revision(first.article, body="Changed words [1](#source-1).")
    assert make.request(second).kind == Kind.CHANGE


def test_an_open_request_for_an_older_version_is_replaced() -> None:
    older = make.request()
    newer = make.request(make.revision(older.revision.article, body="Newer words [1](#source-1)."))
    older.refresh_from_db()
    assert (older.outcome, older.closed_by) == (Outcome.REPLACED, people.author())
    assert older.closed_at is not None
    assert list(ReviewRequest.objects.open()) == [newer]


def test_a_replaced_request_cannot_be_decided_and_names_what_became_of_it() -> None:
    older = make.request()
    reviewer = people.clinician()
    make.request(make.revision(older.revision.article, body="Newer words [1](#source-1)."))
    with pytest.raises(Moved, match=r"closed on .* by Ada: replaced by a newer version"):
        older.approve(by=reviewer.user, digest=older.revision.digest)
    assert not Review.objects.exists()


def test_a_version_is_not_asked_for_twice() -> None:
    request = make.request()
    with pytest.raises(Moved, match="Version 1 of poems-syndrome/prognosis is waiting for a review already"):
        make.request(request.revision)
    assert ReviewRequest.objects.count() == 1


def test_an_older_unapproved_version_is_refused_and_the_newer_one_named() -> None:
    older = make.revision()
    make.revision(older.article, body="Newer words [1](#source-1).")
    with pytest.raises(Moved, match="Version 2 is newer than version 1"):
        make.request(older)
    assert not ReviewRequest.objects.exists()


def test_an_older_approved_version_can_be_asked_for_again() -> None:
    older = make.review().revision
    make.revision(older.article, body="Newer words [1](#source-1).")
    assert make.request(older).kind == Kind.AGAIN


def test_a_re_review_does_not_push_a_newer_version_out_of_the_queue() -> None:
    approved = make.publication().review.revision
    newer = make.request(make.revision(approved.article, body="Newer words [1](#source-1)."))
    newer.claim(by=people.clinician("Carl").user)
    with pytest.raises(Moved, match="Version 2 of this page waits for a review"):
        ReviewRequest.objects.ask(approved, by=people.author())
    newer.refresh_from_db()
    assert newer.closed_at is None


def test_after_changes_were_asked_for_the_same_version_can_be_asked_for_again() -> None:
    request = make.request()
    request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="A source is wrong.")
    assert make.request(request.revision).kind == Kind.NEW


def test_asking_moves_nothing_that_readers_see(client: Client) -> None:
    publication = make.publication()
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    make.request(make.revision(publication.article, body="Words in review [1](#source-1)."))
    assert client.get(address).content == before
    assert Publication.objects.count() == 1


@pytest.mark.parametrize("who", [people.reader, people.publisher, people.registrar, people.moderator])
def test_only_authors_ask(who: Callable[[], User]) -> None:
    revision = make.revision()
    with pytest.raises(NotAllowed, match=r"may not ask for a review. Authors do."):
        ReviewRequest.objects.ask(revision, by=who())
    assert not ReviewRequest.objects.exists()


def test_whoever_asked_takes_the_request_back() -> None:
    request = make.request()
    request.take_back(by=people.author())
    assert (request.outcome, request.closed_by) == (Outcome.TAKEN_BACK, people.author())
    assert not ReviewRequest.objects.open().exists()


def test_nobody_else_takes_a_request_back() -> None:
    request = make.request()
    with pytest.raises(NotAllowed, match="Ada asked for this review, only they take it back"):
        request.take_back(by=people.second_author())
    assert ReviewRequest.objects.open().exists()


def test_a_decided_request_is_not_taken_back() -> None:
    request = make.review().request
    with pytest.raises(Moved, match=r"closed on .* by Clara: approved"):
        request.take_back(by=people.author())
    request.refresh_from_db()
    assert request.outcome == Outcome.APPROVED
