"""Each constraint of the reviews refuses in the database, by its name."""

import datetime as dt
from pathlib import Path

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from reviews.models import (
    Checklist,
    CredentialCheck,
    LedgerEntry,
    Publication,
    Review,
    ReviewContributor,
    ReviewRequest,
    Withdrawal,
)
from tests import make, people
from tests.database import refused_by, sqlite

from .lies import (
    DAY,
    alone,
    changes_row,
    check_of,
    check_row,
    credential_of,
    entry_row,
    publication_row,
    review_row,
    withdrawal_row,
    without,
)

pytestmark = [pytest.mark.django_db, pytest.mark.owner]


def test_a_credential_number_is_one_persons() -> None:
    credential_of(people.clinician(), "N1")
    with refused_by("one_person_a_credential_number"):
        credential_of(people.clinician("Dora"), "n1")


def test_a_credential_number_has_no_blanks() -> None:
    with refused_by("credential_number_has_no_blanks"):
        credential_of(people.clinician(), "N 1")


@pytest.mark.parametrize(
    ("revoked", "ends"), [(True, 9), (False, None), (False, -1)], ids=["revoked with an end", "no end", "ends before"]
)
def test_a_check_has_dates_or_revokes(revoked: bool, ends: int | None) -> None:
    valid_until = None if ends is None else make.today() + ends * DAY
    with refused_by("check_has_dates_or_revokes"):
        CredentialCheck.objects.create(**check_row(revoked=revoked, valid_until=valid_until))


def test_a_version_has_one_open_request() -> None:
    request = make.request()
    copy = ReviewRequest(revision=request.revision, kind="new", asked_by=people.author(), due_on=make.today())
    with refused_by("one_open_request_a_version|reviews_reviewrequest.revision_id"):
        copy.save()
    request.take_back(by=people.author())
    copy.save()


def test_a_claim_has_who_and_when() -> None:
    rows = ReviewRequest.objects.filter(pk=make.request().pk)
    with refused_by("claim_has_who_and_when"):
        rows.update(claimed_by=people.clinician())
    with refused_by("claim_has_who_and_when"):
        rows.update(claimed_at=dt.datetime.now(dt.UTC))


def test_closing_has_who_when_and_outcome() -> None:
    rows = ReviewRequest.objects.filter(pk=make.request().pk)
    whole = {"closed_at": dt.datetime.now(dt.UTC), "closed_by": people.author(), "outcome": "back"}
    for missing, empty in [("closed_at", None), ("closed_by", None), ("outcome", ""), ("outcome", "other")]:
        with refused_by("closing_has_who_when_and_outcome"):
            rows.update(**{**whole, missing: empty})
    rows.update(**whole)


def test_a_decision_is_one_of_two() -> None:
    with refused_by("decision_is_known|approval_has_an_end|changes_have_a_reason"):
        Review.objects.create(**review_row(decision="maybe", private_note="Perhaps."))


def test_a_review_of_changes_only_names_what_it_rests_on_and_another_does_not() -> None:
    base = make.review()
    with refused_by("changes_only_rests_on_a_whole_page"):
        Review.objects.create(**changes_row(base, base=None))
    row = changes_row(make.review(make.revision(make.article("survival"))), scope="whole")
    with refused_by("changes_only_rests_on_a_whole_page"):
        Review.objects.create(**row)


def test_an_approval_has_an_end_and_a_text_sent_back_has_none() -> None:
    row = review_row()
    for next_due in (None, row["signed_on"], row["signed_on"] - DAY):
        with refused_by("approval_has_an_end"):
            Review.objects.create(**{**row, "next_due": next_due})
    with refused_by("approval_has_an_end"):
        Review.objects.create(**{**row, "decision": "changes", "private_note": "Too long."})


def test_a_text_sent_back_has_a_reason() -> None:
    with refused_by("changes_have_a_reason"):
        Review.objects.create(**review_row(decision="changes", next_due=None))


def test_a_request_has_one_review() -> None:
    review = make.review()
    alone("", "reviews_review")
    with refused_by("reviews_review.request_id|reviews_review_request_id_key"):
        Review.objects.create(**{**review_row(review.revision), "request": review.request})


def test_a_checklist_has_points() -> None:
    with refused_by("checklist_has_points"):
        Checklist.objects.create(points="", written_by=people.publisher())


def test_a_contributor_stands_once_in_a_review() -> None:
    row = make.review().contributors.get()
    without("reviews_reviewcontributor_refuses_replace")
    with refused_by("contributor_once_a_review|reviews_reviewcontributor.review_id, reviews_reviewcontributor.user_id"):
        ReviewContributor.objects.create(review=row.review, user=row.user)


def test_an_article_has_one_publication_an_hour() -> None:
    hour = dt.datetime.now(dt.UTC) + 2 * DAY
    publication = make.publication(live_from=hour)
    without("reviews_publication_refuses_replace")
    with refused_by(
        "one_publication_an_hour_of_an_article|reviews_publication.article_id, reviews_publication.live_from"
    ):
        Publication.objects.create(**publication_row(publication.review, live_from=hour))


def test_a_publication_is_withdrawn_once() -> None:
    withdrawal = Withdrawal.objects.create(**withdrawal_row())
    without("reviews_withdrawal_refuses_replace")
    with refused_by("reviews_withdrawal.publication_id|reviews_withdrawal_publication_id_key"):
        Withdrawal.objects.create(publication=withdrawal.publication, by=people.publisher(), why="Again.")


def test_nothing_goes_live_in_the_past() -> None:
    with refused_by("nothing_goes_live_in_the_past"):
        Publication.objects.create(**publication_row(live_from=dt.datetime.now(dt.UTC) - DAY))


def test_a_withdrawal_has_a_reason() -> None:
    with refused_by("withdrawal_has_a_reason"):
        Withdrawal.objects.create(**withdrawal_row(why=""))


def test_a_decision_is_entered_once() -> None:
    check_of(people.clinician())
    last = LedgerEntry.objects.get()
    again = entry_row(kind=last.kind, decision=last.decision)
    alone("ledger_entry_follows_the_last", "reviews_ledgerentry")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        again.save(force_insert=True)
    assert sqlite() or "decision_once_in_the_ledger" in str(refused.value)


def test_every_constraint_is_named_in_a_test_and_stands_in_the_database() -> None:
    here = "".join(file.read_text() for file in Path(__file__).parent.glob("test_*.py"))
    for model in apps.get_app_config("reviews").get_models():
        with connection.cursor() as cursor:
            standing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        for constraint in model._meta.constraints:
            assert constraint.name in standing
            assert f'"{constraint.name}' in here
