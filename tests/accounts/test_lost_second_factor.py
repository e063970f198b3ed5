"""The way back for whoever lost their second factor needs another person, and everybody who should know is told."""

from collections.abc import Callable

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.test import Client
from django.urls import reverse

from accounts.models import Letter, Session, User
from accounts.refusals import NotAllowed, Refusal
from tests import people
from tests.accounts import authenticator

pytestmark = pytest.mark.django_db


def second_superuser() -> User:
    """Another administrator."""
    return people.person("ruth@example.org", is_staff=True, is_superuser=True)


def test_an_administrator_resets_it_and_the_owner_and_the_other_administrators_are_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    ada, root = people.author(), people.superuser()
    second_superuser()
    authenticator.given_to(ada)
    RecoveryCodes.activate(ada)
    authenticator.given_to(root)
    hers = authenticator.browser(ada, minutes_ago=1)
    page = reverse("admin:accounts_user_second_factor", args=[ada.pk])
    his = authenticator.browser(root, minutes_ago=1)
    assert page in his.get(reverse("admin:accounts_user_change", args=[ada.pk])).content.decode()
    assert his.get(page).status_code == 200
    assert hers.get("/admin/").status_code == 200
    assert his.post(page, {"why": "Lost on a train; I spoke with her."}).status_code == 302
    assert list(Authenticator.objects.values_list("user", flat=True)) == [root.pk]
    assert not Session.objects.filter(user=ada).exists()
    assert hers.get("/admin/", follow=True).redirect_chain[-1][0].startswith(reverse("account_login"))
    told = {letter.to: letter.body for letter in Letter.objects.all()}
    assert told.keys() == {ada.email, "root@example.org", "ruth@example.org"}
    assert all("Lost on a train; I spoke with her." in body for body in told.values())
    line = next(line for line in caplog.messages if "reset" in line)
    assert line == f"Second factor of account {ada.pk} reset by account {root.pk}"


@pytest.mark.parametrize("who", [people.author, people.publisher, people.registrar, people.reader])
def test_nobody_else_resets_one(who: Callable[[], User]) -> None:
    alan, by = people.second_author(), who()
    authenticator.given_to(alan)
    with pytest.raises(NotAllowed, match="administrator"):
        alan.reset_second_factor(by=by, why="Lost.")
    client = authenticator.browser(by, minutes_ago=1)
    answer = client.post(reverse("admin:accounts_user_second_factor", args=[alan.pk]), {"why": "Lost."})
    assert answer.status_code in {302, 403}
    assert Authenticator.objects.filter(user=alan).exists()
    assert not Letter.objects.exists()


def test_nobody_resets_their_own_and_nobody_without_a_reason_or_who_is_no_administrator_any_more() -> None:
    ada, root = people.author(), people.superuser()
    for person in (ada, root):
        authenticator.given_to(person)
    with pytest.raises(NotAllowed, match="their own"):
        root.reset_second_factor(by=root, why="Lost.")
    with pytest.raises(Refusal, match="Say why"):
        ada.reset_second_factor(by=root, why="  ")
    User.objects.filter(pk=root.pk).update(is_superuser=False)  # root was not loaded again
    with pytest.raises(NotAllowed, match="administrator"):
        ada.reset_second_factor(by=root, why="Lost.")
    assert Authenticator.objects.count() == 2
    assert not Letter.objects.exists()


def test_it_asks_the_administrator_for_their_own_factor_and_looking_resets_nothing() -> None:
    ada, root = people.author(), people.superuser()
    authenticator.given_to(ada)
    client = authenticator.browser(root, minutes_ago=6)
    page = reverse("admin:accounts_user_second_factor", args=[ada.pk])
    answer = client.post(page, {"why": "Lost on a train."})
    assert 'name="code"' in answer.content.decode()
    assert "Lost on a train." in answer.content.decode()
    client.get(page, {"why": "Lost on a train."})
    assert Authenticator.objects.filter(user=ada).exists()


def test_no_administrator_adds_or_changes_a_factor_or_reads_its_secret() -> None:
    # A row of theirs on the account of a clinician would open that account with their own app.
    ada, root = people.author(), people.superuser()
    secret = authenticator.given_to(ada)
    row = Authenticator.objects.get()
    client: Client = authenticator.browser(root, minutes_ago=1)
    page = client.get(reverse("admin:mfa_authenticator_change", args=[row.pk])).content.decode()
    assert row.data["secret"] not in page
    assert secret not in page
    for act, arguments in (("add", []), ("change", [row.pk]), ("delete", [row.pk])):
        form = {"user": ada.pk, "type": "totp", "data": "{}", "post": "yes"}
        assert client.post(reverse(f"admin:mfa_authenticator_{act}", args=arguments), form).status_code == 403
    assert list(Authenticator.objects.all()) == [row]
