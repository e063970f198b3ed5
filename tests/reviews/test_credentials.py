"""Checks of credentials and their revocation, and the name that stays once it has signed (ways 6 and 24)."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.refusals import NotAllowed, Refusal
from reviews.models import Credential, CredentialCheck, Publication, Reviewer
from reviews.models.people import MayNotReview
from reviews.onlooker import Cover
from tests import make, people
from tests.database import sql

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def new_reviewer(name: str = "Nora", *groups: str) -> Reviewer:
    """A reviewer without a credential."""
    return Reviewer.objects.create(
        user=people.person(f"{name.lower()}@example.org", "Clinicians", *groups),
        name=name,
        slug=name.lower(),
        specialty="Neurologist",
        since=make.today(),
    )


def credential(of: Reviewer | None = None, *, register: str = "Test Register", number: str = "N1") -> Credential:
    """A credential that nobody has checked."""
    return Credential.objects.create(
        reviewer=of or new_reviewer(), profession="Physician", register=register, number=number
    )


def check(
    of: Credential, *, by: User | None = None, days: tuple[int, int] = (-9, 9), **more: object
) -> CredentialCheck:
    day = make.today()
    first, last = (day + number * DAY for number in days)
    return of.record_check(by=by or people.registrar(), valid_from=first, valid_until=last, **more)  # type: ignore[arg-type]


# Checks


def test_a_check_is_a_row_that_names_who_looked_when_and_how_long_it_holds() -> None:
    row, day = credential(), make.today()
    made = check(row, why="Looked up by telephone.")
    made.refresh_from_db()
    assert (made.credential, made.checked_by, made.checked_on) == (row, people.registrar(), day)
    assert (made.valid_from, made.valid_until, made.revoked) == (day - 9 * DAY, day + 9 * DAY, False)
    assert made.why == "Looked up by telephone."
    assert row.reviewer.may_review(make.revision(), on=day) == made


def test_a_check_made_earlier_keeps_its_day() -> None:
    day = make.today() - 3 * DAY
    assert check(credential(), checked_on=day).checked_on == day


def test_a_check_from_a_day_to_come_is_refused() -> None:
    day = make.today() + 2 * DAY
    row = credential()
    with pytest.raises(Refusal, match=f"The day of the check, {day:%-d %B %Y}, has not come yet"):
        check(row, checked_on=day)
    assert not row.checks.exists()


def test_days_in_the_wrong_order_are_refused() -> None:
    row = credential()
    with pytest.raises(Refusal, match="“Valid until” lies before “valid from”"):
        check(row, days=(3, 2))
    assert not row.checks.exists()


def test_a_check_for_one_day_counts_on_that_day() -> None:
    row = credential()
    check(row, days=(0, 0))
    revision = make.revision()
    assert row.reviewer.may_review(revision, on=make.today()).credential == row
    with pytest.raises(MayNotReview):
        row.reviewer.may_review(revision, on=make.today() + 2 * DAY)


def test_a_renewal_is_a_new_row_and_the_newest_is_signed_with() -> None:
    row = credential()
    first, second = check(row), check(row, days=(-9, 300))
    assert row.reviewer.may_review(make.revision(), on=make.today()) == second
    assert list(row.checks.all()) == [second, first]


@pytest.mark.parametrize("who", ["author", "publisher", "moderator", "reader"])
def test_only_registrars_check_and_revoke(who: str) -> None:
    row, person = credential(), getattr(people, who)()
    with pytest.raises(NotAllowed, match=r"may not check credentials\. Registrars do\."):
        check(row, by=person)
    with pytest.raises(NotAllowed, match=r"may not check credentials\. Registrars do\."):
        row.revoke(by=person, from_day=make.today(), why="No.")
    assert not row.checks.exists()


def test_a_clinician_checks_no_colleague() -> None:
    row = credential()
    with pytest.raises(NotAllowed, match="may not check credentials"):
        check(row, by=people.clinician().user)
    assert not row.checks.exists()


# way 5
@pytest.mark.parametrize("superuser", [False, True])
def test_nobody_checks_their_own_credential(superuser: bool) -> None:
    nora = new_reviewer("Nora", "Registrars")
    User.objects.filter(pk=nora.user_id).update(is_superuser=superuser)
    row = credential(Reviewer.objects.get(pk=nora.pk))
    own = User.objects.get(pk=nora.user_id)
    with pytest.raises(NotAllowed, match="Nobody checks their own credential"):
        check(row, by=own)
    with pytest.raises(NotAllowed, match="Nobody checks their own credential"):
        row.revoke(by=own, from_day=make.today(), why="No.")
    assert not row.checks.exists()


# Revocations


def test_a_revocation_is_a_row_with_a_reason_and_without_an_end() -> None:
    row = credential()
    check(row)
    made = row.revoke(by=people.registrar(), from_day=make.today() - 2 * DAY, why="Struck off.")
    made.refresh_from_db()
    assert (made.revoked, made.valid_until, made.why) == (True, None, "Struck off.")
    assert made.valid_from == make.today() - 2 * DAY


@pytest.mark.parametrize("why", ["", " \n"])
def test_a_revocation_needs_a_reason(why: str) -> None:
    row = credential()
    check(row)
    with pytest.raises(Refusal, match=r"Say why the credential is revoked\."):
        row.revoke(by=people.registrar(), from_day=make.today(), why=why)
    assert row.checks.count() == 1


def test_a_revocation_counts_from_its_day_on() -> None:
    row, day = credential(), make.today()
    check(row, days=(-30, 30))
    row.revoke(by=people.registrar(), from_day=day - 10 * DAY, why="Struck off.")
    revision = make.revision()
    assert row.reviewer.may_review(revision, on=day - 11 * DAY).credential == row
    for late in (day - 10 * DAY, day):
        with pytest.raises(MayNotReview, match=f"is checked as valid on {late:%-d %B %Y}"):
            row.reviewer.may_review(revision, on=late)


def test_a_check_after_a_revocation_counts_again() -> None:
    row = credential()
    check(row)
    row.revoke(by=people.registrar(), from_day=make.today() - 5 * DAY, why="Fee not paid.")
    again = check(row, days=(0, 9))
    assert row.reviewer.may_review(make.revision(), on=make.today()) == again


def test_a_revocation_reaches_its_own_credential_only() -> None:
    nora = new_reviewer()
    lost, kept = credential(nora), credential(nora, number="N2")
    check(lost)
    holds = check(kept)
    lost.revoke(by=people.registrar(), from_day=make.today() - 5 * DAY, why="Moved.")
    assert nora.may_review(make.revision(), on=make.today()) == holds


# Days that no calendar of people holds


@pytest.mark.parametrize("year", [1, 1899, 9999])
def test_a_day_of_another_age_is_refused_and_named(year: int) -> None:
    row, day, rita = credential(), make.today(), people.registrar()
    far = dt.date(year, 12, 31)
    said = f"is 31 December {year}. Write a day of the years 1900 to {day.year + 100}."
    with pytest.raises(Refusal, match=f"“Valid from” {said}"):
        row.revoke(by=rita, from_day=far, why="Wrong.")
    name, first, last = ("Valid until", day, far) if far > day else ("Valid from", far, day)
    with pytest.raises(Refusal, match=f"“{name}” {said}"):
        row.record_check(by=rita, valid_from=first, valid_until=last)
    if far < day:
        with pytest.raises(Refusal, match=f"“Checked on” {said}"):
            row.record_check(by=rita, checked_on=far, valid_from=day, valid_until=day)
    assert not row.checks.exists()
    assert row.record_check(by=rita, valid_from=dt.date(1900, 1, 1), valid_until=dt.date(day.year + 100, 12, 31))


def older(of: Credential, first: dt.date, last: dt.date | None) -> CredentialCheck:
    """A row from before such days were refused."""
    return CredentialCheck.objects.create(
        credential=of,
        checked_by=people.registrar(),
        checked_on=make.today(),
        valid_from=first,
        valid_until=last,
        revoked=last is None,
        why="As it was.",
    )


@pytest.mark.parametrize(
    ("first", "last"), [(dt.date.min, dt.date.max), (dt.date.max, dt.date.max), (dt.date.min, None)]
)
def test_an_older_row_with_such_a_day_locks_nobody_out(
    first: dt.date, last: dt.date | None, settings: object, client: Client
) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    row = credential()
    check(row, days=(-9, -1))
    older(row, first, last)
    user = row.reviewer.user
    assert Cover.of(user, make.today()).counts is (first == dt.date.min and last is not None)
    for person, screen in ((user, "reviews_reviewrequest_changelist"), (people.registrar(), "desk_credentials")):
        client.force_login(person)
        for name in ("index", screen):
            assert client.get(reverse(f"admin:{name}")).status_code == 200


def test_what_counts_on_the_desk_counts_for_a_signature() -> None:
    nora, rita, day = new_reviewer(), people.registrar(), make.today()
    one, two = credential(nora), credential(nora, number="N2")
    check(one, days=(-20, -10))
    one.revoke(by=rita, from_day=day - 12 * DAY, why="Wrong person.")
    check(one, days=(-11, -5))  # again
    check(one, days=(-30, -28))  # an old period, entered late
    check(two, days=(2, 6))
    two.revoke(by=rita, from_day=day + 4 * DAY, why="Moves.")
    two.revoke(by=rita, from_day=day + 9 * DAY, why="Moves later.")  # takes nothing back
    check(two, days=(6, 6))
    older(one, dt.date(day.year + 200, 1, 1), dt.date.max)
    rows = list(CredentialCheck.objects.filter(credential__reviewer=nora).order_by("pk"))
    far = [dt.date.min, dt.date(day.year + 200, 1, 1), dt.date.max - DAY]
    counted = []
    for on in [*(day + number * DAY for number in range(-32, 12)), *far]:
        counts = Cover.from_checks(rows, on).counts
        assert counts is CredentialCheck.objects.valid_on(on).filter(credential__reviewer=nora).exists(), on
        if counts and on not in far:
            counted.append((on - day).days)
    assert counted == [-30, -29, -28, *range(-20, -12), *range(-11, -4), 2, 3, 6]


# One number is one person (way 4)


def test_a_number_belongs_to_one_person_whatever_its_case() -> None:
    credential(number="AB1")
    other = new_reviewer("Olga")
    for register, number in [("Test Register", "AB1"), ("test REGISTER", "ab1")]:
        with pytest.raises(ValidationError, match="One number is one person"):
            Credential(reviewer=other, profession="Physician", register=register, number=number).full_clean()
        with pytest.raises(IntegrityError, match="one_person_a_credential_number"), transaction.atomic():
            credential(other, register=register, number=number)


def test_the_same_number_of_another_register_is_another_one() -> None:
    credential(number="AB1")
    assert credential(new_reviewer("Olga"), register="Other Register", number="AB1").pk


@pytest.mark.parametrize("number", ["A B1", " AB1", "AB1 ", "AB\t1", ""])
def test_a_number_has_no_blanks_that_would_make_it_another(number: str) -> None:
    nora = new_reviewer()
    with pytest.raises(ValidationError):
        Credential(reviewer=nora, profession="Physician", register="R", number=number).full_clean()
    with pytest.raises(IntegrityError, match="credential_number_has_no_blanks"), transaction.atomic():
        credential(nora, number=number)


# A checked credential is kept


def test_an_unchecked_credential_can_be_corrected_and_deleted() -> None:
    row = credential()
    row.number = "N2"
    row.save()
    row.delete()
    assert not Credential.objects.exists()


def test_a_checked_credential_is_neither_corrected_nor_deleted() -> None:
    row = credential()
    check(row)
    row.number = "N2"
    with pytest.raises(IntegrityError, match="checked_credential_is_kept_on_update"), transaction.atomic():
        row.save()
    with pytest.raises(ProtectedError):
        row.delete()
    assert Credential.objects.get(pk=row.pk).number == "N1"


# A name that has signed stays (way 24)


def test_whoever_signed_is_not_deleted_with_the_orm() -> None:
    review = make.publication().review
    clara = review.reviewer
    for person in (clara.user, review.revision.author, people.publisher(), people.registrar()):
        with pytest.raises(ProtectedError):
            person.delete()
        with pytest.raises(ProtectedError):
            User.objects.filter(pk=person.pk).delete()
    for row in (clara, clara.credentials.get()):
        with pytest.raises(ProtectedError):
            row.delete()
    assert Publication.objects.live().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("who", ["reviewer", "author", "publisher", "registrar"])
def test_the_account_of_whoever_signed_is_not_deleted_with_sql(who: str) -> None:
    publication = make.publication()
    person = publication.review.reviewer.user if who == "reviewer" else getattr(people, who)()
    person.groups.clear()
    with pytest.raises(IntegrityError), transaction.atomic():
        sql("DELETE FROM accounts_user WHERE id = %s", person.pk)
    assert User.objects.filter(pk=person.pk).exists()
    assert Publication.objects.live().exists()


@pytest.mark.django_db(transaction=True)
def test_a_reviewer_who_signed_is_not_deleted_with_sql() -> None:
    clara = make.publication().review.reviewer
    with pytest.raises(DatabaseError), transaction.atomic():
        sql("DELETE FROM reviews_reviewer WHERE id = %s", clara.pk)
    assert Reviewer.objects.filter(pk=clara.pk).exists()


def test_a_closed_account_leaves_the_stamp_as_it_was(client: Client) -> None:
    publication = make.publication()
    address = publication.article.get_absolute_url()
    before = client.get(address).content
    clara = publication.review.reviewer.user
    clara.close(by=clara)
    assert client.get(address).content == before
    assert "Clara Test, MD" in before.decode()
    assert client.get("/reviewers/clara/").status_code == 200


def test_a_closed_account_signs_nothing_more() -> None:
    clara = people.clinician()
    revision = make.revision()
    clara.user.close(by=clara.user)
    with pytest.raises(MayNotReview, match="The account of Clara Test, MD is closed"):
        Reviewer.objects.get(pk=clara.pk).may_review(revision, on=make.today())
