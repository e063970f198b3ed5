"""Files that are not imported, and what each is told: its line, what is wrong, and the remedy."""

from pathlib import Path

import pytest

from articles.models import Condition, ConditionName
from articles.text import SECTION_LIMIT, TEXT_LIMIT
from tests import make, people

from .imports import BODY, FILE, SOURCES, refused, rename, rows, run

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _condition() -> None:
    make.condition("poems-syndrome", "POEMS syndrome", "Takatsuki syndrome", "Crow-Fukase syndrome")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "prognosis.md"


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("origin: machine", "origin: machine\nreviewr: Clara", 13, ["“reviewr” is not a key", "sources, last_updated"]),
        ("condition: POEMS syndrome\n", "", 1, ["“condition” is missing"]),
        ("topic: outlook\n", "", 1, ["“topic” is missing"]),
        ("slug: prognosis\n", "", 1, ["“slug” is missing"]),
        ("question: What determines the outlook?\n", "", 1, ["“question” is missing"]),
        ("slug: prognosis", "slug:", 5, ["“slug” is missing"]),
        ("slug: prognosis", "slug: [prognosis]", 5, ["“slug” holds one text"]),
        ("topic: outlook", "topic: prognosis", 3, ["“prognosis” is not a topic", "overview, symptoms, causes"]),
        ("language: en", "language: es", 4, ["“es” is not possible yet", "English (en)"]),
        ("origin: machine", "origin: robot", 12, ["“robot” is not a", "human, assisted, machine"]),
        ("2026-04-07", "2026-02-31", 11, ["“2026-02-31” is not a date", "Write it as 2026-04-07"]),
        ("2026-04-07", "soon", 11, ["“soon” is not a date", "Write it as 2026-04-07"]),
        ("POEMS syndrome", "Nemo disease", 2, ["No condition is called “Nemo disease”", "Add it in the admin"]),
        ("slug: prognosis", "slug: two words", 5, ["letters, numbers, underscores or hyphens"]),
        ("slug: prognosis", "slug: behçet", 5, ["letters, numbers, underscores or hyphens"]),
        ("slug: prognosis", f"slug: {'a' * 101}", 5, ["at most 100 characters"]),
        ("topic: outlook", "topic: outlook\ntopic: causes", 4, ["“topic” stands there twice", "Keep one"]),
        ("What determines the outlook?", "W" * 201, 6, ["201 characters", "at most 200", "Shorten"]),
        ("What determines the outlook?", "What \u200bnow?", 6, ["Question", "U+200B", "Delete it"]),
        ("How early it is found.", "s" * 2001, 7, ["2,001 characters", "at most 2,000", "Shorten"]),
        ("How early it is found.", "How \u202early.", 7, ["Short answer", "U+202E", "Delete it"]),
    ],
    ids=lambda value: None if isinstance(value, int | list) else repr(value[:30]),
)
def test_a_wrong_line_is_named_with_the_remedy(path: Path, old: str, new: str, line: int, words: list[str]) -> None:
    path.write_text(FILE.replace(old, new))
    refused(path, line, *words)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("  A sample cohort", ["“sources” is a list", "begin each source with “- title"]),
        ("  title: A sample cohort", ["“sources” is a list", "begin each source with “- title"]),
        ("  - A sample cohort", ["Source 1 is not a list of “key: value” lines"]),
        ("  - title: A cohort\n    isbn: 3", ["Source 1", "“isbn” is not a key", "title, url, doi, pmid"]),
        ("  - pmid: 12456500", ["Source 1 has no title", "Write what it is called"]),
        ("  - title: A cohort\n    doi: 11.1000/x", ["Source 1", "“11.1000/x” is not a DOI", "10.1000/example"]),
        ("  - title: A cohort\n    pmid: PMC12", ["Source 1", "“PMC12” is not a PMID", "12456500"]),
        ("  - title: A cohort\n    url: ftp://example.org", ["Source 1", "is not a web address", "https://"]),
        ("  - title: A cohort\n    url: javascript:1", ["Source 1", "is not a web address", "https://"]),
        ("  - title: A\u200b cohort", ["Source 1", "U+200B", "Delete it"]),
    ],
)
def test_a_wrong_source_is_named_with_its_number_and_the_remedy(path: Path, source: str, words: list[str]) -> None:
    good = '  - title: A sample cohort. Sample Journal, 2024.\n    pmid: "12456500"'
    path.write_text(FILE.replace(good, source))
    refused(path, SOURCES, *words)


