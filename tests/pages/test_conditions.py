"""All conditions, A to Z."""

import pytest
from django.test import Client

from articles.models import Condition
from tests import make

from . import dom

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def groups(client: Client) -> dict[str, list[tuple[str, str]]]:
    """The letters with the names under them and where those lead."""
    root = dom.read(client, "/conditions/")
    return {
        dom.words(dom.first(group, "h3")): [(dom.words(link), link.get("href", "")) for link in group.iter("a")]
        for group in dom.having(root, "az-group")
    }


def test_an_empty_site_says_so(client: Client) -> None:
    root = dom.read(client, "/conditions/")
    assert "There are no conditions yet." in dom.words(root)
    assert not dom.having(root, "letters")


def test_conditions_stand_under_their_first_letter_whatever_its_case(client: Client) -> None:
    for slug, name in [
        ("poems", "POEMS syndrome"),
        ("psoriasis", "psoriasis"),
        ("castleman", "Castleman disease"),
        ("porphyria", "Porphyria"),
    ]:
        make.condition(slug, name)
    assert groups(client) == {
        "C": [("Castleman disease", "/conditions/castleman/")],
        "P": [
            ("POEMS syndrome", "/conditions/poems/"),
            ("Porphyria", "/conditions/porphyria/"),
            ("psoriasis", "/conditions/psoriasis/"),
        ],
    }


def test_names_that_begin_with_a_digit_or_a_sign_stand_together_and_last(client: Client) -> None:
    for slug, name in [("digit", "22q11 deletion"), ("sign", "(R)-something"), ("tilde", "~ disease"), ("z", "Zoster")]:
        make.condition(slug, name)
    found = groups(client)
    assert {name for name, _ in found["0–9"]} == {"22q11 deletion", "(R)-something", "~ disease"}
    assert list(found) == ["Z", "0–9"]


@pytest.mark.parametrize(
    ("name", "letter"),
    [
        ("Ångström disease", "A"),
        ("élan syndrome", "E"),
        ("Ørsted disease", "O"),
        ("Łukasz disease", "L"),
        ("Ǆ disease", "D"),
        ("αβ deficiency", "A"),
        ("’t Hooft disease", "T"),
        ("ﬁbrosis", "F"),
    ],
)
def test_an_accent_or_a_ligature_stands_under_its_base_letter(client: Client, name: str, letter: str) -> None:
    make.condition("one", name)
    assert groups(client) == {letter: [(name, "/conditions/one/")]}


def test_accents_and_capitals_do_not_change_the_order(client: Client) -> None:
    for number, name in enumerate(["Beta", "bèta 2", "Behçet disease", "behind", "BEHAVIOUR"]):
        make.condition(f"c{number}", name)
    assert [name for name, _ in groups(client)["B"]] == ["BEHAVIOUR", "Behçet disease", "behind", "Beta", "bèta 2"]


def test_numbers_stand_in_the_order_of_counting(client: Client) -> None:
    for number, name in enumerate(["Ataxia type 10", "Ataxia type 2", "Ataxia type 1"]):
        make.condition(f"c{number}", name)
    assert [name for name, _ in groups(client)["A"]] == ["Ataxia type 1", "Ataxia type 2", "Ataxia type 10"]


def test_the_letters_lead_to_their_lists(client: Client) -> None:
    for slug, name in [("a", "A disease"), ("a2", "Å disease"), ("z", "Z disease")]:
        make.condition(slug, name)
    letters = dom.only(dom.read(client, "/conditions/"), "letters")
    assert {dom.words(link): link.get("href") for link in letters.iter("a")} == {
        "A: 2 conditions": "/a-z/a/",
        "Z: 1 condition": "/a-z/z/",
    }
    assert len(list(letters.iter("li"))) == 27
    for link in letters.iter("a"):
        assert dom.words(dom.first(dom.read(client, link.get("href", "")), "h1"))[-1] == dom.words(link)[0]


def test_a_condition_stands_once_by_its_preferred_name(client: Client) -> None:
    make.condition("poems", "POEMS syndrome", "Crow-Fukase syndrome")
    assert groups(client) == {"P": [("POEMS syndrome", "/conditions/poems/")]}


def test_a_condition_without_a_name_stands_by_its_slug(client: Client) -> None:
    Condition.objects.create(slug="unnamed")
    assert groups(client) == {"U": [("unnamed", "/conditions/unnamed/")]}


def test_a_name_is_shown_as_typed(client: Client) -> None:
    make.condition("tagged", "<script>alert(1)</script> & co")
    assert groups(client) == {"0–9": [("<script>alert(1)</script> & co", "/conditions/tagged/")]}


def test_it_says_nothing_about_texts_or_reviews(client: Client) -> None:
    make.publication()
    text = dom.words(dom.read(client, "/conditions/"))
    assert "What determines the outlook?" not in text
    assert "eviewed summary" not in text
