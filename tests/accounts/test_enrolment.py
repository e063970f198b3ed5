"""An administrator adds a colleague, and the colleague comes in: password first, then a second factor."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import people

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


def code(secret: str, *, ahead: int = 0) -> str:
    """What an authenticator app shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def test_an_administrator_adds_a_colleague_in_the_admin(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    client = Client()
    client.force_login(people.superuser())
    form = {
        "email": "New.Colleague@Example.ORG",
        "name": "New Colleague",
        "usable_password": "true",
        "password1": PASSWORD,
        "password2": PASSWORD,
    }
    answer = client.post(reverse("admin:accounts_user_add"), form)
    assert answer.status_code == 302, answer.content.decode()
    person = User.objects.get(email="new.colleague@example.org")
    assert person.check_password(PASSWORD)
    assert client.get(reverse("admin:accounts_user_change", args=[person.pk])).status_code == 200
    again = client.post(reverse("admin:accounts_user_add"), {**form, "email": "NEW.colleague@example.org"})
    assert again.status_code == 200
    assert User.objects.filter(name="New Colleague").count() == 1


def test_staff_come_in_with_password_and_second_factor_and_not_with_the_password_alone() -> None:
    person = people.author()
    client = Client()
    desk = reverse("admin:index")
    door = client.get(desk, follow=True)
    assert door.redirect_chain[-1][0].startswith(reverse("account_login"))
    answer = client.post(reverse("account_login"), {"login": person.email.upper(), "password": people.PASSWORD})
    assert answer.status_code == 302
    assert client.get(desk, follow=True).redirect_chain[-1][0].startswith(reverse("mfa_index"))

    # Before a factor is added the password is asked for again.
    client.post(reverse("account_reauthenticate"), {"password": people.PASSWORD})
    activation = client.get(reverse("mfa_activate_totp"))
    secret = activation.context["form"].secret
    assert client.post(reverse("mfa_activate_totp"), {"code": code(secret)}).status_code == 302
    stored = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    asked = client.get(desk, follow=True)
    assert asked.redirect_chain[-1][0].startswith(reverse("mfa_reauthenticate"))
    client.post(reverse("mfa_reauthenticate"), {"code": code(secret, ahead=1)})
    assert client.get(desk).status_code == 200

    fresh = Client()
    fresh.post(reverse("account_login"), {"login": person.email, "password": people.PASSWORD})
    assert fresh.get(desk).status_code == 302
    assert not fresh.get(desk, follow=True).redirect_chain[-1][0].startswith(desk)


def test_a_wrong_password_is_answered_alike_for_known_and_unknown_addresses() -> None:
    answers = [
        Client().post(reverse("account_login"), {"login": address, "password": "wrong wrong wrong"}).content.decode()
        for address in (people.author().email, "nobody@example.org")
    ]
    assert "are not correct" in answers[0]
    assert answers[0].count("field-error") == answers[1].count("field-error") == 1
