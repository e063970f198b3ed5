"""A text that is not the one that was approved is never shown, whoever changed it and however."""

from collections.abc import Callable

import pytest
from django.db import connection, transaction
from django.test import Client

from accounts import guards
from articles.models import Revision
from pages.kept import pages
from reviews import record
from reviews.models import Publication
from tests import make, people

from . import site

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.owner]

ADDRESS = "/conditions/poems-syndrome/prognosis/"


def sql(*statements: str) -> Callable[[], None]:
    """Somebody with the keys of the database takes the guards away and writes."""

    def tamper() -> None:
        guards.drop()
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    return tamper


def with_a_fitting_digest() -> None:
    """The text is changed and its digest made to fit; the approval still names the old one."""
    guards.drop()
    revision = Revision.objects.get()
    revision.question = "Marzipan?"
    Revision.objects.update(question=revision.question, digest=revision.text().digest())


@pytest.mark.sqlite
@pytest.mark.parametrize("column", ["body", "html", "question"])
def test_a_text_with_a_byte_that_is_no_text_is_not_shown_and_is_named(
    client: Client, caplog: pytest.LogCaptureFixture, column: str
) -> None:
    # way 34: a flipped bit seldom leaves UTF-8
    client.raise_request_exception = False
    kept = make.publication(make.review(make.revision(make.article("kept"))))
    broken = make.publication(make.review(make.revision(make.article("broken"))))
    revision = broken.review.revision
    guards.drop()
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE articles_revision SET {column} = CAST(x'ff' || {column} AS text) WHERE id = %s", [revision.pk]
        )
    guards.install()
    page = client.get(broken.article.get_absolute_url())
    assert page.status_code == 503
    assert "What is stored for this page cannot be read." in page.content.decode()
    assert "Run verify_record" in caplog.text
    assert f"Revision {revision.pk} cannot be read." in list(record.faults())
    assert not [fault for fault in record.faults() if str(kept.review.revision) in fault]


TAMPERED: dict[str, Callable[[], None]] = {
    "question": sql("UPDATE articles_revision SET question = 'Marzipan?'"),
    "short answer": sql("UPDATE articles_revision SET short_answer = 'Marzipan.'"),
    "body": sql("UPDATE articles_revision SET body = 'Marzipan.'"),
    "html": sql("UPDATE articles_revision SET html = '<p>Marzipan.</p>'"),
    "one letter": sql("UPDATE articles_revision SET html = replace(html, 'opening', 'Opening')"),
    "origin": sql("UPDATE articles_revision SET origin = 'machine'"),
    "renderer": sql("UPDATE articles_revision SET renderer = '0'"),
    "title of a source": sql("UPDATE articles_citation SET title = 'Marzipan.'"),
    "address of a source": sql("UPDATE articles_citation SET url = 'https://marzipan.example.org/'"),
    "one source more": sql(
        "INSERT INTO articles_citation (revision_id, number, title, url, doi, pmid) "
        "SELECT id, 2, 'Marzipan.', '', '', '' FROM articles_revision"
    ),
    "one source less": sql("DELETE FROM articles_citation"),
    "digest of the text": sql(f"UPDATE articles_revision SET digest = '{'0' * 64}'"),
    "digest of the approval": sql(f"UPDATE reviews_review SET digest = '{'0' * 64}'"),
    "both digests": sql(
        f"UPDATE articles_revision SET digest = '{'0' * 64}'", f"UPDATE reviews_review SET digest = '{'0' * 64}'"
    ),
    "text with a fitting digest": with_a_fitting_digest,
}


def test_a_page_whose_text_was_changed_answers_503_and_shows_none_of_it(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    # way 34, and way 10 behind the guards
    make.publication()
    for name, tamper in TAMPERED.items():
        assert client.get(ADDRESS).status_code == 200
        caplog.clear()
        with transaction.atomic():
            tamper()
            pages.clear()  # or a minute goes by
            response = client.get(ADDRESS)
            # Everything is as it was, the guards too, before the next one.
            transaction.set_rollback(True)
        assert response.status_code == 503, name
        assert int(response.headers["Retry-After"]) > 0, name
        shown = response.content.decode()
        for word in ("arzipan", "pening", "What determines the outlook?", "How early it is found", "A sample cohort"):
            assert word not in shown, name
        assert "review-stamp" not in shown, name
        assert "Its stored text is not the text that was approved" in shown, name
        assert "poems-syndrome/prognosis does not match its digest" in caplog.text, name
    assert guards.missing() == []


def test_one_page_that_was_changed_leaves_the_others_up(client: Client) -> None:
    # way 34
    site.live(make.condition(), "treatment", body="Another text.")
    make.publication()
    sql("UPDATE articles_revision SET html = '<p>Marzipan.</p>' WHERE body <> 'Another text.'")()
    assert client.get(ADDRESS).status_code == 503
    assert client.get("/conditions/poems-syndrome/treatment/").status_code == 200


def test_a_hub_never_shows_a_changed_overview_and_does_not_break(client: Client) -> None:
    # way 34: the short answer of the overview stands on the hub with a stamp
    site.live(make.condition(), "overview", "overview")
    sql("UPDATE articles_revision SET short_answer = 'Marzipan.'")()
    client.raise_request_exception = False
    response = client.get("/conditions/poems-syndrome/")
    assert b"arzipan" not in response.content
    assert response.status_code in {200, 503}
    assert b"Medically reviewed" not in response.content


def test_the_approval_of_another_text_cannot_be_put_under_a_page(client: Client) -> None:
    # way 7 and way 10: a publication moved to a text that nobody approved
    unapproved = make.revision(make.publication().article, body="Marzipan.")
    sql(f"UPDATE reviews_review SET revision_id = {unapproved.pk}")()
    response = client.get(ADDRESS)
    assert response.status_code == 503
    assert b"arzipan" not in response.content


def test_a_withdrawn_page_stays_withdrawn_when_its_text_is_changed(client: Client) -> None:
    # way 34
    make.publication().withdraw(by=people.publisher(), why="A figure was wrong.")
    sql("UPDATE articles_revision SET html = '<p>Marzipan.</p>', short_answer = 'Marzipan.'")()
    response = client.get(ADDRESS)
    assert response.status_code == 410
    assert b"arzipan" not in response.content
    assert Publication.objects.count() == 1
