"""The sentence that is signed names the day of what is chosen, in a browser."""

import datetime as dt

import pytest
from django.urls import reverse

from reviews.models import ReviewRequest
from reviews.models.terms import months_later
from tests import make

from . import round as desk
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def test_the_sentence_and_the_stamp_follow_the_choice_and_a_claim_keeps_it(
    demonstration: None, visitor: Visitor
) -> None:
    waiting = ReviewRequest.objects.get(kind=ReviewRequest.Kind.CHANGE)
    desk.enter(visitor, "clinician")
    page = visitor.page
    page.goto(reverse("admin:reviews_reviewrequest_change", args=[waiting.pk]))

    def follows(signed: dt.date, months: int) -> None:
        until = desk.day(months_later(signed, months))
        assert f"until {until}." in page.inner_text("label[for=sign-whole]")
        plural = "s" if months > 1 else ""
        assert page.inner_text("#stamp-title").endswith(f"sign on {desk.day(signed)} for {months} month{plural}")
        if page.is_visible("#example .review-stamp"):
            facts = page.inner_text("#example .review-facts")
            assert desk.day(signed) in facts
            assert until in facts
            assert page.text_content("#example .dial-day") == f"{signed:%-d %b}".upper()
        else:
            assert f"From {until} on the page says that its review has lapsed." in page.inner_text("#example")

    today = make.today()
    follows(today, 12)
    page.select_option("[name=months]", "1")
    follows(today, 1)
    page.click("summary:has-text('Signed on paper')")
    last_of_january = dt.date(today.year - 1, 1, 31)
    page.fill("[name=signed_on]", last_of_january.isoformat())
    follows(last_of_january, 1)  # a shorter month
    page.select_option("[name=months]", "36")
    follows(last_of_january, 36)
    desk.claim(page)
    follows(last_of_january, 36)
    page.fill("[name=signed_on]", (today + dt.timedelta(9)).isoformat())
    assert "for the months chosen above" in page.inner_text("label[for=sign-whole]")
    assert visitor.complaints == []