@pytest.mark.parametrize("slug", ["community", "feed", "history", "feedback"])
def test_a_reserved_slug_is_refused(path: Path, slug: str) -> None:
    path.write_text(FILE.replace("slug: prognosis", f"slug: {slug}"))
    refused(path, 5, "slug is reserved", "Choose one other than community, feed, history, feedback")


def test_a_name_that_two_conditions_share_is_refused_with_the_slugs_to_choose_from(path: Path) -> None:
    make.condition("castleman-disease", "Castleman disease", "Takatsuki syndrome")
    path.write_text(FILE.replace("condition: POEMS syndrome", "condition: takatsuki syndrome"))
    refused(path, 2, "“takatsuki syndrome” can be", "castleman-disease", "poems-syndrome", "Write the slug")


def test_the_old_address_of_another_page_is_refused(path: Path) -> None:
    make.revision(make.article("prognosis", topic="treatment"), question="Which treatment?")
    rename("treatment")
    path.write_text(FILE)
    refused(path, 5, "“prognosis”", "Choose another")


def test_the_address_of_a_page_on_another_topic_is_refused(path: Path) -> None:
    make.revision(make.article("prognosis", topic="treatment"), question="Which treatment?")
    path.write_text(FILE)
    refused(path, range(3, 6), "prognosis", "treatment")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("Only a text.\n", 1, ["does not begin with front matter", "---"]),
        ("", 1, ["does not begin with front matter"]),
        ("---\ncondition: POEMS syndrome\n", 1, ["does not begin with front matter", "---"]),
        (FILE.replace("topic: outlook", "topic: [outlook"), range(3, 13), ["The front matter is not YAML"]),
        (FILE.replace("topic: outlook", "topic: a: b"), 3, ["The front matter is not YAML"]),
        (FILE.replace("topic: outlook", "\ttopic: outlook"), 3, ["The front matter is not YAML"]),
        ("---\n- condition\n---\nA text.\n", 2, ["is not a list of “key: value” lines"]),
        ("---\njust words\n---\nA text.\n", 2, ["is not a list of “key: value” lines"]),
        ("---\n---\nA text.\n", range(1, 3), ["is not a list of “key: value” lines"]),
        (FILE[: FILE.index("An opening")], 14, ["There is no text below the front matter"]),
        (FILE[: FILE.index("An opening")] + " \n\n", range(14, 17), ["There is no text below the front matter"]),
        (FILE.replace("An opening.", "![A scan](/scan.png)"), BODY, ["image", "describe it in words"]),
        (FILE.replace("An opening.", "[here](javascript:x)"), BODY, ["“javascript:x” is not allowed", "https://"]),
        (FILE + "w " * (SECTION_LIMIT // 2), BODY, ["“What shapes it”", "at most 20,000", "another heading"]),
        (FILE + "w\n\n## S\n" * (TEXT_LIMIT // 8), BODY, ["at most 100,000", "Split the page in two"]),
    ],
)
def test_a_file_of_the_wrong_form_is_named_with_the_remedy(
    path: Path, text: str, line: int | range, words: list[str]
) -> None:
    path.write_text(text)
    refused(path, line, *words)


def test_an_alias_is_refused_at_its_line(path: Path) -> None:
    path.write_text(FILE.replace("topic: outlook", "topic: &one outlook").replace("slug: prognosis", "slug: *one"))
    refused(path, 5, "alias", "Write the value out")


def test_front_matter_that_is_nested_without_end_is_refused(path: Path) -> None:
    path.write_text(FILE.replace("topic: outlook", f"topic: {'[' * 1_000}{']' * 1_000}"))
    refused(path, range(1, 13), "The front matter")


@pytest.mark.parametrize("character", ["\x00", "\x07", "\x7f", "\ufffe"])
def test_a_control_character_in_the_front_matter_is_refused_at_its_line(path: Path, character: str) -> None:
    path.write_text(FILE.replace("What determines", f"What{character} determines"))
    refused(path, 6, f"U+{ord(character):04X}")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (FILE.replace("Treatment early", "Treatment \u200bearly"), 18),
        (FILE.replace("---\nAn opening.", "---\n\nAn opening.").replace("Treatment", "Treatment\u202e"), 19),
        (FILE.replace("---\nAn opening.", "---\n \n\n\nAn ope\u00adning."), 17),
        (FILE.replace("An opening.", "An &#8203;opening."), 14),
        (FILE.replace("\n", "\r\n").replace("Treatment early", "Treatment \x08early"), 18),
    ],
    ids=["in a later line", "below a blank line", "below blank lines", "as an entity", "in a file from Windows"],
)
def test_a_hidden_character_is_refused_at_its_line_in_the_file(path: Path, text: str, line: int) -> None:
    # way 30
    path.write_bytes(text.encode())
    refused(path, line, "Delete it")


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (FILE.replace("An opening.", "Behçet").encode("latin-1"), 14),
        (FILE.replace("How early", "Trés tôt").encode("cp1252"), 7),
        (FILE.encode("utf-16"), 1),
        (b"\xef\xbb\xbf" + FILE.encode().replace(b"An opening.\n\n", b"An opening.\n\n\xff"), 16),
    ],
    ids=["latin-1", "windows-1252", "utf-16", "behind a byte order mark"],
)
def test_a_file_that_is_not_utf_8_is_refused_at_its_line(path: Path, data: bytes, line: int) -> None:
    path.write_bytes(data)
    refused(path, line, "is not UTF-8", "Save the file as UTF-8")


