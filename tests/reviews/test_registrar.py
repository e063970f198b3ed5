"""The registrar's list: which credentials do not count, or soon will not, and a form for the next check."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from reviews.desk.credentials import due
from reviews.models import Credential, Reviewer
from tests import make, people
from tests.pages import dom

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


@pytest.fixture(autouse=True)
def _no_second_factor(settings: object) -> None:
    """The second factor has its own tests; here the door stands open as in a demonstration."""
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]


def at_desk(person: object) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def credential(name: str, *, first: int | None = None, last: int = 0) -> Credential:
    """The credential of a new reviewer, checked from and until so many days from now; not at all without a first."""
    reviewer = Reviewer.objects.create(
        user=people.person(f"{name.lower()}@example.org", "Clinicians"),
        name=name,
        slug=name.lower(),
        since=make.today(),
    )
    row = Credential.objects.create(
        reviewer=reviewer,
        profession="Physician",
        register="Test Register",
        number=name.upper(),
        register_url=f"https://register.example.org/{name}",
    )
    if first is not None:
        row.record_check(
            by=people.registrar(), valid_from=make.today() + first * DAY, valid_until=make.today() + last * DAY
        )
    return row


def told() -> list[tuple[str, str, int | None]]:
    """Reviewer, state and in how many days, of each row of the list."""
    rows = due(make.today())
    return [(row.reviewer.name, row.state, (row.day - make.today()).days if row.day else None) for row in rows]


def test_it_lists_who_cannot_sign_or_not_for_more_than_ninety_days() -> None:
    rita, today = people.registrar(), make.today()
    credential("Never")
    credential("Soon", first=-9, last=90)
    credential("Today", first=-9, last=0)
    credential("Over", first=-9, last=-1)
    credential("Later", first=-9, last=91)
    credential("Renewed", first=-9, last=-2).record_check(by=rita, valid_from=today, valid_until=today + 300 * DAY)
    credential("Struck", first=-9, last=300).revoke(by=rita, from_day=today - 5 * DAY, why="Struck off.")
    credential("Unseen").revoke(by=rita, from_day=today - 3 * DAY, why="Not in the register.")
    credential("Past", first=-99, last=-50).revoke(by=rita, from_day=today - 4 * DAY, why="Struck off.")
    closed = credential("Closed", first=-9, last=-3).reviewer.user
    closed.close(by=closed)
    Reviewer.objects.create(user=people.person("bare@example.org", "Clinicians"), name="Bare", slug="b", since=today)
    assert told() == [
        ("Never", "Never checked", None),
        ("Bare", "Never checked", None),
        ("Struck", "Revoked from", -5),
        ("Past", "Revoked from", -4),
        ("Unseen", "Revoked from", -3),
        ("Over", "Ran out on", -1),
        ("Today", "Valid to", 0),
        ("Soon", "Valid to", 90),
    ]


def test_it_judges_by_all_checks_of_a_person_not_by_the_newest_row() -> None:
    rita, today = people.registrar(), make.today()
    credential("Coming", first=30, last=700)
    credential("Entered", first=-9, last=300).record_check(  # an old period, entered late
        by=rita, valid_from=today - 900 * DAY, valid_until=today - 600 * DAY
    )
    wrong = credential("Wrong", first=-9, last=300)
    wrong.revoke(by=rita, from_day=today - 5 * DAY, why="Another person.")
    wrong.record_check(by=rita, valid_from=today - 9 * DAY, valid_until=today + 20 * DAY)
    moved = credential("Moved", first=-9, last=300)
    moved.revoke(by=rita, from_day=today, why="Moved.")
    other = Credential.objects.create(reviewer=moved.reviewer, profession="Physician", register="Other", number="1")
    other.record_check(by=rita, valid_from=today, valid_until=today + 300 * DAY)
    credential("Leaves", first=-9, last=300).revoke(by=rita, from_day=today + 8 * DAY, why="Retires.")
    assert told() == [("Coming", "Valid only from", 30), ("Leaves", "Revoked from", 8), ("Wrong", "Valid to", 20)]


def test_it_says_how_many_live_pages_rest_on_the_person(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    clara = people.clinician()
    make.publication()
    make.publication(make.review(make.revision(make.article("survival"))))
    gone = make.publication(make.review(make.revision(make.article("treatment"))))
    gone.withdraw(by=people.publisher(), why="Wrong.")
    make.review(make.revision(make.article("draft")))
    clara.credentials.get().revoke(by=people.registrar(), from_day=make.today() + DAY, why="Retires.")
    credential("Never")
    with django_assert_max_num_queries(2):
        assert len(due(make.today())) == 2
    client, address = at_desk(people.registrar()), reverse("admin:desk_credentials")
    client.get(address)  # what a browser's first page costs more
    with django_assert_max_num_queries(9):
        assert "2 public pages" in dom.words(dom.read(client, address))


def test_a_registrar_opens_the_form_that_is_needed_from_the_list() -> None:
    row = credential("Over", first=-9, last=-1)
    bare = Reviewer.objects.create(
        user=people.person("bare@example.org", "Clinicians"), name="Bare", slug="bare", since=make.today()
    )
    client = at_desk(people.registrar())
    address = reverse("admin:desk_credentials")
    assert address in dom.links(dom.tree(client.get(reverse("admin:reviews_credential_changelist")).content))
    root = dom.read(client, address)
    assert "2 of these reviewers cannot sign today." in dom.words(root)
    assert row.register_url in dom.links(root)
    check = reverse("admin:reviews_credentialcheck_add") + f"?credential={row.pk}"
    enter = reverse("admin:reviews_credential_add") + f"?reviewer={bare.pk}"
    for form, chosen in ((check, row.pk), (enter, bare.pk)):
        assert form in dom.links(root)
        assert f'<option value="{chosen}" selected>' in client.get(form).content.decode()


def test_nobody_but_registrars_sees_it() -> None:
    credential("Over", first=-9, last=-1)
    for person in (people.author(), people.clinician().user, people.publisher(), people.moderator()):
        assert at_desk(person).get(reverse("admin:desk_credentials")).status_code == 403
    assert at_desk(people.reader()).get(reverse("admin:desk_credentials")).status_code == 302


def test_without_anything_to_do_it_says_so() -> None:
    people.clinician()
    root = dom.read(at_desk(people.registrar()), reverse("admin:desk_credentials"))
    assert "Every reviewer’s credential is checked for more than 90 days." in dom.words(root)
    assert not list(root.iter("table"))


def test_the_address_of_a_reviewer_never_changes() -> None:
    reviewer = people.clinician()
    client = at_desk(people.registrar())
    address = reverse("admin:reviews_reviewer_change", args=[reviewer.pk])
    form = {
        "name": "Clara Other",
        "slug": "another",
        "suffix": "MD",
        "specialty": "x",
        "bio": "",
        "since": "2024-09-01",
    }
    rows = {f"credentials-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert client.post(address, {**form, **rows}).status_code == 302
    reviewer.refresh_from_db()
    assert (reviewer.name, reviewer.slug) == ("Clara Other", "clara")
    assert client.get("/reviewers/clara/").status_code == 200
    assert client.get(address).status_code == 200


def test_whoever_enters_a_reviewer_chooses_the_address() -> None:
    user = people.person("newcomer@example.org", "Clinicians")
    form = {"user": user.pk, "name": "Nora New", "slug": "nora", "specialty": "x", "since": "2024-09-01"}
    rows = {f"credentials-{name}": 0 for name in ("TOTAL_FORMS", "INITIAL_FORMS")}
    assert at_desk(people.registrar()).post(reverse("admin:reviews_reviewer_add"), {**form, **rows}).status_code == 302
    assert Reviewer.objects.get(user=user).slug == "nora"
