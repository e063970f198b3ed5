"""A condition's page shows of which others it is a kind and which are kinds of it, and never says that as reviewed."""

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from articles.models import BroaderCondition, Condition, ConditionCode, ConditionName
from tests import make, people
from tests.desk import sending
from tests.pages import dom, keeping, site

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/"


def below(broader: Condition, *numbers: int) -> list[Condition]:
    """Kinds of a condition."""
    rows = [make.condition(f"kind-{number}", f"Kind {number}") for number in numbers]
    for row in rows:
        BroaderCondition.objects.create(condition=row, broader=broader)
    return rows


def order(client: Client, address: str = ADDRESS) -> str:
    """What the section says; empty where there is none."""
    root = dom.read(client, address)
    return next((dom.words(each) for each in root.iter("section") if each.get("aria-labelledby") == "order-title"), "")


def test_without_any_there_is_no_section(client: Client) -> None:
    make.condition()
    assert order(client) == ""


def test_both_ways_are_links_in_order_of_the_names(client: Client) -> None:
    poems = make.condition()
    below(poems, 10, 2)
    BroaderCondition.objects.create(condition=poems, broader=make.condition("blood-disorder", "Blood disorder"))
    assert order(client) == "Broader and narrower It is a kind of Blood disorder Kinds of it Kind 2 Kind 10"
    root = dom.read(client, ADDRESS)
    assert {"/conditions/blood-disorder/", "/conditions/kind-2/"} <= set(dom.links(root))
    assert order(client, "/conditions/kind-2/") == "Broader and narrower It is a kind of POEMS syndrome"


def test_of_many_kinds_some_stand_open_and_all_can_be_reached(client: Client) -> None:
    below(make.condition(), *range(1, 41))
    root = dom.read(client, ADDRESS)
    (details,) = root.iter("details")
    assert dom.words(next(details.iter("summary"))) == "32 more"
    assert len([link for link in dom.links(root) if "/kind-" in link]) == 40


def test_the_order_of_conditions_is_said_not_to_be_reviewed(client: Client) -> None:
    site.live(make.condition(), "overview", "overview")
    below(make.condition(), 1)
    assert "Names, codes and what is broader or narrower help" in dom.words(dom.read(client, ADDRESS))
    assert "No clinician has reviewed them." in dom.words(dom.read(client, ADDRESS))
    assert "Kind 1" not in str(dom.data(dom.read(client, ADDRESS)))


@pytest.mark.parametrize("kinds", [1, 30])
def test_it_costs_one_query_however_many_there_are(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries, kinds: int
) -> None:
    below(make.condition(), *range(kinds))
    # The condition, its questions, and what is broader and narrower.
    with django_assert_num_queries(3):
        client.get(ADDRESS, {"again": ""})


def test_conditions_in_a_circle_break_no_page(client: Client) -> None:
    one, two, three = (make.condition(slug, slug) for slug in ("poems-syndrome", "two", "three"))
    for condition, broader in [(one, two), (two, three), (three, one), (two, one)]:
        BroaderCondition.objects.create(condition=condition, broader=broader)
    assert order(client) == "Broader and narrower It is a kind of two Kinds of it three two"


def test_the_admin_refuses_a_circle_and_keeps_the_rest() -> None:
    one, two, three = (make.condition(slug, slug) for slug in ("one", "two", "three"))
    for condition, broader in [(one, two), (two, three)]:
        row = BroaderCondition(condition=condition, broader=broader)
        row.full_clean()
        row.save()
    with pytest.raises(ValidationError) as refused:
        BroaderCondition(condition=three, broader=one).full_clean()
    assert refused.value.message_dict["broader"] == ["one is narrower than this condition. Choose another."]


