"""A signature asks for the second factor once more after five minutes, and loses nothing that was typed."""

import re
from collections.abc import Iterator

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.test import Client
from django.urls import reverse

from accounts.models import User
from reviews.forms import DecisionForm
from reviews.models import Publication, Review, ReviewRequest
from tests import make, people
from tests.accounts import authenticator
from tests.accounts.authenticator import code

pytestmark = pytest.mark.django_db

ASKED = 'name="code"'


@pytest.fixture(autouse=True)
def _tries_forgotten() -> Iterator[None]:
    yield
    cache.clear()


def signing(act: str, request: ReviewRequest) -> tuple[str, dict[str, object]]:
    """Where a decision is sent, and a lawful form with words of its own."""
    form: dict[str, object] = {"act": act, "digest": request.revision.digest, "scope": "whole", "months": 7}
    words = {"conflicts": "A lecture in Leeds", "private_note": "Name the dose of Tuesday."}
    return reverse("admin:reviews_reviewrequest_change", args=[request.pk]), {**form, **words}


@pytest.fixture
def clara() -> User:
    """A clinician with an authenticator app."""
    return people.clinician().user


@pytest.mark.parametrize("act", ["approve", "changes"])
def test_after_six_minutes_nothing_is_signed_without_the_code_and_no_word_is_lost(clara: User, act: str) -> None:
    # way 32
    secret = authenticator.given_to(clara)
    desk, form = signing(act, make.request())
    client = authenticator.browser(clara, minutes_ago=6)
    assert ASKED in client.get(desk).content.decode()
    for guess in ({}, {"code": ""}, {"code": "000000"}, {"code": "x" * 5_000}, {"code": "٠١٢٣٤٥"}):
        answer = client.post(desk, {**form, **guess})
        page = answer.content.decode()
        assert answer.status_code == 200
        assert ASKED in page
        assert all(str(form[name]) in page for name in ("conflicts", "private_note"))
        assert 'value="7"' in page
        assert "000000" not in page
        assert not Review.objects.exists()
    right = code(secret)
    cache.clear()
    assert client.post(desk, {**form, "code": right}).status_code == 302
    assert Review.objects.get().private_note == "Name the dose of Tuesday."
    # Now it was given lately, so the next one is not asked for it.
    desk, form = signing(act, make.request(make.revision(make.article("another"))))
    assert ASKED not in client.get(desk).content.decode()
    assert client.post(desk, form).status_code == 302
    assert Review.objects.count() == 2


def test_what_moved_is_told_even_when_the_code_was_missing_at_first(clara: User) -> None:
    secret = authenticator.given_to(clara)
    request = make.request()
    desk, form = signing("approve", request)
    client = authenticator.browser(clara, minutes_ago=6)
    form["seen"] = seen_in(client.get(desk).content.decode())
    make.revision(request.revision.article, body="A newer draft.")
    again = client.post(desk, form).content.decode()
    assert "more than five minutes ago" in again
    assert seen_in(again) == form["seen"]
    told = client.post(desk, {**form, "seen": seen_in(again), "code": code(secret)}).content.decode()
    assert "saved version 2" in told
    assert not Review.objects.exists()
    assert client.post(desk, {**form, "seen": seen_in(told)}).status_code == 302


def seen_in(page: str) -> str:
    """What the form on a page carries as seen."""
    found: list[str] = re.findall(r'name="seen" value="([^"]*)"', page)
    return found[0]


def test_after_four_minutes_nobody_is_asked(clara: User) -> None:
    desk, form = signing("approve", make.request())
    client = authenticator.browser(clara, minutes_ago=4)
    assert ASKED not in client.get(desk).content.decode()
    assert client.post(desk, form).status_code == 302
    assert Review.objects.count() == 1


def test_a_code_signs_once_for_as_long_as_an_app_may_show_it(clara: User) -> None:
    # way 32
    secret = authenticator.given_to(clara)
    used = code(secret, ahead=1)
    for number, minutes in enumerate((6, 7)):
        desk, form = signing("approve", make.request(make.revision(make.article(f"page-{number}"))))
        authenticator.browser(clara, minutes_ago=minutes).post(desk, {**form, "code": used})
        assert Review.objects.count() == 1
    # The stock note of a used code is gone after half a minute; ours stays while the code is good.
    cache.delete(f"allauth.mfa.totp.used?user={clara.pk}&code={used}")
    authenticator.browser(clara, minutes_ago=8).post(desk, {**form, "code": used})
    assert Review.objects.count() == 1


