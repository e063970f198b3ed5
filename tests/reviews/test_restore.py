"""Bringing a text back: a new publication of an approval that is still in date (way 13)."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.refusals import Refusal
from reviews.models import Publication, Review
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def withdrawn(review: Review | None = None) -> Review:
    """An approval whose page was public and is withdrawn."""
    publication = make.publication(review)
    publication.withdraw(by=people.publisher(), why="We look at it again.")
    return publication.review


def changed(first: Review, **decision: Any) -> Review:
    """An approved second version of the page."""
    return make.review(make.revision(first.revision.article, body="Second words [1](#source-1)."), **decision)


def is_public(review: Review) -> bool:
    return Publication.objects.live().filter(review=review).exists()


def test_a_withdrawn_page_comes_back_as_a_new_publication(client: Client) -> None:
    review = withdrawn()
    publication = review.publish(by=people.publisher())
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 200
    assert "An opening" in page.content.decode()
    assert Publication.objects.filter(review=review).count() == 2
    assert list(Publication.objects.live()) == [publication]


def test_an_older_text_comes_back_while_its_approval_is_in_date(client: Client) -> None:
    first = make.publication().review
    make.publication(changed(first))
    first.publish(by=people.publisher())
    page = client.get(first.revision.article.get_absolute_url()).content.decode()
    assert "An opening" in page
    assert "Second words" not in page


def test_a_lapsed_text_does_not_come_back() -> None:
    review = withdrawn(make.review(signed_on=make.today() - 400 * DAY))
    assert review.next_due is not None
    with pytest.raises(Refusal, match=rf"This approval lapsed on {review.next_due:%-d %B %Y}\. Ask for a new review"):
        review.publish(by=people.publisher())
    assert Publication.objects.count() == 1


def test_a_text_does_not_come_back_from_the_day_its_review_is_due(moved_clock: Clock) -> None:
    review = withdrawn()
    assert review.next_due is not None
    moved_clock.move(dt.datetime.combine(review.next_due, dt.time(0), dt.UTC))
    with pytest.raises(Refusal, match="This approval lapsed on"):
        review.publish(by=people.publisher())


def test_a_lapsed_text_comes_back_after_it_was_reviewed_again_unchanged() -> None:
    review = withdrawn(make.review(signed_on=make.today() - 400 * DAY))
    again = make.review(review.revision)
    assert again.publish(by=people.publisher()).review == again
    assert is_public(again)


def test_a_text_whose_reviewer_was_revoked_does_not_come_back() -> None:
    review = withdrawn()
    review.credential_check.credential.revoke(by=people.registrar(), from_day=make.today() + 9 * DAY, why="Retires.")
    with pytest.raises(Refusal, match=r"The credential of Clara Test, MD was revoked\."):
        review.publish(by=people.publisher())
    assert not is_public(review)


def test_a_lapsed_text_does_not_come_back_on_a_later_review_whose_credential_was_revoked() -> None:
    carl = people.clinician("Carl")
    first = withdrawn(make.review(signed_on=make.today() - 400 * DAY))
    make.review(first.revision, by=carl, signed_on=make.today() - 2 * DAY)
    carl.credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Struck off.")
    with pytest.raises(Refusal, match="This approval lapsed on"):
        first.publish(by=people.publisher())
    assert not is_public(first)


def test_changes_do_not_come_back_when_the_page_under_them_has_lapsed(moved_clock: Clock) -> None:
    first = make.review()
    assert first.next_due is not None
    second = withdrawn(changed(first, scope=Review.Scope.CHANGES_ONLY))
    moved_clock.move(dt.datetime.combine(first.next_due, dt.time(0), dt.UTC))
    with pytest.raises(Refusal, match=rf"This approval lapsed on {first.next_due:%-d %B %Y}"):
        second.publish(by=people.publisher())


def test_changes_do_not_come_back_when_the_credential_under_the_page_was_revoked() -> None:
    dora = people.clinician("Dora")
    first = make.review(by=dora, signed_on=make.today() - 30 * DAY)
    second = withdrawn(changed(first, scope=Review.Scope.CHANGES_ONLY))
    dora.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 10 * DAY, why="Retired.")
    with pytest.raises(Refusal, match=r"revoked|lapsed"):
        second.publish(by=people.publisher())
    assert not is_public(second)


def test_a_text_that_was_cancelled_before_its_hour_was_never_shown_and_may_still_be_published() -> None:
    review = make.review(signed_on=make.today() - 400 * DAY)
    pending = make.publication(review, live_from=dt.datetime.now(dt.UTC) + 2 * DAY)
    pending.withdraw(by=people.publisher(), why="Rather now.")
    review.publish(by=people.publisher())
    assert is_public(review)


# At the desk


def desk_of(review: Review) -> tuple[str, str]:
    """What a publisher reads on the page's own page, and where the approval is published."""
    client = Client()
    client.force_login(people.publisher())
    article = review.revision.article_id
    html = client.get(reverse("admin:articles_article_change", args=[article])).content.decode()
    return html, reverse("admin:desk_publish", args=[article, review.pk])


def test_the_desk_offers_to_restore_what_may_come_back(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    review = withdrawn()
    html, address = desk_of(review)
    assert f'<a href="{address}">Restore</a>' in html
    assert "We look at it again." in html
    client = Client()
    client.force_login(people.publisher())
    assert "Restore version 1" in client.get(address).content.decode()
    assert client.post(address, {}).status_code == 302
    assert is_public(review)
    assert "Restore</a>" not in desk_of(review)[0]


def test_the_desk_says_why_a_text_cannot_come_back_and_offers_it_after_a_new_review(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    review = withdrawn(make.review(signed_on=make.today() - 400 * DAY))
    why = f"This approval lapsed on {review.next_due:%-d %B %Y}. Ask for a new review before it is shown again."
    html, address = desk_of(review)
    assert f"It cannot be restored. {why}" in html
    assert "Restore</a>" not in html
    client = Client()
    client.force_login(people.publisher())
    assert why in client.get(address).content.decode()
    assert why in client.post(address, {}).content.decode()
    assert not is_public(review)
    again = make.review(review.revision)
    html, address = desk_of(again)
    assert f'<a href="{address}">Restore</a>' in html
    assert "It cannot be restored" not in html


def test_the_desk_says_that_a_revoked_credential_stands_in_the_way(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    review = make.publication().review
    review.credential_check.credential.revoke(by=people.registrar(), from_day=make.today(), why="Struck off.")
    html, _ = desk_of(review)
    assert "It cannot be restored. The credential of Clara Test, MD was revoked." in html
    assert "Its approval does not count any more." in html