def test_several_problems_of_one_file_are_named_at_once_in_order(path: Path) -> None:
    path.write_text(
        FILE.replace("topic: outlook", "topic: fate")
        .replace("language: en", "language: es")
        .replace("slug: prognosis\n", "")
        .replace("pmid:", "isbn:")
        .replace("2026-04-07", "soon")
        .replace("origin: machine", "origin: machine\nreviewer: Clara")
    )
    before = rows()
    said = run(path)
    assert rows() == before
    assert [(line, message.split("”")[0].split(": ")[-1].strip("“")) for line, message in said.lines(path)] == [
        (1, "slug"),
        (3, "fate"),
        (4, "es"),
        (7, "isbn"),
        (10, "soon"),
        (12, "reviewer"),
    ]


def test_problems_of_form_and_of_content_are_named_at_once(path: Path) -> None:
    path.write_text(
        FILE.replace("POEMS syndrome", "Nemo disease")
        .replace("2026-04-07", "soon")
        .replace("An opening.", "![A scan](/scan.png)")
    )
    before = rows()
    said = run(path)
    assert rows() == before
    named = " ".join(message for _, message in said.lines(path))
    assert "“soon” is not a date" in named
    assert "Nemo disease" in named
    assert "image" in named


def test_every_bad_field_of_a_text_is_named_at_once(path: Path) -> None:
    path.write_text(
        FILE.replace("slug: prognosis", "slug: feed")
        .replace("What determines the outlook?", "W" * 201)
        .replace('"12456500"', "PMC12")
    )
    before = rows()
    said = run(path)
    assert rows() == before
    assert [line for line, _ in said.lines(path)][:2] == [5, 6]
    assert "PMC12" in said.err


# Bad calls


def test_a_path_that_is_not_there_is_named(tmp_path: Path) -> None:
    refused(tmp_path / "missing.md", 1, "It cannot be read", "No such file")


def test_a_folder_named_like_a_file_is_named_and_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "folder.md").mkdir()
    (tmp_path / "good.md").write_text(FILE)
    said = run(tmp_path)
    assert said.lines(tmp_path / "folder.md") == [(1, "It cannot be read: Is a directory.")]
    assert "1 made, 1 refused." in said.out


def test_a_folder_without_a_file_is_named(tmp_path: Path) -> None:
    before = rows()
    assert run(tmp_path).failure == f"{tmp_path} holds no .md file."
    assert rows() == before


def test_an_unknown_author_is_named_with_the_remedy(path: Path) -> None:
    path.write_text(FILE)
    before = rows()
    said = run(path, author="nobody@example.org")
    assert said.failure == "Nobody has the address nobody@example.org. Add the author in the admin first."
    assert rows() == before


def test_somebody_who_may_not_write_imports_nothing(path: Path) -> None:
    people.reader()
    path.write_text(FILE)
    before = rows()
    said = run(path, author="rosa@example.org")
    assert "Rosa may not start pages" in said.err
    assert "group Authors" in said.err
    assert said.failure == "1 of 1 files were not imported; see above."
    assert rows() == before


def test_an_author_is_found_whatever_the_case_of_the_address(path: Path) -> None:
    path.write_text(FILE)
    assert run(path, author="Ada@Example.ORG").failure == ""


def test_a_preferred_name_in_another_language_names_the_condition_too(path: Path) -> None:
    condition = Condition.objects.get(slug="poems-syndrome")
    ConditionName.objects.create(condition=condition, language="es", text="Síndrome POEMS", kind="preferred")
    path.write_text(FILE.replace("POEMS syndrome", "Síndrome POEMS"))
    assert run(path).failure == ""
