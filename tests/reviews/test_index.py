"""The index of published texts is written by whoever publishes, and stays in step with its rows."""

import datetime as dt
import importlib
import io

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from accounts import guards, prepared
from accounts.refusals import Refusal
from articles import folding
from articles.models import Revision
from reviews import emails, matching
from reviews.matching import Asked
from reviews.models import IndexedText
from tests import make, people
from tests.conftest import as_owner
from tests.database import sql

pytestmark = pytest.mark.django_db


def holding(words: str, *, title: bool = False, begun: bool = False) -> list[int]:
    """The texts that the index finds for some words."""
    asked = Asked(tuple(map(folding.key, folding.words(words))), title=title, begun=begun)
    statement, values = matching.statement(connection.vendor, asked, 100)
    return [revision for revision, _, _ in prepared.rows(connection, statement, values)]


def test_publishing_enters_the_words_of_the_text_and_nothing_before_it_does() -> None:
    revision = make.revision(
        question="What of zeisig?", short_answer="Stieglitz.", body="Words.\n\n## Kleiber\n\nAmsel."
    )
    review = make.review(revision)
    assert not IndexedText.objects.exists()
    make.publication(review)
    assert IndexedText.objects.get().revision == revision
    for word in ("zeisig", "stieglitz", "kleiber", "amsel"):
        assert holding(word) == [revision.pk], word
    assert holding("zeisig", title=True) == [revision.pk]
    assert holding("amsel", title=True) == []
    assert holding("zeis", begun=True) == [revision.pk]
    assert holding("zeis") == []
    assert holding("zeisig amsel") == [revision.pk]
    assert holding("zeisig drossel") == []


def test_marks_numbers_of_sources_and_the_token_are_no_words_of_a_text() -> None:
    publication = make.publication(make.review(make.revision(body="One **two**three [1](#source-1), {{ members }}.")))
    assert IndexedText.objects.get().body == "one twothre member"
    assert holding("strong") == holding("href") == []
    assert holding("members") == [publication.review.revision_id]


def test_a_publication_that_is_undone_leaves_no_words_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*args: object) -> None:
        raise Refusal("The post is on strike.")

    review = make.review(make.revision(question="What of zeisig?"))
    monkeypatch.setattr(emails, "published", fails)
    with pytest.raises(Refusal), transaction.atomic():
        make.publication(review)
    assert not IndexedText.objects.exists()
    assert holding("zeisig") == []


def test_words_are_folded_before_the_one_lock_for_which_everybody_waits() -> None:
    review = make.review()
    with CaptureQueriesContext(connection) as queries:
        make.publication(review)
    written = [query["sql"].split()[2].strip('"') for query in queries if query["sql"].startswith("INSERT INTO")]
    assert written.index("reviews_indexedtext") < written.index("reviews_ledgerentry")


def test_a_text_that_is_published_again_has_one_entry() -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    make.publication(publication.review)
    assert IndexedText.objects.count() == 1
    assert holding("outlook") == [publication.review.revision_id]


def test_what_finds_a_text_follows_its_entry() -> None:
    revision = make.publication().review.revision
    assert holding("outlook") == [revision.pk]
    IndexedText.objects.update(question="zeisig", short_answer="", body="")
    assert (holding("outlook"), holding("zeisig"), holding("zeisig", title=True)) == ([], [revision.pk], [revision.pk])
    sql("UPDATE reviews_indexedtext SET question = 'kleiber'")
    assert (holding("zeisig"), holding("kleiber")) == ([], [revision.pk])
    IndexedText.objects.all().delete()
    assert holding("kleiber") == []
    IndexedText.objects.enter(revision)
    assert holding("outlook") == [revision.pk]
    assert holding("kleiber") == []


def test_the_command_names_and_enters_what_is_missing_and_a_second_run_nothing() -> None:
    revision = make.publication().review.revision
    make.review(make.revision(make.article("draft")))
    IndexedText.objects.all().delete()

    def run(*arguments: str) -> str:
        printed = io.StringIO()
        call_command("index_texts", *arguments, stdout=printed)
        return printed.getvalue()

    assert run("--dry-run") == f"{revision} is not in the index.\n"
    assert not IndexedText.objects.exists()
    assert run("--verbosity", "2") == "1 …\n1 texts entered in the index.\n"
    assert holding("outlook") == [revision.pk]
    assert run() == "0 texts entered in the index.\n"
    assert run("--dry-run") == ""


