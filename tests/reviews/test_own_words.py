"""What a void approval uncovers: nobody's own words stay public on their own approval."""

import datetime as dt

import pytest

from accounts.refusals import Refusal
from reviews import record
from reviews.models import Publication, Review, Reviewer, ReviewRequest
from tests import make, people

pytestmark = pytest.mark.django_db


def void(reviewer: Reviewer, *, days: int = 0) -> None:
    """Their credential turns out not to have counted since so many days ago."""
    day = make.today() - dt.timedelta(days)
    reviewer.credentials.get().revoke(by=people.registrar(), from_day=day, why="Struck off.")


def uncovered(*, by: Reviewer) -> Review:
    """Carl wrote the page, somebody approved it; Ada added a line, and Carl approved the whole page."""
    carl = people.clinician("Carl", "Authors")
    first = make.review(make.revision(by=carl.user), by=by)
    added = make.revision(first.revision.article, by=people.author(), body="One line more [1](#source-1).")
    return make.review(added, by=carl)


def is_public(review: Review) -> bool:
    return Publication.objects.live().filter(article=review.revision.article_id).exists()


def test_a_page_goes_down_when_a_part_of_it_is_left_with_its_authors_approval_alone() -> None:
    clara = people.clinician()
    review = uncovered(by=clara)
    publication = make.publication(review)
    void(clara)
    assert not is_public(review)
    publication.refresh_from_db()
    assert "approved by nobody but its author" in publication.withdrawal.why
    with pytest.raises(Refusal, match="Carl Test, MD wrote a part of this text"):
        review.publish(by=people.publisher())
    assert list(record.faults()) == []


def test_an_hour_set_for_it_does_not_come_and_one_not_yet_published_is_refused() -> None:
    clara = people.clinician()
    review = uncovered(by=clara)
    later = make.publication(review, live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))
    void(clara)
    later.refresh_from_db()
    assert later.withdrawal is not None
    with pytest.raises(Refusal, match="Carl Test, MD wrote a part of this text"):
        review.publish(by=people.publisher())


def test_it_stays_where_another_clinician_approved_the_whole_page_too() -> None:
    clara = people.clinician()
    review = uncovered(by=clara)
    make.review(review.revision, by=people.clinician("Nora"))
    make.publication(review)
    void(clara)
    assert is_public(review)


def test_the_name_on_the_stamp_is_not_that_of_whoever_wrote_the_changes() -> None:
    carl = people.clinician("Carl", "Authors")
    first = make.publication(make.review(by=carl)).review
    change = make.request(make.revision(first.revision.article, by=carl.user, body="A new dose [1](#source-1)."))
    with pytest.raises(Refusal, match="Carl Test, MD, whose name would stand on the page, wrote a part"):
        change.approve(by=people.clinician().user, digest=change.revision.digest, scope="changes")
    assert change.approve(by=people.clinician().user, digest=change.revision.digest).scope == "whole"


def test_an_approval_that_a_clinician_objected_to_later_is_not_published() -> None:
    first = make.publication().review
    again = ReviewRequest.objects.ask(first.revision, by=people.author())
    again.ask_for_changes(by=people.clinician("Carl").user, digest=first.digest, reason="The dose is wrong.")
    Publication.objects.get().withdraw(by=people.publisher(), why="We look at it again.")
    with pytest.raises(Refusal, match="Carl Test, MD asked for changes to this version"):
        first.publish(by=people.publisher())
    newer = make.review(first.revision, by=people.clinician("Carl"))
    assert newer.publish(by=people.publisher()).review == newer
