"""Structured data: valid after schema.org, the same as the page says, and a review only while it is in date."""

import datetime as dt
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from articles.digest import Source
from articles.models import ConditionCode, ConditionName
from pages import kept
from reviews.models import Credential
from tests import make, people, schema
from tests.conftest import Clock

from . import dom, site

pytestmark = pytest.mark.django_db

PAGE = "/conditions/poems-syndrome/prognosis/"
HUB = "/conditions/poems-syndrome/"
COMMUNITY = "/conditions/poems-syndrome/community/"
HOST = "http://testserver"


def data(client: Client, address: str = PAGE) -> dict[str, Any]:
    """The structured data of a page."""
    return dom.data(dom.read(client, address))


def claims(node: Any) -> set[str]:
    """Whatever in a node says that something was reviewed."""
    if isinstance(node, list):
        return set().union(*map(claims, node))
    if not isinstance(node, dict):
        return set()
    return {name for name in node if "review" in name.lower()}.union(*map(claims, node.values()))


@pytest.mark.once
def test_every_page_that_has_some_is_valid_after_schema_org(client: Client) -> None:
    site.build()
    having = {}
    for name, address in site.ADDRESSES.items():
        node = dom.data(dom.read(client, address, status=site.STATUS.get(name, 200)))
        if node:
            having[name] = node["@type"]
            assert node["@context"] == "https://schema.org", name
            assert schema.wrong(node) == [], name
            assert node["url"] == HOST + address, name
    assert having == {
        "home": "WebSite",
        "hub": "MedicalWebPage",
        "hub without pages": "CollectionPage",
        "question in date": "MedicalWebPage",
        "question overdue": "MedicalWebPage",
        "question with a revoked credential": "MedicalWebPage",
        "overview": "MedicalWebPage",
        "community": "WebPage",
        "small community": "WebPage",
        "reviewer": "ProfilePage",
        "reviewer with a revoked credential": "ProfilePage",
    }


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("aspect", "Prognosis"),
        ("reviewedDate", "2026-01-01"),
        ("lastReviewed", ["2026-01-01", "2027-01-01"]),
        ("lastReviewed", "1 January 2026"),
        ("reviewedBy", "The editorial team"),
        ("codeValue", "D016878"),
        ("mainEntity", {"@type": "FAQPage"}),
        ("hasPart", [{"@type": "Organization", "name": "x"}]),
        ("digitalSourceType", {"@id": "https://schema.org/SomethingElse"}),
        ("citation", []),
    ],
)
def test_the_table_refuses_what_schema_org_does(name: str, value: object) -> None:
    assert schema.wrong({"@type": "MedicalWebPage", "name": "A page"}) == []
    assert schema.wrong({"@type": "MedicalWebPage", "name": "A page", name: value})


def test_a_question_page_says_what_the_page_says(client: Client) -> None:
    poems = make.condition("poems-syndrome", "POEMS syndrome", "Takatsuki disease", "Crow-Fukase syndrome")
    ConditionName.objects.create(condition=poems, text="POEMS", kind=ConditionName.Kind.ABBREVIATION)
    for system, code in (("MeSH", "D016878"), ("DOID", "14039"), ("SNOMED CT", "79268002"), ("MedDRA", "10053882")):
        ConditionCode.objects.create(condition=poems, system=system, code=code)
    sources = (
        Source(title="A cohort.", doi="10.1000/example", pmid="12456500", url="https://example.org/a?b=1&c=2"),
        Source(title="A book.", url="https://example.org/book"),
    )
    publication = site.live(poems, "prognosis", sources=sources, origin="assisted")
    node = data(client)
    moment = publication.live_from.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (node["name"], node["inLanguage"]) == ("What about prognosis?", "en")
    assert (node["datePublished"], node["dateModified"]) == (moment, moment)
    assert node["mainEntity"]["name"] == "What about prognosis?"
    assert node["mainEntity"]["acceptedAnswer"]["text"] == make.TEXT["short_answer"]
    assert node["about"]["name"] == "POEMS syndrome"
    assert node["about"]["alternateName"] == ["Crow-Fukase syndrome", "POEMS", "Takatsuki disease"]
    codes = [(code["codingSystem"], code["codeValue"]) for code in node["about"]["code"]]
    assert codes == [("DOID", "14039"), ("MeSH", "D016878")], "codes under a licence are not shown"
    assert node["citation"] == [
        {
            "@type": "CreativeWork",
            "name": "A cohort.",
            "url": "https://doi.org/10.1000/example",
            "sameAs": ["https://pubmed.ncbi.nlm.nih.gov/12456500/", "https://example.org/a?b=1&c=2"],
        },
        {"@type": "CreativeWork", "name": "A book.", "url": "https://example.org/book"},
    ]
    (part,) = node["hasPart"]
    assert (part["headline"], part["url"]) == ("What shapes it", f"{HOST}{PAGE}#s-what-shapes-it")
    assert part["hasHealthAspect"] == {"@id": "https://schema.org/PrognosisHealthAspect"}
    assert node["medicalAudience"]["audienceType"] == "Patient"
    assert node["digitalSourceType"]["@id"].endswith("/CompositeWithTrainedAlgorithmicMediaDigitalSource")
    steps = [(step["position"], step["name"], step["item"]["@id"]) for step in node["breadcrumb"]["itemListElement"]]
    assert steps == [
        (1, "Conditions", f"{HOST}/conditions/"),
        (2, "POEMS syndrome", HOST + HUB),
        (3, "What about prognosis?", HOST + PAGE),
    ]
    assert node["publisher"]["name"] == "Rounds"
    assert "author" not in node


