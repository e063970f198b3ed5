"""A text that is written to a file and read back is the same text to the last byte, with the same digest."""

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from articles import front_matter, rendering
from articles.digest import Source, Text
from articles.importers import markdown_files
from articles.models import Article, Revision, compose
from pages.export import markdown
from tests import make

from .imports import newest, rows, run

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# What YAML takes for something else than a text, or for the end of one.
TRAPS = [
    *(
        "no",
        "Yes",
        "on",
        "null",
        "~",
        "1e3",
        "0x10",
        "0o14",
        "1_000",
        "12:30:45",
        "2026-04-07",
        ".inf",
        "1.",
        "=",
        "<<",
    ),
    *("a: b", "a #b", "# b", "- a", "? a", "! a", "&a", "*a", "%a", "@a", "`a`", "[a]", "{a: b}", "a, b", "|", ">-"),
    *("---", "...", '"a"', "'a'", "it's", 'say "a"', "a\\nb", "\\", "\\u0041", "a\\", "{{ members }}", "<5 mg & more"),
    *("Behçet", "日本語", "🧪", "👩‍🔬", "5\u202f000", "a\u00a0b", "“a”", "e\u0301", "\u0301", "ﬁ", "İ", "ß"),
    "w" * 190,
]
BODIES = [
    "---\n\nA rule first.",
    "A heading\n---\n\nBelow it.",
    "Text.\n\n---\n\nMore.\n\n---",
    "---\ncondition: other\nslug: other\n---\nA file in a file.",
    "    code first\n\nText.",
    "\tcode by a tab\n\nText.",
    "Two blanks at the end  \nof a line.",
    "Blank lines\n\n\n\n\nin between.",
    "```\n---\nfenced\n```",
    "# One\n\n## Two\n\n### Three",
    "| a | b |\n| --- | :-: |\n| 1 | 2 |",
    "Term\n:   What it means.\n\nAnother[^a].\n\n[^a]: A note.",
    '!!! warning "Careful"\n    Call somebody.\n\n    ---\n\n    Still inside.',
    "- a\n    - b\n        1. c\n\n        d",
    "> quoted\n>\n> ---",
    "A dose <5 mg, <b>not bold</b>, &amp; and &lt;.",
    "The {{ members }} know, [1](#source-1) and [words](https://example.org/?a=b&c=d#e).",
    "%YAML 1.2\n---\n...",
    "key: value\nother: [",
    "w" * 19_000,
    "word " * 3_000,
    "Emoji 🧪 👩‍🔬 ⚠️ 1️⃣ and é, ﬁ, 日本語, \u2003wide\u2003blanks.",
    "\\*stars\\* and `code` and ``co`de``",
    "a\u00a0b\u202fc",
]
SOURCES = [
    (),
    (Source("no"), Source("1e3", url="https://example.org/?q=a:b#c"), Source("- a: 'b'", doi="10.1000/a(b)<c>;2-#")),
    (Source('"Quoted", said: {x}', url="https://example.org/", doi="10.1000/x", pmid="1"),),
    tuple(Source(f"Source {number}", pmid=str(number)) for number in range(1, 60)),
    (Source("w" * 500, url=f"https://example.org/{'w' * 480}", doi=f"10.1000/{'w' * 190}", pmid="999999999"),),
]


def texts() -> list[dict[str, Any]]:
    """Texts of every kind, and many that were put together by chance, the same in every run."""
    chance = random.Random(26)  # noqa: S311
    found: list[dict[str, Any]] = [{"body": body} for body in BODIES]
    found += [{"question": trap, "short_answer": trap, "body": "A text."} for trap in TRAPS]
    found += [{"sources": sources, "body": "A text."} for sources in SOURCES]
    found += [
        {"short_answer": answer, "body": "A text."} for answer in ("  led in", "a\n\n---\n\n b", "a\tb", "w " * 999)
    ]
    for _ in range(60):
        pieces = [chance.choice([*TRAPS, "\n", "\n\n", "  ", "\t", "    "]) for _ in range(chance.randint(1, 12))]
        found.append({"body": "A text.", "short_answer": "".join(pieces), "question": chance.choice(TRAPS)})
    return found


def composed(said: dict[str, Any]) -> Text:
    """The stored form of what an author typed."""
    fields = {"question": "What now?", "short_answer": "", "body": "", "sources": (), **said}
    return compose("en", said.get("origin", "human"), **{k: v for k, v in fields.items() if k != "origin"})


def written(text: Text) -> str:
    """A text as a file."""
    revision = Revision(article=make.article() if not Article.objects.exists() else Article.objects.get(), number=7)
    revision.digest, revision.renderer = text.digest(), text.renderer
    return markdown(revision, text, {"reviewer": "Clara Test, MD"}, "2026-04-07")


