"""The review queue: what waits and for whom, overdue first; nothing that waits is ever lost from it."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django import Settings

from accounts import clock
from accounts.models import User
from articles.models import Revision
from reviews import waiting
from reviews.desk import queue
from reviews.models import CredentialCheck, Reviewer, ReviewRequest
from reviews.models.people import MayNotReview
from reviews.onlooker import Cover, Onlooker
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)
TITLE = re.compile(r'<a class="line-title" href="[^"]+">(.*?)</a>')
HEADING = re.compile(r'scope="rowgroup">(.*?)<')


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Settings) -> None:
    settings.ROUNDS_DEMO = True


def seen(by: User, query: str = "") -> str:
    """The queue as this person gets it."""
    browser = Client()
    browser.force_login(by)
    answer = browser.get(reverse("admin:reviews_reviewrequest_changelist") + query)
    assert answer.status_code == 200
    return answer.content.decode()


def titles(by: User, query: str = "") -> list[str]:
    """The questions on the page, from top to bottom."""
    return TITLE.findall(seen(by, query))


def text(question: str, *, by: User | None = None, disease: str = "poems-syndrome", topic: str = "outlook") -> Revision:
    """A first version on a page of its own."""
    of = make.condition(disease, disease.replace("-", " ").title())
    return make.revision(make.article(question.lower().replace(" ", "-"), of=of, topic=topic), by=by, question=question)


def asked(question: str, days: int, **about: str) -> ReviewRequest:
    """A request, to be decided in so many days."""
    due_on = make.today() + days * DAY
    return ReviewRequest.objects.ask(text(question, **about), by=people.author(), due_on=due_on)


def test_overdue_reviews_stand_first_and_each_says_why_it_is_here_with_whom_and_how_late() -> None:
    asked("Later", 15), asked("Soon", 14), asked("Late", -1), asked("Today", 0)
    people.clinician("Dora")
    asked("Held", 3).claim(by=people.clinician().user)
    signed_on = make.today() - 41 * DAY
    make.publication(make.review(text("Lapsed"), signed_on=signed_on, months=1))
    page = seen(people.clinician().user)
    assert TITLE.findall(page) == ["Lapsed", "Late", "Today", "Held", "Soon", "Later"]
    assert HEADING.findall(page) == ["Overdue, 2", "Due in the next 14 days, 3", "Later, 1"]
    lead = "6 reviews wait, 6 of them for you. 1 public page says “review lapsed” until someone reads it."
    assert lead in page
    for words in ("Due again, unchanged, version 1", "New page, version 1", "1 day late", "in 15 days", "New today"):
        assert words in page
    assert "With: You." in page
    dora = seen(people.clinician("Dora").user)
    assert "With: Clara Test, MD." in dora
    assert "6 reviews wait, 5 of them for you." in dora
    assert dora.count(">Claim it<") == 5
    author = seen(people.author())
    assert "6 reviews wait, 5 of them asked for by you." in author
    assert "Claim it" not in author


def test_the_filters_narrow_it_and_a_value_that_is_none_is_ignored_with_a_message() -> None:
    clara, dora = people.clinician().user, people.clinician("Dora").user
    asked("Mine", 1, disease="wilson-disease").claim(by=clara)
    asked("Hers", 2, topic="causes").claim(by=dora)
    asked("Free", 3)
    make.publication(make.review(text("Again"), by=people.clinician("Dora"), months=1))
    everything = ["Mine", "Hers", "Free", "Again"]
    for query, expected in {
        "?who=me": ["Mine", "Free", "Again"],
        "?who=nobody": ["Free", "Again"],
        "?kind=new": ["Mine", "Hers", "Free"],
        "?kind=again": ["Again"],
        "?condition=wilson-disease": ["Mine"],
        "?topic=causes&who=&kind=": ["Hers"],
        "?who=me&kind=new&topic=outlook": ["Mine", "Free"],
        "?kind=change": [],
        "?e=1&o=2&unknown=x": everything,
    }.items():
        assert titles(clara, query) == expected, query
    assert titles(people.author(), "?who=asked") == ["Mine", "Hers", "Free"]
    assert titles(people.author(), "?who=me") == []
    for query, problem in {
        "?who=<b>": "With: “&lt;b&gt;” is none of the choices",
        "?kind=%00": "Kind: “",
        "?condition=gone": "Condition: “gone” is none of the choices",
        "?topic=x&state=y": "State: “y” is none of the choices",
        "?page=0": "There is no page “0” of this list; this is the first of 1.",
        "?page=9" + "9" * 5000: "There is no page “9999",
    }.items():
        page = seen(clara, query)
        assert problem in page, query
        assert TITLE.findall(page) == everything, query


def test_a_request_is_never_lost_and_a_closed_one_is_found(moved_clock: Clock) -> None:
    waits, clara = asked("Waits", 1), people.clinician().user
    waits.claim(by=clara)
    done = make.review(text("Done"))
    asked("Taken back", 2).take_back(by=people.author())
    assert titles(clara) == ["Waits"]
    assert titles(clara, "?state=closed") == ["Taken back", "Done"]
    assert titles(clara, "?state=closed&who=me") == ["Done"]
    assert titles(people.author(), "?state=closed&who=asked&kind=new") == ["Taken back", "Done"]
    assert titles(clara, "?state=closed&who=nobody&condition=poems-syndrome&topic=outlook") == ["Taken back"]
    assert "Taken back by the author" in seen(clara, "?state=closed")
    moved_clock.move(make.today() + 4000 * DAY)
    page = seen(people.author())
    assert TITLE.findall(page) == ["Waits"]
    assert "3999 days late" in page
    assert "Waits 4000 days" in page
    assert f"Nobody; Clara Test, MD had it until {waits.claim_ends_at:%-d %B %Y}" in page
    assert done.request.pk not in ReviewRequest.objects.open()


def test_whoever_wrote_a_part_is_told_so_in_the_row_exactly_where_the_verb_refuses() -> None:
    wanda, clara = people.clinician("Wanda", "Authors"), people.clinician()
    make.request(text("First", by=wanda.user))
    second = make.review(text("Second", by=wanda.user), by=clara)
    make.request(make.revision(second.revision.article, question="Second", body="More [1](#source-1)."))
    third = make.review(text("Third"), by=clara)
    make.revision(third.revision.article, by=wanda.user, question="Third", body="Wanda's [1](#source-1).")
    make.request(make.revision(third.revision.article, question="Third", body="Ada's [1](#source-1)."))
    make.publication(make.review(text("Fourth", by=wanda.user), by=clara, months=1))
    asked("Fifth", 1)
    for reviewer, refused in ((wanda, {"First", "Third", "Fourth"}), (clara, set())):
        now = clock.read()
        who = Onlooker.of(reviewer.user, now.date())
        for row in waiting.everything(who, now, waiting.lapses(now.date())):
            revision = Revision.objects.get(pk=row.revision)
            assert row.wrote_part is _refused(reviewer, revision) is (revision.question in refused)
            assert row.may_claim is not row.wrote_part
    page = seen(wanda.user)
    assert page.count("You wrote part of this") == 3
    assert page.count(">Claim it<") == 2


def _refused(reviewer: Reviewer, revision: Revision) -> bool:
    try:
        reviewer.may_review(revision, on=make.today())
    except MayNotReview:
        return True
    return False


def test_whoever_cannot_sign_is_told_the_day_and_the_remedy_before_the_work() -> None:
    clara, registrar, today = people.clinician(), people.registrar(), make.today()
    request, licence = asked("Free", 1), clara.credentials.get()
    request.claim(by=clara.user)
    asked("Other", 2)
    assert "Your credential" not in seen(clara.user)
    licence.revoke(by=registrar, from_day=today + 10 * DAY, why="Moves away.")
    page = seen(clara.user)
    assert f"Your credential counts until {today + 9 * DAY:%-d %B %Y}. Ask a registrar" in page
    assert ">Claim it<" in page
    licence.revoke(by=registrar, from_day=today, why="Struck off.")
    page = seen(clara.user)
    assert f"Your credential is revoked from {today:%-d %B %Y}. Ask a registrar" in page
    assert ">Claim it<" not in page
    assert titles(clara.user, "?who=me") == ["Free"]  # what they claimed stays theirs to hand back
    new = people.person("nora@example.org", "Clinicians")
    assert "Nobody has checked a credential of yours" in seen(new)
    assert "Your credential" not in seen(people.author())


@pytest.mark.parametrize(
    ("checks", "says"),
    [
        ([], "Nobody has checked a credential of yours by 1 June 2026"),
        ([(-100, 31)], ""),
        ([(-100, 29)], "counts until 30 June 2026"),
        ([(-100, 0)], "counts until 1 June 2026"),
        ([(-100, -1)], "ran out on 31 May 2026"),
        ([(1, 100)], "from 2 June 2026 only"),
        ([(-100, 5), (6, 300)], ""),
        ([(-100, 5), (7, 300)], "counts until 6 June 2026"),
        ([(-100, 300), (8, None)], "counts until 8 June 2026"),
        ([(-100, 300), (0, None)], "revoked from 1 June 2026"),
        ([(-100, 300), (-3, None), (-2, 300)], ""),
    ],
)
@pytest.mark.once
def test_the_notice_names_the_day(checks: list[tuple[int, int | None]], says: str) -> None:
    today = dt.date(2026, 6, 1)
    rows = [
        CredentialCheck(
            credential_id=1,
            valid_from=today + first * DAY,
            valid_until=None if last is None else today + last * DAY,
            revoked=last is None,
        )
        for first, last in checks
    ]
    cover = Cover.from_checks(rows, today)
    assert says in cover.notice
    assert bool(cover.notice) is bool(says)


def test_it_is_paged_each_row_once_and_costs_as_many_queries_for_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ROWS", 2)
    clara = people.clinician().user
    requests = [asked(f"Q{number}", 5) for number in range(3)]
    make.publication(make.review(text("Q3"), by=people.clinician("Dora"), months=1))
    make.publication(make.review(text("Q4"), by=people.clinician("Dora"), months=1))
    requests[0].claim(by=clara)
    pages = [titles(clara, f"?page={number}&kind=") for number in (1, 2, 3)]
    assert pages == [["Q0", "Q1"], ["Q2", "Q3"], ["Q4"]]
    first = seen(clara, "?kind=new&page=1")
    assert "?kind=new&amp;page=2" in first
    assert "Due in the next 14 days, 3" in first
    browser, address = Client(), reverse("admin:reviews_reviewrequest_changelist")
    browser.force_login(clara)
    spent = []
    for rows in (2, 50):
        monkeypatch.setattr(queue, "ROWS", rows)
        with CaptureQueriesContext(connection) as queries:
            browser.get(address)
        spent.append(len(queries))
    assert spent[0] == spent[1] <= 12