@pytest.mark.parametrize("origin", ["human", "assisted", "machine"])
def test_how_a_text_came_to_be_is_told_where_a_machine_had_a_part(client: Client, origin: str) -> None:
    site.live(make.condition(), "prognosis", origin=origin)
    term = data(client).get("digitalSourceType", {}).get("@id", "").rsplit("/")[-1]
    assert (
        term
        == {
            "human": "",
            "assisted": "CompositeWithTrainedAlgorithmicMediaDigitalSource",
            "machine": "TrainedAlgorithmicMediaDigitalSource",
        }[origin]
    )


def test_in_date_it_names_the_reviewer_and_the_day_as_the_stamp_does(client: Client) -> None:
    # way 25
    signed_on = make.today() - dt.timedelta(40)
    listed = Credential.objects.create(
        reviewer=people.clinician(),
        profession="Physician",
        register="Public Register",
        number="7",
        register_url="https://register.example.org/7",
    )
    listed.record_check(by=people.registrar(), valid_from=signed_on, valid_until=make.today())
    site.live(make.condition(), "prognosis", signed_on=signed_on)
    node = data(client)
    assert node["lastReviewed"] == signed_on.isoformat()
    assert node["reviewedBy"] == {
        "@type": "Person",
        "name": "Clara Test",
        "honorificSuffix": "MD",
        "jobTitle": "Haematologist, Test Hospital",
        "url": f"{HOST}/reviewers/clara/",
        "sameAs": "https://register.example.org/7",
        "identifier": {"@type": "PropertyValue", "propertyID": "Public Register", "value": "7"},
        "hasCredential": {
            "@type": "EducationalOccupationalCredential",
            "credentialCategory": "license",
            "name": "Physician",
            "identifier": {"@type": "PropertyValue", "propertyID": "Public Register", "value": "7"},
            "recognizedBy": {"@type": "Organization", "name": "Public Register"},
        },
    }


def test_it_keeps_the_name_that_signed(client: Client) -> None:
    # way 24
    reviewer = site.live(make.condition(), "prognosis").review.reviewer
    reviewer.name, reviewer.suffix, reviewer.specialty = "Clara Married", "PhD", "Retired"
    reviewer.save()
    person = data(client)["reviewedBy"]
    assert (person["name"], person["jobTitle"]) == ("Clara Test, MD", "Haematologist, Test Hospital")
    assert "honorificSuffix" not in person


def test_a_new_review_of_the_same_text_moves_the_review_and_not_the_change(client: Client) -> None:
    # way 25
    publication = site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(40))
    before = data(client)
    make.review(publication.review.revision, by=people.clinician("Cleo"))
    after = data(client)
    assert after["reviewedBy"]["name"] == "Cleo Test"
    assert after["lastReviewed"] == make.today().isoformat()
    assert (after["dateModified"], after["datePublished"]) == (before["dateModified"], before["datePublished"])


