"""Who is it: one person an address, however it is typed, and what is left of a closed account."""

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Permission
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, models, transaction
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import Letter, User, canonical_email
from accounts.refusals import NotAllowed
from tests import make, people

pytestmark = pytest.mark.django_db

KELVIN = "\u212aate@example.org"
AS_TYPED = ["kate@example.org", "KATE@EXAMPLE.ORG", "Kate@Example.Org", "  kate@example.org ", KELVIN]


@pytest.fixture(autouse=True)
def _tries_forgotten() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


def signed_in(client: Client) -> bool:
    """Whether the browser's session is somebody's, as a page for members finds it."""
    return client.get(reverse("account_email")).status_code == 200


def sign_in(client: Client, address: str) -> bool:
    """Sign in with the form, and say whether it worked."""
    client.post(reverse("account_login"), {"login": address, "password": people.PASSWORD})
    return signed_in(client)


# The address


@pytest.mark.parametrize("typed", AS_TYPED)
def test_an_address_has_one_form_however_it_is_typed(typed: str) -> None:
    assert canonical_email(typed) == "kate@example.org"
    assert User.objects.create_user(typed).email == "kate@example.org"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Kate.Smith+Rounds@Example.org", "kate.smith+rounds@example.org"),
        ("A\u0301da@example.org", "áda@example.org"),
        ("ＫＡＴＥ@example.org", "kate@example.org"),
        ("STRAßE@example.org", "strasse@example.org"),
    ],
)
def test_dots_and_plus_signs_stay_and_look_alikes_become_one(typed: str, stored: str) -> None:
    assert canonical_email(typed) == stored


@pytest.mark.parametrize("typed", AS_TYPED)
def test_a_second_account_for_an_address_is_refused(typed: str) -> None:
    people.person("kate@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create_user(typed)
    with pytest.raises(ValidationError, match=r"already exists|valid email"):
        User(email=typed, password="x").full_clean()
    assert User.objects.count() == 1


# SQLite folds the case of ASCII only, so behind Django's back a Kelvin sign is refused on PostgreSQL alone.
@pytest.mark.parametrize("typed", ["kate@example.org", "KATE@example.org", "Kate@Example.org"])
def test_a_second_account_for_an_address_is_refused_behind_djangos_back_too(typed: str) -> None:
    people.person("kate@example.org")
    other = people.person("other@example.org")
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=other.pk).update(email=typed)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET email = %s WHERE id = %s", [typed, other.pk])
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.bulk_create([User(email=typed)])
    other.refresh_from_db()
    assert other.email == "other@example.org"


@pytest.mark.parametrize("typed", AS_TYPED)
def test_a_person_signs_in_with_any_form_of_their_address(client: Client, typed: str) -> None:
    people.person("kate@example.org")
    assert sign_in(client, typed)


@pytest.mark.parametrize("typed", ["kate+x@example.org", "ka.te@example.org", "kate@example.com", ""])
def test_nobody_signs_in_with_another_address(client: Client, typed: str) -> None:
    people.person("kate@example.org")
    assert not sign_in(client, typed)


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(client: Client) -> None:
    people.person("kate@example.org")
    answers = []
    for address in ("kate@example.org", "nobody@example.org"):
        page = client.post(reverse("account_login"), {"login": address, "password": "wrong"})
        answers.append((page.status_code, page.context["form"].errors.as_json()))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("typed", ["KATE@example.org", KELVIN])
def test_an_administrator_makes_no_second_account_by_typing_an_address_otherwise(
    client: Client, settings: Settings, typed: str
) -> None:
    settings.ROUNDS_DEMO = True
    people.person("kate@example.org")
    client.force_login(people.superuser())
    typed_in = {"email": typed, "name": "K", "usable_password": "false", "password1": "", "password2": ""}
    page = client.post(reverse("admin:accounts_user_add"), typed_in)
    assert "already exists" in page.content.decode()
    assert User.objects.count() == 2
    client.post(reverse("admin:accounts_user_add"), {**typed_in, "email": "New.Person@Example.ORG"})
    assert User.objects.filter(email="new.person@example.org").exists()


def test_nobody_makes_an_account_by_themselves(client: Client) -> None:
    client.post(reverse("account_signup"), {"email": "new@example.org", "password1": people.PASSWORD})
    assert not User.objects.exists()


# Closing


