"""A signature asks for more than a signed-in browser: a second factor in this session, and the site's own form."""

import pytest
from django.test import Client
from django.urls import reverse

from reviews.models import Review, ReviewRequest
from tests import make, people

pytestmark = pytest.mark.django_db


def forged(request: ReviewRequest) -> tuple[str, dict[str, object]]:
    """Where an approval is sent, and a form that approves."""
    desk = reverse("admin:reviews_reviewrequest_change", args=[request.pk])
    return desk, {"act": "approve", "digest": request.revision.digest, "scope": "whole", "months": 12, "conflicts": "-"}


def test_a_session_without_a_second_factor_signs_nothing() -> None:
    # way 32
    desk, form = forged(make.request())
    client = Client()
    client.force_login(people.clinician().user)
    answer = client.post(desk, form)
    assert answer.status_code == 302
    assert not Review.objects.exists()


def test_a_form_that_another_site_sends_signs_nothing(settings: object) -> None:
    # way 32
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    desk, form = forged(make.request())
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.clinician().user)
    client.get(desk)
    token = client.cookies["csrftoken"].value
    for headers in ({}, {"Origin": "https://evil.example"}):
        guess = {"csrfmiddlewaretoken": token} if headers else {}
        assert client.post(desk, {**form, **guess}, headers=headers).status_code == 403
    assert not Review.objects.exists()


def test_looking_at_a_page_signs_nothing(settings: object) -> None:
    # way 32
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    desk, form = forged(make.request())
    client = Client()
    client.force_login(people.clinician().user)
    assert client.get(desk, form).status_code == 200
    assert not Review.objects.exists()


def test_the_desk_is_shown_in_no_frame_and_its_cookies_are_no_scripts(settings: object) -> None:
    # way 32
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    desk, _ = forged(make.request())
    client = Client()
    signer = people.clinician().user
    cookie = client.post(reverse("account_login"), {"login": signer.email, "password": people.PASSWORD}).cookies
    answer = client.get(desk)
    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Frame-Options"] == "DENY"
    assert cookie["sessionid"]["httponly"]
    assert cookie["sessionid"]["samesite"] == "Lax"
