"""Reminders: who is told what, how long before, once each, and by how many machines."""

import datetime as dt
import io

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts import clock
from accounts.models import Letter, User
from reviews import reminders
from reviews.models import Publication, Reminder, Review, ReviewRequest
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PEOPLE, together

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)
QUEUE = "http://testserver/admin/reviews/reviewrequest/\n"


def told() -> list[tuple[str, str]]:
    """Run the reminders: to whom, and about what."""
    return [(letter.to.split("@")[0], letter.subject) for letter in reminders.write()]


def names() -> set[str]:
    """Run the reminders: to whom."""
    return {name for name, _ in told()}


def public(slug: str = "prognosis", **decision: object) -> Publication:
    """A public page whose review ends in so many months."""
    return make.publication(make.review(make.revision(make.article(slug), question=f"What about {slug}?"), **decision))


def end(publication: Publication) -> dt.date:
    """The day its review ends."""
    assert publication.review.next_due is not None
    return publication.review.next_due


def again(publication: Publication, **decision: object) -> Review:
    """The same text, approved once more."""
    request = ReviewRequest.objects.ask(publication.review.revision, by=people.author())
    return request.approve(by=people.clinician().user, digest=publication.review.digest, **decision)  # type: ignore[arg-type]


# Reviews


def test_the_reviewer_is_told_60_30_and_7_days_before_and_weekly_after_and_in_the_end_the_publishers(
    moved_clock: Clock,
) -> None:
    page, _ = public(), people.publisher()
    both = {"clara", "petra"}
    table = {60: {"clara"}, 30: {"clara"}, 7: both, 0: both, -7: both, -14: both}
    found = {}
    for days in (61, 60, 59, 31, 30, 29, 8, 7, 6, 1, 0, -1, -6, -7, -8, -14):
        moved_clock.move(end(page) - days * DAY)
        found[days] = names()
        assert not found[days] or names() == set(), "told twice on one day"
    assert {days: people_told for days, people_told in found.items() if people_told} == table
    assert Reminder.objects.count() == 2 + 2 * 4


def test_a_stage_that_was_missed_is_caught_up_once(moved_clock: Clock) -> None:
    page = public()
    for days, expected in {45: {"clara"}, 20: {"clara"}, 19: set(), 4: {"clara", "petra"}, 3: set()}.items():
        moved_clock.move(end(page) - days * DAY)
        assert names() == expected, days
    # After three weeks without a machine one letter tells of today, not of each week.
    moved_clock.move(end(page) + 23 * DAY)
    assert told() == [
        ("clara", "Review lapsed: What about prognosis?"),
        ("petra", "Review lapsed: What about prognosis?"),
    ]


def test_one_letter_lists_every_page_with_its_day_its_address_and_who_has_it(moved_clock: Clock) -> None:
    clara, dora = people.clinician(), people.clinician("Dora")
    first, second, third = public("first"), public("second"), public("third")
    ReviewRequest.objects.ask(second.review.revision, by=people.author())
    moved_clock.move(end(first) - 6 * DAY)
    ReviewRequest.objects.ask(third.review.revision, by=people.author()).claim(by=dora.user)
    Letter.objects.all().delete()
    assert told() == [("clara", "3 pages need a review"), ("petra", "3 pages need a review")]
    letter = Letter.objects.get(to=clara.user.email)
    day = f"{end(first):%-d %B %Y}, in 6 days."
    blocks = letter.body.split("\n\n")
    assert blocks[1:-2] == [
        f"What about {slug}?\nIts review ends on {day}\n{in_hand}\nhttp://testserver"
        + reverse("admin:articles_article_change", args=[page.article_id])
        for slug, page, in_hand in [
            ("first", first, "Nobody has asked for a review yet."),
            ("second", second, "It waits in the queue; nobody has claimed it."),
            ("third", third, "Dora Test, MD has claimed it."),
        ]
    ]
    assert letter.body.endswith(QUEUE)


