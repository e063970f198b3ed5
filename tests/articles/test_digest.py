"""The digest of a text: fixed for ever, the same everywhere, different for every difference a reader could see."""

import dataclasses
import hashlib
import json
import os
import subprocess
import sys
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from articles import digest
from articles.digest import Source, Text
from articles.models import Article, Revision
from tests import make, people

PLAIN = Text(
    language="en",
    origin="human",
    question="What determines the outlook?",
    short_answer="How early it is found.",
    body="Treatment early on.",
    sources=(),
    html="<p>Treatment early on.</p>",
    renderer="1",
)
FULL = Text(
    language="en",
    origin="assisted",
    question="Überleben — how long?",
    short_answer='“<5 mg”, \\ and "quotes"\nand a second line',
    body="An opening.\n\n## Dose\n\nAsk {{ members }} 👩‍⚕️ [1](#source-1).",
    sources=(
        Source(title="A cohort. Journal, 2024.", url="https://example.org/a?b=1&c=2", doi="10.1000/x", pmid="12456500"),
        Source(title="Ein Register"),
    ),
    html='<p>An opening.</p>\n<h2 id="s-dose">Dose</h2>\n<p>Ask {{ members }} 👩‍⚕️.</p>',
    renderer="1",
)
EMPTY = Text(language="", origin="", question="", short_answer="", body="", sources=(), html="", renderer="")

# Whoever changes one of these makes every stored review void: give the form a new name instead.
FIXED = [
    pytest.param(PLAIN, "6bba2c51e91c7cf55437faa59667e2d1b88c814cf8f5b977aecc3d2fe10528e6", id="plain"),
    pytest.param(FULL, "9114c7c666e89504479a87037377160af3c53e00b642fb04936de7f7f7040765", id="full"),
    pytest.param(EMPTY, "0f8f76fcae4a550979a62806e9237cbc2bf42de348402fc0ee735f6f1876fc4e", id="empty"),
]


@pytest.mark.parametrize(("text", "expected"), FIXED)
def test_the_digest_of_a_text_is_fixed_for_ever(text: Text, expected: str) -> None:
    assert text.digest() == expected


def test_anybody_can_compute_a_digest_without_this_code() -> None:
    canonical = (
        '{"body":"Treatment early on.","form":"rounds-text-1","html":"<p>Treatment early on.</p>","language":"en",'
        '"origin":"human","question":"What determines the outlook?","renderer":"1",'
        '"short_answer":"How early it is found.","sources":[]}'
    )
    assert hashlib.sha256(canonical.encode()).hexdigest() == PLAIN.digest()


@pytest.mark.parametrize("seed", ["1", "2"])
@pytest.mark.parametrize(("text", "expected"), FIXED)
def test_another_process_computes_the_same_digest(text: Text, expected: str, seed: str) -> None:
    program = (
        "import json, sys; from articles.digest import Source, Text; fields = json.load(sys.stdin); "
        "fields['sources'] = [Source(**source) for source in fields['sources']]; print(Text(**fields).digest())"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(dataclasses.asdict(text)),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(digest.__file__).parent.parent,
    )
    assert there.stdout.strip() == expected


@pytest.mark.django_db
def test_the_database_gives_back_the_text_with_its_fixed_digest() -> None:
    saved = make.revision(
        question=FULL.question, short_answer=FULL.short_answer, body=FULL.body, sources=FULL.sources, origin=FULL.origin
    )
    # The HTML is the renderer's; all else is as above.
    read = dataclasses.replace(Revision.objects.get(pk=saved.pk).text(), html=FULL.html, renderer=FULL.renderer)
    assert read == FULL
    assert read.digest() == "9114c7c666e89504479a87037377160af3c53e00b642fb04936de7f7f7040765"


@pytest.mark.django_db
def test_a_text_read_back_from_the_database_is_intact() -> None:
    saved = make.revision()
    read = Revision.objects.get(pk=saved.pk)
    assert read.is_intact()
    assert read.text().digest() == read.digest == saved.digest
    assert read.is_intact(list(read.citations.order_by("number")))


