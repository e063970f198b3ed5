"""Coverage at the desk: its figures are those of the rows, lead to what was counted, and tell of no membership."""

import datetime as dt
from collections import Counter
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import User
from articles.models import Article, Condition, ConditionCode, Topic
from pages.desk import coverage
from pages.models import CodeMiss
from reviews.models import Credential, Publication
from reviews.standing import Standing, standing_of, with_facts
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


@pytest.fixture(autouse=True)
def _without_second_factor(settings: Any) -> None:
    settings.ROUNDS_DEMO = True


def at_desk(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client


def page() -> Element:
    """The page as a publisher gets it."""
    return dom.read(at_desk(people.publisher()), reverse("admin:desk_coverage"))


def section(root: Element, heading: str) -> Element:
    """The part of the page under a heading."""
    (found,) = [part for part in root.iter("section") if part.get("aria-labelledby") == heading]
    return found


def rows(part: Element) -> list[list[str]]:
    """The words of the rows of its table, but for the head."""
    (body,) = part.iter("tbody")
    return [[dom.words(cell) for cell in row] for row in body.iter("tr")]


def of(slug: str, pages: int) -> Condition:
    """A condition with so many public pages."""
    condition = make.condition(slug, slug.replace("-", " ").title())
    for number in range(pages):
        site.live(condition, f"page-{number}", Topic.values[number % 8])
    return condition


def coded(condition: Condition, code: str, *, times: int = 0) -> None:
    """A code of a condition, asked for in vain so many times."""
    ConditionCode.objects.create(condition=condition, system="MeSH", code=code)
    for _ in range(times):
        CodeMiss.objects.note("MeSH", code)


def test_conditions_are_counted_by_the_pages_that_readers_see() -> None:
    of("none", 0), of("one", 1), of("two", 2), of("three", 3), of("five", 5), of("eight", 8)
    withdrawn = of("withdrawn", 1)
    Publication.objects.live().get(article__condition=withdrawn).withdraw(by=people.publisher(), why="Wrong.")
    make.revision(make.article("draft", of=of("drafts", 0)))
    struck = people.clinician("Dora")
    site.live(of("struck", 0), "prognosis", by=struck)
    Credential.objects.get(reviewer=struck).revoke(
        by=people.registrar(), from_day=make.today() - DAY, why="Struck off."
    )
    root = page()
    assert rows(section(root, "conditions-heading")) == [
        ["No page yet", "4"],
        ["1 page", "1"],
        ["2 or 3 pages", "2"],
        ["4 to 7 pages", "1"],
        ["8 pages or more", "1"],
    ]
    assert dom.words(dom.only(root, "lead")) == "5 of 9 conditions have pages that readers see: 19 pages."


def test_the_counts_of_conditions_are_those_of_what_is_live(moved_clock: Clock) -> None:
    site.build()
    later = make.review(make.revision(make.article("later", of=make.condition("castleman-disease"))))
    make.publication(later, live_from=clock.read() + 2 * DAY)
    today = make.today()
    for days in (0, 3, 400):
        moved_clock.move(today + days * DAY)
        live = Counter(Publication.objects.live().values_list("article__condition", flat=True))
        assert coverage.pages_of_conditions() == live


def test_pages_are_counted_by_topic_and_standing(moved_clock: Clock) -> None:
    site.build()
    make.request(make.revision(make.article("asked", topic="living")))
    make.revision(make.article("draft", topic="living"))
    today = make.today()
    for days in (0, 310, 400):
        moved_clock.move(today + days * DAY)
        root = page()
        wanted = Counter((row.topic, standing_of(row, clock.today())) for row in with_facts(Article.objects.all()))
        found = rows(section(root, "topics-heading"))
        assert found[:-1] == [
            [
                topic.label,
                *(str(wanted[topic, each]) for each in Standing),
                str(sum(wanted[topic, s] for s in Standing)),
            ]
            for topic in Topic
        ]
        sums = [str(sum(wanted[topic, each] for topic in Topic)) for each in Standing]
        assert found[-1] == ["All topics", *sums, str(Article.objects.count())]
        assert rows(section(root, "standing-heading")) == [
            [str(each.label), number] for each, number in zip(Standing, sums, strict=True)
        ]


def test_each_figure_leads_to_the_list_of_what_was_counted() -> None:
    site.build()
    of("two", 2)
    make.revision(make.article("draft", topic="living"))
    client, root, followed = at_desk(people.publisher()), page(), 0
    for heading in ("conditions-heading", "standing-heading", "topics-heading"):
        (body,) = section(root, heading).iter("tbody")
        for row in body.iter("tr"):
            for link in row.iter("a"):
                figure = dom.words(link) if heading == "topics-heading" else dom.words(list(row)[-1])
                answer = client.get(link.get("href", ""))
                assert answer.status_code == 200
                assert str(answer.context["cl"].result_count) == figure, link.get("href")
                followed += 1
    assert followed > 20


def test_conditions_are_missed_by_how_often_they_were_asked_for_then_by_the_members_that_are_shown() -> None:
    coded(of("rarely", 0), "D000001", times=1)
    often = of("often", 0)
    coded(often, "D000002", times=2)
    coded(often, "D000003", times=3)
    make.community(of("many", 0), members=12)
    make.community(of("few", 0), members=3)
    make.community(of("fewer", 0), members=1)
    make.community(of("empty", 0))
    asked_for = of("asked-for", 0)
    make.community(asked_for)
    coded(asked_for, "D000005", times=4)
    has_pages = of("has-pages", 1)
    make.community(has_pages, members=1)
    coded(has_pages, "D000004", times=9)
    make.revision(make.article("draft", of=of("nobody-asked", 0)))
    make.revision(make.article("draft", of=often))
    CodeMiss.objects.note("MeSH", "D999999")
    root = page()
    assert rows(section(root, "missed-heading")) == [
        ["Often", "5", "No community", "1"],
        ["Asked For", "4", "Fewer than 11", "0"],
        ["Rarely", "1", "No community", "0"],
        ["Many", "0", "12", "0"],
        ["Empty", "0", "Fewer than 11", "0"],
        ["Few", "0", "Fewer than 11", "0"],
        ["Fewer", "0", "Fewer than 11", "0"],
    ]
    assert "Codes asked for in vain: 6, 20 times in all" in dom.words(section(root, "missed-heading"))


def test_a_condition_that_was_given_up_counts_no_more_and_what_was_asked_of_it_counts_for_its_successor() -> None:
    old, new = of("old-name", 0), of("new-name", 0)
    coded(old, "D000001", times=3)
    coded(new, "D000002", times=1)
    Condition.objects.filter(pk=old.pk).update(successor=new)
    assert [(row.pk, row.times) for row in coverage.missed({})[0]] == [(new.pk, 4)]
    assert coverage.catalogue().count() == 1


def test_neither_figure_nor_order_tell_more_of_members_than_readers_are_told(settings: Any) -> None:
    settings.MEMBER_COUNT_THRESHOLD, settings.MEMBER_COUNT_ROUND_TO = 3, 5
    make.community(of("a-small-one", 0), members=1)
    make.community(of("b-small-one", 0), members=2)
    make.community(of("c-middling", 0), members=6)
    make.community(of("d-middling", 0), members=9)
    found = rows(section(page(), "missed-heading"))
    assert [row[0] for row in found] == ["C Middling", "D Middling", "A Small One", "B Small One"]
    assert [row[2] for row in found] == ["At least 5", "At least 5", "Fewer than 3", "Fewer than 3"]


def test_only_the_first_of_those_missed_are_named_and_how_many_more_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coverage, "MISSED", 2)
    for number in range(4):
        coded(of(f"missed-{number}", 0), f"D00000{number}", times=4 - number)
    part = section(page(), "missed-heading")
    assert [row[0] for row in rows(part)] == ["Missed 0", "Missed 1"]
    assert "2 more are missed." in dom.words(part)


