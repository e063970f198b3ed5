"""The page of a condition: its names, the overview's short answer, its questions with the state of their reviews."""

import datetime as dt

import pytest
from django.test import Client

from articles.models import Condition, ConditionCode, ConditionName
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "/conditions/poems-syndrome/"


def test_it_shows_the_condition_and_its_other_names(client: Client) -> None:
    condition = make.condition("poems-syndrome", "POEMS syndrome", "Crow-Fukase syndrome")
    ConditionName.objects.create(condition=condition, text="POEMS", kind=ConditionName.Kind.ABBREVIATION)
    root = dom.read(client, ADDRESS)
    assert dom.words(dom.first(root, "h1")) == "POEMS syndrome"
    assert dom.words(dom.first(root, "title")) == "POEMS syndrome | Rounds"
    assert "Also called Crow-Fukase syndrome, POEMS" in dom.words(root)


def test_without_pages_it_says_so_and_promises_nothing(client: Client) -> None:
    make.condition()
    root = dom.read(client, ADDRESS)
    assert "No question about POEMS syndrome has a reviewed answer yet." in dom.words(root)
    assert "Also called" not in dom.words(root)
    assert not dom.having(root, "review-stamp")
    assert not dom.having(root, "panel-people")
    assert "Codes" not in dom.words(root)


def test_a_condition_without_a_name_is_called_by_its_slug(client: Client) -> None:
    Condition.objects.create(slug="poems-syndrome")
    assert dom.words(dom.first(dom.read(client, ADDRESS), "h1")) == "poems-syndrome"


def test_questions_stand_under_their_topics_in_the_order_of_the_topics(client: Client) -> None:
    poems = make.condition()
    for slug, topic in [("b-outlook", "outlook"), ("a-outlook", "outlook"), ("signs", "symptoms"), ("life", "living")]:
        site.live(poems, slug, topic)
    root = dom.read(client, ADDRESS)
    assert [dom.words(heading) for heading in root.iter("h3")] == ["Symptoms", "Outlook", "Living with it"]
    assert [heading.get("id") for heading in root.iter("h3")] == ["symptoms", "outlook", "living"]
    rows = dom.having(root, "question-row")
    assert [dom.links(row) for row in rows] == [
        [f"{ADDRESS}signs/"],
        [f"{ADDRESS}a-outlook/"],
        [f"{ADDRESS}b-outlook/"],
        [f"{ADDRESS}life/"],
    ]
    assert all("Reviewed " in dom.words(row) for row in rows)


def test_it_counts_what_is_in_date_and_what_has_lapsed(client: Client, moved_clock: Clock) -> None:
    poems = make.condition()
    signed_on = make.today() - dt.timedelta(40)
    site.live(poems, "one", signed_on=signed_on)
    site.live(poems, "two", signed_on=signed_on)
    third = site.live(poems, "three", signed_on=signed_on, months=2)
    assert "3 questions: 3 in date." in dom.words(dom.read(client, ADDRESS))
    assert third.review.next_due is not None
    moved_clock.move(third.review.next_due)
    root = dom.read(client, ADDRESS)
    assert "3 questions: 2 in date, 1 lapsed." in dom.words(root)
    (lapsed,) = [row for row in dom.having(root, "question-row") if "Review lapsed on" in dom.words(row)]
    assert dom.links(lapsed) == [f"{ADDRESS}three/"]


def test_one_question_is_counted_as_one(client: Client) -> None:
    site.live(make.condition(), "one")
    assert "1 question: 1 in date." in dom.words(dom.read(client, ADDRESS))


def test_the_overview_answers_in_short_and_bears_its_stamp(client: Client) -> None:
    publication = site.live(make.condition(), "overview", "overview", short_answer="A rare disorder of plasma cells.")
    root = dom.read(client, ADDRESS)
    assert dom.words(dom.only(root, "lead")) == "A rare disorder of plasma cells."
    stamp = dom.only(root, "review-stamp")
    assert "Clara Test, MD" in dom.words(stamp)
    assert dom.facts(stamp)["Reviewed"] == dom.spelled(publication.review.signed_on)


