"""`verify_record` names each row that somebody changed behind the guards (way 34)."""

import datetime as dt
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from accounts import guards
from pages import kept
from reviews.models import CredentialCheck, Publication, Review, ReviewContributor
from tests import make, people
from tests.database import tamper

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

DAY = dt.timedelta(1)
CLEAN = "The record holds: every digest, review, check and publication."


def faults() -> list[str]:
    """What the command prints where it fails, less the ledger (test_ledger.py); nothing where it succeeds."""
    printed, problem = StringIO(), ""
    try:
        call_command("verify_record", stdout=printed)
    except CommandError as error:
        problem = str(error)
    lines = printed.getvalue().splitlines()
    if lines[0] == CLEAN:
        assert problem == ""
        return []
    assert problem.startswith(f"{len(lines)} faults. Withdraw the pages named")
    return [line for line in lines if "the ledger" not in line and not line.startswith("Ledger")]


def named(row: Review | Publication) -> str:
    return f"{type(row).__name__} {row.pk} ({type(row).objects.get(pk=row.pk)}): "


def changed(first: Review, **decision: Any) -> Review:
    """An approved second version of the page."""
    return make.review(make.revision(first.revision.article, body="Second words [1](#source-1)."), **decision)


def sent_back(slug: str) -> Review:
    request = make.request(make.revision(make.article(slug)))
    return request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")


def full_record() -> dict[str, Review]:
    """Every lawful kind of row."""
    wanda, dora = people.clinician("Wanda", "Authors"), people.clinician("Dora")
    first = make.publication(make.review(signed_on=make.today() - 400 * DAY)).review
    make.review(first.revision, by=people.clinician("Nora"))
    by_wanda = make.revision(first.revision.article, by=wanda.user, body="By Wanda [1](#source-1).")
    second = make.publication(make.review(by_wanda, by=dora, scope=Review.Scope.CHANGES_ONLY)).review
    Publication.objects.live().get().withdraw(by=people.publisher(), why="It is wrong.")
    second.publish(by=people.publisher(), live_from=dt.datetime.now(dt.UTC) + DAY)
    sent_back("survival")
    make.revision(make.article("bare"), sources=())
    return {"first": first, "second": second}


# A record that holds


def test_an_empty_record_holds() -> None:
    assert faults() == []


def test_a_full_record_holds() -> None:
    full_record()
    assert faults() == []


def test_a_record_with_a_revoked_credential_holds() -> None:
    """A revocation takes pages down; it does not make the record untrue."""
    wanda, dora = people.clinician("Wanda", "Authors"), people.clinician("Dora")
    first = make.publication(make.review(make.revision(by=wanda.user), by=dora)).review
    make.publication(changed(first, by=wanda))
    dora.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 9 * DAY, why="Struck off.")
    assert faults() == []


# Each change is named


def test_a_changed_byte_of_a_text_is_named_and_not_shown(client: Client) -> None:
    publication = make.publication()
    address = publication.article.get_absolute_url()
    for column, old, new in [
        ("html", "early", "earlx"),
        ("html", "earlx", "early"),
        ("body", "early", "earlx"),
        ("body", "earlx", "early"),
        ("short_answer", "far", "fat"),
        ("short_answer", "fat", "far"),
        ("question", "outlook", "0utlook"),
        ("question", "0utlook", "outlook"),
        ("origin", "human", "machine"),
        ("origin", "machine", "human"),
    ]:
        tamper((f"UPDATE articles_revision SET {column} = replace({column}, %s, %s)", [old, new]))
        kept.pages.clear()  # what a process has kept is made anew within a minute
        if new in {"early", "far", "outlook", "human"}:
            assert faults() == []
            assert client.get(address).status_code == 200
        else:
            assert faults() == ["Version 1 of poems-syndrome/prognosis: its text does not match its digest."]
            page = client.get(address)
            assert page.status_code == 503
            assert "An opening" not in page.content.decode()


def test_a_changed_source_is_named() -> None:
    make.publication()
    tamper(("UPDATE articles_citation SET pmid = %s", ["1"]))
    assert faults() == ["Version 1 of poems-syndrome/prognosis: its text does not match its digest."]


