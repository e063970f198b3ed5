"""The ledger seals every decision with the one before, so that what a restore lost can be named (way 14)."""

import datetime as dt
import logging
import threading
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.db.models.functions import Now

from accounts.models import Letter
from accounts.refusals import Refusal
from pages.models import Job
from reviews import record
from reviews.models import CredentialCheck, LedgerEntry, Publication, Review, Withdrawal
from reviews.models.ledger import FORMS, NEWEST_FORM, seal
from tests import make, people
from tests.database import tamper, wait_for_a_lock

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

DECISIONS: list[type[models.Model]] = [CredentialCheck, Review, Publication, Withdrawal]


def a_round() -> Withdrawal:
    """A page published, replaced, scheduled and withdrawn."""
    publication = make.publication()
    request = make.request(make.revision(publication.article, body="Other words [1](#source-1)."))
    request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too short.")
    withdrawal = publication.withdraw(by=people.publisher(), why="It is wrong.")
    people.clinician().credentials.get().revoke(by=people.registrar(), from_day=make.today(), why="Left.")
    return withdrawal


def faults() -> list[str]:
    return [fault for fault in record.faults() if "ledger" in fault.lower()]


def command(*arguments: str) -> str:
    printed = StringIO()
    call_command("verify_record", *arguments, stdout=printed)
    return printed.getvalue()


def test_every_decision_is_entered_once_in_the_order_in_which_it_was_made() -> None:
    a_round()
    entries = list(LedgerEntry.objects.order_by("pk"))
    assert [entry.pk for entry in entries] == list(range(1, len(entries) + 1))
    assert [entry.kind for entry in entries] == [
        "credentialcheck",
        "review",
        "publication",
        "review",
        "withdrawal",
        "credentialcheck",
    ]
    assert {(entry.kind, entry.decision) for entry in entries} == {
        (model._meta.model_name, pk) for model in DECISIONS for pk in model._base_manager.values_list("pk", flat=True)
    }
    assert list(record.faults()) == []


def test_every_field_of_a_decision_is_sealed() -> None:
    for model in DECISIONS:
        kind = model._meta.model_name or ""
        fields = {field.attname for field in model._meta.concrete_fields}
        assert fields <= set(FORMS[kind, NEWEST_FORM[kind]])


def test_the_seal_of_a_decision_is_the_same_for_ever() -> None:
    publication = Publication(
        id=5,
        article_id=7,
        review_id=11,
        published_by_id=13,
        published_at=dt.datetime(2026, 11, 22, 9, 30, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        live_from=dt.datetime(2026, 11, 22, 7, 30, 0, 25, tzinfo=dt.UTC),
    )
    assert seal(publication, 1) == "7abb0058bb1f6ddf8ec2664eb7c567642e63ae1e19fdf16ce3f6b4ef80b61178"
    entry = LedgerEntry(pk=3, kind="publication", form=1, decision=5, sealed="a" * 64, previous="b" * 64)
    assert entry.recompute() == "aaf9a811db28c689de36aefc0001a7528eedfeaec136c32c9e0ef65b0665b023"


def test_a_decision_that_fails_leaves_no_entry() -> None:
    review = make.review()
    before = LedgerEntry.objects.head()
    with transaction.atomic():
        review.publish(by=people.publisher())
        transaction.set_rollback(True)
    assert LedgerEntry.objects.head() == before


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ("UPDATE reviews_withdrawal SET why = 'Something else'", "it is not what the ledger sealed"),
        ("UPDATE reviews_ledgerentry SET sealed = '00' WHERE kind = 'withdrawal'", "it does not match its digest"),
        ("DELETE FROM reviews_withdrawal", "the withdrawal is gone"),
        ("DELETE FROM reviews_ledgerentry WHERE kind = 'withdrawal'", "it does not follow entry 4"),
    ],
)
def test_a_withdrawal_that_is_changed_or_removed_behind_the_guards_is_named(changed: str, fault: str) -> None:
    a_round()
    tamper(changed)
    assert any(fault in found for found in faults())


def test_contributors_are_sealed_with_their_review() -> None:
    review = make.review()
    tamper("DELETE FROM reviews_reviewcontributor")
    assert [fault for fault in faults() if "not what the ledger sealed" in fault and f"Review {review.pk}" in fault]


def test_a_decision_written_past_the_verbs_is_named() -> None:
    review = make.review()
    publication = Publication.objects.create(
        article=review.revision.article, review=review, published_by=people.publisher()
    )
    (fault,) = record.faults()
    assert fault == f"Publication {publication.pk} ({Publication.objects.get()}): it is not in the ledger."


@pytest.mark.parametrize("lie", [{"pk": 1}, {"pk": 9}, {"previous": ""}, {"previous": "c" * 64}, {"pk": -1}])
def test_the_database_refuses_an_entry_that_does_not_follow_the_last(lie: dict[str, Any]) -> None:
    review = make.review()
    publication = Publication.objects.create(
        article=review.revision.article, review=review, published_by=people.publisher()
    )
    last = LedgerEntry.objects.latest("pk")
    entry = {"kind": "publication", "form": 1, "decision": publication.pk, "sealed": "d" * 64, "digest": "e" * 64}
    lawful = {"pk": last.pk + 1, "previous": last.digest, **entry}
    with pytest.raises(IntegrityError), transaction.atomic():
        LedgerEntry.objects.create(**{**lawful, **lie})
    LedgerEntry.objects.create(**lawful)


