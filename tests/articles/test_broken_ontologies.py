"""Files that are no ontology, or a broken one: each is told its line and the reason, and no row is written."""

import json
import random
from contextlib import suppress
from pathlib import Path

import pytest

from articles.importers import ontology
from articles.importers.markdown_files import FileRefused
from tests.articles.imports import rows

from .ontologies import POEMS, ROOT, WHOLE, as_json, run, write

pytestmark = [pytest.mark.django_db, pytest.mark.once]


def refused(path: Path, line: int, *words: str) -> None:
    """The file is refused at this line with these words, without a traceback; no row is written."""
    before = rows()
    said = run(path)
    assert rows() == before
    assert said.failure == "Nothing was imported; see above."
    assert "Traceback" not in said.err
    lines = [row.removeprefix(f"{path}:") for row in said.err.splitlines() if row.startswith(f"{path}:")]
    assert [row.partition(":")[0] for row in lines][:1] == [str(line)], said.err
    for word in words:
        assert word in said.err


@pytest.mark.parametrize(
    ("old", "new", "line", "word"),
    [
        ('synonym: "SFS"', 'synonym: "SFS', 14, "does not end with a quote"),
        ("one of many.", "one of many.\\", 12, "does not end with a quote"),
        ('"SFS" EXACT', "SFS EXACT", 14, "no text in quotes"),
        ("id: DOID:2\n", "", 9, "The term has no id"),
        ("id: DOID:2\n", "id:\n", 9, "The term has no id"),
        ("name: Sample-Fukase syndrome\n", "", 9, "DOID:2 has no name"),
        ("id: DOID:2\n", "id: DOID:1\n", 9, "DOID:1 is there twice, first in line 5"),
        ("xref: MESH:D016878\n", "broken line\n", 17, "“broken line” is not written as “tag: value”"),
        ("Sample neuropathy", "Sample \u200bneuropathy", 13, "Synonym, line 1, column 8: U+200B"),
        ("Sample-Fukase", "Sample\u202e-Fukase", 9, "Name, line 1, column 7: U+202E"),
        ("Sample neuropathy", "Sample &#x202e;neuropathy", 13, "stands for a character that cannot be seen"),
        ("of nerves", "of\x07 nerves", 9, "Definition, line 1, column 24: U+0007"),
        ("Sample-Fukase", "Sample" * 60, 9, "at most 300 fit"),
    ],
    ids=lambda value: None if isinstance(value, int) else repr(value[:25]),
)
def test_a_broken_term_is_named_with_its_line(tmp_path: Path, old: str, new: str, line: int, word: str) -> None:
    assert old in POEMS
    refused(write(tmp_path, ROOT, POEMS.replace(old, new, 1)), line, word)


def test_bytes_that_are_not_utf_8_are_named_with_their_line(tmp_path: Path) -> None:
    path = write(tmp_path, *WHOLE)
    path.write_bytes(path.read_bytes().replace(b"one of many", b"one \xff many"))
    refused(path, 12, "is not UTF-8")