def test_an_added_source_is_named() -> None:
    revision = make.publication().review.revision
    tamper(
        (
            "INSERT INTO articles_citation (revision_id, number, title, url, doi, pmid) VALUES (%s, 2, %s, '', '', '')",
            [revision.pk, "A sly source"],
        )
    )
    assert faults() == [
        "Version 1 of poems-syndrome/prognosis: its text does not match its digest.",
        "Version 1 of poems-syndrome/prognosis: it was saved with 1 sources and has 2.",
    ]


def test_a_removed_source_is_named() -> None:
    make.publication()
    tamper(("DELETE FROM articles_citation", []))
    assert faults() == [
        "Version 1 of poems-syndrome/prognosis: its text does not match its digest.",
        "Version 1 of poems-syndrome/prognosis: it was saved with 1 sources and has 0.",
    ]


def test_a_text_changed_together_with_its_digest_is_named_by_its_review(client: Client) -> None:
    publication = make.publication()
    other = make.revision(make.article("survival"), short_answer="Sly words.")
    tamper(
        (
            "UPDATE articles_revision SET short_answer = %s, digest = %s WHERE id = %s",
            [other.short_answer, other.digest, publication.review.revision_id],
        )
    )
    assert faults() == [f"{named(publication.review)}its digest is not that of the text."]
    assert client.get(publication.article.get_absolute_url()).status_code == 503


def test_a_changed_digest_of_a_review_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_review SET digest = %s", ["0" * 64]))
    assert faults() == [f"{named(review)}its digest is not that of the text."]


def test_a_review_moved_to_another_version_is_named() -> None:
    review = make.review()
    other = make.revision(review.revision.article, body="Never read [1](#source-1).")
    tamper(("UPDATE reviews_review SET revision_id = %s, digest = %s", [other.pk, other.digest]))
    assert f"{named(review)}it answers a request for another version." in faults()


# way 4
def test_a_review_given_to_the_author_is_named() -> None:
    wanda = people.clinician("Wanda", "Authors")
    review = make.publication(make.review(make.revision(by=wanda.user))).review
    tamper(("UPDATE reviews_review SET reviewer_id = %s", [wanda.pk]))
    assert faults() == [
        f"{named(review)}the reviewer wrote a part of the text.",
        f"{named(review)}it rests on the credential of another person.",
    ]


# way 4
def test_a_reviewer_who_became_the_author_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_reviewer SET user_id = %s WHERE id = %s", [people.author().pk, review.reviewer_id]))
    assert f"{named(review)}the reviewer wrote a part of the text." in faults()


def test_a_removed_contributor_is_named() -> None:
    review = make.publication().review
    tamper(("DELETE FROM reviews_reviewcontributor", []))
    assert faults() == [f"{named(review)}its contributors are not those who wrote the text."]


def test_an_added_contributor_is_named() -> None:
    review = make.publication().review
    tamper(
        (
            "INSERT INTO reviews_reviewcontributor (review_id, user_id) VALUES (%s, %s)",
            [review.pk, people.second_author().pk],
        )
    )
    assert faults() == [f"{named(review)}its contributors are not those who wrote the text."]


def test_an_exchanged_contributor_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_reviewcontributor SET user_id = %s", [people.second_author().pk]))
    assert ReviewContributor.objects.get().user == people.second_author()
    assert faults() == [f"{named(review)}its contributors are not those who wrote the text."]


# way 6
def test_a_check_of_another_person_is_named() -> None:
    review = make.publication().review
    other = CredentialCheck.objects.get(credential__reviewer=people.clinician("Dora"))
    tamper(("UPDATE reviews_review SET credential_check_id = %s", [other.pk]))
    assert faults() == [f"{named(review)}it rests on the credential of another person."]


def test_a_check_by_the_reviewer_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_credentialcheck SET checked_by_id = %s", [review.reviewer.user_id]))
    assert faults() == [f"{named(review)}the reviewer checked their own credential."]


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("valid_from = %s", lambda day: day + DAY),
        ("valid_from = valid_until, valid_until = %s", lambda day: day + 999 * DAY),
        ("revoked = %s, valid_until = NULL", lambda day: True),
    ],
)
def test_a_check_that_does_not_hold_on_the_signing_day_is_named(
    change: str, value: Callable[[dt.date], object]
) -> None:
    review = make.publication().review
    tamper((f"UPDATE reviews_credentialcheck SET {change}", [value(review.signed_on)]))
    assert faults() == [f"{named(review)}the credential was not checked as valid on the signing day."]


