"""Infobutton: which pages answer a clinician's system, what it is told of them, and what is never told."""

import datetime as dt
import logging
from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, DjangoDbBlocker, Settings

from articles.codes import Match
from articles.models import Condition, ConditionCode, Topic
from pages.infobutton import finding
from reviews.models import Publication
from tests import knowledge, make
from tests.conftest import Clock, for_a_module
from tests.database import tamper
from tests.knowledge import OIDS, PROGNOSIS, code

from . import site, test_feeds

pytestmark = pytest.mark.django_db

POEMS = code("D016878", "MeSH")
SHOWN = ["overview", "symptoms", "causes", "prognosis"]


def bear(condition: Condition, system: str, code: str, match: str = Match.EXACT) -> None:
    """Give a condition a code."""
    row = ConditionCode(condition=condition, system=system, code=code, match=match)
    row.full_clean()
    row.save()


def poems() -> Condition:
    """The condition of the small site."""
    return Condition.objects.get(slug="poems-syndrome")


@pytest.fixture(scope="module", autouse=True)
def small_site(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What all of these tests ask."""
    with for_a_module(django_db_blocker):
        site.build()
        yield


# What answers


def test_a_code_is_answered_with_the_public_pages_of_its_condition_in_the_order_of_topics(client: Client) -> None:
    assert knowledge.pages(client, POEMS) == SHOWN


def test_a_subtopic_leads_to_the_page_about_it(client: Client) -> None:
    site.live(poems(), "tests", "diagnosis")
    for subtopic, system, page in (
        ("D011379", "MeSH", "prognosis"),
        ("d011379", "http://id.nlm.nih.gov/mesh", "prognosis"),
        ("Q000209", "MeSH", "causes"),
        ("Q000175", "MeSH", "tests"),
        ("Q000145", "MeSH", "overview"),
        ("47965005", "SNOMED CT", "tests"),
    ):
        sent = {"subTopic.v.c": subtopic, "subTopic.v.cs": OIDS.get(system, system)}
        root = knowledge.feed(client, {**POEMS, **sent})
        assert knowledge.pages(client, {**POEMS, **sent}) == [page], subtopic
        assert knowledge.terms(knowledge.entries(root)[0])["relevanceScore"] == "1.00"
        assert knowledge.echoed(root).items() >= sent.items()


def test_where_the_page_about_a_subtopic_is_missing_the_others_answer_and_are_worth_less(client: Client) -> None:
    sent = {"subTopic.v.c": "Q000628", "subTopic.v.cs": OIDS["MeSH"]}  # the page about it was withdrawn
    root = knowledge.feed(client, {**POEMS, **sent})
    assert knowledge.pages(client, {**POEMS, **sent}) == SHOWN
    assert {knowledge.terms(entry)["relevanceScore"] for entry in knowledge.entries(root)} == {"0.50"}
    assert not knowledge.echoed(root).keys() & sent.keys(), "it decided nothing"


def test_each_subtopic_of_the_standard_has_a_topic() -> None:
    told = {"D011379", "Q000628", "Q000175", "Q000209", "Q000009", "Q000744", "Q000145", "47965005"}
    assert {subtopic for _, subtopic in finding.TOPICS} == told
    assert finding.TOPICS["MeSH", "Q000009"] == finding.TOPICS["MeSH", "Q000628"] == Topic.TREATMENT


@pytest.mark.once
def test_a_code_is_known_however_it_is_written_and_whatever_its_system_is_called(
    client: Client, settings: Settings
) -> None:
    settings.CODE_SYSTEM_ALIASES = {"1.2.3.4": "ORPHA"}
    castleman = Condition.objects.get(slug="castleman-disease")
    site.live(castleman, "what", "overview")
    for system, kept in (
        ("ICD-10-CM", "D47.Z2"),
        ("ICD-10", "D47.7"),
        ("ICD-9-CM", "785.6"),
        ("SNOMED CT", "207036003"),
        ("ORPHA", "160"),
        ("OMIM", "148000"),
        ("DOID", "7411"),
        ("MONDO", "0015564"),
    ):
        bear(castleman, system, kept)
    for sent, said in (
        ("D47.Z2", OIDS["ICD-10-CM"]),
        (" d47z2 ", OIDS["ICD-10-CM"]),
        ("D47Z2", "http://hl7.org/fhir/sid/icd-10-cm"),
        ("D477", OIDS["ICD-10"]),
        ("D47.7", f"urn:oid:{OIDS['ICD-10']}"),
        ("7856", OIDS["ICD-9-CM"]),
        ("207036003", OIDS["SNOMED CT"]),
        ("207036003", "snomed ct"),
        ("160", "https://www.orpha.net"),
        ("ORPHA:160", "http://www.orpha.net"),
        ("orpha_160", "1.2.3.4"),
        ("148000", OIDS["OMIM"]),
        ("DOID:7411", "DOID"),
        ("MONDO:0015564", OIDS["MONDO"]),
    ):
        assert knowledge.pages(client, code(sent, said)) == ["what"], (sent, said)


def test_a_code_that_two_conditions_bear_answers_with_both_the_exact_one_first(client: Client) -> None:
    first = make.condition("aaa", "A disease")
    second = make.condition("bbb", "B disease")
    bear(first, "ICD-10-CM", "G12.2", Match.BROAD)
    bear(second, "ICD-10-CM", "G12.2")
    site.live(first, "first", "overview")
    site.live(second, "second", "outlook")
    root = knowledge.feed(client, code("G122", "ICD-10-CM"))
    assert knowledge.pages(client, code("G122", "ICD-10-CM")) == ["second", "first"]
    assert [knowledge.terms(entry)["relevanceScore"] for entry in knowledge.entries(root)] == ["1.00", "0.60"]
    assert knowledge.text(root, "subtitle") == "B disease, A disease"
    assert [knowledge.text(entry, "title") for entry in knowledge.entries(root)] == [
        "What about second? (B disease)",
        "What about first? (A disease)",
    ]


def test_how_exactly_a_code_means_a_condition_is_told_by_the_score(client: Client) -> None:
    scores = []
    for match in Match:
        condition = make.condition(f"d-{match}", f"Disease {match}")
        bear(condition, "ORPHA", "42", match)
        site.live(condition, f"page-{match}", "overview")
    for entry in knowledge.entries(knowledge.feed(client, code("42", "ORPHA"))):
        link = entry.find(f"{knowledge.ATOM}link")
        assert link is not None
        scores.append((link.get("href", "").split("page-")[1].strip("/"), knowledge.terms(entry)["relevanceScore"]))
    assert scores == [
        ("exact", "1.00"),
        ("close", "0.90"),
        ("narrow", "0.70"),
        ("broad", "0.60"),
        ("unstated", "0.50"),
        ("related", "0.30"),
    ]


def test_several_criteria_are_answered_together_and_no_page_twice(client: Client) -> None:
    wilson = make.condition("wilson-disease", "Wilson disease")
    bear(wilson, "ICD-10-CM", "E83.01")
    bear(poems(), "ORPHA", "2905")
    site.live(wilson, "copper", "overview")
    sent = {**POEMS, **code("2905", "ORPHA", "1"), **code("E8301", "ICD-10-CM", "2"), **code("C00", "ICD-10", "3")}
    assert knowledge.pages(client, sent) == [*SHOWN, "copper"]
    assert knowledge.echoed(knowledge.feed(client, sent)) == sent


def test_older_names_of_parameters_are_read_and_the_newer_one_wins(client: Client) -> None:
    old = {"mainSearchCriteria.c.c": "D016878", "mainSearchCriteria.c.cs": OIDS["MeSH"]}
    topic = {"subTopic.c.c": "D011379", "subTopic.c.cs": OIDS["MeSH"]}
    assert knowledge.pages(client, {**old, **topic}) == ["prognosis"]
    assert knowledge.echoed(knowledge.feed(client, {**old, **topic})) == {**old, **topic}
    assert knowledge.pages(client, {**old, "mainSearchCriteria.v.c": "D000001"}) == []


# Names


@pytest.mark.once
@pytest.mark.parametrize("parameter", ["mainSearchCriteria.v.dn", "mainSearchCriteria.v.ot"])
def test_a_name_answers_where_no_code_is_known(client: Client, parameter: str) -> None:
    for name in (
        "POEMS syndrome",
        "poems SYNDROME ",
        "Crow-Fukase syndrome",
        "crow fukase",
        "POEMS Syndrome (disorder)",
    ):
        root = knowledge.feed(client, {parameter: name})
        assert len(knowledge.entries(root)) == 4, name
        assert knowledge.echoed(root) == {parameter: name.strip()}
    for unknown in ("Takatsuki", "po", "syndrome of POEMS and more", "x" * 1000, "\x00\u2028", "'; DROP TABLE"):
        assert knowledge.pages(client, {parameter: unknown}) == [], unknown


def test_a_name_is_not_looked_at_where_the_code_is_known(client: Client) -> None:
    site.live(make.condition("wilson-disease", "Wilson disease"), "copper", "overview")
    sent = {**POEMS, "mainSearchCriteria.v.dn": "Wilson disease"}
    assert knowledge.pages(client, sent) == SHOWN
    assert knowledge.echoed(knowledge.feed(client, sent)) == POEMS


def test_a_name_helps_where_the_code_is_unknown_or_of_a_system_that_nobody_knows(client: Client) -> None:
    name = {"mainSearchCriteria.v.dn": "POEMS syndrome", "mainSearchCriteria.v.ot": "wilson"}
    assert knowledge.pages(client, {**code("D000001", "MeSH"), **name}) == SHOWN
    unknown = {**code("D016878", "1.2.3.4.5"), **name}
    assert knowledge.pages(client, unknown) == SHOWN
    assert knowledge.echoed(knowledge.feed(client, unknown)) == {"mainSearchCriteria.v.dn": "POEMS syndrome"}


def test_words_that_stand_in_the_names_of_two_conditions_name_neither(client: Client) -> None:
    for number in range(4):
        site.live(make.condition(f"d{number}", f"Disease of kind {number}"), f"page-{number}", "overview")
    assert knowledge.pages(client, {"mainSearchCriteria.v.ot": "disease kind"}) == []
    assert knowledge.pages(client, {"mainSearchCriteria.v.ot": "disease of kind 3"}) == ["page-3"]


@pytest.mark.once
def test_a_licensed_code_leads_to_its_condition_and_is_told_to_nobody_who_did_not_send_it(client: Client) -> None:
    bear(poems(), "SNOMED CT", "79268002")
    sent = code("79268002", "SNOMED CT")
    assert knowledge.pages(client, sent) == SHOWN
    assert knowledge.echoed(knowledge.feed(client, sent)) == sent
    for other in (POEMS, {"mainSearchCriteria.v.dn": "POEMS syndrome"}):
        assert b"79268002" not in client.get(knowledge.address(other)).content
    # Typed as words it would be a search, where licensed codes are not looked for.
    assert knowledge.pages(client, {"mainSearchCriteria.v.ot": "79268002"}) == []


# What is told of a page


def test_a_revoked_credential_is_told(client: Client) -> None:
    found = {knowledge.text(entry, "title"): entry for entry in knowledge.entries(knowledge.feed(client, POEMS))}
    summary = knowledge.text(found["What about causes? (POEMS syndrome) (review lapsed)"], "summary")
    assert "because the reviewer’s credential no longer counts" in summary
    assert "Medically reviewed" not in summary


def test_an_entry_has_the_name_and_the_dates_that_it_has_in_the_feed(client: Client) -> None:
    site.rename(Publication.objects.get(article__slug="symptoms").article, "signs")
    told = {entry.address: entry for entry in test_feeds.entries(client)}
    entries = knowledge.entries(knowledge.feed(client, POEMS))
    assert len(entries) == 4
    for entry in entries:
        link = entry.find(f"{knowledge.ATOM}link")
        assert link is not None
        other = told[link.get("href", "").removeprefix("http://testserver")]
        assert knowledge.text(entry, "id") == other.name
        assert knowledge.moment(knowledge.text(entry, "updated")) == other.updated
        assert knowledge.moment(knowledge.text(entry, "published")) == other.published
        assert knowledge.terms(entry)["review"] == other.review


@pytest.mark.once
def test_the_feed_says_when_it_was_made_and_has_one_name_for_one_question(client: Client, moved_clock: Clock) -> None:
    names = set()
    tomorrow = dt.datetime.now(dt.UTC).replace(microsecond=0) + dt.timedelta(1)
    for hours in range(3):
        moved_clock.move(tomorrow + dt.timedelta(hours=hours))
        root = knowledge.feed(client, {**POEMS, "age.v.v": str(hours)})
        names.add(knowledge.text(root, "id"))
        assert knowledge.moment(knowledge.text(root, "updated")) == tomorrow + dt.timedelta(hours=hours)
    assert len(names) == 1
    assert knowledge.text(knowledge.feed(client, {**POEMS, **PROGNOSIS}), "id") not in names
    assert "D016878" not in names.pop()


@pytest.mark.once
def test_a_language_that_we_have_is_used_and_another_one_leaves_english_that_says_so(client: Client) -> None:
    recipient, performer = "informationRecipient.languageCode.c", "performer.languageCode.c"
    for sent, used in (
        ({recipient: "en-US"}, {recipient: "en-US"}),
        ({performer: "EN"}, {performer: "EN"}),
        ({recipient: "en", performer: "es"}, {recipient: "en"}),
        ({recipient: "es"}, {}),
        ({recipient: "es", performer: "en"}, {performer: "en"}),
        ({recipient: "\x00<"}, {}),
    ):
        root = knowledge.feed(client, {**POEMS, **sent})
        assert knowledge.echoed(root) == {**POEMS, **used}
        assert root.get(f"{knowledge.XML}lang") == "en"
        assert len(knowledge.entries(root)) == 4


# What is never told


@pytest.mark.once
def test_no_match_is_a_feed_without_entries(client: Client) -> None:
    for sent in (
        code("D000001", "MeSH"),
        code("nonsense", "MeSH"),
        code("D016878", "no.such.system"),
        {"mainSearchCriteria.v.dn": "Never heard of"},
    ):
        root = knowledge.feed(client, sent)
        assert knowledge.entries(root) == []
        assert root.find(f"{knowledge.ATOM}subtitle") is None


@pytest.mark.owner
@pytest.mark.owner
def test_a_text_that_is_not_the_approved_one_is_left_out_and_named_in_the_log(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    tamper("UPDATE articles_revision SET short_answer = 'Marzipan.' WHERE question = 'What about prognosis?'")
    caplog.set_level(logging.CRITICAL)
    assert knowledge.pages(client, POEMS) == ["overview", "symptoms", "causes"]
    assert "does not match its digest" in caplog.text


@pytest.mark.once
def test_an_answer_takes_few_queries_however_many_pages_there_are(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):
        site.live(poems(), f"more-{number}", "living")
    sent = {**POEMS, **code("D000002", "MeSH", "1"), "mainSearchCriteria.v.dn1": "nothing at all"}
    client.get(knowledge.address({"mainSearchCriteria.v.dn": "reads the names"}))
    with django_assert_max_num_queries(6):  # codes, whether names changed, what was given up, pages, texts, the time
        assert len(knowledge.pages(client, {**sent, "mainSearchCriteria.v.c1": ""})) == 14


@pytest.mark.once
def test_a_condition_with_very_many_pages_is_answered_with_the_first_ones(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "MOST_PAGES", 2)
    assert knowledge.pages(client, POEMS) == ["overview", "symptoms"]


@pytest.mark.once
def test_of_many_names_the_first_few_are_looked_up(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    sent = {
        f"mainSearchCriteria.v.{kind}{number or ''}": f"no name {number}"
        for number in range(20)
        for kind in ("dn", "ot")
    }
    with django_assert_max_num_queries(6):
        assert knowledge.pages(client, sent) == []
    assert knowledge.pages(client, {**sent, "mainSearchCriteria.v.dn": "POEMS syndrome"}) == SHOWN
