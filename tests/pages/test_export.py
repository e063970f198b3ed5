"""What is exported: what readers see, exactly; and nothing that they do not."""

import datetime as dt
import hashlib
import io
import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from accounts import guards
from articles.models import Article, Condition, ConditionCode, ConditionName
from articles.rendering import VERSION
from pages import export as module
from pages.export import export as write
from pages.export_folder import writing
from pages.models import SiteText
from reviews.models import LedgerEntry, Publication, Reviewer
from tests import make, people
from tests.crowd import Thread

from . import site
from .api import asking
from .exporting import export, exported, front_matter, records, tree, without_manifest

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)
DOCUMENT = Path(__file__).resolve().parents[2] / "docs/machines.md"
PAGE = "pages/poems-syndrome/prognosis.md"
CANARY = "Marzipan"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the export of a test goes."""
    return tmp_path / "export"


def quiet(*_: object) -> None:
    """Nobody watches."""


# What is there


def test_a_live_page_is_a_file_with_its_text_and_what_its_stamp_says(path: Path) -> None:
    review = make.publication(make.review(evidence_to=make.today() - 30 * DAY)).review
    files = exported(path)
    head, _, body = files[PAGE].decode().partition("\n---\n")
    assert body == make.TEXT["body"] + "\n"
    assert head.startswith("---\n")
    assert front_matter(files[PAGE]) == {
        "condition": "poems-syndrome",
        "topic": "outlook",
        "language": "en",
        "slug": "prognosis",
        "question": make.TEXT["question"],
        "short_answer": make.TEXT["short_answer"],
        "sources": [{"title": "A sample cohort. Sample Journal, 2024.", "pmid": "12456500"}],
        "last_updated": str(make.today()),
        "origin": "human",
        "exported": {
            "address": "http://testserver/conditions/poems-syndrome/prognosis/",
            "version": "1",
            "digest": review.digest,
            "renderer": VERSION,
            "state": "current",
            "reviewer": "Clara Test, MD",
            "role": "Haematologist, Test Hospital",
            "signed_on": str(review.signed_on),
            "next_due": str(review.next_due),
            "lapses_on": str(review.next_due),
            "scope": "whole-page",
            "evidence_to": str(review.evidence_to),
        },
    }


def test_a_partner_can_compute_the_digest_of_a_page_from_its_record(path: Path) -> None:
    publication = make.publication(make.review(make.revision(body="Ünïcode “words” <5 mg [1](#source-1).")))
    (record,) = records(exported(path), "publications")
    fields = {**record["text"], "form": "rounds-text-1"}
    canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert record["digest"] == publication.review.digest
    assert hashlib.sha256(canonical.encode()).hexdigest() == record["digest"]
    assert record["text"]["html"] == publication.review.revision.html
    assert record["file"] == PAGE
    recipe = textwrap.dedent(
        re.findall(r"^    import hashlib.*?\n\n", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)[0]
    )
    subprocess.run([sys.executable, "-c", recipe], cwd=path, check=True)


def test_the_record_of_a_page_says_who_signed_what(path: Path) -> None:
    make.publication(make.review(public_note="Figures checked.", conflicts="Fees of Sample Ltd."))
    files = exported(path)
    (record,), (reviewer,) = records(files, "publications"), records(files, "reviewers")
    review = record["review"]
    assert (review["reviewer"], review["reviewer_slug"]) == ("Clara Test, MD", "clara")
    assert (review["public_note"], review["scope"]) == ("Figures checked.", "whole-page")
    assert (reviewer["conflicts"], reviewer["conflicts_as_of"]) == ("Fees of Sample Ltd.", str(make.today()))


def test_a_page_approved_by_its_changes_only_says_so_and_keeps_the_day_of_the_whole_page(path: Path) -> None:
    first = make.publication(make.review(signed_on=make.today() - 90 * DAY))
    newer = make.revision(first.article, body="Other words [1](#source-1).")
    make.publication(make.review(newer, by=people.clinician("Carl"), scope="changes"))
    (record,) = records(exported(path), "publications")
    review = record["review"]
    assert (review["scope"], review["reviewer"]) == ("changes-only", "Clara Test, MD")
    assert review["signed_on"] == str(make.today() - 90 * DAY)
    assert record["version"] == 2


@pytest.mark.parametrize(("ago", "state"), [(0, "current"), (320, "due"), (400, "overdue")])
def test_the_state_of_a_review_is_that_of_the_day(path: Path, ago: int, state: str) -> None:
    make.publication(make.review(signed_on=make.today() - ago * DAY))
    assert front_matter(exported(path)[PAGE])["exported"]["state"] == state


def test_a_revoked_credential_ends_the_review_in_the_export_too(path: Path) -> None:
    review = make.publication(make.review(signed_on=make.today() - 30 * DAY)).review
    review.credential_check.credential.revoke(by=people.registrar(), from_day=make.today() - DAY, why="Struck off.")
    files = exported(path)
    said = front_matter(files[PAGE])["exported"]
    assert (said["state"], said["lapses_on"]) == ("overdue", str(make.today() - DAY))
    (reviewer,) = records(files, "reviewers")
    (licence,) = reviewer["licences"]
    assert licence["revoked_from"] == str(make.today() - DAY)
    assert "Struck off" not in str(files)


def test_conditions_stand_there_with_names_codes_and_what_may_be_said_of_their_members(
    path: Path, settings: Settings
) -> None:
    row = make.condition("poems-syndrome", "POEMS syndrome", "Takatsuki syndrome")
    Condition.objects.filter(pk=row.pk).update(slug="poems", definition="For editors.", origin="DOID:14039")
    for system, code in (("MeSH", "D016878"), ("SNOMED CT", "79268002")):
        ConditionCode.objects.create(condition=row, system=system, code=code, match="close")
    make.community(row, members=10)
    make.community(make.condition("castleman", "Castleman disease"), members=12)
    files = exported(path)
    castleman, poems = records(files, "conditions")
    assert castleman["members"] == {"figure": 12, "rounded": False, "words": "12"}
    assert poems == {
        "address": "http://testserver/conditions/poems/",
        "slug": "poems",
        "former_slugs": ["poems-syndrome"],
        "names": [
            {"language": "en", "kind": "preferred", "text": "POEMS syndrome"},
            {"language": "en", "kind": "synonym", "text": "Takatsuki syndrome"},
        ],
        "codes": [{"system": "MeSH", "code": "D016878", "match": "close"}],
        "broader": [],
        "successor": None,
        "members": {"figure": None, "rounded": False, "words": "Fewer than 11"},
    }
    settings.LICENSED_CODES_SHOWN = ["SNOMED CT"]
    assert len(records(exported(path), "conditions")[1]["codes"]) == 2


def test_a_withdrawn_page_is_gone_and_its_reason_is_there(path: Path) -> None:
    publication = make.publication(make.review(make.revision(body="Marzipan.")))
    site.live(make.condition(), "treatment", "treatment")
    before = exported(path)
    instead = Article.objects.get(slug="treatment")
    publication.withdraw(by=people.publisher(), why="A figure was wrong.", instead=instead)
    after = exported(path)
    assert PAGE in before
    assert PAGE not in after
    assert [record["slug"] for record in records(after, "publications")] == ["treatment"]
    (record,) = records(after, "withdrawals")
    assert record["why"] == "A figure was wrong."
    assert record["address"] == "http://testserver/conditions/poems-syndrome/prognosis/"
    assert record["instead"] == "http://testserver/conditions/poems-syndrome/treatment/"
    assert CANARY.encode() in before["publications.jsonl"]
    assert CANARY.encode() not in b"".join(after.values())
    Publication.objects.get(article=instead).withdraw(by=people.publisher(), why="That one too.")
    assert [record["instead"] for record in records(exported(path), "withdrawals")] == [None, None]
    assert not (path / "pages").exists()


def test_the_licence_of_the_site_goes_with_its_texts(path: Path) -> None:
    make.publication()
    files = exported(path)
    assert "LICENCE.txt" not in files
    assert b"has not said how its texts may be used. Ask before" in files["README.txt"]
    SiteText.objects.write("licence", "Print our pages unchanged.", by=people.publisher())
    files = exported(path)
    assert files["LICENCE.txt"] == b"Print our pages unchanged.\n"
    assert b"LICENCE.txt         how all this may be used" in files["README.txt"]


def test_every_file_can_be_checked_and_the_manifest_leads_on_to_what_changes(path: Path) -> None:
    make.publication()
    files = exported(path)
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=path, capture_output=True, check=True)
    assert len(done.stdout.splitlines()) == len(files) - 2  # but for the list and the manifest, which names the list
    manifest = json.loads(files["manifest.json"])
    assert manifest["sums"] == hashlib.sha256(files["SHA256SUMS"]).hexdigest()
    assert asking.ask("/changes", since=manifest["changes"])["items"] == []
    assert manifest["form"] == "rounds-export-1"
    assert manifest["counts"] == {"pages": 1, "withdrawals": 0, "conditions": 1, "reviewers": 1}
    assert dt.datetime.fromisoformat(manifest["made_at"]).date() == make.today()
    make.review(make.revision(make.article("hidden")))
    again = json.loads(exported(path)["manifest.json"])
    assert {**again, "made_at": ""} == {**manifest, "made_at": ""}, "what is decided about a draft is told to nobody"


def test_many_pages_are_read_some_at_once_and_are_the_same(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.build()
    whole = exported(path)
    monkeypatch.setattr(module, "AT_ONCE", 2)
    assert without_manifest(exported(path.with_name("other"))) == without_manifest(whole)
    assert len(records(whole, "publications")) == Publication.objects.live().count() > 2


@pytest.mark.once
def test_whoever_watches_sees_how_far_it_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.build()
    monkeypatch.setattr(module, "AT_ONCE", 3)
    watched = Terminal()
    call_command("export_articles", str(path), stdout=io.StringIO(), stderr=watched)
    total = Publication.objects.live().count()
    assert f"\rpages               [{'#' * (30 * 3 // total):.<30}] 3 of {total}" in watched.getvalue()
    assert f"\rpages               [{'#' * 30}] {total} of {total}\n" in watched.getvalue()


class Terminal(io.StringIO):
    """Where somebody watches."""

    def isatty(self) -> bool:
        """It is one."""
        return True


# What is not there


def test_nothing_that_readers_do_not_see_is_exported(path: Path) -> None:
    site.build()
    for number, word in enumerate(["draft", "waiting", "approved", "hour"]):
        revision = make.revision(
            make.article(f"{word}-{number}", topic="causes"),
            question=f"{CANARY}?",
            short_answer=f"{CANARY}.",
            body=f"{CANARY}.",
            change_note=CANARY,
        )
        if word == "waiting":
            make.request(revision)
        if word == "approved":
            make.review(revision, public_note=CANARY)
        if word == "hour":
            make.publication(make.review(revision), live_from=dt.datetime.now(dt.UTC) + DAY)
    live = Publication.objects.live().first()
    assert live is not None
    make.revision(live.article, body=CANARY, question=f"{CANARY}?")
    hidden = people.clinician("Hidden")
    Reviewer.objects.filter(pk=hidden.pk).update(bio=CANARY)
    hidden.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 900 * DAY, why=CANARY)
    Condition.objects.update(definition=CANARY, origin=CANARY)
    make.feedback(live, words=CANARY, email="reader@example.org")
    files = exported(path)
    assert {name for name, content in files.items() if CANARY.encode() in content or b"@" in content} == set()
    for slug in ("draft-0", "waiting-1", "approved-2", "hour-3", "hidden"):
        assert slug.encode() not in b"".join(files.values())
    live_pages = {f"{row.article.condition.slug}/{row.article.slug}" for row in Publication.objects.live()}
    assert {name.removeprefix("pages/").removesuffix(".md") for name in files if name.endswith(".md")} == live_pages


def test_the_whole_record_has_every_version_and_decision_and_no_address_of_anybody(path: Path) -> None:
    publication = make.publication(make.review(private_note="Between us."))
    draft = make.revision(publication.article, body="A draft.", change_note="Shorter.")
    waiting = make.request(draft)
    waiting.ask_for_changes(by=people.clinician().user, digest=draft.digest, reason="Too short, I say.")
    make.community(publication.article.condition, members=2)
    make.feedback(publication, words="A reader's own words.", email="reader@example.org")
    files = exported(path, all=True)
    assert files["history/poems-syndrome/prognosis/00002.md"].endswith(b"\n---\nA draft.\n")
    assert [row["decision"] for row in records(files, "record/reviews")] == ["approved", "changes"]
    assert [row["outcome"] for row in records(files, "record/requests")] == ["approved", "changes"]
    versions = records(files, "record/versions")
    assert [row["change_note"] for row in versions] == ["", "Shorter."]
    assert versions[0]["author"] == {"account": people.author().pk, "name": "Ada"}
    assert len(records(files, "record/ledger")) == LedgerEntry.objects.count()
    assert json.loads(files["manifest.json"])["ledger"] == LedgerEntry.objects.head()
    everything = b"".join(files.values())
    for secret in (b"@", b"Between us", b"Too short", b"own words", b"member0"):
        assert secret not in everything
    notes = exported(path.with_name("notes"), all=True, with_private_notes=True)
    assert [row["private_note"] for row in records(notes, "record/reviews")] == ["Between us.", "Too short, I say."]
    assert b"@" not in b"".join(notes.values())
    assert path.stat().st_mode & 0o077 == 0, "others on the machine may read it"


def test_somebody_without_a_name_stays_without_one_in_the_whole_record(path: Path) -> None:
    author = people.author()
    make.revision()
    type(author).objects.filter(pk=author.pk).update(name="")
    (version,) = records(exported(path, all=True), "record/versions")
    assert version["author"] == {"account": author.pk, "name": ""}


def test_private_notes_go_only_with_the_whole_record(path: Path) -> None:
    assert export(path, with_private_notes=True).failure == "--with-private-notes goes with --all."
    assert not path.exists()


# What cannot be exported


@pytest.mark.owner
def test_a_page_whose_text_was_changed_is_left_out_and_named(path: Path) -> None:
    publication = make.publication()
    site.live(make.condition(), "treatment", "treatment")
    before = exported(path)
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE articles_revision SET html = '<p>Marzipan.</p>' WHERE id = %s", [publication.review.revision_id]
        )
    said = export(path)
    files = tree(path)
    assert "Version 1 of poems-syndrome/prognosis does not match its digest" in said.err
    assert said.failure == "1 left out; see above. Run verify_record."
    assert "Pages 1," in said.out
    assert PAGE in before
    assert PAGE not in files
    assert "pages/poems-syndrome/treatment.md" in files
    assert b"Marzipan" not in b"".join(files.values())
    whole = path.with_name("whole")
    assert "left out of the history" in export(whole, all=True).err
    assert b"Marzipan" not in b"".join(tree(whole).values())


@pytest.mark.owner
@pytest.mark.parametrize(
    "change",
    [
        f"UPDATE reviews_review SET digest = '{'0' * 64}'",
        "DELETE FROM articles_citation",
        "UPDATE articles_citation SET title = 'Marzipan.'",
    ],
)
def test_an_approval_of_another_text_exports_nothing(path: Path, change: str) -> None:
    make.publication()
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(change)
    assert "does not match its digest" in export(path).err
    assert records(tree(path), "publications") == []


@pytest.mark.owner
@pytest.mark.sqlite
@pytest.mark.parametrize(("table", "column"), [("articles_revision", "body"), ("articles_citation", "title")])
def test_a_row_that_cannot_be_read_is_named_and_stops_no_other(path: Path, table: str, column: str) -> None:
    make.publication(make.review(make.revision(make.article("kept"))))
    make.publication(make.review(make.revision(make.article("broken"))))
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} SET {column} = CAST(x'ff' || {column} AS text) WHERE id = (SELECT max(id) FROM {table})"
        )
    said = export(path)
    assert "cannot be read" in said.err
    assert said.failure.startswith("1 left out")
    assert [record["slug"] for record in records(tree(path), "publications")] == ["kept"]


@pytest.mark.once
@pytest.mark.parametrize("slug", ["..", "a/b", "a.b", ".git", "PROGNOSIS", "prognosis\n"])
def test_a_slug_that_is_no_name_for_a_file_is_left_out_and_named(path: Path, slug: str) -> None:
    make.publication()
    odd = make.publication(make.review(make.revision(make.article("odd"))))
    Article.objects.filter(pk=odd.article_id).update(slug=slug)
    said = export(path)
    assert "is no name for a file, or has one already" in said.err
    assert said.failure
    assert len([name for name in tree(path) if name.endswith(".md")]) == 1
    assert tree(path.parent).keys() == {f"export/{name}" for name in tree(path)}


# One moment


@pytest.mark.django_db(transaction=True)
def test_what_others_do_meanwhile_is_not_in_it_and_nobody_waits(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publication, author, publisher = make.publication(), people.author(), people.publisher()
    site.live(make.condition(), "treatment", "treatment")
    waiting = make.review(make.revision(make.article("new")))
    head, acts = LedgerEntry.objects.head(), list[object]()
    cursor = asking.ask("/changes")["cursor"]

    def act() -> str:
        publication.withdraw(by=publisher, why="Meanwhile.")
        waiting.publish(by=publisher)
        waiting.revision.article.revise(by=author, **{**make.TEXT, "body": "Marzipan."})
        ConditionName.objects.create(condition=make.condition(), text="Marzipan", kind="synonym")
        return "done"

    def meanwhile(name: str, done: int, total: int) -> None:
        if name == "pages" and not acts:
            acts.append(Thread(act).outcome())

    monkeypatch.setattr(module, "AT_ONCE", 1)
    with writing(path, holds="a test", private=False, dry_run=False) as folder:
        write(folder, meanwhile)
    files = tree(path)
    assert acts == ["done"]
    assert LedgerEntry.objects.head() != head
    assert json.loads(files["manifest.json"])["changes"] == cursor
    assert [record["slug"] for record in records(files, "publications")] == ["prognosis", "treatment"]
    assert {name for name in files if name.endswith(".md")} == {PAGE, "pages/poems-syndrome/treatment.md"}
    assert records(files, "withdrawals") == []
    assert b"Marzipan" not in b"".join(files.values())
    # And afterwards everything can be written again, and the next export has it.
    people.reader()
    with writing(path, holds="a test", private=False, dry_run=False) as folder:
        write(folder, quiet)
    assert [record["slug"] for record in records(tree(path), "publications")] == ["new", "treatment"]
