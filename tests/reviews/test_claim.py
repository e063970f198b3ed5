"""Claiming a review, so that nobody else does it too, and handing it back."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group

from accounts.models import User
from accounts.refusals import NotAllowed
from reviews.models import Reviewer, ReviewRequest
from reviews.models.people import MayNotReview
from reviews.refusals import Moved
from tests import make, people
from tests.conftest import Clock
from tests.crowd import together

pytestmark = pytest.mark.django_db


def test_a_clinician_claims_a_request() -> None:
    request, clara = make.request(), people.clinician()
    request.claim(by=clara.user)
    request.refresh_from_db()
    assert request.claimed_by == clara
    assert request.claimed_at is not None
    assert request.closed_at is None


def test_a_claimed_request_is_refused_to_others_with_the_name_of_who_has_it() -> None:
    request, clara, dora = make.request(), people.clinician(), people.clinician("Dora")
    request.claim(by=clara.user)
    with pytest.raises(Moved, match="Clara Test, MD has claimed this review"):
        request.claim(by=dora.user)
    with pytest.raises(Moved, match="Clara Test, MD has claimed this review"):
        request.approve(by=dora.user, digest=request.revision.digest)
    with pytest.raises(Moved, match="Clara Test, MD has claimed this review"):
        request.ask_for_changes(by=dora.user, digest=request.revision.digest, reason="No.")
    request.refresh_from_db()
    assert request.claimed_by == clara


def test_claiming_twice_says_so() -> None:
    request, clara = make.request(), people.clinician()
    request.claim(by=clara.user)
    with pytest.raises(Moved, match="You have claimed this review already"):
        request.claim(by=clara.user)


def test_a_closed_request_cannot_be_claimed() -> None:
    request = make.review().request
    with pytest.raises(Moved, match=r"This request was closed on .* by Clara: approved"):
        request.claim(by=people.clinician("Dora").user)


def test_a_claim_is_handed_back_and_then_free_for_others() -> None:
    request, clara, dora = make.request(), people.clinician(), people.clinician("Dora")
    request.claim(by=clara.user)
    request.hand_back(by=clara.user)
    assert (request.claimed_by, request.claimed_at) == (None, None)
    request.claim(by=dora.user)
    assert request.claimed_by == dora


def test_nobody_hands_back_the_claim_of_another() -> None:
    request, clara, dora = make.request(), people.clinician(), people.clinician("Dora")
    request.claim(by=clara.user)
    with pytest.raises(Moved, match="This review is not yours to hand back"):
        request.hand_back(by=dora.user)
    request.refresh_from_db()
    assert request.claimed_by == clara


def test_a_decided_claim_is_not_handed_back() -> None:
    review = make.review()
    with pytest.raises(Moved, match="not yours to hand back"):
        review.request.hand_back(by=review.reviewer.user)


# way 4
def test_a_contributor_cannot_claim() -> None:
    wanda = people.clinician("Wanda", "Authors")
    request = make.request(make.revision(by=wanda.user))
    with pytest.raises(MayNotReview, match="Nobody approves their own words"):
        request.claim(by=wanda.user)
    request.refresh_from_db()
    assert request.claimed_by is None


# way 5
def test_a_superuser_who_is_not_a_reviewer_cannot_claim() -> None:
    request = make.request()
    with pytest.raises(MayNotReview, match="is not a reviewer"):
        request.claim(by=people.superuser())
    request.refresh_from_db()
    assert request.claimed_by is None


@pytest.mark.parametrize("who", [people.author, people.publisher, people.reader])
def test_nobody_claims_without_being_a_reviewer(who: Callable[[], User]) -> None:
    request = make.request()
    with pytest.raises((NotAllowed, MayNotReview)):
        request.claim(by=who())
    request.refresh_from_db()
    assert request.claimed_by is None


# way 6
def test_a_reviewer_whose_check_has_lapsed_cannot_claim(moved_clock: Clock) -> None:
    request, clara = make.request(), people.clinician()
    moved_clock.move(make.today() + dt.timedelta(731))
    with pytest.raises(MayNotReview, match="No credential of Clara Test, MD is checked as valid on"):
        request.claim(by=clara.user)


def test_a_reviewer_who_lost_the_right_to_review_cannot_block_the_queue() -> None:
    request, clara = make.request(), people.clinician()
    clara.user.groups.remove(Group.objects.get(name="Clinicians"))
    former = Reviewer.objects.get(pk=clara.pk).user
    with pytest.raises(NotAllowed):
        request.claim(by=former)
    request.refresh_from_db()
    assert request.claimed_by is None


def test_a_claim_ends_after_its_days_and_then_anybody_may_claim_and_decide(moved_clock: Clock) -> None:
    request, clara, dora = make.request(), people.clinician(), people.clinician("Dora")
    digest = request.revision.digest
    request.claim(by=clara.user)
    ends = request.claim_ends_at
    assert ends is not None
    moved_clock.move(ends - dt.timedelta(seconds=1))
    with pytest.raises(Moved, match="Clara Test, MD has claimed this review"):
        request.claim(by=dora.user)
    with pytest.raises(Moved, match="You have claimed this review already"):
        request.claim(by=clara.user)
    moved_clock.move(ends)
    with pytest.raises(Moved, match=rf"Clara Test, MD had this review until {ends:%-d %B %Y}. Claim it first"):
        request.ask_for_changes(by=dora.user, digest=digest, reason="No.")
    request.claim(by=dora.user)
    assert (request.claimed_by, request.is_held(ends)) == (dora, True)
    with pytest.raises(Moved, match="Dora Test, MD has claimed this review"):
        request.claim(by=clara.user)
    with pytest.raises(Moved, match="Dora Test, MD has claimed this review"):
        request.ask_for_changes(by=clara.user, digest=digest, reason="No.")


def test_whoever_had_a_claim_that_ended_renews_it_or_decides_as_long_as_nobody_else_claims(moved_clock: Clock) -> None:
    request, clara = make.request(), people.clinician()
    request.claim(by=clara.user)
    first = request.claim_ends_at
    assert first is not None
    moved_clock.move(first + dt.timedelta(1))
    request.claim(by=clara.user)
    assert request.claim_ends_at == first + dt.timedelta(8)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_claim_at_once_what_a_third_had_too_long_one_gets_it(moved_clock: Clock) -> None:
    request, reviewers = make.request(), [people.clinician(), people.clinician("Dora")]
    request.claim(by=people.clinician("Third").user)
    moved_clock.move(make.today() + dt.timedelta(9))

    def claim(by: Reviewer) -> None:
        ReviewRequest.objects.get(pk=request.pk).claim(by=by.user)

    results = together([lambda: claim(reviewers[0]), lambda: claim(reviewers[1])])
    request.refresh_from_db()
    assert request.claimed_by in reviewers
    assert sorted(type(result).__name__ for result in results) == ["Moved", "NoneType"]
    (refusal,) = (result for result in results if isinstance(result, Moved))
    assert f"{request.claimed_by} has claimed this review" in str(refusal)
