"""Publishing an approved text, now or at a later hour."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts import clock
from accounts.models import Letter
from accounts.refusals import NotAllowed, Refusal
from articles.models import Article
from reviews.models import Publication, Review, Withdrawal
from reviews.refusals import Moved
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def changed(article: Article, words: str = "Changed words", **decision: Any) -> Review:
    """An approved later version."""
    return make.review(make.revision(article, body=f"{words} [1](#source-1)."), **decision)


def in_days(days: int) -> dt.datetime:
    return clock.read() + days * DAY


def live(article: Article) -> int | None:
    """The number of the version that readers see."""
    return Publication.objects.live().filter(article=article).values_list("review__revision__number", flat=True).first()


# It works


def test_a_publication_is_a_row_that_names_review_publisher_and_hour(client: Client) -> None:
    review = make.review()
    publication = review.publish(by=people.publisher())
    publication.refresh_from_db()
    assert (publication.review, publication.article) == (review, review.revision.article)
    assert publication.published_by == people.publisher()
    assert publication.live_from == publication.published_at
    assert list(Publication.objects.live()) == [publication]
    assert client.get(publication.article.get_absolute_url()).status_code == 200


def test_author_and_reviewer_get_one_letter_each() -> None:
    publication = make.publication()
    letters = Letter.objects.filter(key__startswith=f"published-{publication.pk}-")
    assert sorted(letter.to for letter in letters) == ["ada@example.org", "clara@example.org"]
    for letter in letters:
        assert letter.subject == "Published: What determines the outlook?"
        assert "Version 1 is public from" in letter.body
        assert publication.article.get_absolute_url() in letter.body


def test_a_newer_version_takes_the_place_of_the_older(client: Client) -> None:
    article = make.publication().article
    newer = make.publication(changed(article))
    assert list(Publication.objects.live()) == [newer]
    page = client.get(article.get_absolute_url()).content.decode()
    assert "Changed words" in page
    assert "An opening" not in page


def test_an_author_with_the_publishing_right_publishes_what_somebody_else_approved() -> None:
    anna = people.person("anna@example.org", "Authors", "Publishers")
    review = make.review(make.revision(by=anna))
    assert review.publish(by=anna).published_by == anna
    assert live(review.revision.article) == 1


def test_a_review_signed_on_paper_is_published_for_the_first_time_although_overdue(client: Client) -> None:
    publication = make.publication(make.review(signed_on=make.today() - 400 * DAY))
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 200
    assert "Review lapsed on" in page.content.decode()


# A later hour


def test_a_later_hour_comes_without_a_job(client: Client, moved_clock: Clock) -> None:
    hour = in_days(2)
    publication = make.publication(live_from=hour)
    address = publication.article.get_absolute_url()
    assert publication.live_from == hour
    assert client.get(address).status_code == 404
    moved_clock.move(hour - dt.timedelta(seconds=1))
    assert client.get(address).status_code == 404
    moved_clock.move(hour)
    assert client.get(address).status_code == 200
    assert live(publication.article) == 1


def test_until_the_hour_comes_readers_keep_the_older_text(client: Client, moved_clock: Clock) -> None:
    article = make.publication().article
    make.publication(changed(article), live_from=in_days(2))
    assert "An opening" in client.get(article.get_absolute_url()).content.decode()
    moved_clock.move(in_days(3))
    page = client.get(article.get_absolute_url()).content.decode()
    assert "Changed words" in page
    assert "An opening" not in page


def test_publishing_cancels_what_was_pending(moved_clock: Clock) -> None:
    review = make.review()
    article = review.revision.article
    pending = make.publication(changed(article), live_from=in_days(2))
    now = make.publication(review)
    assert pending.withdrawal.why == "Replaced by another publication."
    assert pending.withdrawal.by == people.publisher()
    moved_clock.move(in_days(3))
    assert list(Publication.objects.live()) == [now]
    assert live(article) == 1


def test_a_text_takes_the_hour_of_one_that_is_cancelled_for_it(moved_clock: Clock) -> None:
    hour = in_days(2)
    article = make.publication(live_from=hour).article
    make.publication(changed(article), live_from=hour)
    moved_clock.move(hour + dt.timedelta(seconds=1))
    assert live(article) == 2


def test_a_cancelled_text_can_be_given_its_hour_again(moved_clock: Clock) -> None:
    hour = in_days(2)
    publication = make.publication(live_from=hour)
    publication.withdraw(by=people.publisher(), why="Not yet.")
    publication.review.publish(by=people.publisher(), live_from=hour)
    moved_clock.move(hour + dt.timedelta(seconds=1))
    assert live(publication.article) == 1


@pytest.mark.parametrize("back", [dt.timedelta(0), dt.timedelta(seconds=1), 30 * DAY])
def test_an_hour_that_is_past_is_refused(back: dt.timedelta) -> None:
    review, hour = make.review(), clock.read() - back
    with pytest.raises(Refusal, match=rf"The hour {hour:%-d %B %Y %H:%M} UTC is past\. Choose a later one"):
        review.publish(by=people.publisher(), live_from=hour)
    assert not Publication.objects.exists()
    assert not Letter.objects.filter(key__startswith="published-").exists()


# way 22
def test_an_hour_in_another_time_zone_is_the_same_moment_and_is_named_in_utc() -> None:
    review = make.review()
    east = timezone.get_fixed_timezone(14 * 60)
    past = (clock.read() - DAY).astimezone(east)
    with pytest.raises(Refusal) as refusal:
        review.publish(by=people.publisher(), live_from=past)
    assert f"{past.astimezone(dt.UTC):%-d %B %Y %H:%M} UTC" in str(refusal.value)
    coming = (clock.read() + dt.timedelta(hours=1)).astimezone(east)
    publication = review.publish(by=people.publisher(), live_from=coming)
    assert publication.live_from == coming
    letter = Letter.objects.filter(key__startswith=f"published-{publication.pk}-").first()
    assert letter is not None
    assert f"{coming.astimezone(dt.UTC):%-d %B %Y %H:%M} UTC" in letter.body


# It refuses


# way 3
def test_a_text_that_readers_see_already_is_not_published_again() -> None:
    publication = make.publication()
    again = make.review(publication.review.revision, by=people.clinician("Dora"))
    for review in (publication.review, again):
        for hour in (None, in_days(1)):
            with pytest.raises(Moved, match=r"Readers already see version 1 of this page\. Nothing to publish"):
                review.publish(by=people.publisher(), live_from=hour)
    assert Publication.objects.count() == 1
    assert Letter.objects.filter(key__startswith="published-").count() == 2


def test_a_refused_publication_leaves_what_is_pending_alone() -> None:
    publication = make.publication()
    pending = make.publication(changed(publication.article), live_from=in_days(2))
    with pytest.raises(Moved, match="Readers already see version 1"):
        publication.review.publish(by=people.publisher())
    assert list(Publication.objects.pending()) == [pending]
    assert not Withdrawal.objects.exists()


def test_a_text_that_was_sent_back_is_not_published() -> None:
    request = make.request()
    review = request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")
    with pytest.raises(Refusal, match="This review asks for changes; only an approval can be published"):
        review.publish(by=people.publisher())
    assert not Publication.objects.exists()


# way 6
@pytest.mark.parametrize("days", [-30, 0, 30])
def test_an_approval_whose_credential_was_revoked_meanwhile_is_not_published(days: int) -> None:
    review = make.review(signed_on=make.today() - 10 * DAY)
    review.credential_check.credential.revoke(
        by=people.registrar(), from_day=make.today() + days * DAY, why="Struck off."
    )
    with pytest.raises(Refusal, match=r"The credential of Clara Test, MD was revoked\. Ask for a new review"):
        review.publish(by=people.publisher())
    assert not Publication.objects.exists()


def test_a_credential_checked_again_after_a_revocation_carries_new_reviews_only() -> None:
    review, clara = make.review(signed_on=make.today() - 10 * DAY), people.clinician()
    credential = clara.credentials.get()
    credential.revoke(by=people.registrar(), from_day=make.today() - 30 * DAY, why="Entered in error.")
    credential.record_check(
        by=people.registrar(), valid_from=make.today() - 30 * DAY, valid_until=make.today() + 30 * DAY
    )
    with pytest.raises(Refusal, match="The credential of Clara Test, MD was revoked"):
        review.publish(by=people.publisher())
    assert make.review(review.revision).publish(by=people.publisher()).pk


def test_changes_that_rest_on_a_revoked_approval_are_not_published() -> None:
    dora = people.clinician("Dora")
    first = make.review(by=dora)
    second = changed(first.revision.article, scope=Review.Scope.CHANGES_ONLY)
    dora.credentials.get().revoke(by=people.registrar(), from_day=first.signed_on, why="Struck off.")
    with pytest.raises(Refusal, match="The credential under the whole-page approval was revoked"):
        second.publish(by=people.publisher())
    assert not Publication.objects.exists()


# way 5
@pytest.mark.parametrize("who", ["author", "registrar", "moderator", "reader"])
def test_only_publishers_publish(who: str) -> None:
    review = make.review()
    with pytest.raises(NotAllowed, match=r"may not publish\. Publishers do\."):
        review.publish(by=getattr(people, who)())
    with pytest.raises(NotAllowed, match=r"may not publish\. Publishers do\."):
        review.publish(by=people.clinician().user)
    assert not Publication.objects.exists()


def test_a_superuser_publishes_nothing_that_was_not_approved() -> None:
    request = make.request()
    review = request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")
    with pytest.raises(Refusal, match="only an approval can be published"):
        review.publish(by=people.superuser())


# A revocation reaches what is public (way 6)


def test_a_revocation_from_before_the_signing_day_takes_the_page_down(client: Client) -> None:
    publication = make.publication(make.review(signed_on=make.today() - 10 * DAY))
    credential = publication.review.credential_check.credential
    credential.revoke(by=people.registrar(), from_day=make.today() - 10 * DAY, why="Struck off.")
    assert not Publication.objects.live().exists()
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 410
    assert "An opening" not in page.content.decode()
    assert "the credential of the reviewer did not count" in page.content.decode()


def test_a_page_taken_down_by_a_revocation_shows_no_older_text(client: Client) -> None:
    article = make.publication().article
    newer = make.publication(changed(article, by=people.clinician("Dora")))
    newer.review.credential_check.credential.revoke(
        by=people.registrar(), from_day=newer.review.signed_on, why="Struck off."
    )
    page = client.get(article.get_absolute_url())
    assert page.status_code == 410
    assert "An opening" not in page.content.decode()


def test_a_later_revocation_lapses_the_page_and_leaves_it(client: Client) -> None:
    publication = make.publication(make.review(signed_on=make.today() - 10 * DAY))
    credential = publication.review.credential_check.credential
    lapsed = make.today() - 3 * DAY
    credential.revoke(by=people.registrar(), from_day=lapsed, why="Retired.")
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 200
    assert f'Review lapsed on <time datetime="{lapsed.isoformat()}">' in page.content.decode()


def test_a_page_taken_down_by_a_revocation_returns_with_a_new_review_of_the_same_text(client: Client) -> None:
    publication = make.publication(make.review(signed_on=make.today() - 10 * DAY))
    credential = publication.review.credential_check.credential
    credential.revoke(by=people.registrar(), from_day=make.today() - 10 * DAY, why="Struck off.")
    make.review(publication.review.revision, by=people.clinician("Dora"))
    page = client.get(publication.article.get_absolute_url()).content.decode()
    assert "Dora Test, MD" in page
    assert "Clara Test, MD" not in page


def test_an_hour_that_comes_while_the_act_waits_is_refused_as_past(monkeypatch: pytest.MonkeyPatch) -> None:
    review, now = make.review(), clock.read()
    late, times = now - dt.timedelta(minutes=1), iter([now - DAY])
    monkeypatch.setattr(clock, "read", lambda: next(times, now))
    with pytest.raises(Refusal, match=r"UTC is past\. Choose a later one, or none\."):
        review.publish(by=people.publisher(), live_from=late)
    assert not Publication.objects.exists()