# way 22
def test_a_signing_day_after_the_recording_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_review SET signed_on = %s", [review.signed_on + 2 * DAY]))
    assert faults() == [f"{named(review)}it was signed after it was recorded."]


def test_an_approval_without_end_or_beyond_thirty_six_months_is_named() -> None:
    review = make.publication().review
    tamper(("UPDATE reviews_review SET next_due = %s", [review.signed_on + 1200 * DAY]))
    assert faults() == [f"{named(review)}its next review is not due within 36 months of the signing day."]


# way 31
def test_changes_that_rest_on_another_page_or_on_no_approval_are_named() -> None:
    first = make.review()
    second = changed(first, scope=Review.Scope.CHANGES_ONLY)
    other = make.review(make.revision(make.article("survival")))
    refused = sent_back("diet")
    update = "UPDATE reviews_review SET base_id = %s WHERE id = %s"
    tamper((update, [other.pk, second.pk]))
    assert faults() == [f"{named(second)}it rests on an approval of another page, or does not end with it."]
    tamper((update, [refused.pk, second.pk]))
    assert faults() == [f"{named(second)}it rests on no whole-page approval."]
    tamper((update, [second.pk, second.pk]))
    assert faults() == [f"{named(second)}it rests on no whole-page approval."]


def test_changes_that_outlive_the_approval_under_them_are_named() -> None:
    first = make.review()
    second = changed(first, scope=Review.Scope.CHANGES_ONLY)
    assert second.next_due is not None
    tamper(("UPDATE reviews_review SET next_due = %s WHERE id = %s", [second.next_due + DAY, second.pk]))
    assert faults() == [f"{named(second)}it rests on an approval of another page, or does not end with it."]


def test_a_publication_moved_to_a_review_that_does_not_approve_is_named() -> None:
    publication = make.publication()
    request = make.request(publication.review.revision)
    refused = request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")
    tamper(("UPDATE reviews_publication SET review_id = %s", [refused.pk]))
    assert faults() == [f"{named(publication)}its review does not approve."]


def test_a_text_sent_back_and_turned_into_an_approval_is_named() -> None:
    refused = sent_back("prognosis")
    tamper(
        (
            "UPDATE reviews_review SET decision = 'approved', next_due = %s, private_note = ''",
            [refused.signed_on + 365 * DAY],
        )
    )
    assert len(faults()) == 1
    assert faults()[0].startswith(named(refused))


# way 7
def test_a_publication_moved_to_another_article_is_named() -> None:
    publication, other = make.publication(), make.article("survival")
    tamper(("UPDATE reviews_publication SET article_id = %s", [other.pk]))
    assert faults() == [f"{named(publication)}its review is of another article."]
    back = publication.review.revision.article_id
    elsewhere = make.review(make.revision(other))
    tamper(("UPDATE reviews_publication SET article_id = %s, review_id = %s", [back, elsewhere.pk]))
    assert faults() == [f"{named(publication)}its review is of another article."]


# way 6
def test_a_publication_after_a_revocation_is_named() -> None:
    publication = make.publication(make.review(signed_on=make.today() - 30 * DAY))
    credential = publication.review.credential_check.credential
    credential.revoke(by=people.registrar(), from_day=make.today() - 9 * DAY, why="Struck off.")
    assert faults() == []
    tamper(("UPDATE reviews_credentialcheck SET recorded_at = %s", [publication.published_at - DAY]))
    assert faults() == [f"{named(publication)}the reviewer's credential had been revoked."]


def test_each_fault_of_many_pages_is_named() -> None:
    rows = full_record()
    tamper(
        ("UPDATE articles_revision SET html = %s WHERE id = %s", ["", rows["first"].revision_id]),
        ("DELETE FROM reviews_reviewcontributor WHERE review_id = %s", [rows["second"].pk]),
    )
    found = faults()
    assert len(found) == 2
    assert found[0] == "Version 1 of poems-syndrome/prognosis: its text does not match its digest."
    assert found[1] == f"{named(rows['second'])}its contributors are not those who wrote the text."


def test_absent_guards_are_named_one_by_one() -> None:
    make.publication()
    connection.check_constraints()
    guards.drop()
    found = faults()
    assert "The guard reviewer_is_not_author is missing from the database." in found
    assert len(found) == len([guard for guard in guards.registered() if guard.create(connection.vendor)])
