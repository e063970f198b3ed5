"""A public page whose review falls due comes into the queue by itself, and a clinician takes it up."""

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts import clock
from accounts.models import Letter
from accounts.refusals import NotAllowed
from reviews import waiting
from reviews.models import Publication, Review, Reviewer, ReviewRequest
from reviews.models.people import MayNotReview
from reviews.onlooker import Onlooker
from reviews.refusals import Moved
from reviews.standing import Stamp, Standing
from reviews.waiting import Waiting
from tests import make, people
from tests.conftest import Clock
from tests.crowd import together

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Settings) -> None:
    settings.ROUNDS_DEMO = True


DAY = dt.timedelta(1)


def page(slug: str = "prognosis", *, late: int = 0) -> Publication:
    """A public page whose review is due within a month, or lapsed so many days ago."""
    signed_on = make.today() - dt.timedelta(31 + late) if late else make.today()
    return make.publication(make.review(make.revision(make.article(slug)), signed_on=signed_on, months=1))


def queue() -> list[Waiting]:
    """What waits, as Clara sees it."""
    now = clock.read()
    return waiting.everything(Onlooker.of(people.clinician().user, now.date()), now, waiting.lapses(now.date()))


def test_a_page_comes_into_the_queue_sixty_days_before_its_review_lapses_and_stays(moved_clock: Clock) -> None:
    publication = make.publication()
    due = publication.review.next_due
    assert due is not None
    moved_clock.move(due - 61 * DAY)
    assert queue() == []
    for day in (due - 60 * DAY, due, due + 2000 * DAY):
        moved_clock.move(day)
        (row,) = queue()
        assert (row.request, row.article, row.due_on) == (None, publication.article_id, due)
        assert (row.why, row.overdue, row.lapsed) == ("Due again, unchanged", day >= due, day >= due)
    assert not ReviewRequest.objects.open()


def test_only_what_readers_see_comes_into_the_queue_and_on_the_day_it_lapses_for_them() -> None:
    today = make.today()
    gone, again, vince, vera = page("gone"), page("again"), people.clinician("Vince"), people.clinician("Vera")
    make.publication(make.review(make.revision(make.article("void")), by=vince))
    make.publication(make.review(make.revision(make.article("later")), months=1), live_from=clock.read() + DAY)
    first = make.publication(make.review(make.revision(make.article("first")), by=vera))
    typo = make.revision(first.article, body="A typo [1](#source-1).")
    small = make.publication(make.review(typo, scope="changes"))
    gone.withdraw(by=people.publisher(), why="A figure was wrong.")
    make.review(again.review.revision, by=people.clinician("Dora"))
    vince.credentials.get().revoke(by=people.registrar(), from_day=today, why="Struck off.")
    vera.credentials.get().revoke(by=people.registrar(), from_day=today + 20 * DAY, why="Retires.")
    live = {row.pk: Stamp.of(row) for row in Publication.objects.live()}
    assert live.keys() == {again.pk, small.pk}
    due = {pk: stamp.lapses_on for pk, stamp in live.items() if stamp.standing != Standing.PUBLISHED}
    assert due == {small.pk: today + 20 * DAY}
    assert {row.publication: row.day for row in waiting.lapses(today)} == due


def test_claiming_it_makes_one_claimed_request_for_the_text_readers_see_and_no_letter_to_all() -> None:
    publication, clara = page(late=3), people.clinician("Clara")
    people.clinician("Dora")
    Letter.objects.all().delete()
    browser = Client()
    browser.force_login(clara.user)
    answer = browser.post(reverse("admin:desk_due_again", args=[publication.pk]))
    request = ReviewRequest.objects.open().get()
    assert answer.headers["Location"] == reverse("admin:reviews_reviewrequest_change", args=[request.pk])
    assert (request.revision, request.kind) == (publication.review.revision, ReviewRequest.Kind.AGAIN)
    assert (request.asked_by, request.claimed_by) == (clara.user, clara)
    assert request.due_on == publication.review.next_due
    assert not Letter.objects.exists()
    (row,) = queue()
    assert (row.request, row.mine, row.overdue, row.lapsed) == (request.pk, True, True, True)
    assert ReviewRequest.objects.due_again(publication, by=clara.user) == request  # the button, pressed twice

    review = request.approve(by=clara.user, digest=request.revision.digest)
    assert Stamp.of(Publication.objects.live().get()).signed_on == review.signed_on
    assert queue() == []


def test_of_two_only_one_has_it_and_the_other_is_told_who() -> None:
    publication, clara, dora = page(), people.clinician(), people.clinician("Dora")
    request = ReviewRequest.objects.due_again(publication, by=clara.user)
    with pytest.raises(Moved, match="Clara Test, MD has claimed this review"):
        ReviewRequest.objects.due_again(publication, by=dora.user)
    browser = Client()
    browser.force_login(dora.user)
    answer = browser.post(reverse("admin:desk_due_again", args=[publication.pk]), follow=True)
    assert "Clara Test, MD has claimed this review" in answer.content.decode()
    request.hand_back(by=clara.user)
    assert ReviewRequest.objects.due_again(publication, by=dora.user) == request
    assert ReviewRequest.objects.get(pk=request.pk).claimed_by == dora


