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


def told() -> list[tuple[str, str, bool]]:
    """Reviewer, state and whether it counts, of each credential on the list."""
    return [(row.credential.reviewer.name, row.state, row.counts) for row in due(make.today())]


def test_it_lists_what_does_not_count_or_runs_out_within_ninety_days_by_day() -> None:
    credential("Never")
    credential("Soon", first=-9, last=90)
    credential("Today", first=-9, last=0)
    credential("Over", first=-9, last=-1)
    credential("Later", first=-9, last=91)
    renewed = credential("Renewed", first=-9, last=-2)
    renewed.record_check(by=people.registrar(), valid_from=make.today(), valid_until=make.today() + 300 * DAY)
    struck = credential("Struck", first=-9, last=300)
    struck.revoke(by=people.registrar(), from_day=make.today() - 5 * DAY, why="Struck off.")
    closed = credential("Closed", first=-9, last=-3).reviewer.user
    closed.close(by=closed)
    assert told() == [
        ("Never", "Never checked", False),
        ("Struck", "Revoked from", False),
        ("Over", "Ran out on", False),
        ("Today", "Valid to", True),
        ("Soon", "Valid to", True),
    ]


def test_it_says_how_many_live_pages_rest_on_the_person(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    clara = people.clinician()
    make.publication()
    make.publication(make.review(make.revision(make.article("survival"))))
    gone = make.publication(make.review(make.revision(make.article("treatment"))))
    gone.withdraw(by=people.publisher(), why="Wrong.")
    make.review(make.revision(make.article("draft")))
    clara.credentials.get().revoke(by=people.registrar(), from_day=make.today() + DAY, why="Retires.")
    with django_assert_max_num_queries(4):
        (row,) = due(make.today())
    assert (row.state, row.counts, row.pages) == ("Revoked from", True, 2)


def test_a_registrar_opens_the_form_for_a_check_from_the_list() -> None:
    row = credential("Over", first=-9, last=-1)
    client = at_desk(people.registrar())
    address = reverse("admin:desk_credentials")
    assert address in dom.links(dom.tree(client.get(reverse("admin:reviews_credential_changelist")).content))
    root = dom.read(client, address)
    assert "1 of these does not count today." in dom.words(root)
    assert row.register_url in dom.links(root)
    form = reverse("admin:reviews_credentialcheck_add") + f"?credential={row.pk}"
    assert form in dom.links(root)
    assert f'<option value="{row.pk}" selected>' in client.get(form).content.decode()


def test_nobody_but_registrars_sees_it() -> None:
    credential("Over", first=-9, last=-1)
    for person in (people.author(), people.clinician().user, people.publisher(), people.moderator()):
        assert at_desk(person).get(reverse("admin:desk_credentials")).status_code == 403
    assert at_desk(people.reader()).get(reverse("admin:desk_credentials")).status_code == 302


def test_without_anything_to_do_it_says_so() -> None:
    people.clinician()
    root = dom.read(at_desk(people.registrar()), reverse("admin:desk_credentials"))
    assert "Every credential is checked for more than 90 days." in dom.words(root)
    assert not list(root.iter("table"))
