"""The demonstration: what it makes, for whom it makes nothing, and who gets in with which password."""

import datetime as dt
import io

import pytest
from django.apps import apps
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from articles.models import Article, Condition
from community.models import Community, Member
from pages.management.commands import demo
from reviews import record
from reviews.models import Publication, Review, ReviewRequest
from reviews.standing import Standing, standing_of, with_facts
from tests import make, people

from . import crawl, dom

pytestmark = pytest.mark.django_db

KNOWN = "rounds-demonstration"
STAFF = ["author", "clinician", "second-clinician", "publisher", "registrar", "moderator", "admin"]
SAMPLE = "Every reviewer, review, date and member on this site is a sample."


@pytest.fixture(autouse=True)
def _demonstration(settings: Settings) -> None:
    settings.ROUNDS_DEMO = True


def run(passwords: str = "random") -> str:
    """What the command prints."""
    printed = io.StringIO()
    call_command("demo", passwords=passwords, stdout=printed)
    return printed.getvalue()


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def passwords(printed: str) -> dict[str, str]:
    """The passwords that a run printed, by address."""
    found: dict[str, str] = {}
    for line in printed.splitlines():
        if line.startswith("  "):
            email, password = line.split()
            found[email] = password
    assert len(set(found.values())) == len(found)
    return found


def signs_in(email: str, password: str) -> bool:
    """Whether the site lets somebody in with this address and password."""
    return authenticate(None, email=email, password=password) is not None


def staff() -> list[str]:
    """The addresses of those who may enter the admin."""
    return [f"{name}@{demo.DOMAIN}" for name in STAFF]


# Where it makes nothing


def test_a_site_that_is_no_demonstration_is_refused(settings: Settings) -> None:
    settings.ROUNDS_DEMO = False
    before = rows()
    with pytest.raises(CommandError, match=r"not a demonstration\. Set ROUNDS_DEMO=1 on a database of its own"):
        run("known")
    assert rows() == before


def test_a_database_that_holds_other_people_is_refused() -> None:
    make.publication()
    before, hashes = rows(), list(User.objects.values_list("email", "password"))
    with pytest.raises(CommandError, match=r"holds people of its own\. Point DATABASE_URL at an empty one"):
        run("known")
    assert rows() == before
    assert list(User.objects.values_list("email", "password")) == hashes


def test_somebody_with_an_address_that_only_looks_alike_is_other_people() -> None:
    people.person("ada@notrounds.example")
    with pytest.raises(CommandError, match="people of its own"):
        run()


def test_a_run_that_fails_half_way_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        assert Publication.objects.exists()
        raise RuntimeError("power cut")

    before = rows()
    with monkeypatch.context() as patched:
        patched.setattr(demo, "_changed", broken)
        with pytest.raises(RuntimeError, match="power cut"):
            run()
    assert rows() == before
    assert "The demonstration is ready." in run()


# What it makes


def test_it_has_three_conditions_with_pages_in_every_standing() -> None:
    run()
    assert Condition.objects.exclude(articles=None).distinct().count() == 3
    standings = {
        str(article): standing_of(article, make.today()) for article in with_facts(Article.objects.order_by("pk"))
    }
    assert len(standings) >= 6
    assert set(standings.values()) == set(Standing) - {Standing.REVIEWED}
    assert standings["poems-syndrome/prognosis"] == Standing.PUBLISHED


def test_it_has_broader_and_narrower_conditions_and_one_that_leads_elsewhere(client: Client) -> None:
    run()
    assert "/conditions/plasma-cell-disorder/" in dom.links(dom.read(client, "/conditions/poems-syndrome/"))
    narrower = dom.links(dom.read(client, "/conditions/plasma-cell-disorder/"))
    assert {"/conditions/poems-syndrome/", "/conditions/multiple-myeloma/"} <= set(narrower)
    assert client.get("/conditions/takatsuki-disease/")["Location"] == "/conditions/poems-syndrome/"


def test_it_has_a_community_of_59_and_one_of_fewer_than_eleven(client: Client) -> None:
    run()
    counts = {row.condition.slug: (row.member_count, row.members.count()) for row in Community.objects.all()}
    assert counts == {"poems-syndrome": (59, 59), "wilson-disease": (7, 7)}
    assert "59 members" in dom.words(dom.read(client, "/conditions/poems-syndrome/prognosis/"))
    assert "ewer than 11" in dom.words(dom.read(client, "/conditions/wilson-disease/community/"))


def test_sample_reviews_bear_their_past_day_and_the_true_time_of_recording() -> None:
    run()
    signed = sorted(Review.objects.values_list("signed_on", flat=True))
    assert signed == sorted(make.today() - dt.timedelta(days) for _, _, days in demo.PUBLISHED)
    assert all(day < make.today() for day in signed)
    assert {review.recorded_at.date() for review in Review.objects.all()} == {make.today()}
    assert {row.published_at.date() for row in Publication.objects.all()} == {make.today()}


def test_the_record_of_the_demonstration_holds() -> None:
    run()
    assert list(record.faults()) == []
    call_command("verify_record", stdout=io.StringIO())