def test_editors_add_what_is_broader_in_the_admin(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    poems, blood = make.condition(), make.condition("blood-disorder", "Blood disorder")
    form: dict[str, object] = {"slug": poems.slug, "definition": "", "origin": "", "successor": ""}
    for prefix in ("names", "codes", "broader_rows", "source_terms"):
        form |= {f"{prefix}-TOTAL_FORMS": "0", f"{prefix}-INITIAL_FORMS": "0"}
    form |= {"broader_rows-TOTAL_FORMS": "1", "broader_rows-0-condition": poems.pk, "broader_rows-0-broader": blood.pk}
    assert sending(people.publisher(), f"/admin/articles/condition/{poems.pk}/change/", form)() == 302
    assert "Blood disorder" in order(client)


def test_what_is_broader_shows_on_a_kept_page_within_a_minute(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    poems = make.condition()
    site.live(poems, "prognosis")
    with keeping.waiting(monkeypatch) as clock:
        assert "Kind 1" not in client.get(ADDRESS).content.decode()
        below(poems, 1)
        clock.wait(60)
        assert "Kind 1" in client.get(ADDRESS).content.decode()
        ConditionName.objects.filter(text="Kind 1").update(text="Kind one")
        clock.wait(60)
        assert "Kind one" in client.get(ADDRESS).content.decode()


# Codes


def test_codes_lead_outside_and_say_how_exact_they_are(client: Client) -> None:
    poems = make.condition()
    rows = [
        ("MeSH", "D016878", "exact"),
        ("MeSH", "D010265", "close"),
        ("ICD-10-CM", "D47.7", "broad"),
        ("ICD-9-CM", "273.9", "unstated"),
    ]
    for system, code, match in rows:
        ConditionCode.objects.create(condition=poems, system=system, code=code, match=match)
    root = dom.read(client, ADDRESS)
    assert dom.facts(root) == {
        "ICD-10-CM": "D47.7 (broader)",
        "ICD-9-CM": "273.9",
        "MeSH": "D010265 (nearly the same), D016878",
    }
    said = dom.words(root)
    assert said.index("D016878") < said.index("How exactly these match is not stated:") < said.index("273.9")
    outside = [link for link in root.iter("a") if "meshb.nlm.nih.gov" in link.get("href", "")]
    assert [link.get("rel") for link in outside] == ["noopener noreferrer"] * 2
    assert outside[1].get("href") == "https://meshb.nlm.nih.gov/record/ui?ui=D016878"


def test_a_question_page_leads_to_the_codes_too_and_says_that_nobody_reviewed_them(client: Client) -> None:
    poems = make.condition()
    publication = site.live(poems, "prognosis")
    address = publication.article.get_absolute_url()
    assert "Codes of" not in dom.words(dom.read(client, address))
    ConditionCode.objects.create(condition=poems, system="DOID", code="14039", match="broad")
    ConditionCode.objects.create(condition=poems, system="SNOMED CT", code="79268002")
    ConditionCode.objects.create(condition=poems, system="MeSH", code="D016878", match="unstated")
    root = dom.read(client, f"{address}?again")
    assert "Codes of POEMS syndrome elsewhere: Disease Ontology DOID:14039 (broader). How" in dom.words(root)
    assert "How exactly others match is not stated: MeSH D016878. They help" in dom.words(root)
    assert "no clinician has reviewed them" in dom.words(root)
    assert "79268002" not in dom.words(root)
    assert "https://disease-ontology.org/?id=DOID:14039" in dom.links(root)


def test_machines_are_told_codes_that_mean_just_this_condition(client: Client) -> None:
    poems = make.condition()
    for number, match in enumerate(["exact", "close", "broad", "narrow", "related", "unstated"]):
        ConditionCode.objects.create(condition=poems, system="OMIM", code=f"10000{number}", match=match)
    publication = site.live(poems, "prognosis")
    for address in (ADDRESS, publication.article.get_absolute_url()):
        told = dom.data(dom.read(client, address))["about"]["code"]
        assert [code["codeValue"] for code in told] == ["100000", "100001"], address


def test_a_related_name_is_for_search_and_no_name_of_the_condition(client: Client) -> None:
    poems = make.condition()
    ConditionName.objects.create(condition=poems, text="Nerve trouble", kind="related")
    root = dom.read(client, ADDRESS)
    assert "Nerve trouble" not in dom.words(root)
    assert "Nerve trouble" not in str(dom.data(root))
    found = client.get("/search/", {"q": "nerve trouble"}).content.decode()
    assert "POEMS syndrome" in found
    assert "related name" in found