def test_a_page_that_comes_up_after_the_letter_of_the_day_is_told_the_day_after(moved_clock: Clock) -> None:
    public("first", months=1)
    assert names() == {"clara"}
    page = public("second", months=1)
    assert names() == set()
    moved_clock.move(dt.datetime.now(dt.UTC) + DAY)
    assert told() == [("clara", "Review due: What about second?")]
    assert Reminder.objects.filter(key__contains=f"page-{page.article_id}-").count() == 1


def test_after_a_new_review_the_stages_start_anew(moved_clock: Clock) -> None:
    page = public(months=1)
    assert names() == {"clara"}
    review = again(page, months=3)
    Letter.objects.all().delete()
    assert names() == set()
    assert review.next_due is not None
    moved_clock.move(review.next_due - 59 * DAY)
    assert names() == {"clara"}


def test_of_a_page_that_readers_do_not_see_nobody_is_told() -> None:
    public("gone", months=1).withdraw(by=people.publisher(), why="A wrong figure.")
    make.review(make.revision(make.article("approved")), months=1)
    make.publication(make.review(make.revision(make.article("later")), months=1), live_from=clock.read() + DAY)
    assert told() == []


def test_a_revoked_credential_is_an_end_too() -> None:
    page = public()
    check = page.review.credential_check
    check.credential.record_check(
        by=people.registrar(), valid_from=make.today() - 9 * DAY, valid_until=make.today() + 700 * DAY
    )
    assert told() == []
    check.credential.revoke(by=people.registrar(), from_day=make.today() + 5 * DAY, why="Retired.")
    assert names() == {"clara", "petra"}


def test_a_closed_account_gets_no_letter_and_the_publishers_hear_in_its_stead(moved_clock: Clock) -> None:
    page, other = public(), people.person("paul@example.org", "Publishers")
    User.objects.filter(pk=other.pk).update(is_active=False)
    people.clinician().user.close(by=people.superuser())
    moved_clock.move(end(page) - 60 * DAY)
    assert names() == {"petra"}


# Claims


def test_a_claim_is_called_to_mind_once_before_it_falls_back_and_once_after(moved_clock: Clock) -> None:
    request, clara = make.request(), people.clinician().user
    request.claim(by=clara)
    claimed_at = request.claimed_at
    assert claimed_at is not None
    found = {}
    for days in (4, 5, 6, 7, 8, 30):
        moved_clock.move(claimed_at + days * DAY)
        found[days] = told()
    assert {days: letters for days, letters in found.items() if letters} == {
        5: [("clara", "Your claim ends soon")],
        7: [("clara", "Your claim fell back to the queue")],
    }
    letter = Letter.objects.get(subject="Your claim ends soon")
    assert f"falls back on {claimed_at + 7 * DAY:%-d %B %Y at %H:%M} UTC" in letter.body
    assert f"http://testserver{reverse('admin:reviews_reviewrequest_change', args=[request.pk])}" in letter.body
    assert letter.body.endswith(QUEUE)
    # Another claim is another matter; one that is decided is none.
    request.hand_back(by=clara)
    request.claim(by=clara)
    moved_clock.move(claimed_at + 35 * DAY)
    assert names() == {"clara"}
    ReviewRequest.objects.filter(pk=request.pk).update(
        closed_at=clock.read(), closed_by=clara, outcome=ReviewRequest.Outcome.REPLACED
    )
    moved_clock.move(claimed_at + 40 * DAY)
    assert told() == []


# Checks


def test_a_check_that_runs_out_is_told_to_the_reviewer_and_the_registrars(moved_clock: Clock) -> None:
    people.clinician()
    until = make.today() + 730 * DAY
    both = {"clara", "rita"}
    found = {}
    for days in (61, 60, 31, 30, 8, 7, 0, -1, -30):
        moved_clock.move(until - days * DAY)
        found[days] = names()
        assert not found[days] or names() == set(), "told twice on one day"
    assert {days: people_told for days, people_told in found.items() if people_told} == {60: both, 30: both, 7: both}
    mine, registrars = (Letter.objects.filter(to__startswith=name).latest("pk") for name in ("clara", "rita"))
    for letter in (mine, registrars):
        assert letter.subject == "A check of a credential runs out"
        assert "Clara Test, MD: Physician, Test Register, no. CLARA\n" in letter.body
        assert f"until {until:%-d %B %Y}" in letter.body
    assert mine.body.endswith(QUEUE)
    assert registrars.body.endswith(f"http://testserver{reverse('admin:reviews_credential_changelist')}\n")


