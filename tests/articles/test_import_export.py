"""The export of a site, read into an empty one: drafts with the same digests, of which a reader sees nothing."""

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from articles.models import Article, BroaderCondition, Condition, ConditionCode, ConditionName, Revision
from pages.kept import pages
from reviews.models import Publication, Review, Reviewer, ReviewRequest
from tests import make, people
from tests.flush import Flush
from tests.pages.exporting import export, exported, front_matter, tree

from .imports import Said, rows, run

pytestmark = pytest.mark.django_db


Test = TypeVar("Test", bound=Callable[..., None])


def emptying(test: Test) -> Test:
    """A test that empties the site in its midst."""
    marked: Test = pytest.mark.owner(pytest.mark.django_db(transaction=True)(test))
    return marked


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the export of a test goes."""
    return tmp_path / "export"


@pytest.fixture
def empty() -> Iterator[Flush]:
    """What makes the site an empty one again, as only the owner of the tables can."""
    yield Flush()
    pages.clear()


def digests() -> dict[str, list[str]]:
    """The digest of every version, by page."""
    found: dict[str, list[str]] = {}
    for row in Revision.objects.order_by("number").select_related("article__condition"):
        found.setdefault(str(row.article), []).append(row.digest)
    return found


def conditions() -> dict[str, tuple[object, ...]]:
    """Every condition with its names and codes."""
    return {
        row.slug: (
            list(row.names.order_by("pk").values_list("language", "kind", "text")),
            sorted(row.codes.values_list("system", "code", "match")),
        )
        for row in Condition.objects.all()
    }


# The whole way


@emptying
def test_the_demonstration_comes_into_an_empty_site_as_drafts_with_the_same_digests(
    path: Path, empty: Flush, settings: Settings, client: Client
) -> None:
    settings.ROUNDS_DEMO = True
    call_command("demo", passwords="known", stdout=io.StringIO())
    # As the admin writes them.
    for code in ConditionCode.objects.all():
        code.clean()
        code.save()
    named = conditions()
    approved = {str(row.article): row.review.digest for row in Publication.objects.live()}
    files = exported(path)
    empty.bring_back()
    assert not Article.objects.exists()
    said = run(path, expect_digests=True)
    assert said.failure == said.err == ""
    assert f"{len(named)} conditions made, {len(approved)} made." in said.out
    assert {page: [digest] for page, digest in approved.items()} == digests()
    assert conditions() == named
    for row in (Review, ReviewRequest, Publication, Reviewer):
        assert not row.objects.exists()
    pages.clear()
    for name, content in files.items():
        if name.endswith(".md"):
            address = front_matter(content)["exported"]["address"].removeprefix("http://testserver")
            assert client.get(address).status_code == 404, address
    for address in ("/", "/conditions/", "/feed/", "/sitemap.xml", "/conditions/poems-syndrome/", "/search/?q=outlook"):
        answer = client.get(address, follow=True).content.decode()
        assert "What determines the long-term prognosis" not in answer, address
        assert "Clara Sample" not in answer, address
    before = rows()
    again = run(path)
    assert f"{len(approved)} unchanged." in again.out.splitlines()[-1]
    assert rows() == before


@emptying
def test_what_was_imported_and_is_approved_again_is_exported_as_the_same_text(path: Path, empty: Flush) -> None:
    make.publication(make.review(make.revision(body="One.\n\n---\n\nTwo [1](#source-1).")))
    first = exported(path)["pages/poems-syndrome/prognosis.md"]
    empty.bring_back()
    run(path)
    (draft,) = Revision.objects.all()
    make.publication(make.review(draft, by=people.clinician("Carl")))
    second = exported(path.with_name("second"))["pages/poems-syndrome/prognosis.md"]
    assert second == first.replace(b"Clara Test", b"Carl Test")


@emptying
def test_every_version_of_a_page_comes_back_in_its_order_also_one_that_came_twice(path: Path, empty: Flush) -> None:
    article = make.article()
    for body in ("One.", "Two.", "One.", ""):
        make.revision(article, body=body, question="What?" if body else "Nothing yet?")
    make.publication(make.review(make.revision(make.article("live"))))
    before = digests()
    exported(path, all=True)
    empty.bring_back()
    assert run(path, dry_run=True).out.splitlines()[-1] == (
        "Would be: 1 conditions made, 2 made, 3 revised, 1 unchanged."
    )
    assert not Condition.objects.exists()
    said = run(path, expect_digests=True)
    assert said.failure == said.err == ""
    assert digests() == before
    state = rows()
    assert "6 unchanged." in run(path).out
    assert rows() == state


def test_a_version_that_came_twice_undoes_nothing_on_a_site_that_has_the_page(path: Path) -> None:
    article = make.article()
    for body in ("One.", "Two.", "One."):
        make.revision(article, body=body)
    exported(path, all=True)
    edited = make.revision(article, body="Better words.")
    before = rows()
    assert "3 unchanged." in run(path).out
    assert rows() == before
    assert article.newest() == edited


# Conditions


@emptying
def test_a_site_with_conditions_gets_others_only_when_it_is_told_to(path: Path, empty: Flush) -> None:
    make.publication()
    exported(path)
    empty.bring_back()
    make.condition("wilson-disease", "Wilson disease")
    before = rows()
    said = run(path)
    assert rows() == before
    assert "1 conditions of the export are not here. Make them: --with-conditions." in said.err
    assert "No condition is called “poems-syndrome”" in said.err
    assert said.failure == "1 of 1 files were not imported; see above."
    assert "1 conditions made, 1 made." in run(path, with_conditions=True).out
    assert [str(article) for article in Article.objects.all()] == ["poems-syndrome/prognosis"]


@emptying
def test_broader_conditions_and_successors_come_along(path: Path, empty: Flush) -> None:
    blood, poems, old = (make.condition(slug, slug.title()) for slug in ("blood", "poems", "old"))
    # Sources and editors together can say each of this: whatever a site holds comes back.
    for condition, broader in [(poems, blood), (blood, poems), (poems, old)]:
        BroaderCondition.objects.create(condition=condition, broader=broader)
    Condition.objects.filter(pk=old.pk).update(successor=poems)
    first = exported(path)["conditions.jsonl"]
    empty.bring_back()
    assert "3 conditions made" in run(path).out
    assert exported(path.with_name("second"))["conditions.jsonl"] == first
    assert Condition.objects.get(slug="old").successor == Condition.objects.get(slug="poems")
    said = {str(row) for row in BroaderCondition.objects.all()}
    assert said == {"Poems is a kind of Blood", "Blood is a kind of Poems", "Poems is a kind of Old"}


def test_a_condition_that_is_here_keeps_its_names(path: Path) -> None:
    make.publication()
    ConditionName.objects.create(condition=make.condition(), text="Takatsuki syndrome", kind="synonym")
    exported(path)
    ConditionName.objects.filter(kind="synonym").delete()
    run(path, with_conditions=True)
    assert list(make.condition().names.values_list("text", flat=True)) == ["POEMS syndrome"]


def test_a_condition_is_found_at_its_new_address(path: Path) -> None:
    publication = make.publication()
    exported(path)
    Condition.objects.update(slug="poems")
    before = rows()
    assert "1 unchanged." in run(path, with_conditions=True).out
    assert rows() == before
    assert publication.article.revisions.count() == 1


@pytest.mark.once
def test_a_name_with_the_end_of_a_line_in_it_is_one_record(path: Path) -> None:
    make.publication()
    ConditionName.objects.create(condition=make.condition(), text="a\u2028b\x85c", kind="synonym")
    exported(path)
    assert run(path).failure == ""
    condition = (path / "conditions.jsonl").read_text().replace('"poems-syndrome"', '"other"')
    (path / "conditions.jsonl").write_text(condition)
    said = run(path, with_conditions=True)
    assert [line for line, _ in said.lines(path / "conditions.jsonl")] == [1, 1]
    assert "U+2028" in said.err


CONDITION = {"slug": "new", "names": [{"language": "en", "kind": "preferred", "text": "New"}], "codes": []}


@pytest.mark.once
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "It is not the record of a condition"),
        ("[]", "It is not the record of a condition"),
        ('{"slug": "new"}', "It is not the record of a condition"),
        (json.dumps({**CONDITION, "slug": "../x"}), "letters, numbers, underscores or hyphens"),
        (json.dumps({**CONDITION, "names": [{"text": "a\u202eb", "kind": "preferred"}]}), "changes the order"),
        (json.dumps({**CONDITION, "names": [{"text": "New", "kind": "best"}]}), "not a valid choice"),
        (json.dumps({**CONDITION, "names": CONDITION["names"] * 2}), "a name or a code twice"),
        (json.dumps({**CONDITION, "names": [{"text": "New", "by": "me"}]}), "It is not the record of a condition"),
        (json.dumps({**CONDITION, "codes": [{"system": "MeSH", "code": "x"}]}), "“x” is not a code of MeSH"),
        (json.dumps({**CONDITION, "codes": [{"system": "Mine", "code": "x"}]}), "not a valid choice"),
        (f"{json.dumps(CONDITION)}\n{json.dumps(CONDITION)}", "stands there twice"),
        (json.dumps({**CONDITION, "broader": ["new"]}), "“new” is broader than itself"),
        (json.dumps({**CONDITION, "successor": "new"}), "“new” takes its own place"),
        (json.dumps({**CONDITION, "successor": 5}), "It is not the record of a condition"),
    ],
)
def test_a_bad_condition_is_named_with_its_line_and_nothing_is_made(path: Path, line: str, words: str) -> None:
    make.publication()
    exported(path)
    with (path / "conditions.jsonl").open("a") as file:
        file.write(f"{json.dumps({**CONDITION, 'slug': 'good'})}\n{line}\n")
    before = rows()
    said = run(path, with_conditions=True)
    assert rows() == before
    assert words in said.err
    assert f"{path / 'conditions.jsonl'}:{3 + line.count(chr(10))}:" in said.err
    assert said.failure == "Nothing was imported; see above."


@pytest.mark.once
def test_every_bad_condition_is_named_at_once(path: Path) -> None:
    make.publication()
    exported(path)
    (path / "conditions.jsonl").write_text(f"{{\n{json.dumps({**CONDITION, 'slug': 'a b'})}\n")
    assert [line for line, _ in run(path).lines(path / "conditions.jsonl")] == [1, 1, 2]


# Bad folders


def damaged(path: Path, name: str, content: bytes | None) -> Said:
    """What the import of an export says of which a file was changed, or lost."""
    make.publication()
    exported(path)
    if content is None:
        (path / name).unlink()
    else:
        (path / name).write_bytes(content)
    return run(path)


@pytest.mark.once
@pytest.mark.parametrize("content", [None, b"", b"{", b'{"form": "rounds-export-2"}', b"[]"])
def test_a_broken_manifest_or_one_of_another_form_is_refused(path: Path, content: bytes | None) -> None:
    said = damaged(path, "manifest.json", content)
    assert "missing, broken or not of the form rounds-export-1. Copy the whole export again" in said.err
    assert said.failure == "Nothing was imported; see above."


@pytest.mark.once
def test_a_lost_page_is_named_and_stops_no_other(path: Path) -> None:
    make.publication(make.review(make.revision(make.article("other"))))
    said = damaged(path, "pages/poems-syndrome/prognosis.md", None)
    assert said.lines(path / "pages/poems-syndrome/prognosis.md") == [
        (1, "It is not there. Copy the whole export again.")
    ]
    assert "1 unchanged." in said.out
    assert said.failure == "1 files of the export are not as they were exported; see above."


@pytest.mark.once
def test_a_list_of_another_export_is_named(path: Path) -> None:
    said = damaged(path, "SHA256SUMS", b"")
    assert "It is not the list that manifest.json names" in said.err
    assert said.failure


def test_a_page_that_was_changed_is_named_twice_and_imported_unless_the_same_is_expected(path: Path) -> None:
    make.publication()
    name = "pages/poems-syndrome/prognosis.md"
    exported(path)
    (path / name).write_text((path / name).read_text().replace("An opening.", "Another opening."))
    strict = run(path, expect_digests=True)
    assert strict.failure == "1 of 1 files were not imported; see above."
    said = run(path)
    assert [message.split(".")[0].split(":")[0] for _, message in said.lines(path / name)] == [
        "It is not as it was exported",
        "Its digest differs",
    ]
    assert said.failure == ""
    assert "1 revised." in said.out


@pytest.mark.once
def test_what_others_put_into_the_folder_is_not_imported(path: Path) -> None:
    make.publication()
    exported(path)
    (path / "NOTES.md").write_text("No front matter.")
    assert run(path).failure == ""


@pytest.mark.once
def test_a_folder_of_an_author_with_a_manifest_of_its_own_is_imported_as_ever(path: Path) -> None:
    make.publication()
    exported(path.with_name("other"))
    path.mkdir()
    (path / "manifest.json").write_text('{"name": "A web app"}')
    page = path.with_name("other") / "pages/poems-syndrome/prognosis.md"
    (path / "page.md").write_bytes(page.read_bytes())
    assert "1 unchanged." in run(path).out


# A file never speaks for a clinician: way 12


def test_the_review_of_elsewhere_becomes_none_here(path: Path, client: Client) -> None:
    # way 12
    make.publication(make.review(make.revision(make.article("other"))))
    exported(path)
    file = path / "pages/poems-syndrome/other.md"
    file.write_text(file.read_text().replace('slug: "other"', 'slug: "claimed"'))
    before = rows()
    assert "1 made." in run(path).out
    after = rows()
    assert {name for name in after if after[name] != before[name]} == {
        *("articles.Article", "articles.ArticleSlug", "articles.Revision", "articles.Citation"),
    }
    assert client.get("/conditions/poems-syndrome/claimed/").status_code == 404
    assert export(path.with_name("again")).failure == ""
    assert b"claimed" not in b"".join(tree(path.with_name("again")).values())