# What a restore lost


def test_the_head_that_was_kept_says_which_decisions_are_missing() -> None:
    publication = make.publication()
    yesterday = LedgerEntry.objects.head()
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    head = LedgerEntry.objects.head()
    assert list(record.missing_since(yesterday)) == list(record.missing_since(head)) == []
    # The backup is restored: the page is public again.
    tamper("DELETE FROM reviews_withdrawal")
    tamper("DELETE FROM reviews_ledgerentry WHERE kind = 'withdrawal'")
    assert Publication.objects.live().exists()
    assert list(record.faults()) == []
    (fault,) = record.missing_since(head)
    number = head.split(":")[0]
    assert fault.startswith(f"Decisions {number} to {number} of the ledger are missing; the last one here is of ")
    with pytest.raises(CommandError, match="1 faults"):
        command("--head", head)
    assert f"Last entry of the ledger: {yesterday}" in command("--head", yesterday)


def test_another_decision_in_the_place_of_a_lost_one_is_found() -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    head = LedgerEntry.objects.head()
    tamper("DELETE FROM reviews_withdrawal")
    tamper("DELETE FROM reviews_ledgerentry WHERE kind = 'withdrawal'")
    publication.withdraw(by=people.publisher(), why="Another reason.")
    (fault,) = record.missing_since(head)
    assert fault == (
        f"{LedgerEntry.objects.first()} is not the one that was kept: the record from there on, or before, is another."
    )


def test_before_the_first_decision_everything_is_missing() -> None:
    assert LedgerEntry.objects.head() == "0:"
    (fault,) = record.missing_since(f"2:{'a' * 64}")
    assert fault.startswith("Decisions 1 to 2 of the ledger are missing; this database holds none.")


def test_the_head_of_an_empty_ledger_lacks_nothing() -> None:
    assert f"Last entry of the ledger: {LedgerEntry.objects.head()}" in command("--head", LedgerEntry.objects.head())


@pytest.mark.parametrize("head", ["x", "3", "3:abc", ":", "٣:" + "a" * 64, "3:" + "A" * 64])
def test_a_head_that_is_none_is_named(head: str) -> None:
    with pytest.raises(CommandError, match="is no entry of a ledger"):
        command("--head", head)


# Where it is kept


def test_the_log_names_each_decision_once_it_stands(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    caplog.set_level(logging.INFO, "reviews.models.ledger")
    with django_capture_on_commit_callbacks(execute=True):
        publication = make.publication()
        assert not caplog.messages
    head = LedgerEntry.objects.head()
    assert caplog.messages[-1].startswith(f"Ledger {head}: publication {publication.pk}, ")
    assert "poems-syndrome/prognosis" in caplog.messages[-1]


def test_the_operators_letter_brings_the_head_each_day_once(settings: LazySettings) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.org", "trustee@example.org"]
    make.publication()
    for _ in range(2):
        Job.objects.all().delete()
        call_command("run_due", stdout=StringIO())
    letters = Letter.objects.filter(subject__contains="record")
    assert sorted(letter.to for letter in letters) == ["ops@example.org", "trustee@example.org"]
    for letter in letters:
        assert "the record holds" in letter.subject
        assert f"verify_record --head {LedgerEntry.objects.head()}\n" in letter.body


def test_the_operators_letter_names_each_fault(settings: LazySettings) -> None:
    settings.OPERATOR_EMAILS = ["ops@example.org"]
    make.publication().withdraw(by=people.publisher(), why="It is wrong.")
    tamper("UPDATE reviews_withdrawal SET why = 'Something else'")
    call_command("run_due", stdout=StringIO())
    letter = Letter.objects.get(to="ops@example.org")
    assert "the record has faults" in letter.subject
    assert "it is not what the ledger sealed." in letter.body


# At once


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_no_page_is_published_on_a_credential_that_is_being_revoked() -> None:
    review = make.review()
    credential, by, registrar = review.credential_check.credential, people.publisher(), people.registrar()
    outcome: list[object] = []

    def publish() -> None:
        try:
            outcome.append(review.publish(by=by))
        except Refusal as refusal:
            outcome.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=publish)
    with transaction.atomic():
        credential.revoke(by=registrar, from_day=make.today(), why="Struck off.")
        thread.start()
        wait_for_a_lock()
    thread.join()
    assert "The credential of Clara Test, MD was revoked" in str(outcome[0])
    assert not Publication.objects.exists()
    assert list(record.faults()) == []


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_decisions_made_at_once_follow_each_other() -> None:
    people.registrar()
    reviews = [make.review(make.revision(make.article(f"page-{number}"))) for number in range(8)]
    by, together = people.publisher(), threading.Barrier(len(reviews))
    problems: list[Exception] = []

    def publish(review: Review) -> None:
        try:
            together.wait()
            review.publish(by=by)
        except Exception as problem:  # noqa: BLE001  whatever it is, the test names it
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=publish, args=(review,)) for review in reviews]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert Publication.objects.filter(live_from__lte=Now()).count() == len(reviews)
    assert list(record.faults()) == []
