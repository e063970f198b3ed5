"""The database refuses each lie about a review, whatever way round the verbs, by the name of its guard."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from reviews.guards import GUARDS, NEVER_CHANGING
from reviews.models import (
    Checklist,
    Credential,
    CredentialCheck,
    LedgerEntry,
    Publication,
    Review,
    ReviewContributor,
    Reviewer,
    ReviewRequest,
    Withdrawal,
)
from tests import make, people
from tests.database import refused_by, sql

from .lies import (
    DAY,
    alone,
    changes_row,
    check_of,
    check_row,
    credential_of,
    entry_row,
    later,
    publication_row,
    put,
    raw,
    recursive_triggers,
    review_row,
    revoke,
    sent_back,
    stored,
    withdrawal_row,
    without,
)

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


def test_guards_let_every_row_through_that_is_no_lie() -> None:
    review = Review.objects.create(**review_row())
    ReviewContributor.objects.create(review=review, user=people.author())
    publication = Publication.objects.create(**publication_row(review))
    Withdrawal.objects.create(publication=publication, by=people.publisher(), why="It is wrong.")
    CredentialCheck.objects.create(**check_row())
    Review.objects.create(**changes_row(review))
    connection.check_constraints()


def test_every_guard_is_named_in_a_test() -> None:
    here = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    generated = {
        f"{model._meta.db_table}_refuses_{way}"
        for model in NEVER_CHANGING
        for way in ("update", "delete", "truncate", "replace")
    } | {f"reviews_{noun}_refuses_replace" for noun in ("reviewer", "credential", "reviewrequest")}
    assert [guard.name for guard in GUARDS if guard.name not in generated and f'"{guard.name}"' not in here] == []


@pytest.mark.parametrize("days", [-2, 2])
def test_a_recording_time_is_the_databases_own(days: int) -> None:
    moment = dt.datetime.now(dt.UTC) + days * DAY
    with refused_by("reviews_credentialcheck_recorded_at_is_now"):
        CredentialCheck.objects.create(**check_row(recorded_at=moment))
    with refused_by("reviews_review_recorded_at_is_now"):
        Review.objects.create(**review_row(recorded_at=moment))
    with refused_by("reviews_publication_published_at_is_now"):
        Publication.objects.create(**publication_row(published_at=moment, live_from=moment + 9 * DAY))
    with refused_by("reviews_withdrawal_at_is_now"):
        Withdrawal.objects.create(**withdrawal_row(at=moment))
    with refused_by("reviews_checklist_written_at_is_now"):
        Checklist.objects.create(points="Old.", written_by=people.publisher(), written_at=moment)
    make.review()
    alone("reviews_ledgerentry_recorded_at_is_now", "reviews_ledgerentry")
    with refused_by("reviews_ledgerentry_recorded_at_is_now"):
        LedgerEntry.objects.create(pk=99, kind="x", form=1, decision=1, previous="p", recorded_at=moment)


# People and their credentials


def test_a_reviewer_does_not_become_another_person() -> None:
    clara = people.clinician()
    with refused_by("reviewer_keeps_the_person"):
        Reviewer.objects.filter(pk=clara.pk).update(user=people.author())
    with refused_by("reviewer_keeps_the_person"):
        sql("UPDATE reviews_reviewer SET user_id = %s", people.author().pk)
    Reviewer.objects.filter(pk=clara.pk).update(name="Clara Married")


def exchange(row: models.Model, values: dict[str, Any]) -> None:
    """Delete a row and write another with its id before the transaction ends and foreign keys are checked."""
    with transaction.atomic():
        sql(f"DELETE FROM {row._meta.db_table} WHERE id = %s", row.pk)
        put(row._meta.db_table, values)
        connection.check_constraints()


def test_a_reviewer_who_signed_is_not_exchanged_for_another_person() -> None:
    clara = make.review().reviewer
    values = {**raw(clara), "user_id": people.author().pk}
    with refused_by("reviewer_is_never_deleted"):
        exchange(clara, values)
    for _ in recursive_triggers():
        with pytest.raises(IntegrityError), transaction.atomic():
            put("reviews_reviewer", values)
    assert Reviewer.objects.get(pk=clara.pk).user_id == clara.user_id


def test_a_checked_credential_is_kept() -> None:
    row = check_of(people.clinician()).credential
    with refused_by("checked_credential_is_kept_on_update"):
        Credential.objects.filter(pk=row.pk).update(reviewer=people.clinician("Dora"))
    with refused_by("checked_credential_is_kept_on_update"):
        sql("UPDATE reviews_credential SET number = 'N2'")
    with pytest.raises(ProtectedError):
        row.delete()
    with refused_by("checked_credential_is_kept_on_delete"):
        Credential.objects.filter(pk=row.pk)._raw_delete("default")
    with refused_by("checked_credential_is_kept_on_delete"):
        sql("DELETE FROM reviews_credential WHERE id = %s", row.pk)


def test_a_checked_credential_is_not_replaced() -> None:
    row = check_of(people.clinician()).credential
    values = {**raw(row), "number": "N2"}
    with pytest.raises(IntegrityError):
        exchange(row, values)
    for _ in recursive_triggers():
        with pytest.raises(IntegrityError), transaction.atomic():
            put("reviews_credential", values)
    assert Credential.objects.get(pk=row.pk).number == row.number


# way 5
def test_nobody_checks_their_own_credential() -> None:
    clara = people.clinician()
    with refused_by("checker_is_not_the_reviewer"):
        CredentialCheck.objects.create(**check_row(checked_by=clara.user))
    with refused_by("checker_is_not_the_reviewer"):
        CredentialCheck.objects.bulk_create(
            [
                CredentialCheck(
                    **check_row(
                        credential=credential_of(clara, "N2"), checked_by=clara.user, revoked=True, valid_until=None
                    )
                )
            ]
        )


def test_a_check_is_not_from_a_day_to_come() -> None:
    with refused_by("check_is_not_from_the_future"):
        CredentialCheck.objects.create(**check_row(checked_on=make.today() + 2 * DAY))


# The queue


@pytest.mark.parametrize("field", ["revision", "asked_by", "asked_at", "kind", "note"])
def test_what_was_asked_is_not_changed(field: str) -> None:
    request = make.request()
    other = {
        "revision": make.revision(make.article("survival")),
        "asked_by": people.second_author(),
        "asked_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
        "kind": "again",
        "note": "Another note.",
    }
    with refused_by("request_keeps_what_was_asked"):
        ReviewRequest.objects.filter(pk=request.pk).update(**{field: other[field]})
    ReviewRequest.objects.filter(pk=request.pk).update(due_on=make.today())


def test_a_closed_request_stays_closed() -> None:
    request = make.review().request
    with refused_by("closed_request_stays_closed"):
        ReviewRequest.objects.filter(pk=request.pk).update(closed_at=None, closed_by=None, outcome="")
    with refused_by("closed_request_stays_closed"):
        ReviewRequest.objects.filter(pk=request.pk).update(outcome="changes")
    with refused_by("closed_request_stays_closed"):
        sql("UPDATE reviews_reviewrequest SET closed_by_id = %s", people.author().pk)
    with refused_by("closed_request_stays_closed"):
        sql("UPDATE reviews_reviewrequest SET id = id + 1000")


def test_a_request_is_never_deleted() -> None:
    request = make.request()
    rows = ReviewRequest.objects.filter(pk=request.pk)
    with refused_by("request_is_never_deleted"):
        request.delete()
    with refused_by("request_is_never_deleted"):
        rows.delete()
    with refused_by("request_is_never_deleted"):
        rows._raw_delete("default")
    with refused_by("request_is_never_deleted"):
        sql("DELETE FROM reviews_reviewrequest")
    assert rows.exists()


@pytest.mark.parametrize("closed", [False, True])
def test_a_request_is_not_replaced(closed: bool) -> None:
    request = make.request()
    if closed:
        request.take_back(by=people.author())
    before, values = stored(request), {**raw(request), "note": "Another note."}
    with pytest.raises(IntegrityError):
        exchange(request, values)
    for _ in recursive_triggers():
        with pytest.raises(IntegrityError), transaction.atomic():
            put("reviews_reviewrequest", values)
    assert stored(request) == before


@pytest.mark.postgresql
def test_the_queue_is_never_truncated() -> None:
    make.request()
    connection.check_constraints()
    with refused_by("requests_are_never_truncated"):
        sql("TRUNCATE reviews_reviewrequest CASCADE")


# Reviews


# ways 1 and 2
def test_a_review_bears_the_digest_of_its_text() -> None:
    with refused_by("review_bears_the_digest"):
        Review.objects.create(**review_row(digest="0" * 64))


def test_a_review_does_not_bear_the_digest_of_another_version() -> None:
    newer = later(make.review().revision.article)
    row = review_row(make.revision(make.article("survival")))
    with refused_by("review_bears_the_digest"):
        Review.objects.bulk_create([Review(**{**row, "digest": newer.digest})])


# way 7
def test_a_review_answers_a_request_for_its_own_version() -> None:
    other = make.request(make.revision(make.article("survival")))
    with refused_by("review_answers_its_request"):
        Review.objects.create(**review_row(request=other))


def test_a_review_answers_no_closed_request() -> None:
    row = review_row()
    row["request"].take_back(by=people.author())
    with refused_by("review_answers_its_request"):
        Review.objects.create(**row)


# way 4
def test_nobody_reviews_their_own_words() -> None:
    wanda = people.clinician("Wanda", "Authors")
    row = review_row(make.revision(by=wanda.user), by=wanda)
    with pytest.raises(IntegrityError, match="reviewer_is_not_"), transaction.atomic():
        Review.objects.create(**row)
    without("reviewer_is_not_contributor")
    with refused_by("reviewer_is_not_author"):
        Review.objects.create(**row)
    with refused_by("reviewer_is_not_author"):
        Review.objects.bulk_create([Review(**row)], ignore_conflicts=True)


# way 4
@pytest.mark.parametrize("first", ["unread", "sent back", "changes only", "revoked"])
def test_nobody_reviews_a_text_they_had_a_part_in(first: str) -> None:
    """Wanda wrote a version before this one, and no whole-page approval that still counts lies between."""
    wanda, dora = people.clinician("Wanda", "Authors"), people.clinician("Dora")
    page = make.review(by=dora).revision.article
    hers = later(page, by=wanda.user)
    if first == "sent back":
        make.request(hers).ask_for_changes(by=dora.user, digest=hers.digest, reason="Too long.")
    elif first == "changes only":
        make.review(hers, by=dora, scope=Review.Scope.CHANGES_ONLY)
    elif first == "revoked":
        make.review(hers, by=dora)
        revoke(dora, days=-5)
    with refused_by("reviewer_is_not_contributor"):
        Review.objects.create(**review_row(later(page), by=wanda))


def test_a_part_that_was_approved_as_a_whole_page_is_no_hindrance() -> None:
    wanda = people.clinician("Wanda", "Authors")
    page = make.review(make.revision(by=wanda.user)).revision.article
    assert Review.objects.create(**review_row(later(page), by=wanda)).pk


# way 6
def test_a_review_is_not_from_a_day_to_come() -> None:
    with refused_by("review_is_not_from_the_future"):
        Review.objects.create(**review_row(signed_on=make.today() + 2 * DAY))


# way 5
def test_a_check_of_another_person_does_not_serve() -> None:
    with refused_by("check_is_the_reviewers"):
        Review.objects.create(**review_row(credential_check=check_of(people.clinician("Dora"))))


def test_a_review_without_any_check_is_refused() -> None:
    with (
        pytest.raises(IntegrityError, match=r"check_is_the_reviewers|check_holds|credential_check_id"),
        transaction.atomic(),
    ):
        Review.objects.create(**review_row(credential_check=None))


# way 6
@pytest.mark.parametrize("day", ["before it begins", "after it ends"])
def test_a_check_holds_on_the_days_it_names_only(day: str) -> None:
    clara = people.clinician()
    row, today = review_row(by=clara), make.today()
    if day == "before it begins":
        row["signed_on"] = check_of(clara).valid_from - DAY
    else:
        row["credential_check"] = check_of(clara).credential.record_check(
            by=people.registrar(), valid_from=today - 9 * DAY, valid_until=today - 2 * DAY
        )
    with refused_by("check_holds_on_the_signing_day"):
        Review.objects.create(**row)


# way 6
@pytest.mark.parametrize("days", [-3, 0])
def test_a_revoked_check_does_not_hold_from_that_day_on(days: int) -> None:
    clara = people.clinician()
    row = review_row(by=clara, signed_on=make.today() + days * DAY)
    revoke(clara, days=-3)
    with refused_by("check_holds_on_the_signing_day"):
        Review.objects.create(**row)
    Review.objects.create(**{**row, "signed_on": make.today() - 4 * DAY})


def test_a_revocation_is_no_check() -> None:
    clara = people.clinician()
    row = review_row(by=clara)
    revoke(clara, days=5)
    with refused_by("check_holds_on_the_signing_day"):
        Review.objects.create(**{**row, "credential_check": check_of(clara)})


@pytest.mark.parametrize("name", ["Somebody Else, MD", "Clara Test", ""])
def test_a_review_bears_the_name_of_its_reviewer(name: str) -> None:
    with refused_by("review_bears_the_reviewers_name"):
        Review.objects.create(**review_row(signed_as=name))


def test_a_reviewer_without_a_suffix_signs_with_the_name_alone() -> None:
    clara = people.clinician()
    Reviewer.objects.filter(pk=clara.pk).update(suffix="")
    assert Review.objects.create(**review_row(by=Reviewer.objects.get(pk=clara.pk))).signed_as == "Clara Test"


# way 31
def test_changes_rest_on_an_approval_of_the_same_article() -> None:
    other = make.review(make.revision(make.article("survival")))
    row = changes_row(make.review())
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**{**row, "base": other, "next_due": other.next_due})


def test_changes_do_not_rest_on_a_text_that_was_sent_back() -> None:
    base = sent_back()
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**changes_row(base, next_due=make.today() + 9 * DAY))


def test_changes_do_not_rest_on_a_review_of_changes_only() -> None:
    first = make.review()
    second = make.review(later(first.revision.article), scope=Review.Scope.CHANGES_ONLY)
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**changes_row(second))


def test_changes_do_not_rest_on_an_approval_of_the_same_version() -> None:
    base = make.review()
    row = review_row(base.revision, scope="changes", base=base, next_due=base.next_due)
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**row)


def test_changes_do_not_outlive_what_they_rest_on() -> None:
    base = make.review()
    assert base.next_due is not None
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**changes_row(base, next_due=base.next_due + DAY))


def test_changes_are_not_signed_before_what_they_rest_on() -> None:
    base = make.review()
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**changes_row(base, signed_on=base.signed_on - DAY))


def test_changes_do_not_rest_on_an_approval_that_was_revoked() -> None:
    dora = people.clinician("Dora")
    row = changes_row(make.review(by=dora))
    revoke(dora, days=0)
    with refused_by("changes_rest_on_a_whole_page_of_the_article"):
        Review.objects.create(**row)


# Contributors


def test_a_stranger_is_no_contributor() -> None:
    with refused_by("contributor_wrote_a_part"):
        ReviewContributor.objects.create(review=make.review(), user=people.second_author())


def test_an_author_of_an_earlier_approved_version_is_no_contributor() -> None:
    first = make.review(make.revision(by=people.second_author()))
    review = make.review(later(first.revision.article, by=people.author()))
    with refused_by("contributor_wrote_a_part"):
        ReviewContributor.objects.bulk_create([ReviewContributor(review=review, user=people.second_author())])


# way 4
def test_the_reviewer_is_never_a_contributor() -> None:
    """Even where an approval that lay between was revoked, so that an old part of hers counts again."""
    wanda, dora = people.clinician("Wanda", "Authors"), people.clinician("Dora")
    page = make.review(make.revision(by=wanda.user), by=dora).revision.article
    review = make.review(later(page), by=wanda)
    revoke(dora, days=-5)
    with refused_by("contributor_is_not_the_reviewer"):
        ReviewContributor.objects.create(review=review, user=wanda.user)


# Publications


def test_a_text_that_was_sent_back_is_not_published() -> None:
    review = sent_back()
    with refused_by("publication_needs_an_approval"):
        Publication.objects.create(**publication_row(review))
    with refused_by("publication_needs_an_approval"):
        Publication.objects.bulk_create([Publication(**publication_row(review))], ignore_conflicts=True)
    with refused_by("publication_needs_an_approval"):
        sql(
            "INSERT INTO reviews_publication (article_id, review_id, published_by_id, published_at, live_from) "
            "VALUES (%s, %s, %s, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP)",
            review.revision.article_id,
            review.pk,
            people.publisher().pk,
        )


# way 7
def test_an_approval_of_another_article_is_not_published_here() -> None:
    with refused_by("publication_is_of_its_article"):
        Publication.objects.create(**publication_row(article=make.article("survival")))


# ways 6 and 13
@pytest.mark.parametrize("days", [-30, 0, 30])
def test_an_approval_is_not_published_after_its_credential_was_revoked(days: int) -> None:
    row = publication_row()
    revoke(row["review"].reviewer, days=days)
    with refused_by("publication_rests_on_a_valid_credential"):
        Publication.objects.create(**row)


# The ledger


def test_an_entry_of_the_ledger_follows_the_last() -> None:
    with refused_by("ledger_entry_follows_the_last"):
        entry_row(previous="c" * 64).save(force_insert=True)


@pytest.mark.parametrize(
    "lie", [{"digest": ""}, {"sealed": "a"}, {"kind": "letter"}, {"decision": 10**6}, {"kind": "withdrawal"}]
)
def test_an_entry_of_the_ledger_seals_a_decision_that_is_there(lie: dict[str, Any]) -> None:
    with refused_by("ledger_entry_seals_a_decision"):
        entry_row(**lie).save(force_insert=True)
