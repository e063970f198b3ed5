"""The database refuses each lie about a review, each way round the verbs, with the name of the guard (ways 4 to 10)."""

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from accounts.models import User
from articles.models import Article, Revision
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
from tests.database import refused_by, sql, sqlite

pytestmark = [pytest.mark.django_db, pytest.mark.owner]

DAY = dt.timedelta(1)


def without(*names: str) -> None:
    """Take guards out for the rest of the test, so that another one is seen to refuse by itself."""
    connection.check_constraints()  # PostgreSQL alters no table with checks to come
    for guard in GUARDS:
        if guard.name in names:
            sql(f"DROP TRIGGER IF EXISTS {guard.name}" + ("" if sqlite() else f" ON {guard.table}"))


def alone(name: str, table: str) -> None:
    """Take every other guard of a table out for the rest of the test."""
    without(*(guard.name for guard in GUARDS if guard.table == table and guard.name != name))


def check_of(reviewer: Reviewer) -> CredentialCheck:
    return CredentialCheck.objects.filter(credential__reviewer=reviewer).latest("pk")


def revoke(reviewer: Reviewer, *, days: int) -> None:
    """Revoke a reviewer's credential with effect from so many days from today."""
    check_of(reviewer).credential.revoke(by=people.registrar(), from_day=make.today() + days * DAY, why="Struck off.")


def later(article: Article, *, by: User | None = None) -> Revision:
    """A changed text of the page."""
    return make.revision(article, by=by, body=f"Version {article.revisions.count() + 1} [1](#source-1).")


# Rows written round the verbs: lawful ones, so that a test changes one thing into a lie.


def review_row(of: Revision | None = None, by: Reviewer | None = None, **lie: Any) -> dict[str, Any]:
    request, reviewer = make.request(of), by or people.clinician()
    return {
        "revision": request.revision,
        "digest": request.revision.digest,
        "request": request,
        "reviewer": reviewer,
        "credential_check": check_of(reviewer),
        "decision": "approved",
        "scope": "whole",
        "signed_as": reviewer.signature,
        "signed_role": reviewer.specialty,
        "signed_on": make.today(),
        "next_due": make.today() + 365 * DAY,
        **lie,
    }


def changes_row(on: Review, **lie: Any) -> dict[str, Any]:
    """A review of the changes only, that rests on a whole-page approval."""
    row = review_row(later(on.revision.article), scope="changes", base=on, next_due=on.next_due)
    return {**row, **lie}


def sent_back() -> Review:
    request = make.request()
    return request.ask_for_changes(by=people.clinician().user, digest=request.revision.digest, reason="Too long.")


def publication_row(of: Review | None = None, **lie: Any) -> dict[str, Any]:
    review = of or make.review()
    return {"review": review, "article": review.revision.article, "published_by": people.publisher(), **lie}


def withdrawal_row(**lie: Any) -> dict[str, Any]:
    return {"publication": make.publication(), "by": people.publisher(), "why": "It is wrong.", **lie}


def credential_of(reviewer: Reviewer, number: str = "N1") -> Credential:
    """A credential that nobody has checked."""
    return Credential.objects.create(reviewer=reviewer, profession="Physician", register="R", number=number)


def check_row(**lie: Any) -> dict[str, Any]:
    day = make.today()
    return {
        "credential": credential_of(people.clinician()),
        "checked_by": people.registrar(),
        "checked_on": day,
        "valid_from": day,
        "valid_until": day + 9 * DAY,
        **lie,
    }


def test_guards_let_every_row_through_that_is_no_lie() -> None:
    review = Review.objects.create(**review_row())
    ReviewContributor.objects.create(review=review, user=people.author())
    publication = Publication.objects.create(**publication_row(review))
    Withdrawal.objects.create(publication=publication, by=people.publisher(), why="It is wrong.")
    CredentialCheck.objects.create(**check_row())
    Review.objects.create(**changes_row(review))
    connection.check_constraints()