def test_guesses_are_limited_and_leave_a_line_in_the_log(clara: User, caplog: pytest.LogCaptureFixture) -> None:
    secret = authenticator.given_to(clara)
    desk, form = signing("approve", make.request())
    client = authenticator.browser(clara, minutes_ago=6)
    for guess in ("111111", "222222", "333333", "444444", "555555"):
        client.post(desk, {**form, "code": guess})
    assert [line for line in caplog.messages if f"Second factor of account {clara.pk} refused" in line]
    answer = client.post(desk, {**form, "code": code(secret)})
    assert "Too many" in answer.content.decode()
    assert "A lecture in Leeds" in answer.content.decode()
    # Nor from another browser, nor at the door.
    authenticator.browser(clara, minutes_ago=6).post(desk, {**form, "code": code(secret)})
    assert not Review.objects.exists()


def test_a_recovery_code_signs_once(clara: User) -> None:
    authenticator.given_to(clara)
    recovery = RecoveryCodes.activate(clara).get_unused_codes()[0]
    for number in range(2):
        desk, form = signing("approve", make.request(make.revision(make.article(f"page-{number}"))))
        authenticator.browser(clara, minutes_ago=6).post(desk, {**form, "code": recovery})
    assert Review.objects.count() == 1


def test_the_code_of_a_colleague_signs_nothing(clara: User) -> None:
    authenticator.given_to(clara)
    other = authenticator.given_to(people.clinician("Carl").user)
    desk, form = signing("approve", make.request())
    authenticator.browser(clara, minutes_ago=6).post(desk, {**form, "code": code(other)})
    assert not Review.objects.exists()


def test_whoever_has_a_passkey_alone_is_led_to_it_in_another_tab(clara: User) -> None:
    Authenticator.objects.create(user=clara, type=Authenticator.Type.WEBAUTHN, data={})
    desk, form = signing("approve", make.request())
    client = authenticator.browser(clara, minutes_ago=6)
    page = client.post(desk, form).content.decode()
    assert (
        f'href="{reverse("mfa_reauthenticate_webauthn")}?next={reverse("account_confirmed")}" target="_blank"' in page
    )
    assert "A lecture in Leeds" in page
    assert not Review.objects.exists()


def test_publishing_asks_for_it_too_and_withdrawing_does_not() -> None:
    petra = people.publisher()
    secret = authenticator.given_to(petra)
    review = make.review()
    address = reverse("admin:desk_publish", args=[review.revision.article_id, review.pk])
    form = {"live_from_0": "2031-05-06", "live_from_1": "07:08"}
    client = authenticator.browser(petra, minutes_ago=6)
    for guess in ({}, {"code": "000000"}):
        page = client.post(address, {**form, **guess}).content.decode()
        assert ASKED in page
        assert "2031-05-06" in page
        assert not Publication.objects.exists()
    assert client.post(address, {"live_from_0": "", "live_from_1": "", "code": code(secret)}).status_code == 302
    publication = Publication.objects.get()
    withdraw = reverse("admin:desk_withdraw", args=[publication.article_id, publication.pk])
    client = authenticator.browser(petra, minutes_ago=60)
    assert ASKED not in client.get(withdraw).content.decode()
    assert client.post(withdraw, {"why": "A wrong figure."}).status_code == 302
    assert not Publication.objects.live().exists()


def test_only_a_demonstration_asks_for_none(clara: User, settings: object) -> None:
    desk, form = signing("approve", make.request())
    client = Client()
    client.force_login(clara)
    assert client.post(desk, form).status_code == 302
    assert not Review.objects.exists()
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    assert client.post(desk, form).status_code == 302
    assert Review.objects.exists()


def test_a_view_that_forgets_to_ask_signs_nothing(clara: User) -> None:
    request = make.request()
    sent = signing("approve", request)[1]
    form = DecisionForm(sent, by=clara, review_request=request, today=make.today(), act="approve")
    with pytest.raises(ImproperlyConfigured, match="signs"):
        form.is_valid()
    assert not Review.objects.exists()