@pytest.mark.django_db(transaction=True)
def test_of_two_who_take_it_at_once_one_gets_it_and_the_other_is_told_who() -> None:
    publication, reviewers = page(), [people.clinician(), people.clinician("Dora")]

    def take(by: Reviewer) -> object:
        return ReviewRequest.objects.due_again(Publication.objects.get(pk=publication.pk), by=by.user)

    results = together([lambda: take(reviewers[0]), lambda: take(reviewers[1])])
    request = ReviewRequest.objects.open().get()
    assert [result for result in results if isinstance(result, ReviewRequest)] == [request]
    (refusal,) = (result for result in results if isinstance(result, Moved))
    assert f"{request.claimed_by} has claimed this review" in str(refusal)


def test_a_change_under_way_keeps_the_page_from_standing_there_twice_and_its_row_tells_of_the_lapse() -> None:
    publication, clara = page(late=3), people.clinician()
    asked = make.request(make.revision(publication.article, body="Newer words [1](#source-1)."))
    (row,) = queue()
    assert (row.request, row.kind, row.lapsed) == (asked.pk, "change", True)
    assert row.lapse is not None
    assert row.lapse.day == publication.review.next_due
    with pytest.raises(Moved, match="Version 2 of this page waits for a review already"):
        ReviewRequest.objects.due_again(publication, by=clara.user)
    browser = Client()
    browser.force_login(clara.user)
    shown = browser.get(reverse("admin:reviews_reviewrequest_changelist")).content.decode()
    assert "Readers see “review lapsed” since" in shown
    asked.take_back(by=asked.asked_by)
    (row,) = queue()
    assert row.request is None


def test_nothing_is_made_of_a_page_that_is_not_due_or_not_shown() -> None:
    clara, again, gone = people.clinician(), page("again"), page("gone")
    make.review(again.review.revision, by=people.clinician("Dora"))
    with pytest.raises(Moved, match=r"Dora Test, MD reviewed this page on .* not due again before"):
        ReviewRequest.objects.due_again(again, by=clara.user)
    gone.withdraw(by=people.publisher(), why="A figure was wrong.")
    with pytest.raises(Moved, match="Readers do not see this version"):
        ReviewRequest.objects.due_again(gone, by=clara.user)
    assert not ReviewRequest.objects.open()


# ways 4, 5 and 6
def test_only_a_clinician_who_may_review_the_text_takes_it_up() -> None:
    wanda = people.clinician("Wanda", "Authors")
    publication = make.publication(make.review(make.revision(by=wanda.user), months=1))
    former, lapsed = people.clinician("Dora"), people.clinician("Lars")
    former.user.groups.remove(Group.objects.get(name="Clinicians"))
    lapsed.credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Struck off.")
    refusals = {
        wanda.user: (MayNotReview, "Nobody approves their own words"),
        Reviewer.objects.get(pk=former.pk).user: (NotAllowed, "may not review"),
        lapsed.user: (MayNotReview, "No credential of Lars Test"),
        people.author(): (NotAllowed, "may not review"),
        people.superuser(): (MayNotReview, "is not a reviewer"),
    }
    for by, (refusal, says) in refusals.items():
        with pytest.raises(refusal, match=says):
            ReviewRequest.objects.due_again(publication, by=by)
    assert not ReviewRequest.objects.open()
    assert Review.objects.count() == 1


def test_what_a_clinician_says_of_a_page_they_took_up_reaches_the_author_not_themselves() -> None:
    clara, carl = people.clinician(), people.clinician("Carl")
    first, second = page("first"), page("second")
    taken = ReviewRequest.objects.due_again(first, by=clara.user)
    taken.ask_for_changes(by=clara.user, digest=taken.revision.digest, reason="A new study says otherwise.")
    # Whoever takes the page up next is told at the desk.
    again = ReviewRequest.objects.due_again(first, by=carl.user)
    client = Client()
    client.force_login(carl.user)
    assert "“A new study says otherwise.”" in desk_of(client, again)
    handed = ReviewRequest.objects.due_again(second, by=clara.user)
    handed.hand_back(by=clara.user)
    handed.approve(by=carl.user, digest=handed.revision.digest)
    told = {(letter.to, letter.subject.split(":")[0]) for letter in Letter.objects.filter(key__regex="^(app|cha)")}
    author = people.author().email
    assert (author, "Changes asked for") in told
    assert (clara.user.email, "Changes asked for") not in told
    assert {(author, "Approved"), (clara.user.email, "Approved")} <= told
    assert "A new study says otherwise." in Letter.objects.get(subject__startswith="Changes", to=author).body


def desk_of(client: Client, request: ReviewRequest) -> str:
    """The desk for a request, as somebody gets it."""
    return client.get(reverse("admin:reviews_reviewrequest_change", args=[request.pk])).content.decode()