def test_other_words_move_the_change_and_not_the_first_day(client: Client, moved_clock: Clock) -> None:
    first = site.live(make.condition(), "prognosis")
    back, now = dt.timedelta(days=2), dt.datetime.now(dt.UTC).replace(microsecond=0)
    second = make.review(make.revision(first.article, body="Other words."))
    make.publication(second, live_from=now + back / 2)
    moved_clock.move(now + back / 2)
    changed = data(client)
    assert changed["dateModified"] == f"{now + back / 2:%Y-%m-%dT%H:%M:%SZ}"
    assert changed["datePublished"] == f"{first.live_from:%Y-%m-%dT%H:%M:%SZ}"


def test_an_older_text_that_comes_back_is_a_change(client: Client, moved_clock: Clock) -> None:
    first = site.live(make.condition(), "prognosis")
    second = make.publication(make.review(make.revision(first.article, body="Other words.")))
    assert second.live_from > first.live_from
    back = (dt.datetime.now(dt.UTC) + dt.timedelta(days=2)).replace(microsecond=0)
    make.publication(first.review, live_from=back)
    moved_clock.move(back + dt.timedelta(hours=1))
    assert data(client)["dateModified"] == f"{back:%Y-%m-%dT%H:%M:%SZ}"
    label = dom.words(dom.only(dom.read(client, PAGE), "answer-label"))
    assert f"Last updated {dom.spelled(back.date())}" in label


def test_on_the_day_of_the_lapse_nothing_says_reviewed_and_no_job_ran(client: Client, moved_clock: Clock) -> None:
    # way 23
    poems = make.condition()
    publication = site.live(poems, "prognosis", months=2)
    site.live(poems, "overview", "overview", months=2)
    due = publication.review.next_due
    assert due is not None
    moved_clock.move(dt.datetime.combine(due, dt.time(), dt.UTC) - dt.timedelta(microseconds=1))
    assert claims(data(client)) == {"lastReviewed", "reviewedBy"}
    assert claims(data(client, HUB)) == {"lastReviewed", "reviewedBy"}
    moved_clock.move(dt.datetime.combine(due, dt.time(), dt.UTC))
    for address in (PAGE, HUB):
        assert claims(data(client, address)) == set(), address
        assert b"Clara" not in json.dumps(data(client, address)).encode(), address
    assert b'og:title" content="What about prognosis? (review lapsed)"' in client.get(PAGE).content


def test_a_revoked_credential_takes_the_claim_away_at_once(client: Client) -> None:
    # way 6 and way 23
    site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(10))
    site.revoke(people.clinician(), from_day=make.today())
    assert claims(data(client)) == set()


def test_the_page_of_a_withdrawn_text_and_its_history_have_none(client: Client) -> None:
    publication = site.live(make.condition(), "prognosis")
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    for address, status in ((PAGE, 410), (f"{PAGE}history/", 200), ("/conditions/poems-syndrome/never-was/", 404)):
        root = dom.read(client, address, status=status)
        assert dom.data(root) == {}, address
        assert [meta.get("content") for meta in root.iter("meta") if meta.get("name") == "robots"] == ["noindex"]
        assert not [link for link in root.iter("link") if link.get("rel") == "canonical"], address


def test_a_hub_claims_a_review_for_its_overview_alone(client: Client) -> None:
    poems = make.condition()
    site.live(poems, "prognosis")
    assert claims(data(client, HUB)) == set(), "names, codes and lists are not reviewed"
    assert data(client, HUB)["@type"] == "CollectionPage"
    signed_on = make.today() - dt.timedelta(5)
    site.live(poems, "overview", "overview", signed_on=signed_on, short_answer="A rare disorder.")
    node = data(client, HUB)
    assert node["@type"] == "MedicalWebPage"
    assert "lastReviewed" not in node
    parts = {part["name"]: part for part in node["hasPart"]}
    assert parts["What about overview?"]["description"] == "A rare disorder."
    assert parts["What about overview?"]["lastReviewed"] == signed_on.isoformat()
    assert not claims(parts["What about prognosis?"])