def test_words_that_an_older_release_folded_are_folded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    revision = make.publication().review.revision
    IndexedText.objects.update(question="zeisig")
    assert sum(IndexedText.objects.mend()) == 0
    monkeypatch.setattr(folding, "FORM", folding.FORM + 1)
    assert sum(IndexedText.objects.mend()) == 1
    assert (holding("zeisig"), holding("outlook")) == ([], [revision.pk])


@pytest.mark.owner
def test_every_entry_is_made_anew_when_it_is_asked_for() -> None:
    revision = make.publication().review.revision
    IndexedText.objects.update(question="zeisig")
    call_command("index_texts", "--all", stdout=io.StringIO())
    assert (holding("zeisig"), holding("outlook")) == ([], [revision.pk])


@pytest.mark.owner
def test_the_migration_enters_what_was_published_before_there_was_an_index() -> None:
    revision = make.publication().review.revision
    make.review(make.revision(make.article("draft")))
    IndexedText.objects.all().delete()
    migration = importlib.import_module("reviews.migrations.0008_index_published")
    for _ in range(2):
        migration.enter(apps, connection.schema_editor())
        assert [row.revision for row in IndexedText.objects.all()] == [revision]
    assert holding("outlook") == [revision.pk]


@pytest.mark.owner
@pytest.mark.sqlite
def test_after_a_migration_the_index_is_whole_whatever_happened_meanwhile() -> None:
    revision = make.publication().review.revision
    guards.drop()  # as while tables are altered
    IndexedText.objects.update(question="zeisig")
    guards.install()
    matching.rebuild(using="default")
    assert (holding("zeisig"), holding("outlook")) == ([revision.pk], [])
    sql(f"INSERT INTO {matching.FTS} ({matching.FTS}, rank) VALUES ('integrity-check', 1)")


@pytest.mark.sqlite
@pytest.mark.parametrize("event", ["insert", "update", "delete"])
def test_the_index_is_kept_in_step_by_a_guard(event: str) -> None:
    assert f"indexed_text_follows_{event}" in {guard.name for guard in guards.registered()}
    assert f"indexed_text_follows_{event}" not in guards.missing()


def test_a_scheduled_text_is_entered_and_waits_for_its_hour() -> None:
    hour = dt.datetime.now(dt.UTC) + dt.timedelta(1)
    revision = make.publication(live_from=hour).review.revision
    assert holding("outlook") == [revision.pk]  # tests/pages/test_search.py: and no reader finds it


@pytest.mark.parametrize("key", ["a'b", 'a"b', "a b", "a*", "", "a:A", "a\\", "a\0b"])
def test_what_is_no_key_never_reaches_the_database(key: str) -> None:
    with pytest.raises(ValueError, match="no key"):
        matching.statement(connection.vendor, Asked((key,)), 10)


ODD = ["22q11.2", "3.5", "1e5", "0x1F", "007", "v2", "B12", "病気", "болезнь", "α2", "x" * 60, "1.2.3", "²", "ﬁne"]


@pytest.mark.parametrize("word", ODD)
def test_a_word_that_is_no_plain_word_is_found_whole(word: str) -> None:
    revision = make.publication(make.review(make.revision(body=f"Opening {word}, closing."))).review.revision
    assert holding(word) == [revision.pk]
    assert [other for other in ODD if other != word and holding(other)] == []


def test_the_longest_text_is_entered_whole() -> None:
    section = " ".join(f"wort{number}" for number in range(2000))
    revision = make.revision(body="\n\n".join(f"## Part {part}\n\n{section}" for part in range(4)) + "\n\nzeisig")
    make.publication(make.review(revision))
    assert holding("zeisig") == holding("wort1999") == [revision.pk]


def test_revisions_that_were_never_published_are_not_entered_by_the_daily_work() -> None:
    with as_owner():
        make.review(make.revision())
    assert sum(IndexedText.objects.mend()) == 0
    assert Revision.objects.count() == 1
