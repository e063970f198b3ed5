"""The second factor: its secrets are encrypted with keys of their own, and the desk asks for it."""

from collections.abc import Callable, Iterator

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from cryptography.fernet import Fernet, InvalidToken
from django.core.cache import cache
from django.core.checks import run_checks
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.adapters import SecondFactorAdapter
from accounts.models import User
from tests import people
from tests.accounts import authenticator
from tests.accounts.authenticator import code

pytestmark = pytest.mark.django_db

DESK = "/admin/"
OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


@pytest.fixture(autouse=True)
def _tries_forgotten() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def where(client: Client, address: str = DESK) -> str:
    """Where a browser ends up that asks for an address."""
    page = client.get(address, follow=True)
    assert page.status_code == 200
    return str(page.request["PATH_INFO"])


# The keys


def test_a_secret_is_stored_as_a_token_that_says_nothing() -> None:
    adapter = SecondFactorAdapter()
    token = adapter.encrypt("a secret")
    assert "secret" not in token
    assert token != adapter.encrypt("a secret")
    assert adapter.decrypt(token) == "a secret"


def test_the_site_uses_these_keys_for_every_authenticator() -> None:
    assert isinstance(get_adapter(), SecondFactorAdapter)
    ada = people.author()
    secret = authenticator.given_to(ada)
    RecoveryCodes.activate(ada)
    with connection.cursor() as cursor:
        cursor.execute("SELECT data FROM mfa_authenticator")
        stored = [str(row) for row in cursor.fetchall()]
    assert len(stored) == 2
    assert not [row for row in stored if secret in row]
    seed = get_adapter().decrypt(Authenticator.objects.get(type="recovery_codes").data["seed"])
    assert not [row for row in stored if seed in row]


def test_a_new_key_in_front_reads_what_the_old_one_wrote(settings: Settings) -> None:
    adapter = SecondFactorAdapter()
    settings.SECOND_FACTOR_KEYS = [OLD]
    written_before = adapter.encrypt("a secret")
    settings.SECOND_FACTOR_KEYS = [NEW, OLD]
    written_after = adapter.encrypt("a secret")
    assert adapter.decrypt(written_before) == "a secret"
    # What is written now needs the old key no more.
    settings.SECOND_FACTOR_KEYS = [NEW]
    assert adapter.decrypt(written_after) == "a secret"
    with pytest.raises(InvalidToken):
        adapter.decrypt(written_before)


def test_a_new_secret_key_of_the_site_locks_nobody_out(settings: Settings) -> None:
    secret = authenticator.given_to(people.author())
    settings.SECRET_KEY = "another " * 8
    settings.SECRET_KEY_FALLBACKS = []
    assert Authenticator.objects.get().wrap().validate_code(code(secret))


def test_a_token_that_was_tampered_with_is_refused() -> None:
    token = SecondFactorAdapter().encrypt("a secret")
    with pytest.raises(InvalidToken):
        SecondFactorAdapter().decrypt(token[:-4] + "AAA=")


# The door of the desk


@pytest.mark.parametrize("address", [DESK, "/admin/login/", "/admin/accounts/user/", "/admin/articles/condition/add/"])
def test_a_stranger_is_sent_to_sign_in(client: Client, address: str) -> None:
    assert where(client, address) == reverse("account_login")


@pytest.mark.parametrize("address", [DESK, "/admin/login/", "/admin/accounts/user/", "/admin/articles/condition/add/"])
@pytest.mark.parametrize("person", [people.author, people.superuser, lambda: people.clinician().user])
def test_staff_without_a_second_factor_are_sent_to_set_it_up(
    client: Client, person: Callable[[], User], address: str
) -> None:
    client.force_login(person())
    assert where(client, address) == reverse("mfa_index")


def test_staff_who_have_one_are_asked_for_it(client: Client) -> None:
    ada = people.author()
    authenticator.given_to(ada)
    client.force_login(ada)
    assert where(client) == reverse("mfa_reauthenticate")