def test_every_guard_is_named_in_a_test() -> None:
    here = Path(__file__).read_text()
    generated = {
        f"{model._meta.db_table}_refuses_{way}"
        for model in NEVER_CHANGING
        for way in ("update", "delete", "truncate", "replace")
    } | {f"reviews_{noun}_refuses_replace" for noun in ("reviewer", "credential", "reviewrequest")}
    assert [guard.name for guard in GUARDS if guard.name not in generated and f'"{guard.name}"' not in here] == []


# Rows that never change (ways 8 to 10 and 33)

MAKERS: dict[type[models.Model], Callable[[], models.Model]] = {
    Checklist: lambda: Checklist.objects.write("Every figure has a source.", by=people.publisher()),
    CredentialCheck: lambda: check_of(people.clinician()),
    Review: make.review,
    ReviewContributor: lambda: make.review().contributors.get(),
    Publication: make.publication,
    Withdrawal: lambda: make.publication().withdraw(by=people.publisher(), why="It is wrong."),
    LedgerEntry: lambda: LedgerEntry.objects.get(kind="credentialcheck", decision=check_of(people.clinician()).pk),
}
CHANGES: dict[type[models.Model], tuple[str, Any]] = {
    Checklist: ("points", "Other points."),
    CredentialCheck: ("why", "Another reason."),
    Review: ("public_note", "Another note."),
    ReviewContributor: ("user_id", 1),
    Publication: ("published_by_id", 1),
    Withdrawal: ("why", "Another reason."),
    LedgerEntry: ("kind", "publication"),
}
never_changing = pytest.mark.parametrize("model", NEVER_CHANGING, ids=lambda model: model.__name__)


def test_each_model_that_never_changes_is_tried() -> None:
    assert set(MAKERS) == set(CHANGES) == set(NEVER_CHANGING)


def stored(row: models.Model) -> dict[str, Any] | None:
    return type(row)._default_manager.filter(pk=row.pk).values().first()


@never_changing
def test_a_row_that_never_changes_refuses_every_update(model: type[models.Model]) -> None:
    row, (field, value) = MAKERS[model](), CHANGES[model]
    table, before = model._meta.db_table, stored(row)
    setattr(row, field, value)
    with refused_by(f"{table}_refuses_update"):
        row.save()
    with refused_by(f"{table}_refuses_update"):
        row.save(update_fields=[field])
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.filter(pk=row.pk).update(**{field: value})
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.bulk_update([row], [field])
    with refused_by(f"{table}_refuses_update"):
        model._default_manager.update_or_create(pk=row.pk, defaults={field: value})
    with refused_by(f"{table}_refuses_update"):
        sql(f"UPDATE {table} SET id = id")
    if sqlite():
        with refused_by(f"{table}_refuses_update"):
            sql(f"UPDATE OR REPLACE {table} SET id = id + 1000")
        with refused_by(f"{table}_refuses_update"):
            sql(f"UPDATE OR IGNORE {table} SET id = id + 1000")
    assert stored(row) == before


