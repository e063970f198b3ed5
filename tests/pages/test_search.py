"""What a reader finds: conditions by name and code, public pages by their words; and no query breaks it."""

import datetime as dt
import itertools
import random
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoDbBlocker

from articles.models import Condition, ConditionCode, ConditionName
from tests import make
from tests.conftest import for_a_module

from . import dom, site

pytestmark = pytest.mark.django_db

CANARY = "zeisig"


@pytest.fixture(scope="module", autouse=True)
def some_conditions(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What all of these tests search."""
    with for_a_module(django_db_blocker):
        build()
        yield


def build() -> None:
    """Some conditions, three of which have pages."""
    poems = make.condition("poems-syndrome", "POEMS syndrome", "Crow–Fukase syndrome", "Takatsuki syndrome")
    for system, code in (("MeSH", "D016878"), ("ORPHA", "ORPHA:2905"), ("ICD-10-CM", "D47.7"), ("SNOMED CT", "79268")):
        ConditionCode.objects.create(condition=poems, system=system, code=code)
    myeloma = make.condition("multiple-myeloma", "Multiple myeloma", "Myeloma, unlike POEMS syndrome")
    wilson = make.condition("wilson-disease", "Wilson disease", "Hepatolenticular degeneration")
    make.condition("meniere-disease", "Ménière disease")
    make.condition("guillain-barre-syndrome", "Guillain-Barré syndrome")
    make.condition("deletion", "22q11.2 deletion syndrome")
    make.condition("thalassaemia", "α-thalassaemia")
    make.condition("blood-disease", "Łukasz blood disease")
    site.live(
        poems,
        "overview",
        "overview",
        question="What is POEMS syndrome?",
        short_answer="A rare disorder of plasma cells that harms nerves.",
    )
    site.live(
        poems,
        "prognosis",
        question="What shapes the outlook?",
        short_answer="Blood clots are more likely. Checks matter.",
        body="An opening.\n\n## Checks\n\nRegular heart checks look for high pressure in the lungs.",
    )
    site.live(
        wilson,
        "diet",
        "living",
        question="What may people with Wilson disease eat?",
        short_answer="Less copper: no liver, few nuts, <5 mg & no more.",
        body="Copper is in chocolate too, and in organ meats.",
        signed_on=make.today() - dt.timedelta(400),
    )
    site.live(
        myeloma,
        "bones",
        "symptoms",
        question="Why do bones hurt in multiple myeloma?",
        short_answer="It weakens them.",
        body="Cells near POEMS syndrome are other cells. The heart is not a bone.",
    )


def titles(client: Client, query: str, more: str = "") -> list[str]:
    """What the page of results lists, in order."""
    root = dom.read(client, f"/search/?q={quote(query)}{more}")
    return [dom.words(link) for link in dom.having(root, "line-title")]


def said(client: Client, query: str, more: str = "") -> str:
    """The page of results as words."""
    return dom.words(dom.first(dom.read(client, f"/search/?q={quote(query)}{more}"), "main"))


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("POEMS syndrome", "POEMS syndrome"),
        ("poems", "POEMS syndrome"),
        ("poem syndrom", "POEMS syndrome"),
        ("poems sindrome", "POEMS syndrome"),
        ("Takatsuki", "POEMS syndrome"),
        ("takasuki", "POEMS syndrome"),
        ("crow fukase", "POEMS syndrome"),
        ("Crow-Fukase", "POEMS syndrome"),
        ("D016878", "POEMS syndrome"),
        ("mesh d016878", "POEMS syndrome"),
        ("ORPHA:2905", "POEMS syndrome"),
        ("icd10 d47.7", "POEMS syndrome"),
        ("menier disease", "Ménière disease"),
        ("MENIERE'S DISEASE", "Ménière disease"),
        ("me\u0301nie\u0300re", "Ménière disease"),
        ("Guillain Bare", "Guillain-Barré syndrome"),
        ("22q11.2", "22q11.2 deletion syndrome"),
        ("alpha thalassemia", "α-thalassaemia"),
        ("lukasz", "Łukasz blood disease"),
        ("hepatolenticular", "Wilson disease"),
        ("myeloma", "Multiple myeloma"),
        ("heart checks", "What shapes the outlook?"),
        ("heart chekcs", "What shapes the outlook?"),
        ("HEART Checking", "What shapes the outlook?"),
        ("takatsuki outlook", "What shapes the outlook?"),
        ("poems syndrome heart", "What shapes the outlook?"),
        ("copper chocolate", "What may people with Wilson disease eat?"),
        ("wilson eat", "What may people with Wilson disease eat?"),
        ("bones hurt", "Why do bones hurt in multiple myeloma?"),
        ("chocol", "What may people with Wilson disease eat?"),
    ],
)
def test_the_first_hit_is_the_same_on_every_database(client: Client, query: str, first: str) -> None:
    assert titles(client, query)[:1] == [first]


def test_a_condition_whose_name_is_the_query_comes_first_then_its_pages_then_what_mentions_it(client: Client) -> None:
    assert titles(client, "POEMS syndrome") == [
        "POEMS syndrome",
        "Multiple myeloma",
        "What is POEMS syndrome?",
        "What shapes the outlook?",
        "Why do bones hurt in multiple myeloma?",
    ]


def test_a_result_shows_the_words_around_the_match_and_the_mark_of_its_page(client: Client) -> None:
    root = dom.read(client, "/search/?q=heart")
    (line,) = [line for line in dom.first(root, "ol").iter("li") if "outlook" in dom.words(line)]
    assert "Regular heart checks look for high pressure" in dom.words(line)
    assert [dom.words(mark) for mark in line.iter("mark")] == ["heart"]
    assert "POEMS syndrome, Outlook" in dom.words(line)
    assert len(dom.having(line, "is-current")) == 1
    (lapsed,) = [li for li in dom.read(client, "/search/?q=chocolate").iter("li") if "Wilson" in dom.words(li)]
    assert "Review lapsed on" in dom.words(dom.only(lapsed, "is-lapsed"))


def test_a_condition_tells_its_pages_and_the_name_or_code_by_which_it_was_found(client: Client) -> None:
    assert "also called Takatsuki syndrome" in said(client, "takatsuki")
    assert "MeSH D016878" in said(client, "d016878")
    found = said(client, "poems")
    assert "Condition, 2 questions" in found
    assert "A rare disorder of plasma cells" in found
    assert "Condition, no questions answered yet" in said(client, "meniere")


def test_what_is_shown_is_plain_text_escaped(client: Client) -> None:
    content = client.get("/search/?q=copper").content.decode()
    assert "Less <mark>copper</mark>: no liver, few nuts, &lt;5 mg &amp; no more." in content
    for query in ("<script>alert(1)</script>", '"><img src=x>', "{{ 1 }}", "<b>copper</b>"):
        root = dom.read(client, f"/search/?q={quote(query)}")
        assert [element.get("src") for element in root.iter("script")] == ["/static/search.js"]
        assert not list(root.iter("img"))
        assert dom.by_id(root, "q").get("value") == query


def test_what_may_have_been_meant_is_said_and_searched_for(client: Client) -> None:
    words = said(client, "heart chekcs")
    assert "Did you mean heart checks? Nothing matches “heart chekcs” exactly" in words
    assert "these results are for “heart checks”." in words
    root = dom.read(client, "/search/?q=heart+chekcs")
    assert "?q=heart+checks" in dom.links(dom.first(root, "main"))
    assert dom.by_id(root, "q").get("value") == "heart chekcs"
    assert "Did you mean" not in said(client, "heart checks")
    assert "Did you mean POEMS syndrome?" not in said(client, "poem syndrom")


def test_where_nothing_is_found_the_reader_is_told_what_else_to_try(client: Client) -> None:
    root = dom.read(client, "/search/?q=blue+toe")
    assert "Nothing found for “blue toe” We cover 8 conditions so far" in dom.words(dom.first(root, "main"))
    assert "/conditions/" in dom.links(dom.first(root, "main"))
    assert "Ask for a page" not in dom.words(root)


def test_without_words_there_is_the_form(client: Client) -> None:
    for address in ("/search/", "/search/?q=", "/search/?q=++", "/search/?q=%00"):
        root = dom.read(client, address)
        assert "We cover 8 conditions" in dom.words(root)
        assert not dom.having(root, "line-list")


def test_the_results_are_narrowed_by_kind_and_by_date_and_each_box_tells_how_many(client: Client) -> None:
    every = "Conditions (2) Questions (3) Only pages in date (4)"
    assert every in said(client, "poems syndrome")
    assert every in said(client, "poems syndrome", "&filter=1&kind=condition&kind=question")
    assert titles(client, "poems syndrome", "&filter=1&kind=condition") == ["POEMS syndrome", "Multiple myeloma"]
    assert titles(client, "wilson", "&filter=1&kind=question") == ["What may people with Wilson disease eat?"]
    assert titles(client, "wilson", "&filter=1&kind=question&in_date=1") == []
    assert titles(client, "wilson", "&filter=1&kind=condition&kind=question&in_date=1") == []
    assert "Nothing is left with these boxes ticked" in said(client, "wilson", "&filter=1")
    root = dom.read(client, "/search/?q=poems&filter=1&kind=question")
    boxes = {element.get("value"): "checked" in element.attrib for element in root.iter("input") if element.get("id")}
    assert (boxes["condition"], boxes["question"]) == (False, True)


def test_many_results_are_paged_each_once(client: Client) -> None:
    many = [make.condition(f"rarity-{number}", f"Rarity {number:02}") for number in range(23)]
    found = [titles(client, "rarity", f"&page={page}") for page in (1, 2, 3)]
    assert [len(page) for page in found] == [10, 10, 3]
    assert sorted(itertools.chain(*found)) == [condition.name for condition in many]
    root = dom.read(client, "/search/?q=rarity&page=2")
    assert {"?q=rarity&page=1", "?q=rarity&page=3"} <= set(dom.links(root))
    for page in ("0", "-1", "99", "x", "", "1" * 400):
        assert client.get(f"/search/?q=rarity&page={page}").status_code == 200


def test_of_very_many_the_best_hundred_are_listed_and_it_is_said_that_there_are_more(client: Client) -> None:
    rows = Condition.objects.bulk_create(Condition(slug=f"rarity-{number}") for number in range(130))
    ConditionName.objects.bulk_create(
        ConditionName(condition=row, text=f"Rarity {number}", kind="preferred") for number, row in enumerate(rows)
    )
    assert "More than 100 results for “rarity”" in said(client, "rarity")
    assert "Conditions (more than 100) Questions (0) Only pages in date (0 of the first 100)" in said(client, "rarity")


def test_a_licensed_code_finds_nothing(client: Client) -> None:
    assert titles(client, "79268") == []
    assert titles(client, "snomed ct 79268") == []


def test_a_renamed_condition_and_page_are_found_at_their_new_address(client: Client) -> None:
    site.rename(Condition.objects.get(slug="poems-syndrome"), "poems")
    root = dom.read(client, "/search/?q=outlook")
    assert [link.get("href") for link in dom.having(root, "line-title")] == ["/conditions/poems/prognosis/"]


def test_the_page_is_kept_out_of_indexes_and_sets_no_cookie(client: Client) -> None:
    for address in ("/search/", "/search/?q=poems", "/search/?q=zzzz"):
        response = client.get(address)
        assert '<meta name="robots" content="noindex">' in response.content.decode()
        # The form alone is a page like any other; what is found is asked for each time.
        assert ("?" in address) == (response.headers["Cache-Control"] == "no-cache")
        assert not response.cookies
    assert client.post("/search/", {"q": "poems"}).status_code == 405


def test_what_is_typed_is_in_no_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", logger="pages")
    for query in (CANARY, "poems", "heart chekcs", f'"{CANARY}', f"{CANARY}\0"):
        client.get(f"/search/?q={quote(query)}&page=x")
        client.get(f"/search/suggestions/?q={quote(query)}")
        client.post(f"/search/?q={quote(query)}")
    assert CANARY not in caplog.text
    assert "chekcs" not in caplog.text


def test_the_number_of_questions_to_the_database_does_not_grow_with_the_results(client: Client) -> None:
    client.get("/search/?q=poems")

    def spent(query: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            assert titles(client, query)
        return len(queries)

    few = spent("poems syndrome")
    poems = Condition.objects.get(slug="poems-syndrome")
    for number in range(9):
        site.live(poems, f"page-{number}", question=f"What of POEMS syndrome, {number}?")
    assert spent("poems syndrome") == few <= 8


# Hostile queries

PIECES = [
    *("'", '"', "\0", "\\", "%", "*", "^", "(", ")", ":", "|", "&", "!", "<->", "--", ";", "/*", "{", "}", "[", "]"),
    *("AND", "OR", "NOT", "NEAR", "NEAR(a b, 2)", "question:", "rowid", "a:A", ":*", "''", '""', "$$", "%s", "%(a)s"),
    *("\u0301", "\u200d", "\u202e", "\ufeff", "\u2028", "🩺", "👩‍⚕️", "مرض", "病気", "ß", "İ", "ŉ", "½", "²", "٣"),
    *("\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "poems", "POEMS", "syndrome", "a", "x" * 300),
    *("1e999", "0x1F", "22q11.2", "1.2.3.4", "-1", "null", "true", "\t", "\n", "\r", "\x1f", "\x7f", "\x85", "\xa0"),
]


def hostile() -> list[str]:
    """Queries made to break something."""
    chance = random.Random(5)  # noqa: S311  the same in every run
    made = ["".join(chance.choices(PIECES, k=chance.randint(1, 8))) for _ in range(500)]
    made += [" ".join(chance.choices(PIECES, k=chance.randint(1, 20))) for _ in range(450)]
    made += ["".join(chr(chance.choice([chance.randrange(0x20), chance.randrange(0xD7FF)])) for _ in range(30))
             for _ in range(100)]  # fmt: skip
    return [*PIECES, *made, " ".join(["word"] * 1000), "a " * 5000, "ﷺ" * 200, "e\u0301" * 500, "syndrome " * 300]


def test_no_query_breaks_anything(client: Client) -> None:
    queries = hostile()
    assert len(queries) > 1000
    for number, query in enumerate(queries):
        address = "/search/" if number % 3 else "/search/suggestions/"
        response = client.get(address, {"q": query})
        assert response.status_code == 200, query
        if number % 25 == 1:
            dom.tree(client.get("/search/", {"q": query.translate(dict.fromkeys(range(32), " "))}).content)


@pytest.mark.parametrize(
    "query",
    [
        "q=%ff%fe",
        "q=%ed%a0%80",
        "q=%c0%80",
        "q",
        "q[]=a",
        "q=a&q=b",
        "q=poems&kind=%00&kind=evil&in_date=no&page=%00&filter=",
        "&".join(f"kind={number}" for number in range(900)),
        "q=poems&page=1e9",
        "%00=1&q=poems",
    ],
)
def test_no_odd_address_breaks_anything(client: Client, query: str) -> None:
    for address in ("/search/", "/search/suggestions/"):
        assert client.get(f"{address}?{query}").status_code in {200, 400}
