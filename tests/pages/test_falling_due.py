"""Which reviews fall due when, and on whom: the figures are those of the stamps that readers see."""

import datetime as dt
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import Letter, User
from pages.desk import falling_due
from pages.management.commands import run_due
from reviews import record
from reviews.models import Credential, Publication, Reviewer
from reviews.standing import Stamp
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)
# The next fifteenth of June, on which the clock is stopped: rows are made today, or the database refuses them.
YEAR = make.today().year + (make.today() >= dt.date(make.today().year, 6, 15))
MID_JUNE = dt.date(YEAR, 6, 15)


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.ROUNDS_DEMO = True


def at_desk(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def page(query: str = "", *, by: User | None = None) -> Element:
    """The page as a publisher gets it."""
    return dom.read(at_desk(by or people.publisher()), reverse("admin:desk_falling_due") + query)


def rows(root: Element, number: int) -> list[list[str]]:
    """The words of the rows of a table of the page, but for its head."""
    body = list(root.iter("tbody"))[number]
    return [[dom.words(cell) for cell in row] for row in body.iter("tr")]


def by_month(root: Element) -> dict[str, str]:
    """The figures that are not 0, by the month."""
    return {month: figure for month, figure in map(tuple, rows(root, 0)) if figure != "0"}


def public(slug: str, month: int, day: int, *, after: int = 0, by: Reviewer | None = None) -> Publication:
    """A public page whose review lapses on a day of the year of MID_JUNE, or so many years after it."""
    due = dt.date(YEAR + after, month, day)
    years = 1 if due.replace(year=due.year - 1) <= make.today() else 2
    return site.live(
        make.condition(),
        slug,
        signed_on=due.replace(year=due.year - years),
        months=12 * years,
        by=by,
        question=f"What about {slug}?",
    )


def soon(slug: str, *, by: Reviewer | None = None) -> Publication:
    """A public page whose review lapses in half a year."""
    return site.live(make.condition(), slug, months=6, by=by)


def links(root: Element) -> dict[str, str]:
    """Where each bar leads, by its words."""
    (picture,) = dom.having(root, "chart")
    found = [link for link in picture.iter() if link.get("href")]
    return {link.get("aria-label", ""): link.get("href", "") for link in found}


def test_twelve_months_begin_with_this_one_across_the_turn_of_the_year() -> None:
    ahead = falling_due.months(dt.date(2027, 11, 30))
    assert [month.key for month in ahead][:3] == ["2027-11", "2027-12", "2028-01"]
    assert (len(ahead), ahead[3].name, ahead[3].last) == (12, "February 2028", dt.date(2028, 2, 29))
    assert ahead[-1].last == dt.date(2028, 10, 31)


def test_pages_are_counted_in_the_month_in_which_their_review_lapses(moved_clock: Clock) -> None:
    public("today", 6, 15)
    public("this-month", 6, 30)
    public("last-of-next", 7, 31)
    public("first-of-august", 8, 1)
    public("last-that-counts", 5, 31, after=1)
    public("too-late", 6, 1, after=1)
    public("gone", 8, 1).withdraw(by=people.publisher(), why="Wrong.")
    make.review(make.revision(make.article("unseen")), months=6)
    moved_clock.move(MID_JUNE)
    root = page()
    assert by_month(root) == {
        "Overdue": "1",
        f"June {YEAR}": "1",
        f"July {YEAR}": "1",
        f"August {YEAR}": "1",
        f"May {YEAR + 1}": "1",
    }
    assert dom.words(dom.only(root, "lead")).startswith("1 page is overdue, 4 fall due within a year")


def test_the_figures_are_those_of_the_stamps_whatever_the_day(moved_clock: Clock) -> None:
    site.build()
    today = make.today()
    for days in (0, 40, 330, 400):
        moved_clock.move(today + days * DAY)
        day, last = clock.today(), falling_due.months(clock.today())[-1].last
        ends = [Stamp.of(publication).lapses_on for publication in Publication.objects.live()]
        wanted = Counter("Overdue" if end <= day else f"{end:%B %Y}" for end in ends if end <= last)
        assert by_month(page()) == {month: str(number) for month, number in wanted.items()}, days


def test_a_revoked_credential_makes_its_pages_fall_due_on_that_day(moved_clock: Clock) -> None:
    dora = people.clinician("Dora")
    public("prognosis", 5, 31, after=1, by=dora)
    last = dt.date(YEAR, 8, 4)
    Credential.objects.get(reviewer=dora).revoke(by=people.registrar(), from_day=last, why="Retires.")
    moved_clock.move(MID_JUNE)
    assert by_month(page()) == {f"August {YEAR}": "1"}
    moved_clock.move(last)
    assert by_month(page()) == {"Overdue": "1"}


def test_each_bar_leads_to_its_pages_the_first_to_lapse_first(moved_clock: Clock) -> None:
    public("late", 1, 1)
    public("second", 8, 20)
    public("first", 8, 2, by=people.clinician("Dora"))
    moved_clock.move(MID_JUNE)
    found = links(page())
    assert set(found) == {"Overdue 1", f"August {YEAR} 2"}  # what is empty leads nowhere
    august = dom.read(at_desk(people.publisher()), found[f"August {YEAR} 2"])
    assert dom.words(dom.first(august, "h1")) == f"Reviews falling due: August {YEAR}"
    titles = dom.having(august, "line-title")
    assert [dom.words(title) for title in titles] == ["What about first?", "What about second?"]
    assert [row[1:] for row in rows(august, 0)] == [
        ["Dora Test, MD", f"2 Aug {YEAR}"],
        ["Clara Test, MD", f"20 Aug {YEAR}"],
    ]
    (late,) = rows(dom.read(at_desk(people.publisher()), found["Overdue 1"]), 0)
    assert late[2] == f"1 Jan {YEAR}Lapsed"


def test_pages_fall_on_whoever_signed_last_most_first(moved_clock: Clock) -> None:
    dora = people.clinician("Dora")
    public("late", 1, 1)
    public("one", 8, 2, by=dora)
    public("two", 9, 2, by=dora)
    taken_over = public("three", 7, 2)
    signed_on = taken_over.review.signed_on
    months = 12 * (YEAR - signed_on.year) + 3
    make.review(taken_over.review.revision, by=dora, signed_on=signed_on, months=months)
    moved_clock.move(MID_JUNE)
    found = rows(page(), 1)
    assert [row[2:] for row in found] == [[f"2 Aug {YEAR}", "0", "3", "0"], ["–", "1", "0", "0"]]
    assert found[0][0].startswith("Dora Test, MD")
    assert found[1][0].startswith("Clara Test, MD")
    of_dora = page("?reviewer=dora")
    assert dom.words(dom.first(of_dora, "h1")) == "Reviews falling due: Dora Test, MD"
    assert [row[2] for row in rows(of_dora, 0)] == [f"2 Aug {YEAR}", f"2 Sep {YEAR}", f"2 Oct {YEAR}"]


def test_pages_without_a_check_on_the_last_day_to_sign_in_time_are_counted(moved_clock: Clock) -> None:
    emil = Reviewer.objects.create(
        user=people.person("emil@example.org", "Clinicians"), name="Emil", slug="emil", since=make.today()
    )
    row = Credential.objects.create(reviewer=emil, profession="Physician", register="Test Register", number="E")
    ends, two_years = dt.date(YEAR, 8, 31), dt.timedelta(730)
    row.record_check(by=people.registrar(), valid_from=make.today() - two_years, valid_until=ends)
    public("in-time", 9, 1, by=emil)  # may be signed on 31 August
    public("a-day-late", 9, 2, by=emil)
    public("overdue", 6, 1, by=emil)
    moved_clock.move(MID_JUNE)
    ((_, state, _, overdue, ahead, uncovered),) = rows(page(), 1)
    assert (overdue, ahead, uncovered, state) == ("1", "2", "1", f"Valid to 31 Aug {YEAR}")
    assert "1 of them while no check of the reviewer’s credential stands" in dom.words(dom.only(page(), "lead"))
    moved_clock.reset()
    row.record_check(by=people.registrar(), valid_from=ends + DAY, valid_until=ends + two_years)
    moved_clock.move(MID_JUNE)
    assert rows(page(), 1)[0][5] == "0"


def test_a_reviewer_whose_account_is_closed_is_named_so() -> None:
    soon("prognosis")
    user = people.clinician().user
    user.close(by=user)
    assert "Account closed" in rows(page(), 1)[0][0]


def test_registrars_are_led_to_the_public_page_and_find_the_list_beside_their_own() -> None:
    shown = soon("prognosis")
    rita = at_desk(people.registrar())
    assert reverse("admin:desk_falling_due") in rita.get(reverse("admin:desk_credentials")).content.decode()
    link = dom.only(page("?reviewer=clara", by=people.registrar()), "line-title")
    assert link.get("href") == shown.article.get_absolute_url()
    at = dom.only(page("?reviewer=clara"), "line-title").get("href")
    assert at == reverse("admin:articles_article_change", args=[shown.article_id])


@pytest.mark.parametrize("who", ["author", "moderator"])
def test_it_is_for_publishers_and_registrars(who: str) -> None:
    assert at_desk(getattr(people, who)()).get(reverse("admin:desk_falling_due")).status_code == 403


@pytest.mark.parametrize(
    "query", ["?when=2027-99", "?when=", "?reviewer=nobody", "?when=overdue&page=99", "?reviewer=%3Cb%3E"]
)
def test_a_query_that_fits_nothing_is_answered(query: str) -> None:
    assert page(query) is not None


def test_nothing_falls_due_on_an_empty_site() -> None:
    root = page()
    assert dom.words(dom.only(root, "lead")) == "No page is overdue, none falls due within a year."
    assert by_month(root) == {}


def test_the_operators_daily_letter_says_what_falls_due_next_month(settings: Any, moved_clock: Clock) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.org"]
    public("overdue", 6, 1), public("this-month", 6, 20), public("first", 7, 1), public("last", 7, 31)
    public("after", 8, 1)
    moved_clock.move(MID_JUNE)
    run_due.verify()
    letter = Letter.objects.get(to="ops@example.org")
    assert letter.body.startswith(
        f"The record holds.\n\nIn July {YEAR} the reviews of 2 public pages fall due.\n\nKeep this letter. If "
    )
    assert falling_due.outlook(dt.date(YEAR, 7, 2)) == f"In August {YEAR} the review of 1 public page falls due."
    assert falling_due.outlook(dt.date(YEAR, 8, 2)) == ""


def test_a_letter_about_faults_does_not_wait_for_what_falls_due(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.org"]
    monkeypatch.setattr(record, "faults", lambda: ["Review 7 was changed."])
    monkeypatch.setattr(falling_due, "outlook", lambda today: 1 / 0)
    run_due.verify()
    assert "Review 7 was changed.\n\nKeep this letter." in Letter.objects.get(to="ops@example.org").body


def test_a_long_list_comes_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(falling_due, "ROWS", 2)
    for number in range(3):
        soon(f"page-{number}")
    first, second = page("?reviewer=clara"), page("?reviewer=clara&page=2")
    assert [len(rows(part, 0)) for part in (first, second)] == [2, 1]
    assert "?reviewer=clara&page=2" in dom.links(first)


def test_it_takes_few_queries_however_much_falls_due(django_assert_max_num_queries: Any) -> None:
    for number, name in enumerate(("Clara", "Dora", "Vera")):
        soon(f"page-{number}", by=people.clinician(name))
    client, address = at_desk(people.publisher()), reverse("admin:desk_falling_due")
    client.get(address)  # what a browser's first page costs more
    with django_assert_max_num_queries(9):
        client.get(address)
    with django_assert_max_num_queries(12):
        client.get(f"{address}?reviewer=clara")