@never_changing
def test_a_row_that_never_changes_refuses_every_deletion(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, rows = model._meta.db_table, stored(row), model._default_manager.filter(pk=row.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    with pytest.raises(IntegrityError), transaction.atomic():
        model._default_manager.get(pk=row.pk).delete()
    with refused_by(f"{table}_refuses_delete"):
        rows._raw_delete("default")
    with refused_by(f"{table}_refuses_delete"):
        sql(f"DELETE FROM {table}")
    assert stored(row) == before


def recursive_triggers() -> Iterator[None]:
    """Once as the site connects; on SQLite then as a shell does that never heard of recursive_triggers."""
    yield
    if sqlite():
        sql("PRAGMA recursive_triggers = OFF")
        try:
            yield
        finally:
            sql("PRAGMA recursive_triggers = ON")


def raw(row: models.Model) -> dict[str, Any]:
    """The row as it is stored, by column."""
    columns = [field.attname for field in row._meta.local_fields]
    # Times are text on SQLite; read as times and written again they would not be the same text.
    words = ", ".join(f"CAST({column} AS text)" if sqlite() else column for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {words} FROM {row._meta.db_table} WHERE id = %s", [row.pk])
        return dict(zip(columns, cursor.fetchone(), strict=True))


def put(table: str, values: dict[str, Any]) -> None:
    """Write a row over whatever has its keys."""
    columns, marks = ", ".join(values), ", ".join(["%s"] * len(values))
    if sqlite():
        sql(f"INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})", *values.values())
    else:
        new = ", ".join(f"{column} = excluded.{column}" for column in values)
        sql(f"INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {new}", *values.values())


@never_changing
def test_a_row_that_never_changes_is_not_replaced(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, values = model._meta.db_table, stored(row), raw(row)
    alone(f"{table}_refuses_replace", table)
    for _ in recursive_triggers():
        with refused_by(f"{table}_refuses_replace"):
            put(table, values)
        with refused_by(f"{table}_refuses_replace"):
            model._default_manager.bulk_create(
                [row], update_conflicts=True, unique_fields=["id"], update_fields=[CHANGES[model][0]]
            )
        with refused_by(f"{table}_refuses_replace"):
            model._default_manager.bulk_create([row], ignore_conflicts=True)
    assert stored(row) == before


@pytest.mark.parametrize("model", NEVER_CHANGING[2:], ids=lambda model: model.__name__)
def test_a_row_that_never_changes_is_not_replaced_by_one_with_another_id(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    table, before, values = model._meta.db_table, stored(row), raw(row)
    del values["id"]
    alone(f"{table}_refuses_replace", table)
    for _ in recursive_triggers():
        with refused_by(f"{table}_refuses_replace"):
            put(table, values)
    assert model._default_manager.count() == 1
    assert stored(row) == before


@never_changing
def test_with_all_guards_together_nothing_replaces_a_row(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    before, values = stored(row), raw(row)
    for _ in recursive_triggers():
        with pytest.raises(IntegrityError), transaction.atomic():
            put(model._meta.db_table, values)
    assert stored(row) == before


@pytest.mark.postgresql
@never_changing
def test_a_table_that_never_changes_is_not_truncated(model: type[models.Model]) -> None:
    row = MAKERS[model]()
    connection.check_constraints()
    with refused_by(f"{model._meta.db_table}_refuses_truncate"):
        sql(f"TRUNCATE {model._meta.db_table} CASCADE")
    assert stored(row)


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


# Constraints, each by its name


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


def entry_row(**lie: Any) -> LedgerEntry:
    """The entry that may come next, for a publication that has none."""
    publication = Publication.objects.create(**publication_row())
    last = LedgerEntry.objects.latest("pk")
    fields = {"kind": "publication", "decision": publication.pk, "sealed": "a" * 64, "digest": "b" * 64, **lie}
    return LedgerEntry(**{"pk": last.pk + 1, "form": 1, "previous": last.digest, **fields})


def test_an_entry_of_the_ledger_follows_the_last() -> None:
    with refused_by("ledger_entry_follows_the_last"):
        entry_row(previous="c" * 64).save(force_insert=True)


@pytest.mark.parametrize(
    "lie", [{"digest": ""}, {"sealed": "a"}, {"kind": "letter"}, {"decision": 10**6}, {"kind": "withdrawal"}]
)
def test_an_entry_of_the_ledger_seals_a_decision_that_is_there(lie: dict[str, Any]) -> None:
    with refused_by("ledger_entry_seals_a_decision"):
        entry_row(**lie).save(force_insert=True)


def test_a_decision_is_entered_once() -> None:
    check_of(people.clinician())
    last = LedgerEntry.objects.get()
    again = entry_row(kind=last.kind, decision=last.decision)
    alone("ledger_entry_follows_the_last", "reviews_ledgerentry")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        again.save(force_insert=True)
    assert sqlite() or "decision_once_in_the_ledger" in str(refused.value)


def test_every_constraint_is_named_in_a_test_and_stands_in_the_database() -> None:
    here = Path(__file__).read_text()
    for model in apps.get_app_config("reviews").get_models():
        with connection.cursor() as cursor:
            standing = connection.introspection.get_constraints(cursor, model._meta.db_table)
        for constraint in model._meta.constraints:
            assert constraint.name in standing
            assert f'"{constraint.name}' in here