def test_the_stamp_of_the_overview_lapses_on_its_day(client: Client, moved_clock: Clock) -> None:
    # way 23
    publication = site.live(make.condition(), "overview", "overview", signed_on=make.today() - dt.timedelta(40))
    assert publication.review.next_due is not None
    moved_clock.move(publication.review.next_due - dt.timedelta(1))
    assert "Medically reviewed, in date" in dom.words(dom.read(client, ADDRESS))
    moved_clock.move(publication.review.next_due)
    root = dom.read(client, ADDRESS)
    assert "Review lapsed" in dom.words(dom.only(root, "review-stamp"))
    assert "Medically reviewed" not in dom.words(root)


def test_no_answer_and_no_stamp_without_a_live_overview(client: Client) -> None:
    # way 27: not the overview's draft, nor the one that was taken down, nor the editors' definition
    poems = make.condition()
    poems.definition = "A definition for editors."
    poems.save()
    site.live(poems, "prognosis")
    site.live(poems, "overview", "overview", short_answer="Old words.").withdraw(by=people.publisher(), why="Wrong.")
    make.revision(make.article("overview-again", of=poems, topic="overview"), short_answer="New words.")
    root = dom.read(client, ADDRESS)
    assert not dom.having(root, "review-stamp")
    assert not dom.having(root, "lead")
    assert "words" not in dom.words(root)
    assert "definition" not in dom.words(root)


def test_it_lists_live_pages_of_its_own_only(client: Client) -> None:
    # way 27
    poems = make.condition()
    site.live(poems, "live")
    site.live(make.condition("castleman-disease", "Castleman disease"), "elsewhere")
    make.revision(make.article("draft", of=poems))
    make.review(make.revision(make.article("approved", of=poems)))
    make.publication(
        make.review(make.revision(make.article("later", of=poems))), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1)
    )
    site.live(poems, "gone").withdraw(by=people.publisher(), why="Wrong.")
    root = dom.read(client, ADDRESS)
    assert [dom.links(row) for row in dom.having(root, "question-row")] == [[f"{ADDRESS}live/"]]
    assert "1 question: 1 in date." in dom.words(root)


def test_codes_are_shown_but_for_systems_that_ask_a_licence(client: Client) -> None:
    condition = make.condition()
    for system, code in [("MeSH", "D016878"), ("DOID", "14039"), ("SNOMED CT", "79268002"), ("MedDRA", "10065934")]:
        ConditionCode.objects.create(condition=condition, system=system, code=code)
    root = dom.read(client, ADDRESS)
    assert dom.facts(root) == {"Disease Ontology": "DOID:14039", "MeSH": "D016878"}
    assert "79268002" not in dom.words(root)
    assert "10065934" not in dom.words(root)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (3, "Fewer than 11 members of the POEMS syndrome community"),
        (12, "12 members of the POEMS syndrome community"),
    ],
)
def test_it_counts_the_community(client: Client, members: int, words: str) -> None:
    make.community(members=members)
    panel = dom.only(dom.read(client, ADDRESS), "panel-people")
    assert words in dom.words(panel)
    assert dom.links(panel) == [f"{ADDRESS}community/"]


def test_below_the_threshold_it_is_the_same_for_none_and_for_ten(client: Client) -> None:
    community = make.community(members=0)
    none = client.get(ADDRESS).content
    for number in range(10):
        community.join(by=people.person(f"more{number}@example.org"), relation="self", consent_version="1")
    assert client.get(ADDRESS).content == none
    assert b"<data" not in none


def test_the_crumbs_of_a_question_lead_to_its_topic(client: Client) -> None:
    publication = site.live(make.condition(), "prognosis", "outlook")
    crumbs = dom.links(dom.only(dom.read(client, publication.article.get_absolute_url()), "breadcrumb"))
    page, _, topic = crumbs[-1].partition("#")
    dom.by_id(dom.read(client, page), topic)
