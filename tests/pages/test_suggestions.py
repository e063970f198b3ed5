"""What is suggested while typing: JSON for the script beside the form, the same for everybody."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from articles.models import Condition, ConditionCode, ConditionName
from tests import make

from . import dom, site
from .test_search import build

pytestmark = pytest.mark.django_db


def suggested(client: Client, typed: str) -> list[tuple[str, str, str]]:
    """Address, words and detail of each suggestion."""
    response = client.get("/search/suggestions/", {"q": typed})
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    return [
        (one["url"], "".join(words for words, _ in one["text"]), "".join(words for words, _ in one["detail"]))
        for one in response.json()["suggestions"]
    ]


def test_a_condition_is_suggested_by_any_of_its_names_and_codes(client: Client) -> None:
    build()
    hub = "/conditions/poems-syndrome/"
    assert suggested(client, "poe")[0] == (hub, "POEMS syndrome", "")
    assert suggested(client, "crow") == [(hub, "POEMS syndrome", "also called Crow–Fukase syndrome")]
    assert suggested(client, "d016878") == [(hub, "POEMS syndrome", "MeSH D016878")]
    assert suggested(client, "MENI")[0][1] == "Ménière disease"
    assert suggested(client, "takasuki")[0] == (hub, "POEMS syndrome", "also called Takatsuki syndrome")
    assert suggested(client, "79268") == []


def test_a_system_of_codes_has_the_name_that_it_has_on_the_hub(client: Client) -> None:
    condition = make.condition()
    ConditionCode.objects.create(condition=condition, system="DOID", code="DOID:0080074")
    assert suggested(client, "0080074") == [
        ("/conditions/poems-syndrome/", "POEMS syndrome", "Disease Ontology DOID:0080074")
    ]
    assert "Disease Ontology" in dom.words(dom.read(client, "/conditions/poems-syndrome/"))


def test_what_was_meant_leads_to_no_licensed_code(client: Client) -> None:
    make.condition("kleiber-disease", "Kleiber disease")
    other = make.condition("other", "Another")
    ConditionCode.objects.create(condition=other, system="SNOMED CT", code="Kleiber disease")
    assert suggested(client, "kleibre disease") == [("/conditions/kleiber-disease/", "Kleiber disease", "")]


def test_a_question_is_suggested_by_the_words_of_its_title(client: Client) -> None:
    build()
    assert suggested(client, "bones hu") == [
        (
            "/conditions/multiple-myeloma/bones/",
            "Why do bones hurt in multiple myeloma?",
            "question about Multiple myeloma",
        )
    ]
    assert suggested(client, "chocolate") == []  # in the text, not in the title
    for begun in ("out", "outl", "outlo", "outloo", "outlook"):
        assert suggested(client, begun)[0][1] == "What shapes the outlook?"


def test_the_match_is_marked_as_a_piece_of_plain_text(client: Client) -> None:
    build()
    (one,) = client.get("/search/suggestions/?q=crow").json()["suggestions"]
    assert one["detail"] == [["also called ", False], ["Crow", True], ["–Fukase syndrome", False]]
    site.live(Condition.objects.get(slug="poems-syndrome"), "sign", question="Is <b>zeisig</b> & co. a sign?")
    (one,) = client.get("/search/suggestions/?q=zeisig").json()["suggestions"]
    assert one["text"] == [["Is <b>", False], ["zeisig", True], ["</b> & co. a sign?", False]]


def test_few_are_suggested_and_none_for_nothing(client: Client) -> None:
    for number in range(12):
        make.condition(f"rarity-{number}", f"Rarity {number}")
    assert len(suggested(client, "r")) == 5
    for nothing in ("", " ", "\0", "%", "zzzz"):
        assert suggested(client, nothing) == []


def test_they_are_the_same_for_everybody_and_kept_by_nobody(client: Client) -> None:
    build()
    answer = client.get("/search/suggestions/?q=poems")
    assert answer.headers["Cache-Control"] == "no-cache"
    assert not answer.cookies
    for person in site.everybody():
        signed_in = Client()
        signed_in.force_login(person)
        other = signed_in.get("/search/suggestions/?q=poems")
        assert (other.content, dict(other.headers)) == (answer.content, dict(answer.headers))
    assert client.post("/search/suggestions/", {"q": "poems"}).status_code == 405


def test_a_suggestion_costs_few_questions_to_the_database(client: Client) -> None:
    build()
    suggested(client, "poems")
    with CaptureQueriesContext(connection) as queries:
        suggested(client, "poems")
    assert len(queries) <= 4


@pytest.mark.once
def test_every_page_but_those_with_the_large_form_has_the_small_one(client: Client) -> None:
    site.build()
    for name, address in {**site.ADDRESSES, "search": "/search/", "results": "/search/?q=poems"}.items():
        root = dom.tree(client.get(address).content)
        forms = [form for form in root.iter("form") if form.get("role") == "search"]
        large = name in {"home", "search", "results", "no page"}
        assert [form.get("class", "").split()[0] for form in forms] == ["search-box" if large else "site-search"], name
        assert forms[0].get("action") == "/search/", name
        assert forms[0].get("method") == "get", name
        scripts = [script for script in root.iter("script") if script.get("type") != "application/ld+json"]
        assert [script.get("src") for script in scripts] == ["/static/search.js"], name


def test_a_licensed_code_is_not_told_by_a_name_that_reads_like_it(client: Client) -> None:
    ConditionName.objects.create(condition=make.condition("q", "Q79268"), text="79268 trait", kind="synonym")
    ConditionCode.objects.create(condition=make.condition(), system="SNOMED CT", code="79268-trait")
    assert "SNOMED" not in client.get("/search/suggestions/", {"q": "79268 trayt"}).content.decode()
