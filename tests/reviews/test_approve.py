"""Approving a text: the row, the letter, and everybody and everything that is refused."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import Letter
from accounts.refusals import NotAllowed, Refusal
from articles.models import Article
from reviews.models import Credential, Publication, Review, Reviewer, ReviewRequest
from reviews.models.people import MayNotReview
from reviews.refusals import Moved
from tests import make, people
from tests.conftest import Clock
from tests.database import tamper

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def approve(request: ReviewRequest, by: Reviewer, **decision: Any) -> Review:
    return request.approve(by=by.user, digest=request.revision.digest, **decision)


def refused_and_unwritten(request: ReviewRequest) -> None:
    request.refresh_from_db()
    assert request.closed_at is None
    assert request.outcome == ""
    assert not Review.objects.filter(request=request).exists()
    assert Letter.objects.filter(key__startswith="approved-").count() == Review.objects.count()


def second_version(first: Review, **text: Any) -> ReviewRequest:
    """A changed text of the same page, in the queue."""
    return make.request(make.revision(first.revision.article, **{"body": "Changed words [1](#source-1).", **text}))


# It works


def test_an_approval_is_a_row_that_names_text_reviewer_check_and_days() -> None:
    request, clara = make.request(), people.clinician()
    review = approve(request, clara, public_note=" Checked against the register. ", private_note=" Well done. ")
    review.refresh_from_db()
    assert (review.revision, review.digest) == (request.revision, request.revision.digest)
    assert (review.reviewer, review.signed_as, review.signed_role) == (clara, "Clara Test, MD", clara.specialty)
    assert review.credential_check.credential.reviewer == clara
    assert (review.decision, review.scope, review.base) == (Review.Decision.APPROVED, Review.Scope.WHOLE_PAGE, None)
    assert review.signed_on == review.recorded_at.date()
    assert review.next_due is not None
    assert (review.next_due - review.signed_on).days in {365, 366}
    assert (review.public_note, review.private_note) == ("Checked against the register.", "Well done.")
    assert review.conflicts == "None declared"


def test_an_approval_closes_the_request_and_notes_who_had_it() -> None:
    request, clara = make.request(), people.clinician()
    approve(request, clara)
    request.refresh_from_db()
    assert (request.outcome, request.closed_by) == (ReviewRequest.Outcome.APPROVED, clara.user)
    assert request.claimed_by == clara
    assert None not in {request.closed_at, request.claimed_at}
    assert not ReviewRequest.objects.open().exists()


def test_an_approval_freezes_everybody_who_wrote_since_the_last_whole_page_approval() -> None:
    first = make.review(make.revision(by=people.second_author()))
    page = first.revision.article
    make.revision(page, by=people.author(), body="By Ada [1](#source-1).")
    gina = people.person("gina@example.org", "Authors")
    review = make.review(make.revision(page, by=gina, body="By Gina [1](#source-1)."))
    assert {row.user for row in review.contributors.all()} == {people.author(), gina}


def test_whoever_asked_gets_one_letter() -> None:
    review = make.review()
    letter = Letter.objects.get(key__startswith=f"approved-{review.pk}-")
    assert letter.to == "ada@example.org"
    assert letter.subject == "Approved: What determines the outlook?"
    assert "Clara Test, MD approved version 1" in letter.body


def test_a_claimed_request_is_approved_by_whoever_claimed_it() -> None:
    request, clara = make.request(), people.clinician()
    request.claim(by=clara.user)
    claimed_at = request.claimed_at
    assert approve(request, clara).reviewer == clara
    request.refresh_from_db()
    assert request.claimed_at == claimed_at


@pytest.mark.parametrize(
    ("signed_on", "months", "next_due"),
    [
        (dt.date(2023, 1, 31), 1, dt.date(2023, 2, 28)),
        (dt.date(2023, 11, 30), 3, dt.date(2024, 2, 29)),
        (dt.date(2023, 8, 31), 1, dt.date(2023, 9, 30)),
        (dt.date(2023, 3, 15), 9, dt.date(2023, 12, 15)),
        (dt.date(2023, 3, 15), 12, dt.date(2024, 3, 15)),
        (dt.date(2023, 1, 1), 36, dt.date(2026, 1, 1)),
    ],
)
def test_the_next_review_is_due_on_the_same_day_months_later_or_the_last_of_that_month(
    signed_on: dt.date, months: int, next_due: dt.date
) -> None:
    clara = people.clinician()
    clara.credentials.get().record_check(by=people.registrar(), valid_from=dt.date(2023, 1, 1), valid_until=signed_on)
    assert make.review(by=clara, signed_on=signed_on, months=months).next_due == next_due


def test_a_review_done_on_paper_keeps_its_day_beside_the_day_it_was_recorded() -> None:
    review = make.review(signed_on=make.today() - 100 * DAY)
    assert (review.recorded_at.date() - review.signed_on).days >= 100


def test_a_page_written_and_reviewed_by_turns_needs_each_time_somebody_else() -> None:
    """Who wrote a version that another clinician approved as a whole page may review what others change later."""
    wanda = people.clinician("Wanda", "Authors")
    first = make.review(make.revision(by=wanda.user))
    request = second_version(first)
    assert approve(request, wanda).reviewer == wanda


# ways 1 and 2


def test_a_version_saved_meanwhile_does_not_ride_along(client: Client) -> None:
    request, clara = make.request(), people.clinician()
    on_screen = request.revision.digest
    newer = make.revision(request.revision.article, body="Words nobody approved [1](#source-1).")
    review = request.approve(by=clara.user, digest=on_screen)
    assert (review.revision.number, review.digest) == (1, on_screen)
    assert not Review.objects.filter(revision=newer).exists()
    page = client.get(make.publication(review).article.get_absolute_url()).content.decode()
    assert "An opening" in page
    assert "Words nobody approved" not in page


def test_an_edit_after_approval_changes_nothing_that_readers_get(client: Client) -> None:
    publication = make.publication()
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    make.revision(publication.article, question="A sly question?", body="Sly words [1](#source-1).")
    assert client.get(address).content == before


def test_another_text_than_the_one_on_screen_is_refused() -> None:
    request, clara = make.request(), people.clinician()
    newer = make.revision(request.revision.article, body="Newer words [1](#source-1).")
    for digest in [newer.digest, "", "0" * 64, request.revision.digest.upper()]:
        with pytest.raises(Moved, match="The text that was on your screen is not the text of this request"):
            request.approve(by=clara.user, digest=digest)
    refused_and_unwritten(request)


# way 3


def test_a_second_decision_on_a_closed_request_names_the_first() -> None:
    request, clara, dora = make.request(), people.clinician(), people.clinician("Dora")
    approve(request, clara)
    for reviewer in (clara, dora):
        with pytest.raises(Moved, match=r"This request was closed on .* by Clara: approved\."):
            approve(request, reviewer)
    assert Review.objects.count() == 1
    assert Letter.objects.filter(key__startswith="approved-").count() == 1


# way 4


def test_an_author_cannot_approve_their_own_words() -> None:
    wanda = people.clinician("Wanda", "Authors")
    request = make.request(make.revision(by=wanda.user))
    with pytest.raises(MayNotReview, match="Wanda Test, MD wrote a part of this text"):
        approve(request, wanda)
    refused_and_unwritten(request)


def test_a_contributor_to_any_version_since_the_last_approved_one_cannot_approve() -> None:
    wanda = people.clinician("Wanda", "Authors")
    first = make.review()
    make.revision(first.revision.article, by=wanda.user, body="By Wanda [1](#source-1).")
    request = second_version(first, body="By Ada again [1](#source-1).")
    with pytest.raises(MayNotReview, match="Wanda Test, MD wrote a part"):
        approve(request, wanda)
    refused_and_unwritten(request)


def test_a_review_of_changes_only_does_not_clear_a_contributor() -> None:
    wanda = people.clinician("Wanda", "Authors")
    first = make.review()
    changed = make.revision(first.revision.article, by=wanda.user, body="By Wanda [1](#source-1).")
    make.review(changed, scope=Review.Scope.CHANGES_ONLY)
    request = second_version(first, body="By Ada again [1](#source-1).")
    with pytest.raises(MayNotReview, match="Wanda Test, MD wrote a part"):
        approve(request, wanda)


def test_a_contributor_whose_words_lost_their_approval_cannot_approve_them_later() -> None:
    wanda, clara = people.clinician("Wanda", "Authors"), people.clinician()
    first = make.review(make.revision(by=wanda.user), by=clara)
    clara.credentials.get().revoke(by=people.registrar(), from_day=first.signed_on - DAY, why="Struck off.")
    request = second_version(first)
    with pytest.raises(MayNotReview, match="Wanda Test, MD wrote a part"):
        approve(request, wanda)


def test_a_second_account_with_the_same_register_number_never_becomes_a_reviewer() -> None:
    people.clinician("Clara", number="AB123")
    second = Reviewer.objects.create(
        user=people.person("clara.too@example.org", "Clinicians"),
        name="Clara Too",
        slug="clara-too",
        specialty="Haematologist",
        since=make.today(),
    )
    for register, number in [("Test Register", "AB123"), ("TEST register", "ab123")]:
        copy = Credential(reviewer=second, profession="Physician", register=register, number=number)
        with pytest.raises(ValidationError, match="One number is one person"):
            copy.full_clean()
        with pytest.raises(IntegrityError, match="one_person_a_credential_number"), transaction.atomic():
            copy.save()
    with pytest.raises(MayNotReview, match="No credential of Clara Too is checked"):
        approve(make.request(), second)


# way 5


def test_a_superuser_who_is_not_a_reviewer_cannot_approve() -> None:
    request = make.request()
    with pytest.raises(MayNotReview, match=r"Root is not a reviewer. A registrar first enters the reviewer"):
        request.approve(by=people.superuser(), digest=request.revision.digest)
    refused_and_unwritten(request)


def test_a_superuser_who_made_themselves_a_reviewer_without_a_check_cannot_approve() -> None:
    request, root = make.request(), people.superuser()
    reviewer = Reviewer.objects.create(user=root, name="Root", slug="root", specialty="None", since=make.today())
    with pytest.raises(MayNotReview, match="No credential of Root is checked"):
        approve(request, reviewer)
    Credential.objects.create(reviewer=reviewer, profession="Physician", register="Test Register", number="ROOT")
    with pytest.raises(MayNotReview, match="No credential of Root is checked"):
        approve(request, reviewer)
    refused_and_unwritten(request)


def test_a_reviewer_outside_the_clinicians_cannot_approve() -> None:
    request, clara = make.request(), people.clinician()
    clara.user.groups.clear()
    former = Reviewer.objects.get(pk=clara.pk)
    with pytest.raises(NotAllowed, match=r"Clara may not review. Ask an administrator"):
        approve(request, former)
    refused_and_unwritten(request)


@pytest.mark.parametrize("who", ["author", "publisher", "registrar", "moderator", "reader"])
def test_nobody_else_approves(who: str) -> None:
    request = make.request()
    with pytest.raises(NotAllowed, match="may not review"):
        request.approve(by=getattr(people, who)(), digest=request.revision.digest)
    refused_and_unwritten(request)


def test_a_closed_account_approves_nothing() -> None:
    request, clara = make.request(), people.clinician()
    clara.user.close(by=clara.user)
    with pytest.raises((NotAllowed, MayNotReview)):
        approve(request, Reviewer.objects.get(pk=clara.pk))
    refused_and_unwritten(request)


# way 6


def test_an_approval_needs_a_check_that_has_not_expired() -> None:
    clara = people.clinician()
    day = make.today()
    fresh = Credential.objects.create(reviewer=clara, profession="Physician", register="Other Register", number="1")
    clara.credentials.exclude(pk=fresh.pk).get().revoke(
        by=people.registrar(), from_day=day - 700 * DAY, why="Moved to another register."
    )
    fresh.record_check(by=people.registrar(), valid_from=day - 90 * DAY, valid_until=day - 2 * DAY)
    request = make.request()
    with pytest.raises(MayNotReview, match=f"is checked as valid on {day:%-d %B %Y}. Ask a registrar to check it"):
        approve(request, clara, signed_on=day)
    refused_and_unwritten(request)
    fresh.record_check(by=people.registrar(), valid_from=day - 90 * DAY, valid_until=day + 2 * DAY)
    assert approve(request, clara).credential_check.credential == fresh


def test_an_approval_counts_on_the_first_and_the_last_day_of_the_check() -> None:
    clara = people.clinician()
    check, revision = clara.credentials.get().checks.get(), make.revision()
    assert check.valid_until is not None
    assert clara.may_review(revision, on=check.valid_from) == check
    assert clara.may_review(revision, on=check.valid_until) == check
    for day in (check.valid_from - DAY, check.valid_until + DAY):
        with pytest.raises(MayNotReview, match="No credential of Clara Test, MD"):
            clara.may_review(revision, on=day)


def test_a_revoked_credential_approves_nothing_from_that_day_on() -> None:
    request, clara = make.request(), people.clinician()
    day = make.today()
    clara.credentials.get().revoke(by=people.registrar(), from_day=day - 10 * DAY, why="Struck off.")
    for signed_on in (day, day - 10 * DAY):
        with pytest.raises(MayNotReview, match="No credential of Clara Test, MD is checked as valid"):
            approve(request, clara, signed_on=signed_on)
    # Nor with an earlier day: whoever records a signature is licensed when they do.
    with pytest.raises(MayNotReview, match="No credential of Clara Test, MD is checked as valid"):
        approve(request, clara, signed_on=day - 11 * DAY)
    refused_and_unwritten(request)


def test_a_signing_day_before_the_check_is_refused() -> None:
    request, clara = make.request(), people.clinician()
    early = clara.credentials.get().checks.get().valid_from - DAY
    with pytest.raises(MayNotReview, match=f"is checked as valid on {early:%-d %B %Y}"):
        approve(request, clara, signed_on=early)
    refused_and_unwritten(request)


# way 22


def test_a_signing_day_that_has_not_come_in_utc_is_refused(moved_clock: Clock) -> None:
    request, clara, day = make.request(), people.clinician(), make.today()
    moved_clock.move(dt.datetime.combine(day - DAY, dt.time(23, 30), dt.UTC))
    with pytest.raises(Refusal, match=f"The signing day, {day:%-d %B %Y}, has not come yet"):
        approve(request, clara, signed_on=day)
    moved_clock.reset()
    refused_and_unwritten(request)


# What an approval may say


@pytest.mark.parametrize("months", [-1, 0, 37, 1200])
def test_an_approval_holds_for_one_to_thirty_six_months(months: int) -> None:
    request = make.request()
    with pytest.raises(Refusal, match=f"An approval holds for 1 to 36 months, not {months}"):
        approve(request, people.clinician(), months=months)
    refused_and_unwritten(request)


def test_evidence_is_not_searched_after_the_signing_day() -> None:
    request, clara, day = make.request(), people.clinician(), make.today()
    with pytest.raises(Refusal, match="“Evidence searched up to” lies after the signing day"):
        approve(request, clara, signed_on=day - 9 * DAY, evidence_to=day - 8 * DAY)
    refused_and_unwritten(request)
    review = approve(request, clara, signed_on=day - 9 * DAY, evidence_to=day - 9 * DAY)
    assert review.evidence_to == day - 9 * DAY


@pytest.mark.parametrize("conflicts", ["", "  \n"])
def test_silence_about_conflicts_is_no_declaration(conflicts: str) -> None:
    request = make.request()
    with pytest.raises(Refusal, match="Declare conflicts of interest, or write “None declared”"):
        approve(request, people.clinician(), conflicts=conflicts)
    refused_and_unwritten(request)


# Changes only (way 31)


def test_a_review_of_changes_only_rests_on_the_whole_page_approval_and_ends_with_it() -> None:
    first = make.review(signed_on=make.today() - 60 * DAY, months=18)
    review = approve(second_version(first), people.clinician(), scope=Review.Scope.CHANGES_ONLY, months=36)
    assert (review.base, review.next_due) == (first, first.next_due)


def test_a_review_of_changes_only_rests_on_the_newest_whole_page_approval() -> None:
    first = make.review(signed_on=make.today() - 60 * DAY)
    again = make.review(first.revision, by=people.clinician("Dora"))
    review = approve(second_version(first), people.clinician(), scope=Review.Scope.CHANGES_ONLY)
    assert review.base == again


def test_a_review_of_changes_only_needs_a_whole_page_approval() -> None:
    request = make.request()
    with pytest.raises(Refusal, match=r"No earlier version was approved as a whole page. Review the whole page"):
        approve(request, people.clinician(), scope=Review.Scope.CHANGES_ONLY)
    refused_and_unwritten(request)


def test_a_whole_page_approval_that_was_revoked_carries_no_changes() -> None:
    first = make.review(by=people.clinician("Dora"))
    first.credential_check.credential.revoke(by=people.registrar(), from_day=first.signed_on, why="Struck off.")
    request = second_version(first)
    with pytest.raises(Refusal, match="No earlier version was approved as a whole page"):
        approve(request, people.clinician(), scope=Review.Scope.CHANGES_ONLY)
    refused_and_unwritten(request)


def test_a_lapsed_whole_page_approval_carries_no_changes() -> None:
    first = make.review(signed_on=make.today() - 400 * DAY)
    request = second_version(first)
    with pytest.raises(Refusal, match="The whole-page approval this rests on is not in date that day"):
        approve(request, people.clinician(), scope=Review.Scope.CHANGES_ONLY)
    with pytest.raises(Refusal, match="The whole-page approval this rests on is not in date that day"):
        approve(request, people.clinician(), scope=Review.Scope.CHANGES_ONLY, signed_on=first.signed_on - DAY)
    refused_and_unwritten(request)


# way 34


@pytest.mark.owner
def test_a_text_that_does_not_match_its_digest_is_not_signed() -> None:
    request, clara = make.request(), people.clinician()
    tamper(("UPDATE articles_revision SET html = replace(html, 'early', 'late') WHERE id = %s", [request.revision_id]))
    request = ReviewRequest.objects.get(pk=request.pk)
    with pytest.raises(Refusal, match=r"The stored text does not match its digest. Do not sign"):
        approve(request, clara)
    refused_and_unwritten(request)


def test_an_approval_publishes_nothing(client: Client) -> None:
    review = make.review()
    assert not Publication.objects.exists()
    assert client.get(Article.objects.get(pk=review.revision.article_id).get_absolute_url()).status_code == 404