def test_a_clinician_finds_work_in_the_queue() -> None:
    run()
    assert {row.kind for row in ReviewRequest.objects.open()} == {"new", "change"}
    clinician = User.objects.get(email=f"clinician@{demo.DOMAIN}")
    for request in ReviewRequest.objects.open():
        request.claim(by=clinician)


def test_a_second_run_adds_nothing_and_takes_nothing_back() -> None:
    run("known")
    author = User.objects.get(email=f"author@{demo.DOMAIN}")
    article = Article.objects.get(slug="prognosis")
    make.revision(article, by=author, body="Written by a visitor.")
    before, hashes = rows(), list(User.objects.values_list("email", "password"))
    assert run("known") == ""
    assert rows() == before
    assert list(User.objects.values_list("email", "password")) == hashes
    newest = article.newest()
    assert newest is not None
    assert newest.body == "Written by a visitor."


def test_somebody_whom_a_visitor_added_does_not_stop_the_next_start() -> None:
    run("known")
    visitor = people.person("visitor@example.org", "Authors")
    before = rows()
    assert run("known") == ""
    assert rows() == before
    assert signs_in(visitor.email, people.PASSWORD)
    assert visitor.email not in passwords(run("random"))
    assert signs_in(visitor.email, people.PASSWORD)


# Who gets in


@pytest.mark.once
def test_the_known_password_opens_every_staff_account() -> None:
    assert passwords(run("known")) == {}
    assert sorted(User.objects.filter(is_staff=True).values_list("email", flat=True)) == sorted(staff())
    assert all(signs_in(email, KNOWN) for email in staff())


@pytest.mark.once
def test_random_passwords_are_printed_once_for_each_staff_account_and_open_it() -> None:
    printed = passwords(run("random"))
    assert sorted(printed) == sorted(staff())
    assert all(signs_in(email, password) for email, password in printed.items())
    assert all(len(password) >= 16 for password in printed.values())
    assert not any(signs_in(email, KNOWN) for email in staff())


@pytest.mark.once
def test_a_second_random_run_prints_no_password_and_changes_none() -> None:
    first = passwords(run("random"))
    assert run("random") == ""
    assert all(signs_in(email, password) for email, password in first.items())


@pytest.mark.once
def test_random_passwords_replace_the_known_one() -> None:
    run("known")
    printed = passwords(run("random"))
    assert sorted(printed) == sorted(staff())
    assert all(signs_in(email, password) for email, password in printed.items())
    assert not any(signs_in(email, KNOWN) for email in staff())


@pytest.mark.once
def test_the_known_password_comes_back_on_loopback() -> None:
    first = passwords(run("random"))
    assert passwords(run("known")) == {}
    assert all(signs_in(email, KNOWN) for email in staff())
    assert not any(signs_in(email, password) for email, password in first.items())


@pytest.mark.parametrize("name", [STAFF[0], STAFF[-1]])
@pytest.mark.once
def test_one_changed_password_leaves_no_other_account_with_the_known_one(name: str) -> None:
    run("known")
    changed = User.objects.get(email=f"{name}@{demo.DOMAIN}")
    changed.set_password("a password of the visitor")
    changed.save()
    run("random")
    assert not any(signs_in(email, KNOWN) for email in staff())


@pytest.mark.once
def test_whoever_was_signed_in_with_the_known_password_is_out_once_it_is_replaced(client: Client) -> None:
    run("known")
    client.post(reverse("account_login"), {"login": f"author@{demo.DOMAIN}", "password": KNOWN})
    assert client.get(reverse("admin:index")).status_code == 200
    run("random")
    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("how", ["known", "random"])
@pytest.mark.once
def test_members_cannot_sign_in_by_password(how: str) -> None:
    run(how)
    members = User.objects.filter(pk__in=Member.objects.values("user"))
    assert members.count() == 66
    assert not members.filter(is_staff=True).exists()
    assert not any(member.has_usable_password() for member in members)
    assert not any(signs_in(member.email, password) for member in members for password in (KNOWN, ""))


# What readers are told


@pytest.mark.once
def test_every_page_of_the_desk_of_a_demonstration_says_that_it_is_a_sample(client: Client) -> None:
    run("known")
    client.post(reverse("account_login"), {"login": f"clinician@{demo.DOMAIN}", "password": KNOWN})
    request = ReviewRequest.objects.open().first()
    assert request is not None
    addresses = [
        reverse("admin:index"),
        reverse("admin:reviews_reviewrequest_changelist"),
        reverse("admin:reviews_reviewrequest_change", args=[request.pk]),
        reverse("admin:articles_article_changelist"),
    ]
    answers = {address: client.get(address, follow=True) for address in addresses}
    assert {response.status_code for response in answers.values()} == {200}
    assert [address for address, response in answers.items() if SAMPLE not in response.content.decode()] == []


@pytest.mark.once
def test_no_page_of_a_site_that_is_no_demonstration_says_so(client: Client, settings: Settings) -> None:
    run()
    settings.ROUNDS_DEMO = False
    for address, visit in crawl.visit(client).items():
        words = visit.response.content.decode()
        assert "Demonstration" not in words, address
        assert SAMPLE not in words, address