def test_an_empty_site_says_so_without_a_broken_chart() -> None:
    root = page()
    assert dom.words(dom.only(root, "lead")) == "0 of 0 conditions have pages that readers see: 0 pages."
    assert "Nothing is missed" in dom.words(section(root, "missed-heading"))
    assert "No code was asked for in vain." in dom.words(section(root, "missed-heading"))


@pytest.mark.parametrize("who", ["author", "registrar", "moderator"])
def test_it_is_for_publishers(who: str) -> None:
    colleague = getattr(people, who)()
    assert at_desk(colleague).get(reverse("admin:desk_coverage")).status_code == 403
    if who == "author":
        reader = at_desk(colleague).get(reverse("admin:reviews_reviewrequest_changelist")).content.decode()
        assert reverse("admin:desk_coverage") not in reader


def test_publishers_find_it_from_the_first_page_and_from_every_page_of_the_desk() -> None:
    client = at_desk(people.publisher())
    for name in ("admin:index", "admin:reviews_reviewrequest_changelist", "admin:pages_codemiss_changelist"):
        assert reverse("admin:desk_coverage") in client.get(reverse(name)).content.decode(), name


def test_it_takes_few_queries_however_much_there_is(django_assert_max_num_queries: Any) -> None:
    for number in range(4):
        condition = of(f"condition-{number}", number)
        coded(condition, f"D00000{number}", times=1)
    client, address = at_desk(people.publisher()), reverse("admin:desk_coverage")
    client.get(address)  # what a browser's first page costs more
    with django_assert_max_num_queries(21):
        client.get(address)