def test_a_check_is_not_told_where_a_longer_one_stands_it_was_revoked_or_the_account_is_closed(
    moved_clock: Clock,
) -> None:
    dates = {"valid_from": make.today(), "valid_until": make.today() + 20 * DAY}
    for name in ("Clara", "Dora", "Emma", "Frida"):
        people.clinician(name).credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="An error.")
        people.clinician(name).credentials.get().record_check(by=people.registrar(), **dates)
    longer = {**dates, "valid_until": make.today() + 400 * DAY}
    people.clinician("Dora").credentials.get().record_check(by=people.registrar(), **longer)
    people.clinician("Emma").credentials.get().revoke(
        by=people.registrar(), from_day=make.today() + 10 * DAY, why="Retires."
    )
    people.clinician("Frida").user.close(by=people.superuser())
    assert names() == {"clara", "rita"}
    letter = Letter.objects.get(to=people.registrar().email)
    assert [name for name in ("Clara", "Dora", "Emma", "Frida") if name in letter.body] == ["Clara"]
    # A machine that was off for the last week tells it late, but does tell it.
    moved_clock.move(dates["valid_until"] + 3 * DAY)
    assert names() == {"clara", "rita"}
    assert "which is past" in Letter.objects.latest("pk").body


# The command, and many of them


def test_a_dry_run_says_who_would_be_told_and_writes_nothing() -> None:
    public(months=1)
    before = Letter.objects.count()
    for words, written in ((["--dry-run"], 0), ([], 1), ([], 1)):
        printed = io.StringIO()
        call_command("send_reminders", *words, stdout=printed)
        assert (Letter.objects.count() - before, Reminder.objects.count()) == (written, written)
        if words:
            assert printed.getvalue() == "clara@example.org: Review due: What about prognosis?\nWould be written: 1.\n"
    assert printed.getvalue() == "Written: 0.\n"


def test_a_letter_and_the_note_of_it_are_written_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    public(months=1)
    people.publisher()
    before = Letter.objects.count()

    def breaks(*rows: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr(Reminder.objects, "bulk_create", breaks)
        with pytest.raises(ZeroDivisionError):
            reminders.write()
    assert (Letter.objects.count(), Reminder.objects.count()) == (before, 0)
    assert names() == {"clara"}


def test_two_machines_on_either_side_of_midnight_tell_it_once(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock
) -> None:
    public(months=1)
    assert names() == {"clara"}
    moved_clock.move(dt.datetime.now(dt.UTC) + DAY)
    # The second machine looked before the first one had written, so only the database can stop it.
    monkeypatch.setattr(Reminder.objects, "told", lambda keys: set())
    assert told() == []
    assert Letter.objects.filter(subject__startswith="Review due").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_machines_at_once_tell_everybody_everything_once() -> None:
    clara = people.clinician().user
    for slug in ("first", "second"):
        public(slug, months=1)
    # The end comes so near that the publishers are told too.
    people.clinician().credentials.get().revoke(by=people.registrar(), from_day=make.today() + 5 * DAY, why="Retires.")
    before = Letter.objects.count()
    results = together([lambda: len(reminders.write())] * min(PEOPLE, 8))
    assert all(isinstance(result, int) for result in results), results
    assert sum(result for result in results if isinstance(result, int)) == 2
    letters = Letter.objects.order_by("pk")[before:]
    assert {letter.to for letter in letters} == {clara.email, people.publisher().email}
    assert all("first" in letter.body and "second" in letter.body for letter in letters)
    assert (len(letters), Reminder.objects.count()) == (2, 4)
