"""Markdown files become drafts: what is made, what is left alone, and what each bad file is told."""

import io
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import IntegrityError
from django.test import Client

from articles.models import Article, Condition, ConditionName, Revision
from articles.text import SECTION_LIMIT, TEXT_LIMIT
from reviews.models import Publication, Review, ReviewRequest
from tests import make, people

pytestmark = [pytest.mark.django_db, pytest.mark.once]

FILE = """\
---
condition: POEMS syndrome
topic: outlook
language: en
slug: prognosis
question: What determines the outlook?
short_answer: How early it is found.
sources:
  - title: A sample cohort. Sample Journal, 2024.
    pmid: "12456500"
last_updated: 2026-04-07
origin: machine
---
An opening.

## What shapes it

Treatment early on [1](#source-1).
"""
BODY = range(14, 19)
SOURCES = range(8, 11)


@dataclass(frozen=True)
class Said:
    """What a run of the command printed, and the error it ended with."""

    out: str
    err: str
    failure: str

    def lines(self, path: Path) -> list[tuple[int, str]]:
        """The problems named for a file, as (line, message)."""
        found = [line.removeprefix(f"{path}:") for line in self.err.splitlines() if line.startswith(f"{path}:")]
        return [(int(number), message.strip()) for number, _, message in (row.partition(":") for row in found)]


@pytest.fixture(autouse=True)
def _condition() -> None:
    make.condition("poems-syndrome", "POEMS syndrome", "Takatsuki syndrome", "Crow-Fukase syndrome")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "prognosis.md"


def run(path: Path, *, author: str = "ada@example.org", dry_run: bool = False) -> Said:
    """Import a path as an author who is there."""
    people.author()
    out, err, failure = io.StringIO(), io.StringIO(), ""
    try:
        call_command("import_articles", str(path), author=author, dry_run=dry_run, stdout=out, stderr=err)
    except CommandError as error:
        failure = str(error)
    return Said(out.getvalue(), err.getvalue(), failure)


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    people.author()
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def refused(path: Path, line: int | range, *words: str) -> None:
    """The file is refused for one reason, at this line or within these, with these words; no row is written."""
    before = rows()
    said = run(path)
    assert rows() == before
    assert said.failure == "1 of 1 files were not imported; see above."
    assert "made" not in said.out
    ((number, message),) = said.lines(path)
    assert number in (line if isinstance(line, range) else [line]), f"line {number}: {message}"
    for word in words:
        assert word in message


def newest() -> Revision:
    """The newest version of the one page."""
    revision = Article.objects.get().newest()
    assert revision is not None
    return revision


# What becomes of a file


def test_a_file_becomes_a_draft_with_all_that_it_says(path: Path) -> None:
    path.write_text(FILE)
    said = run(path)
    revision = newest()
    article = revision.article
    assert (article.condition.slug, article.topic, article.language, article.slug) == (
        "poems-syndrome",
        "outlook",
        "en",
        "prognosis",
    )
    assert revision.question == "What determines the outlook?"
    assert revision.short_answer == "How early it is found."
    assert revision.body == "An opening.\n\n## What shapes it\n\nTreatment early on [1](#source-1)."
    assert [(row.title, row.pmid) for row in revision.citations.all()] == [
        ("A sample cohort. Sample Journal, 2024.", "12456500")
    ]
    assert revision.origin == "machine"
    assert revision.author == people.author()
    assert revision.is_intact()
    assert said == Said(f"{path}: made\n1 made.\n", "", "")