def test_a_line_without_end_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, ROOT, POEMS.replace("one of many", "m" * 1_000_001))
    refused(path, 12, "longer than 1,000,000 bytes")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "holds no term"),
        ("format-version: 1.2\n", "holds no term"),
        ("<!DOCTYPE html>\n<title>404</title>", "is not an ontology in OBO format"),
        ("name,code\na,b\n", "is not an ontology in OBO format"),
        ("[]", "no list of graphs"),
        ("{}", "no list of graphs"),
        ('{"graphs": {}}', "no list of graphs"),
        ('{"graphs": []}', "holds no term"),
        ('{"graphs": [{"nodes": []}]}', "holds no term"),
        ('{"graphs": ["x"]}', "not written as OBO Graphs has it"),
        ('{"graphs": [{"nodes": [7]}]}', "“7” stands where an object should"),
        ('{"graphs": [{"nodes": [{"id": 5}]}]}', "“5” stands where a text should"),
        ('{"graphs": [{"nodes": [{"id": "a/X_1", "lbl": ["n"]}]}]}', "stands where a text should"),
        ('{"graphs": [{"nodes": [{"id": "a/X_1", "lbl": "n", "meta": 3}]}]}', "“3” stands where an object should"),
        ('{"graphs": [{"nodes": [{"id": "a/X_1"}]}]}', "has no name"),
        ('{"graphs": ' * 100_000, "no list of graphs"),
        ('{"graphs": [{"nodes": [{"id": "a/X_\\ud800"}]}]}', "half a character"),
        ('{"graphs": [{"nodes": [{"id": "a/X_\\u0000", "lbl": "n"}]}]}', "is not an identifier"),
        (f'{{"graphs": [{{"nodes": [{{"id": "X:{"1" * 99}", "lbl": "n"}}]}}]}}', "is not an identifier"),
        ("[" * 100_000, "no list of graphs"),
        ("\x00\x01", "is not an ontology in OBO format"),
    ],
    ids=lambda value: repr(value[:40]),
)
def test_what_is_no_ontology_says_so(tmp_path: Path, text: str, word: str) -> None:
    path = tmp_path / "file"
    path.write_text(text)
    refused(path, 1, word)


def test_what_is_no_file_says_so(tmp_path: Path) -> None:
    refused(tmp_path / "absent.obo", 1, "No such file")
    refused(tmp_path, 1, "Is a directory")


def test_json_that_was_cut_is_named_with_its_line(tmp_path: Path) -> None:
    path = as_json(write(tmp_path, *WHOLE))
    text = path.read_text()
    path.write_text(text[: len(text) // 2])
    cut = path.read_text().count("\n") + 1
    with pytest.raises(FileRefused) as problem:
        ontology.read(path)
    assert abs(problem.value.problems[0].line - cut) <= 1
    refused(path, problem.value.problems[0].line, "It is no JSON")


def test_json_names_the_line_in_which_a_broken_term_begins(tmp_path: Path) -> None:
    path = as_json(write(tmp_path, *WHOLE))
    document = json.loads(path.read_text())
    document["graphs"][0]["nodes"][1]["lbl"] = "Sample\u202esyndrome"
    path.write_text(json.dumps(document, indent=2))
    line = next(number for number, row in enumerate(path.read_text().splitlines(), 1) if "DOID_2" in row)
    refused(path, line, "U+202E")


def test_of_many_problems_the_first_twenty_are_named(tmp_path: Path) -> None:
    said = run(write(tmp_path, *(f"[Term]\nid: DOID:{number}\n" for number in range(50))))
    assert len(said.err.splitlines()) == 21
    assert "and 30 more problems" in said.err


@pytest.mark.parametrize("kind", ["obo", "json"])
def test_a_file_cut_or_bent_anywhere_is_taken_or_refused_and_never_breaks(tmp_path: Path, kind: str) -> None:
    chance = random.Random(7)  # noqa: S311  the same files in every run
    path = write(tmp_path, *WHOLE)
    whole = (path if kind == "obo" else as_json(path)).read_bytes()
    bent = tmp_path / "bent"
    for _ in range(300):
        data = bytearray(whole[: chance.randrange(len(whole))] if chance.random() < 0.3 else whole)
        for _ in range(chance.randrange(4)):
            if data:
                data[chance.randrange(len(data))] = chance.choice(b'"\\{}[]:,\x00\xff\n 9')
        bent.write_bytes(bytes(data))
        with suppress(FileRefused):
            ontology.load(ontology.read(bent), dry_run=True)


def test_what_a_file_says_cannot_turn_the_operators_terminal(tmp_path: Path) -> None:
    said = run(write(tmp_path, ROOT, POEMS.replace("MESH:D016878\nxref", "MESH:\x1b[31m\nxref")))
    assert "“\ufffd[31m” is not a code of MeSH" in said.out
    said = run(write(tmp_path, ROOT, POEMS.replace("MESH:D016878\nxref", "MESH:D1\n\x1b[31m\nxref")))
    assert "\x1b" not in said.err
    assert "“\ufffd[31m” is not written" in said.err
