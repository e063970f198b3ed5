"""Markdown files become drafts: what is made, what is left alone, and that no file speaks for a clinician."""

from pathlib import Path

import pytest
from django.db import IntegrityError
from django.test import Client

from articles.models import Article, Revision
from reviews.models import Publication, Review, ReviewRequest
from tests import make, people

from .imports import FILE, Said, newest, refused, rename, rows, run

pytestmark = [pytest.mark.django_db, pytest.mark.once]


@pytest.fixture(autouse=True)
def _condition() -> None:
    make.condition("poems-syndrome", "POEMS syndrome", "Takatsuki syndrome", "Crow-Fukase syndrome")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file of a test lies."""
    return tmp_path / "prognosis.md"


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
