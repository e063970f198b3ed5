"""Where a page stands, and what its stamp says on a day: computed, never stored (ways 22 and 23)."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import clock
from articles.models import Article
from reviews.models import Publication, Review, ReviewRequest
from reviews.standing import Stamp, Standing, standing_of, with_facts
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)
SIGNED, DUE = dt.date(2025, 3, 1), dt.date(2026, 3, 1)


def stamp(today: dt.date, *, revoked_on: dt.date | None = None, signed_on: dt.date = SIGNED) -> Stamp:
    return Stamp("Clara Test, MD", "Haematologist", "clara", signed_on, DUE, revoked_on, today)


def shown(article: Article) -> Stamp:
    """The stamp that readers see."""
    return Stamp.of(Publication.objects.live().get(article=article))


def standing(article: Article) -> Standing:
    return standing_of(with_facts(Article.objects.all()).get(pk=article.pk), clock.today())


def changed(article: Article, **decision: Any) -> Review:
    """An approved later version of the page."""
    return make.review(make.revision(article, body="Changed words [1](#source-1)."), **decision)


def midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(0), dt.UTC)


# The stamp on a day


@pytest.mark.parametrize(
    ("today", "expected"),
    [
        (SIGNED, Standing.PUBLISHED),
        (DUE - 61 * DAY, Standing.PUBLISHED),
        (DUE - 60 * DAY, Standing.DUE),
        (DUE - DAY, Standing.DUE),
        (DUE, Standing.OVERDUE),
        (DUE + 400 * DAY, Standing.OVERDUE),
    ],
)
def test_a_review_is_due_sixty_days_before_and_lapses_on_the_day(today: dt.date, expected: Standing) -> None:
    assert stamp(today).standing == expected
    assert stamp(today).in_date is (expected != Standing.OVERDUE)


@pytest.mark.parametrize(
    ("today", "elapsed"), [(SIGNED, 0), (dt.date(2025, 8, 30), 50), (DUE - DAY, 100), (DUE, 100), (DUE + DAY, 100)]
)
def test_the_dial_shows_how_much_of_the_period_is_over(today: dt.date, elapsed: int) -> None:
    assert stamp(today).elapsed == elapsed
    assert stamp(today).left == 100 - elapsed


def test_the_dial_stays_empty_on_a_day_before_the_signing() -> None:
    assert stamp(SIGNED - 9 * DAY).elapsed == 0


def test_days_overdue_are_counted_from_the_day_it_lapsed() -> None:
    assert [stamp(DUE + days * DAY).days_overdue for days in (-5, 0, 1, 30)] == [0, 0, 1, 30]


@pytest.mark.parametrize(
    ("today", "months"),
    [(SIGNED, 0), (dt.date(2025, 3, 31), 0), (dt.date(2025, 4, 1), 1), (dt.date(2026, 2, 28), 11), (DUE, 12)],
)
def test_months_since_the_signing_are_whole_ones(today: dt.date, months: int) -> None:
    assert stamp(today).months_since == months


def test_the_period_is_told_in_months() -> None:
    assert stamp(SIGNED).period_months == 12
    assert stamp(SIGNED, signed_on=dt.date(2025, 9, 1)).period_months == 6


def test_a_revocation_ends_the_review_earlier_and_says_so() -> None:
    revoked = SIGNED + 100 * DAY
    before, after = stamp(revoked - DAY, revoked_on=revoked), stamp(revoked, revoked_on=revoked)
    assert before.lapses_on == after.lapses_on == revoked
    assert before.standing == Standing.DUE
    assert not before.credential_revoked
    assert after.standing == Standing.OVERDUE
    assert after.credential_revoked


def test_a_revocation_after_the_review_lapsed_is_not_the_reason() -> None:
    late = stamp(DUE + 9 * DAY, revoked_on=DUE + 5 * DAY)
    assert late.lapses_on == DUE
    assert not late.credential_revoked


# Where a page stands


def test_a_page_without_a_text_is_a_draft() -> None:
    assert standing(make.article()) == Standing.DRAFT


def test_a_written_page_is_a_draft_until_somebody_asks() -> None:
    assert standing(make.revision().article) == Standing.DRAFT


def test_a_page_in_the_queue_is_in_review() -> None:
    assert standing(make.request().revision.article) == Standing.IN_REVIEW


def test_a_page_sent_back_is_a_draft_again() -> None:
    request = make.request()
    request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")
    assert standing(request.revision.article) == Standing.DRAFT


def test_a_page_taken_back_is_a_draft_again() -> None:
    request = make.request()
    request.take_back(by=people.author())
    assert standing(request.revision.article) == Standing.DRAFT


def test_an_approved_page_is_reviewed_and_not_published() -> None:
    assert standing(make.review().revision.article) == Standing.REVIEWED


def test_a_page_edited_after_its_approval_is_a_draft_again() -> None:
    article = make.review().revision.article
    make.revision(article, body="Words nobody read [1](#source-1).")
    assert standing(article) == Standing.DRAFT


def test_an_approval_that_was_revoked_is_none() -> None:
    review = make.review()
    review.credential_check.credential.revoke(by=people.registrar(), from_day=review.signed_on, why="Struck off.")
    assert standing(review.revision.article) == Standing.DRAFT


def test_a_page_with_a_later_hour_is_reviewed_until_then(moved_clock: Clock) -> None:
    hour = clock.read() + 2 * DAY
    article = make.publication(live_from=hour).article
    assert standing(article) == Standing.REVIEWED
    moved_clock.move(hour)
    assert standing(article) == Standing.PUBLISHED


def test_a_public_page_is_published_whatever_is_written_or_asked_meanwhile() -> None:
    article = make.publication().article
    assert standing(article) == Standing.PUBLISHED
    newer = make.revision(article, body="Newer words [1](#source-1).")
    assert standing(article) == Standing.PUBLISHED
    make.request(newer)
    assert standing(article) == Standing.PUBLISHED


# way 23
def test_a_public_page_falls_due_and_lapses_by_the_day_alone(moved_clock: Clock, client: Client) -> None:
    publication = make.publication()
    article, due = publication.article, publication.review.next_due
    assert due is not None
    rows = (Review.objects.count(), Publication.objects.count(), ReviewRequest.objects.count())
    for day, expected in [(due - 61 * DAY, "PUBLISHED"), (due - 60 * DAY, "DUE"), (due, "OVERDUE")]:
        moved_clock.move(midnight(day))
        assert standing(article) == shown(article).standing == Standing[expected]
        page = client.get(article.get_absolute_url()).content.decode()
        assert ("Medically reviewed summary" in page) is (expected != "OVERDUE")
        assert ("(review lapsed)" in page) is (expected == "OVERDUE")
    assert rows == (Review.objects.count(), Publication.objects.count(), ReviewRequest.objects.count())


def test_a_withdrawn_page_is_withdrawn_whatever_was_approved_since() -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    assert standing(publication.article) == Standing.WITHDRAWN
    changed(publication.article)
    assert standing(publication.article) == Standing.WITHDRAWN


def test_a_page_whose_approval_turned_out_to_be_none_is_withdrawn() -> None:
    review = make.publication().review
    review.credential_check.credential.revoke(by=people.registrar(), from_day=review.signed_on, why="Struck off.")
    assert standing(review.revision.article) == Standing.WITHDRAWN


def test_a_page_cancelled_before_its_hour_is_reviewed() -> None:
    publication = make.publication(live_from=clock.read() + 2 * DAY)
    publication.withdraw(by=people.publisher(), why="Not yet.")
    assert standing(publication.article) == Standing.REVIEWED


def test_the_standings_of_all_pages_take_one_query(django_assert_num_queries: Any) -> None:
    make.publication()
    make.request(make.revision(make.article("survival")))
    make.article("empty")
    with django_assert_num_queries(1):
        found = {row.slug: standing_of(row, make.today()) for row in with_facts(Article.objects.all())}
    assert found == {"prognosis": Standing.PUBLISHED, "survival": Standing.IN_REVIEW, "empty": Standing.DRAFT}


# Which event moves which date


def test_a_stamp_tells_who_signed_as_what_when_and_until_when() -> None:
    review = make.publication(make.review(signed_on=make.today() - 30 * DAY, months=6)).review
    seen = shown(review.revision.article)
    assert (seen.reviewer, seen.role, seen.slug) == ("Clara Test, MD", "Haematologist, Test Hospital", "clara")
    assert (seen.signed_on, seen.next_due, seen.revoked_on) == (review.signed_on, review.next_due, None)


def test_a_new_review_of_the_unchanged_text_moves_the_stamp_without_a_publication() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 300 * DAY))
    again = make.review(publication.review.revision, by=people.clinician("Dora"), months=24)
    seen = shown(publication.article)
    assert (seen.reviewer, seen.signed_on, seen.next_due) == ("Dora Test, MD", again.signed_on, again.next_due)
    assert Publication.objects.count() == 1


def test_a_new_review_makes_an_overdue_page_current() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 400 * DAY))
    assert standing(publication.article) == Standing.OVERDUE
    make.review(publication.review.revision)
    assert standing(publication.article) == Standing.PUBLISHED


def test_an_older_review_recorded_later_does_not_move_the_stamp_back() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 10 * DAY))
    make.review(publication.review.revision, by=people.clinician("Dora"), signed_on=make.today() - 20 * DAY)
    assert shown(publication.article).reviewer == "Clara Test, MD"


def test_a_review_of_another_version_does_not_move_the_stamp() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    changed(publication.article, by=people.clinician("Dora"))
    seen = shown(publication.article)
    assert (seen.reviewer, seen.signed_on) == ("Clara Test, MD", publication.review.signed_on)


def test_a_request_for_changes_does_not_move_the_stamp() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    request = make.request(publication.review.revision)
    request.ask_for_changes(by=people.clinician("Dora").user, digest=request.revision.digest, reason="Too long.")
    assert shown(publication.article).reviewer == "Clara Test, MD"


# way 31
def test_a_review_of_changes_only_moves_nothing_of_the_stamp() -> None:
    first = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    before = shown(first.article)
    second = make.publication(changed(first.article, by=people.clinician("Dora"), scope=Review.Scope.CHANGES_ONLY))
    assert shown(first.article) == before
    assert Publication.objects.live().get() == second


def test_the_stamp_follows_the_whole_page_review_that_comes_after_one_of_changes_only() -> None:
    first = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    second = make.publication(changed(first.article, scope=Review.Scope.CHANGES_ONLY)).review
    make.review(second.revision, by=people.clinician("Dora"))
    assert shown(first.article).reviewer == "Dora Test, MD"


# way 6
def test_a_review_of_changes_only_lapses_with_the_credential_of_whoever_signed_it() -> None:
    first = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    dora = people.clinician("Dora")
    make.publication(
        changed(first.article, by=dora, scope=Review.Scope.CHANGES_ONLY, signed_on=make.today() - 20 * DAY)
    )
    dora.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 10 * DAY, why="Struck off.")
    assert standing(first.article) == Standing.OVERDUE


def test_changes_whose_approval_turned_out_to_be_none_are_not_shown() -> None:
    first = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    dora = people.clinician("Dora")
    second = make.publication(changed(first.article, by=dora, scope=Review.Scope.CHANGES_ONLY)).review
    dora.credentials.get().revoke(by=people.registrar(), from_day=second.signed_on, why="Struck off.")
    assert not Publication.objects.live().exists()
    assert standing(first.article) == Standing.WITHDRAWN


def test_changes_are_not_shown_when_the_page_under_them_lost_its_approval() -> None:
    dora = people.clinician("Dora")
    first = make.publication(make.review(by=dora, signed_on=make.today() - 30 * DAY))
    make.publication(changed(first.article, scope=Review.Scope.CHANGES_ONLY))
    dora.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 30 * DAY, why="Struck off.")
    assert not Publication.objects.live().exists()


def test_a_name_changed_later_stands_as_it_was_signed() -> None:
    publication = make.publication()
    clara = people.clinician()
    clara.name, clara.suffix, clara.specialty = "Clara Married", "PhD", "Retired"
    clara.save()
    seen = shown(publication.article)
    assert (seen.reviewer, seen.role) == ("Clara Test, MD", "Haematologist, Test Hospital")


# way 22


@pytest.mark.parametrize("offset", [-12 * 60, 0, 14 * 60])
def test_a_day_begins_and_ends_in_utc_wherever_the_reader_is(offset: int, moved_clock: Clock, client: Client) -> None:
    publication = make.publication()
    article, due = publication.article, publication.review.next_due
    assert due is not None
    with timezone.override(timezone.get_fixed_timezone(offset)):
        for hour in (dt.time(0), dt.time(10, 30), dt.time(23, 59, 59)):
            moved_clock.move(dt.datetime.combine(due - DAY, hour, dt.UTC))
            assert shown(article).today == due - DAY
            assert standing(article) == Standing.DUE
            page = client.get(article.get_absolute_url()).content.decode()
            assert f'<time datetime="{publication.review.signed_on.isoformat()}">' in page
            assert "(review lapsed)" not in page
        moved_clock.move(midnight(due))
        assert shown(article).today == due
        assert standing(article) == Standing.OVERDUE
        assert "(review lapsed)" in client.get(article.get_absolute_url()).content.decode()


def test_no_stamp_is_dated_after_the_day_on_which_it_is_read() -> None:
    seen = shown(make.publication().article)
    assert seen.signed_on <= seen.today