def test_a_closed_account_has_no_name_no_address_and_no_rights() -> None:
    ada = people.author()
    ada.user_permissions.add(Permission.objects.get(codename="add_publication"))
    ada.close(by=ada)
    ada = User.objects.get(pk=ada.pk)
    assert (ada.name, ada.email) == ("Closed account", f"closed-{ada.pk}@account.invalid")
    assert (ada.is_active, ada.is_staff, ada.is_superuser) == (False, False, False)
    assert not ada.groups.exists()
    assert not ada.user_permissions.exists()
    assert ada.closed_at is not None
    assert ada.get_all_permissions() == set()


def test_a_closed_administrator_may_do_nothing() -> None:
    root = people.superuser()
    root.close(by=root)
    assert not User.objects.get(pk=root.pk).has_perm("accounts.change_user")


def test_nobody_signs_in_to_a_closed_account(client: Client) -> None:
    kate = people.person("kate@example.org")
    kate.close(by=kate)
    assert not sign_in(client, "kate@example.org")
    assert not sign_in(client, f"closed-{kate.pk}@account.invalid")


def test_closing_ends_every_session_at_once() -> None:
    kate, here, there = people.person("kate@example.org"), Client(), Client()
    here.force_login(kate)
    there.force_login(kate)
    assert signed_in(here)
    kate.close(by=kate)
    assert not signed_in(here)
    assert not signed_in(there)


def test_a_closed_account_asks_for_no_new_password(client: Client) -> None:
    kate = people.person("kate@example.org")
    kate.close(by=kate)
    client.post(reverse("account_reset_password"), {"email": f"closed-{kate.pk}@account.invalid"})
    assert not [letter for letter in Letter.objects.all() if "/password/reset/key/" in letter.body]


def test_a_closed_account_leaves_no_address_and_no_name_in_the_database(client: Client) -> None:
    kate = people.person("kate.unmistakable@example.org", name="Unmistakable Kate")
    client.force_login(kate)
    client.get(reverse("account_email"))
    Letter.objects.post(to=kate.email, subject="Welcome", body="Dear Kate")
    kate.close(by=kate)
    assert [
        field.model._meta.label + "." + field.name
        for model in apps.get_models()
        for field in model._meta.local_fields
        if isinstance(field, models.CharField | models.TextField)
        and model._default_manager.filter(**{f"{field.name}__icontains": "unmistakable"}).exists()
    ] == []


def test_the_address_of_a_closed_account_is_free_for_a_new_one(client: Client) -> None:
    kate = people.person("kate@example.org")
    kate.close(by=kate)
    again = people.person("kate@example.org")
    assert again.pk != kate.pk
    assert sign_in(client, "kate@example.org")


def test_what_the_person_signed_stays_with_the_name_they_signed_with() -> None:
    review = make.review()
    clara = review.reviewer.user
    clara.close(by=clara)
    review.refresh_from_db()
    assert review.signed_as == "Clara Test, MD"
    assert review.reviewer.name == "Clara Test"
    assert review.revision.author == people.author()


def test_an_account_with_a_signature_is_closed_and_never_deleted() -> None:
    review = make.review()
    with pytest.raises(IntegrityError):
        review.reviewer.user.delete()
    assert User.objects.filter(pk=review.reviewer.user.pk).exists()


def test_an_administrator_closes_the_account_of_another() -> None:
    kate = people.person("kate@example.org")
    kate.close(by=people.superuser())
    assert User.objects.get(pk=kate.pk).closed_at is not None


def test_whoever_may_change_accounts_closes_them() -> None:
    kate, clerk = people.person("kate@example.org"), people.person("clerk@example.org")
    clerk.user_permissions.add(Permission.objects.get(codename="change_user", content_type__app_label="accounts"))
    kate.close(by=User.objects.get(pk=clerk.pk))
    assert User.objects.get(pk=kate.pk).closed_at is not None


@pytest.mark.parametrize("role", ["reader", "author", "publisher", "registrar", "moderator"])
def test_nobody_else_closes_the_account_of_another(role: str) -> None:
    kate = people.person("kate@example.org", "Authors")
    with pytest.raises(NotAllowed, match="owner of an account or an administrator"):
        kate.close(by=getattr(people, role)())
    kate = User.objects.get(pk=kate.pk)
    assert (kate.email, kate.is_active, kate.closed_at) == ("kate@example.org", True, None)
    assert kate.groups.exists()


def test_a_closed_account_is_not_opened_again_behind_djangos_back() -> None:
    kate = people.person("kate@example.org")
    kate.close(by=kate)
    with pytest.raises(IntegrityError, match="closed_account_cannot_sign_in"), transaction.atomic():
        User.objects.filter(pk=kate.pk).update(is_active=True)
    assert not User.objects.get(pk=kate.pk).is_active