def test_what_search_engines_show_of_a_hub_claims_no_review_that_is_not_there(
    client: Client, moved_clock: Clock
) -> None:
    def description() -> str:
        kept.pages.clear()  # a condition that gets a name is in no ledger
        metas = list(dom.read(client, HUB).iter("meta"))
        named = {meta.get("content") for meta in metas if "escription" in str(meta.get("name", meta.get("property")))}
        (said,) = named
        return str(said)

    poems = make.condition()
    assert description() == "POEMS syndrome: other names and codes. No question about it is answered here yet."
    site.live(poems, "prognosis")
    said = "POEMS syndrome: questions answered. Each page says who approved it, when, and until when."
    assert description() == said
    moved_clock.move(make.today() + dt.timedelta(800))
    assert description() == said


@pytest.mark.parametrize(("members", "round_to", "figure"), [(0, 1, None), (10, 1, None), (11, 1, 11), (12, 5, None)])
def test_a_community_tells_an_exact_figure_that_readers_see_or_none(
    client: Client, settings: Settings, members: int, round_to: int, figure: int | None
) -> None:
    settings.MEMBER_COUNT_ROUND_TO = round_to
    make.community(members=members)
    node = data(client, COMMUNITY)
    counter = node["mainEntity"].get("interactionStatistic")
    assert (counter and counter["userInteractionCount"]) == figure
    assert schema.wrong(node) == []
    assert not claims(node)


def test_a_reviewers_page_names_the_licences_that_hold_today(client: Client) -> None:
    site.live(make.condition(), "prognosis")
    person = data(client, "/reviewers/clara/")["mainEntity"]
    assert [each["value"] for each in person["identifier"]] == ["CLARA"]
    assert [each["name"] for each in person["hasCredential"]] == ["Physician"]
    site.revoke(people.clinician(), from_day=make.today())
    person = data(client, "/reviewers/clara/")["mainEntity"]
    assert not {"hasCredential", "identifier", "sameAs"} & set(person)


HOSTILE = "</script><script>alert(1)</script><!-- <script> ]]> & ' \" \\ \u2028 é 𝔘 &lt;/script&gt;"


def test_no_word_of_a_text_ends_the_block(client: Client) -> None:
    # way 29
    make.condition("poems-syndrome", HOSTILE, HOSTILE[::-1])
    words = HOSTILE.replace("\u2028 ", "")  # which a text refuses
    source = Source(title=words, url="https://example.org/?a='&b=<")
    site.live(make.condition(), "prognosis", question=words, short_answer=words, sources=(source,))
    content = client.get(PAGE).content.decode()
    assert content.count("<script") == content.count("</script") == 2  # the block, and the script of the search box
    node = data(client)
    assert node["name"] == node["citation"][0]["name"] == words
    assert node["mainEntity"]["acceptedAnswer"]["text"] == words
    assert node["about"]["name"] == HOSTILE
    raw = content.split('<script type="application/ld+json">')[1].split("</script>")[0]
    assert raw.isascii()
    assert not set("<>&'") & set(raw)


def test_addresses_are_those_of_the_site_whatever_host_was_asked(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://rounds.example.org"
    site.live(make.condition(), "prognosis")
    head = dom.first(dom.read(client, f"{PAGE}?utm=1"), "head")
    (canonical,) = [link.get("href") for link in head.iter("link") if link.get("rel") == "canonical"]
    assert canonical == f"https://rounds.example.org{PAGE}"
    assert "testserver" not in json.dumps(data(client))


@pytest.mark.once
def test_every_page_to_be_found_has_a_canonical_address_and_a_card_to_share(client: Client) -> None:
    site.build()
    for name, address in site.ADDRESSES.items():
        head = dom.first(dom.read(client, address, status=site.STATUS.get(name, 200)), "head")
        hidden = [meta for meta in head.iter("meta") if meta.get("name") == "robots"]
        canonical = [link.get("href") for link in head.iter("link") if link.get("rel") == "canonical"]
        assert canonical == ([] if hidden else [HOST + address]), name
        card = {str(meta.get("property")): meta.get("content") for meta in head.iter("meta") if meta.get("property")}
        if hidden:
            assert card == {}, name
            continue
        assert card["og:url"] == HOST + address, name
        assert card["og:type"] in {"website", "article", "profile"}, name
        assert (card["og:site_name"], card["og:locale"]) == ("Rounds", "en_GB"), name
        assert card["og:title"], name
        assert card["og:title"] in dom.words(dom.first(head, "title")), name
        assert card["og:description"], name