def test_the_password_alone_signs_nobody_in_who_has_a_second_factor(client: Client) -> None:
    ada = people.author()
    authenticator.given_to(ada)
    page = client.post(reverse("account_login"), {"login": ada.email, "password": people.PASSWORD}, follow=True)
    assert page.request["PATH_INFO"] == reverse("mfa_authenticate")
    assert where(client) in {reverse("mfa_authenticate"), reverse("account_login")}
    page = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert where(client) in {reverse("mfa_authenticate"), reverse("account_login")}


def test_password_and_second_factor_open_the_desk(client: Client) -> None:
    ada = people.author()
    secret = authenticator.given_to(ada)
    client.post(reverse("account_login"), {"login": ada.email, "password": people.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert where(client) == DESK


def test_a_code_opens_the_desk_once(client: Client) -> None:
    ada = people.author()
    secret = authenticator.given_to(ada)
    used = code(secret)
    for browser, opens in ((client, True), (Client(), False)):
        browser.post(reverse("account_login"), {"login": ada.email, "password": people.PASSWORD})
        browser.post(reverse("mfa_authenticate"), {"code": used})
        assert (where(browser) == DESK) is opens


def test_the_second_factor_of_one_session_opens_no_other(client: Client) -> None:
    ada = people.author()
    secret = authenticator.given_to(ada)
    client.post(reverse("account_login"), {"login": ada.email, "password": people.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    other = Client()
    other.force_login(ada)
    assert where(other) == reverse("mfa_reauthenticate")


def test_a_recovery_code_opens_the_desk_too(client: Client) -> None:
    ada = people.author()
    authenticator.given_to(ada)
    recovery = RecoveryCodes.activate(ada).get_unused_codes()[0]
    client.post(reverse("account_login"), {"login": ada.email, "password": people.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": recovery})
    assert where(client) == DESK


def test_the_password_form_of_the_stock_admin_is_no_way_in(client: Client) -> None:
    root = people.superuser()
    client.post("/admin/login/", {"username": root.email, "password": people.PASSWORD, "next": DESK})
    assert where(client) == reverse("account_login")


def test_a_member_who_is_not_staff_is_sent_home(client: Client) -> None:
    client.force_login(people.reader())
    assert where(client) == reverse("home")


def test_a_member_with_a_second_factor_is_not_staff_for_it(client: Client) -> None:
    rosa = people.reader()
    secret = authenticator.given_to(rosa)
    client.post(reverse("account_login"), {"login": rosa.email, "password": people.PASSWORD})
    client.post(reverse("mfa_authenticate"), {"code": code(secret)})
    assert where(client) == reverse("home")


def test_an_account_that_was_closed_enters_nothing(client: Client) -> None:
    ada = people.author()
    client.force_login(ada)
    ada.close(by=ada)
    assert where(client) == reverse("account_login")


def test_a_demonstration_lets_staff_in_without_one(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True
    client.force_login(people.author())
    assert where(client) == DESK
    assert where(client, "/admin/login/") == DESK


def test_a_real_site_is_not_deployed_as_a_demonstration(settings: Settings) -> None:
    def found() -> list[str]:
        return [
            str(said.id) for said in run_checks(tags=["security"], include_deployment_checks=True) if said.level >= 40
        ]

    assert "accounts.E002" not in found()
    settings.ROUNDS_DEMO = True
    assert "accounts.E002" in found()


def test_a_demonstration_lets_nobody_else_in(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True
    assert where(client) == reverse("account_login")
    client.force_login(people.reader())
    assert where(client) == reverse("home")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_door_sends_nobody_to_another_site(client: Client, elsewhere: str) -> None:
    door = client.get("/admin/login/", {"next": elsewhere})
    assert door.headers["Location"].startswith("/accounts/login/?next=")
    rosa = people.reader()
    page = client.post(door.headers["Location"], {"login": rosa.email, "password": people.PASSWORD})
    assert page.headers["Location"].startswith("/")
    assert not page.headers["Location"].startswith("//")
