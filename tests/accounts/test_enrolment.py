"""An administrator adds a colleague, and the colleague comes in: password first, then a second factor."""

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse

from accounts.models import User
from tests import people
from tests.accounts import authenticator
from tests.accounts.authenticator import code

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"


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
    desk = reverse("admin:articles_article_changelist")
    door = client.get(desk, follow=True)
    assert door.redirect_chain[-1][0].startswith(reverse("account_login"))
    answer = client.post(reverse("account_login"), {"login": person.email.upper(), "password": people.PASSWORD})
    assert answer.status_code == 302
    assert client.get(desk, follow=True).redirect_chain[-1][0].startswith(reverse("mfa_index"))

    # Before a factor is added the password is asked for again.
    client.post(reverse("account_reauthenticate"), {"password": people.PASSWORD})
    activation = client.get(reverse("mfa_activate_totp"))
    secret = activation.context["form"].secret
    shown = client.post(reverse("mfa_activate_totp"), {"code": code(secret)}, follow=True)
    # The recovery codes are made and shown by themselves, and the way leads on to where they wanted to go.
    assert shown.redirect_chain == [(reverse("mfa_view_recovery_codes"), 302)]
    assert all(recovery in shown.content.decode() for recovery in shown.context["unused_codes"])
    assert len(shown.context["unused_codes"]) == 10
    assert f'href="{reverse("admin:login")}"' in shown.content.decode()
    assert client.get(reverse("admin:login")).headers["Location"] == desk
    stored = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP).data["secret"]
    assert secret not in stored
    assert client.get(desk).status_code == 200

    fresh = Client()
    fresh.post(reverse("account_login"), {"login": person.email, "password": people.PASSWORD})
    assert fresh.get(desk).status_code == 302
    assert not fresh.get(desk, follow=True).redirect_chain[-1][0].startswith(desk)
    # The code of the set-up was used, too.
    fresh.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert fresh.get(desk).status_code == 302
    fresh.post(reverse("mfa_authenticate"), {"code": code(secret, ahead=1)})
    assert fresh.get(desk).status_code == 200


def test_the_set_up_leads_to_no_other_site() -> None:
    client = Client()
    client.force_login(people.author())
    client.get("/admin/login/", {"next": "https://evil.example/"})
    assert "desk_wanted" in client.session
    assert not client.session["desk_wanted"]


def test_a_second_factor_is_not_added_or_taken_off_with_the_password_alone() -> None:
    # A stolen password and a browser left open would else be enough to sign with a factor of one's own.
    ada = people.author()
    authenticator.given_to(ada)
    client = authenticator.browser(ada, minutes_ago=6)
    client.post(reverse("account_reauthenticate"), {"password": people.PASSWORD})
    for page in ("mfa_add_webauthn", "mfa_deactivate_totp", "mfa_generate_recovery_codes", "account_email"):
        answer = client.post(reverse(page), {"action_add": "", "email": "evil@example.org"})
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(reverse("mfa_reauthenticate")), page
    assert Authenticator.objects.count() == 1


def test_a_set_up_that_was_begun_opens_no_door() -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": people.author().email, "password": people.PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": people.PASSWORD})
    client.get(reverse("mfa_activate_totp"))
    client.post(reverse("mfa_activate_totp"), {"code": "000000"})
    assert client.get("/admin/").status_code == 302
    assert not Authenticator.objects.exists()


def test_a_wrong_password_is_answered_alike_for_known_and_unknown_addresses() -> None:
    answers = [
        Client().post(reverse("account_login"), {"login": address, "password": "wrong wrong wrong"}).content.decode()
        for address in (people.author().email, "nobody@example.org")
    ]
    assert "are not correct" in answers[0]
    assert answers[0].count("field-error") == answers[1].count("field-error") == 1