def test_every_kind_of_text_comes_back_to_the_last_byte(tmp_path: Path) -> None:
    path = tmp_path / "prognosis.md"
    for said in texts():
        text = composed(said)
        path.write_bytes(written(text).encode())
        file = markdown_files.read(path)
        assert file.problems == ()
        assert markdown_files._draft(file) == text, said
        assert markdown_files.other_digest(file) == ""


def test_a_file_that_went_over_windows_comes_back_too(tmp_path: Path) -> None:
    path = tmp_path / "prognosis.md"
    for body in BODIES:
        text = composed({"body": body, "short_answer": "One.\n\nTwo."})
        path.write_bytes(b"\xef\xbb\xbf" + written(text).replace("\n", "\r\n").encode())
        assert markdown_files._draft(markdown_files.read(path)) == text


@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.BaseLoader, yaml.CSafeLoader])
def test_any_program_that_reads_yaml_gets_texts_and_nothing_else(loader: Any) -> None:
    odd = [*TRAPS, "\x07", "a\x7fb", "\u2028", "\u0085", "\ufeff", "\ufffe", "\u200b", "", "\n", "a\n---\nb"]
    for text in odd:
        file = front_matter.write({"a": text, "b": {"c": text, "d": "x"}, "e": [{"f": "x", "g": text}]}, "Body.")
        head, _, body = file.partition("\n---\n")
        inner = {"c": text, "d": "x"} if text else {"d": "x"}
        row = {"f": "x", "g": text} if text else {"f": "x"}
        assert yaml.load(head, loader) == {**({"a": text} if text else {}), "b": inner, "e": [row]}  # noqa: S506
        assert body == "Body.\n"


@pytest.mark.parametrize("body", BODIES)
def test_a_text_that_was_exported_is_imported_with_the_same_digest(tmp_path: Path, body: str) -> None:
    make.condition()
    text = composed({"body": body, "origin": "assisted", "sources": SOURCES[2], "short_answer": "a: b # c"})
    make.article("prognosis")
    path = tmp_path / "prognosis.md"
    path.write_text(written(text), newline="")
    assert run(path).failure == ""
    assert newest().text() == text
    assert newest().digest == text.digest()
    assert newest().is_intact()
    before = rows()
    assert "1 unchanged." in run(path).out
    assert rows() == before


def test_the_note_says_where_the_text_came_from(tmp_path: Path) -> None:
    path = tmp_path / "prognosis.md"
    path.write_text(written(composed({"body": "A text."})))
    run(path)
    assert newest().change_note == (
        "Imported from prognosis.md. It was version 7 of http://testserver/conditions/poems-syndrome/prognosis/. "
        "The file says: last updated 2026-04-07."
    )


# What is another text is never taken for the same


def test_a_text_that_was_changed_since_is_imported_and_named(tmp_path: Path) -> None:
    path = tmp_path / "prognosis.md"
    path.write_text(written(composed({"body": "A text."})).replace("A text.", "Another text."))
    said = run(path)
    ((line, message),) = said.lines(path)
    assert "Its digest differs: the text is not the one that was exported" in message
    assert path.read_text().splitlines()[line - 1] == "exported:"
    assert "1 with another digest than in the file; see above." in said.out
    assert said.failure == ""
    assert newest().body == "Another text."


def test_another_renderer_is_named_as_the_cause(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "prognosis.md"
    path.write_text(written(composed({"body": "A text."})))
    monkeypatch.setattr(rendering, "VERSION", "next")
    said = run(path)
    assert f"renderer {'1'} made the page there, and next makes it here" in said.err
    assert newest().renderer == "next"
    assert "another digest" in run(path).out, "a second run says so again"


def test_expecting_the_same_digests_refuses_any_other(tmp_path: Path) -> None:
    path = tmp_path / "prognosis.md"
    text = written(composed({"body": "A text."}))
    path.write_text(text.replace("A text.", "Another text."))
    before = rows()
    said = run(path, expect_digests=True)
    assert rows() == before
    assert "Its digest differs" in said.err
    assert said.failure == "1 of 1 files were not imported; see above."
    path.write_text(text)
    assert run(path, expect_digests=True).failure == ""


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('  digest: "', '  digest: "x', "is not a digest"),
        ('  version: "7"', "  version: [7]", "“exported” holds “key: value” lines"),
        ('  version: "7"', '  version: "\\u202e7"', "U+202E"),
        ("exported:\n", "exported: yes\nslug:\n", "stands there twice"),
    ],
)
def test_what_is_said_of_the_export_has_a_form(tmp_path: Path, old: str, new: str, words: str) -> None:
    path = tmp_path / "prognosis.md"
    path.write_text(written(composed({"body": "A text."})).replace(old, new))
    before = rows()
    assert words in run(path).err
    assert rows() == before
