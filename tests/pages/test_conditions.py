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
        dom.words(dom.first(group, "h2")): [(dom.words(link), link.get("href", "")) for link in group.iter("a")]
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


def test_names_that_begin_with_a_digit_or_a_sign_stand_together(client: Client) -> None:
    for slug, name in [
        ("digit", "22q11 deletion"),
        ("sign", "(R)-something"),
        ("tilde", "~ disease"),
        ("alport", "Alport syndrome"),
        ("angstrom", "Ångström disease"),
    ]:
        make.condition(slug, name)
    found = groups(client)
    assert {name for name, _ in found["0–9"]} == {"22q11 deletion", "(R)-something", "~ disease"}
    assert [name for name, _ in found["Å"]] == ["Ångström disease"]
    assert [name for name, _ in found["A"]] == ["Alport syndrome"]


def test_the_letters_lead_to_their_groups(client: Client) -> None:
    for slug, name in [("a", "A disease"), ("b", "B disease"), ("z", "Z disease")]:
        make.condition(slug, name)
    root = dom.read(client, "/conditions/")
    letters = list(dom.only(root, "letters").iter("a"))
    assert [dom.words(link) for link in letters] == ["A", "B", "Z"]
    for link in letters:
        assert dom.words(dom.by_id(root, link.get("href", "").removeprefix("#"))) == dom.words(link)


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