# What makes a difference


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Text) if field.name != "sources"])
def test_every_field_of_a_text_changes_its_digest(field: str) -> None:
    changed = dataclasses.replace(FULL, **{field: f"{getattr(FULL, field)}."})
    assert changed.digest() != FULL.digest()


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Source)])
def test_every_field_of_a_source_changes_the_digest(field: str) -> None:
    first, second = FULL.sources
    changed = dataclasses.replace(FULL, sources=(first, dataclasses.replace(second, **{field: "1"})))
    assert changed.digest() != FULL.digest()


def test_the_order_and_number_of_the_sources_change_the_digest() -> None:
    first, second = FULL.sources
    orders = [(first, second), (second, first), (first,), (first, second, second), ()]
    assert len({dataclasses.replace(FULL, sources=sources).digest() for sources in orders}) == len(orders)


def test_words_that_move_from_one_field_to_the_next_change_the_digest() -> None:
    moved = dataclasses.replace(PLAIN, short_answer="", body=PLAIN.short_answer + PLAIN.body)
    forged = dataclasses.replace(PLAIN, short_answer=f'{PLAIN.short_answer}","body":"{PLAIN.body}', body="")
    assert len({PLAIN.digest(), moved.digest(), forged.digest()}) == 3


def test_one_blank_in_the_body_changes_the_digest() -> None:
    assert dataclasses.replace(PLAIN, body="Treatment  early on.").digest() != PLAIN.digest()


def test_the_name_of_the_form_is_part_of_every_digest(monkeypatch: pytest.MonkeyPatch) -> None:
    before = PLAIN.digest()
    monkeypatch.setattr(digest, "FORM", "rounds-text-2")
    assert PLAIN.digest() != before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        {"question": "What determines it?"},
        {"short_answer": "How late it is found."},
        {"body": "An opening."},
        {"sources": ()},
        {"origin": "machine"},
    ],
)
def test_a_saved_change_of_any_part_has_another_digest(change: dict[str, Any]) -> None:
    article = make.article()
    assert make.revision(article, **change).digest != make.revision(article).digest


# What makes none


@pytest.mark.django_db
@pytest.mark.parametrize(
    "variant",
    [
        pytest.param(lambda typed: typed.replace("\n", "\r\n"), id="line ends of Windows"),
        pytest.param(lambda typed: typed.replace("\n", "\r"), id="line ends of an old Macintosh"),
        pytest.param(lambda typed: unicodedata.normalize("NFD", typed), id="accents apart"),
        pytest.param(lambda typed: typed.replace("\n", "  \t\n") + "\u00a0\n\n", id="trailing blanks"),
        pytest.param(lambda typed: "\n\n" + typed + "\n", id="empty lines around"),
    ],
)
def test_the_same_text_typed_otherwise_has_the_same_digest(variant: Any) -> None:
    typed = {"question": "Überleben?", "short_answer": "Früh.\nSehr früh.", "body": "Für alle.\n\n## Später\n\nÄrzte."}
    of = make.condition()
    one, two = (
        Article.objects.start(condition=of, topic="outlook", slug=slug, by=people.author()) for slug in ("one", "two")
    )
    saved = make.revision(one, **typed)
    again = make.revision(two, **{field: variant(value) for field, value in typed.items()})
    assert again.digest == saved.digest
    assert again.body == saved.body


@pytest.mark.django_db
def test_author_article_number_and_note_are_no_part_of_the_digest() -> None:
    of = make.condition()
    one, two = (make.article(slug, of=of) for slug in ("one", "two"))
    make.revision(two, body="Something else.")
    saved = make.revision(one)
    again = make.revision(two, by=people.second_author(), change_note="Back to the first words.")
    assert (again.number, saved.number) == (2, 1)
    assert again.digest == saved.digest