def test_the_files_own_date_is_kept_as_a_note_and_dates_no_review(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    assert newest().change_note == "Imported from prognosis.md. The file says: last updated 2026-04-07."
    assert newest().recorded_at.date() == make.today()
    assert not Review.objects.exists()
    assert not ReviewRequest.objects.exists()


def test_what_may_be_left_out_may_be_left_out(path: Path) -> None:
    path.write_text(
        "---\ncondition: POEMS syndrome\ntopic: outlook\nslug: prognosis\nquestion: What now?\n---\nA text.\n"
    )
    assert run(path).failure == ""
    assert newest().article.language == "en"
    assert newest().origin == "human"
    assert newest().short_answer == ""
    assert newest().change_note == "Imported from prognosis.md."
    assert newest().source_count == 0


def test_every_kind_of_source_is_kept_in_order(path: Path) -> None:
    sources = (
        "sources:\n  - title: One\n    url: https://example.org/one\n"
        "  - title: Two\n    doi: https://doi.org/10.1000/two\n  - title: Three\n    pmid: 3\nlast_updated:"
    )
    path.write_text(FILE.replace(FILE[FILE.index("sources:") : FILE.index(" 2026-04-07")], sources))
    assert run(path).failure == ""
    assert [(row.number, row.title, row.url, row.doi, row.pmid) for row in newest().citations.all()] == [
        (1, "One", "https://example.org/one", "", ""),
        (2, "Two", "", "10.1000/two", ""),
        (3, "Three", "", "", "3"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        "POEMS syndrome",
        "poems SYNDROME",
        "Takatsuki syndrome",
        "TAKATSUKI  SYNDROME",
        "poems-syndrome",
        "POEMS-Syndrome",
    ],
)
def test_a_condition_is_found_by_name_synonym_or_slug_whatever_the_case(path: Path, name: str) -> None:
    path.write_text(FILE.replace("condition: POEMS syndrome", f"condition: {name}"))
    assert run(path).failure == ""
    assert Article.objects.get().condition.slug == "poems-syndrome"


@pytest.mark.parametrize("name", ["Behçet disease", "BEHÇET DISEASE", "behc\u0327et disease"])
def test_a_condition_is_found_whatever_the_case_of_its_accented_letters(path: Path, name: str) -> None:
    make.condition("behcet-disease", "Behçet disease")
    path.write_text(FILE.replace("condition: POEMS syndrome", f"condition: {name}"))
    assert run(path).failure == ""
    assert Article.objects.get().condition.slug == "behcet-disease"


def test_a_slug_names_its_condition_although_another_is_also_called_so(path: Path) -> None:
    make.condition("als", "Amyotrophic lateral sclerosis")
    make.condition("antilymphocyte-serum", "Antilymphocyte serum reaction", "ALS")
    path.write_text(FILE.replace("condition: POEMS syndrome", "condition: als"))
    assert run(path).failure == ""
    assert Article.objects.get().condition.slug == "als"


def test_a_folder_is_imported_with_the_folders_in_it(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    first, second = tmp_path / "a.md", tmp_path / "more" / "b.md"
    first.write_text(FILE)
    second.write_text(FILE.replace("slug: prognosis", "slug: second"))
    (tmp_path / "notes.txt").write_text("Not a page.")
    said = run(tmp_path)
    assert said == Said(f"{first}: made\n{second}: made\n2 made.\n", "", "")
    assert sorted(Article.objects.values_list("slug", flat=True)) == ["prognosis", "second"]


def test_a_file_saved_on_windows_is_the_same_text(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    path.write_bytes(b"\xef\xbb\xbf" + FILE.replace("\n", "\r\n").encode())
    assert "1 unchanged." in run(path).out
    assert newest().number == 1


# A second run


def test_a_second_run_changes_nothing_and_says_so(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    before = rows()
    assert run(path) == Said(f"{path}: unchanged\n1 unchanged.\n", "", "")
    assert rows() == before


def test_a_second_run_does_not_undo_what_an_editor_wrote_since(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    edited = make.revision(Article.objects.get(), by=people.second_author(), body="Better words.")
    assert run(path) == Said(f"{path}: unchanged\n1 unchanged.\n", "", "")
    assert newest() == edited


def test_a_second_run_finds_the_page_at_its_new_address(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    rename("outlook")
    before = rows()
    assert run(path) == Said(f"{path}: unchanged\n1 unchanged.\n", "", "")
    assert rows() == before


def test_a_changed_file_makes_a_new_version(path: Path) -> None:
    path.write_text(FILE)
    run(path)
    path.write_text(FILE.replace("An opening.", "Another opening."))
    assert run(path) == Said(f"{path}: revised\n1 revised.\n", "", "")
    assert newest().number == 2
    assert newest().body.startswith("Another opening.")
    assert Revision.objects.get(number=1).body.startswith("An opening.")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("What determines the outlook?", "What shapes the outlook?"),
        ("How early it is found.", "How early."),
        ('"12456500"', '"12456501"'),
        ("origin: machine", "origin: assisted"),
    ],
)
def test_every_word_that_a_reader_sees_counts_as_a_change(path: Path, old: str, new: str) -> None:
    path.write_text(FILE)
    run(path)
    path.write_text(FILE.replace(old, new))
    assert "1 revised." in run(path).out


def test_a_dry_run_says_what_would_be_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "kept.md").write_text(FILE)
    run(tmp_path)
    (tmp_path / "bad.md").write_text("No front matter.")
    (tmp_path / "changed.md").write_text(FILE.replace("An opening.", "Another opening."))
    (tmp_path / "new.md").write_text(FILE.replace("slug: prognosis", "slug: new"))
    before = rows()
    said = run(tmp_path, dry_run=True)
    assert rows() == before
    assert "Would be: 1 made, 1 refused, 1 revised, 1 unchanged." in said.out
    assert said.lines(tmp_path / "bad.md")
    assert said.failure == "1 of 4 files were not imported; see above."


def test_a_bad_file_keeps_no_other_file_of_the_folder_out(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(FILE)
    (tmp_path / "b.md").write_text(FILE.replace("slug: prognosis", "slug: b").replace("An opening.", "![x](/x.png)"))
    (tmp_path / "c.md").write_text(FILE.replace("slug: prognosis", "slug: c"))
    said = run(tmp_path)
    assert sorted(Article.objects.values_list("slug", flat=True)) == ["c", "prognosis"]
    assert said.failure == "1 of 3 files were not imported; see above."
    assert "2 made, 1 refused." in said.out


def test_of_a_file_that_fails_at_its_last_row_nothing_stays(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(*args: object, **kwargs: object) -> None:
        raise IntegrityError("version_number_once_an_article")

    monkeypatch.setattr("articles.models.Citation.objects.bulk_create", taken)
    path.write_text(FILE)
    refused(path, 1, "somebody else at the same moment", "Run the import again")


# A file never speaks for a clinician: way 12


@pytest.mark.parametrize("claim", ["reviewer: Clara Test, MD", "published: 2026-04-07", "reviewed: true", "digest: 0"])
def test_a_file_that_claims_a_review_is_refused(path: Path, claim: str) -> None:
    people.clinician()
    path.write_text(FILE.replace("origin: machine", f"origin: machine\n{claim}"))
    refused(path, 13, f"“{claim.split(':')[0]}” is not a key", "The keys are condition, topic,")


def test_no_file_yields_a_review_or_a_publication(path: Path, client: Client) -> None:
    # way 12
    path.write_text(FILE)
    run(path)
    assert not ReviewRequest.objects.exists()
    assert not Review.objects.exists()
    assert not Publication.objects.exists()
    assert client.get("/conditions/poems-syndrome/prognosis/").status_code == 404


def test_a_changed_file_changes_no_word_of_the_public_page(path: Path, client: Client) -> None:
    # way 12 and way 1
    path.write_text(FILE)
    run(path)
    publication = make.publication(make.review(newest()))
    before = client.get(publication.article.get_absolute_url())
    assert before.status_code == 200
    path.write_text(FILE.replace("An opening.", "Another opening."))
    assert "1 revised." in run(path).out
    assert client.get(publication.article.get_absolute_url()).content == before.content


# Bad files


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


def rename(slug: str) -> None:
    """Give the one page another address, as the admin does."""
    article = Article.objects.get()
    article.slug = slug
    article.full_clean()
    article.save()


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
