"""A member becomes a colleague, by whatever way: nothing that a letter opened or set up opens the desk."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.test import Client

from accounts.models import Session, User
from tests import letters, people
from tests.accounts import authenticator
from tests.database import sql, tamper
from tests.world import security_key

pytestmark = pytest.mark.django_db


def saved(mia: User) -> None:
    mia.is_staff = True
    mia.save()


WAYS: dict[str, Callable[[User], object]] = {
    "save": saved,
    "update": lambda mia: User.objects.filter(pk=mia.pk).update(is_staff=True, is_superuser=True),
    "bulk": lambda mia: User.objects.bulk_update([User(pk=mia.pk, is_staff=True)], ["is_staff"]),
    "sql": lambda mia: sql("UPDATE accounts_user SET is_staff = %s WHERE id = %s", True, mia.pk),
}


@pytest.mark.parametrize("way", WAYS)
def test_what_a_member_set_up_opens_no_desk_whoever_makes_them_a_colleague(way: str) -> None:
    mia, ada = people.member(), people.author()
    for person in (mia, ada):
        Authenticator.objects.create(user=person, type="webauthn", data=security_key())
    # Signed in with the passkey a minute ago, which is a second factor given.
    member, colleague = (authenticator.browser(person, minutes_ago=1) for person in (mia, ada))
    assert member.get("/me/").status_code == 200
    WAYS[way](mia)
    assert User.objects.get(pk=mia.pk).is_staff
    assert list(Authenticator.objects.values_list("user", flat=True)) == [ada.pk]
    assert list(Session.objects.values_list("user", flat=True)) == [ada.pk]
    assert member.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    # From then on it is their own: another change takes nothing away.
    Authenticator.objects.create(user=mia, type="webauthn", data=security_key())
    User.objects.update(name="M", is_staff=True)
    assert Authenticator.objects.count() == 2
    assert colleague.get("/admin/").status_code == 200


@pytest.mark.owner
def test_who_becomes_a_colleague_between_the_letter_and_the_app_has_no_desk_with_both() -> None:
    cache.clear()
    mia = people.member()
    authenticator.given_to(mia)
    browser = Client()
    browser.post("/accounts/code/", {"email": mia.email})
    asks = browser.post("/accounts/code/typed/", {"code": letters.code(mia.email)}).headers["Location"]
    assert asks == "/accounts/2fa/authenticate/"
    tamper(("UPDATE accounts_user SET is_staff = %s WHERE id = %s", [True, mia.pk]))
    Authenticator.objects.all().delete()
    secret = authenticator.given_to(mia)
    browser.post(asks, {"code": authenticator.code(secret)})
    assert browser.session.get("_auth_user_id") == str(mia.pk)
    for page in ("/accounts/2fa/webauthn/add/", "/accounts/2fa/totp/activate/"):
        assert browser.get(page).headers["Location"] == "/admin/"
    assert browser.get("/admin/", follow=True).redirect_chain[-1][0].startswith("/accounts/login/")
    assert "_auth_user_id" not in browser.session
