"""What the database itself refuses about reviews and publications: each lie by its name."""

from accounts.guards import Event, Guard, dated_by_the_database, insert_only, never_replaced

from .models import (
    Checklist,
    Credential,
    CredentialCheck,
    Feedback,
    LedgerEntry,
    Publication,
    Review,
    ReviewContributor,
    Reviewer,
    ReviewRequest,
    Withdrawal,
)

SEALED = [CredentialCheck, Review, Publication, Withdrawal]
NEVER_CHANGING = [Checklist, CredentialCheck, Review, ReviewContributor, Publication, Withdrawal, LedgerEntry]

CREDENTIAL = ("reviews_credential", "reviews_credentialcheck", "reviews_reviewer")
TEXT = ("articles_revision", "reviews_reviewer", "reviews_credentialcheck")


def void(review: str) -> str:
    """SQL: a later row revokes the credential behind this review, with effect on the day it was signed."""
    return (
        f"EXISTS (SELECT 1 FROM reviews_credentialcheck used "
        f"JOIN reviews_credentialcheck later ON later.credential_id = used.credential_id AND later.id > used.id "
        f"WHERE used.id = {review}.credential_check_id AND later.revoked AND later.valid_from <= {review}.signed_on)"
    )


# SQL over NEW, a review: versions of the article after the last valid whole-page approval, up to the reviewed one.
CONTRIBUTION = (
    "FROM articles_revision part JOIN articles_revision reviewed ON reviewed.id = {revision} "
    "AND part.article_id = reviewed.article_id AND part.number <= reviewed.number "
    "WHERE part.number > COALESCE((SELECT max(earlier.number) FROM reviews_review approval "
    "JOIN articles_revision earlier ON earlier.id = approval.revision_id "
    "WHERE earlier.article_id = reviewed.article_id AND earlier.number < reviewed.number "
    f"AND approval.decision = 'approved' AND approval.scope = 'whole' AND NOT {void('approval')}), 0)"
)


def refused(name: str, table: str, says: str, when: str, *reads: str, on: Event = "INSERT") -> Guard:
    """A guard that refuses rows of a table for which a condition holds."""
    return Guard(name=name, table=table, on=on, says=says, when=when, reads=reads)


GUARDS = [
    *(guard for model in NEVER_CHANGING for guard in insert_only(model)),
    *(never_replaced(model) for model in (Reviewer, Credential, ReviewRequest, Feedback)),
    dated_by_the_database(CredentialCheck, "recorded_at"),
    dated_by_the_database(Review, "recorded_at"),
    dated_by_the_database(Publication, "published_at"),
    dated_by_the_database(Withdrawal, "at"),
    dated_by_the_database(Checklist, "written_at"),
    dated_by_the_database(LedgerEntry, "recorded_at"),
    dated_by_the_database(Feedback, "received_at"),
    # People
    refused(
        "reviewer_keeps_the_person",
        "reviews_reviewer",
        "a reviewer stays the same person, enter another reviewer",
        "NEW.user_id <> OLD.user_id",
        on="UPDATE",
    ),
    refused(
        "reviewer_is_never_deleted",
        "reviews_reviewer",
        "a reviewer stays, close the account",
        "",
        on="DELETE",
    ),
    *(
        refused(
            f"checked_credential_is_kept_on_{event.lower()}",
            "reviews_credential",
            "a checked credential is not changed or deleted, revoke it and enter another one",
            "EXISTS (SELECT 1 FROM reviews_credentialcheck c WHERE c.credential_id = OLD.id)",
            "reviews_credentialcheck",
            on=event,
        )
        for event in ("UPDATE", "DELETE")
    ),
    refused(
        "checker_is_not_the_reviewer",
        "reviews_credentialcheck",
        "nobody checks their own credential",
        "EXISTS (SELECT 1 FROM reviews_credential c JOIN reviews_reviewer r ON r.id = c.reviewer_id "
        "WHERE c.id = NEW.credential_id AND r.user_id = NEW.checked_by_id)",
        "reviews_credential",
        "reviews_reviewer",
    ),
    refused(
        "check_is_not_from_the_future",
        "reviews_credentialcheck",
        "the day of the check has not come yet",
        "NEW.checked_on > {today}",
    ),
    # The queue
    refused(
        "request_keeps_what_was_asked",
        "reviews_reviewrequest",
        "what was asked is not changed, ask again",
        "NEW.revision_id <> OLD.revision_id OR NEW.asked_by_id <> OLD.asked_by_id OR NEW.asked_at <> OLD.asked_at "
        "OR NEW.kind <> OLD.kind OR NEW.note <> OLD.note",
        on="UPDATE",
    ),
    refused(
        "closed_request_stays_closed",
        "reviews_reviewrequest",
        "a closed request is not opened or decided again, ask again",
        "OLD.closed_at IS NOT NULL",
        on="UPDATE",
    ),
    refused("request_is_never_deleted", "reviews_reviewrequest", "the queue never forgets", "", on="DELETE"),
    refused("requests_are_never_truncated", "reviews_reviewrequest", "the queue never forgets", "", on="TRUNCATE"),
    # Reviews
    refused(
        "review_bears_the_digest",
        "reviews_review",
        "the digest is not that of the revision",
        "NOT EXISTS (SELECT 1 FROM articles_revision r WHERE r.id = NEW.revision_id AND r.digest = NEW.digest)",
        "articles_revision",
    ),
    refused(
        "review_answers_its_request",
        "reviews_review",
        "the request is for another version, or closed",
        "NOT EXISTS (SELECT 1 FROM reviews_reviewrequest q WHERE q.id = NEW.request_id "
        "AND q.revision_id = NEW.revision_id AND q.closed_at IS NULL)",
        "reviews_reviewrequest",
    ),
    refused(
        "reviewer_is_not_author",
        "reviews_review",
        "nobody reviews their own words",
        "EXISTS (SELECT 1 FROM articles_revision r JOIN reviews_reviewer p ON p.user_id = r.author_id "
        "WHERE r.id = NEW.revision_id AND p.id = NEW.reviewer_id)",
        "articles_revision",
        "reviews_reviewer",
    ),
    refused(
        "reviewer_is_not_contributor",
        "reviews_review",
        "the reviewer wrote a part of it since the last whole-page approval",
        "EXISTS (SELECT 1 "
        + CONTRIBUTION.format(revision="NEW.revision_id")
        + " AND part.author_id = (SELECT p.user_id FROM reviews_reviewer p WHERE p.id = NEW.reviewer_id))",
        *TEXT,
    ),
    refused(
        "review_is_not_from_the_future",
        "reviews_review",
        "the signing day has not come yet",
        "NEW.signed_on > {today}",
    ),
    refused(
        "check_is_the_reviewers",
        "reviews_review",
        "the credential check is of another person",
        "NOT EXISTS (SELECT 1 FROM reviews_credentialcheck k JOIN reviews_credential c ON c.id = k.credential_id "
        "WHERE k.id = NEW.credential_check_id AND c.reviewer_id = NEW.reviewer_id)",
        *CREDENTIAL,
    ),
    refused(
        "check_holds_on_the_signing_day",
        "reviews_review",
        "the credential is not checked as valid on the signing day",
        "NOT EXISTS (SELECT 1 FROM reviews_credentialcheck k WHERE k.id = NEW.credential_check_id AND NOT k.revoked "
        f"AND NEW.signed_on BETWEEN k.valid_from AND k.valid_until) OR {void('NEW')}",
        "reviews_credentialcheck",
    ),
    refused(
        "review_bears_the_reviewers_name",
        "reviews_review",
        "the name signed is not the reviewer''s",
        "NOT EXISTS (SELECT 1 FROM reviews_reviewer p WHERE p.id = NEW.reviewer_id AND NEW.signed_as = "
        "CASE WHEN p.suffix = '' THEN p.name ELSE p.name || ', ' || p.suffix END)",
        "reviews_reviewer",
    ),
    refused(
        "changes_rest_on_a_whole_page_of_the_article",
        "reviews_review",
        "a review of changes only needs a whole-page approval of an earlier version and ends with it",
        "NEW.base_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reviews_review b "
        "JOIN articles_revision was ON was.id = b.revision_id JOIN articles_revision r ON r.id = NEW.revision_id "
        "WHERE b.id = NEW.base_id AND b.decision = 'approved' AND b.scope = 'whole' AND was.article_id = r.article_id "
        "AND was.number < r.number AND b.next_due = NEW.next_due AND b.signed_on <= NEW.signed_on "
        f"AND NOT {void('b')})",
        *TEXT,
    ),
    refused(
        "contributor_is_not_the_reviewer",
        "reviews_reviewcontributor",
        "the reviewer cannot be a contributor",
        "EXISTS (SELECT 1 FROM reviews_review v JOIN reviews_reviewer p ON p.id = v.reviewer_id "
        "WHERE v.id = NEW.review_id AND p.user_id = NEW.user_id)",
        "reviews_review",
        "reviews_reviewer",
    ),
    refused(
        "contributor_wrote_a_part",
        "reviews_reviewcontributor",
        "this person wrote no part of the reviewed text",
        "NOT EXISTS (SELECT 1 "
        + CONTRIBUTION.format(revision="(SELECT v.revision_id FROM reviews_review v WHERE v.id = NEW.review_id)")
        + " AND part.author_id = NEW.user_id)",
        "reviews_review",
        *TEXT,
    ),
    # Publications
    refused(
        "publication_needs_an_approval",
        "reviews_publication",
        "the review does not approve",
        "NOT EXISTS (SELECT 1 FROM reviews_review v WHERE v.id = NEW.review_id AND v.decision = 'approved')",
        "reviews_review",
    ),
    refused(
        "publication_is_of_its_article",
        "reviews_publication",
        "the review is of another article",
        "NOT EXISTS (SELECT 1 FROM reviews_review v JOIN articles_revision r ON r.id = v.revision_id "
        "WHERE v.id = NEW.review_id AND r.article_id = NEW.article_id)",
        "reviews_review",
        "articles_revision",
    ),
    refused(
        "publication_rests_on_a_valid_credential",
        "reviews_publication",
        "the credential behind the review was revoked",
        "EXISTS (SELECT 1 FROM reviews_review v JOIN reviews_credentialcheck used ON used.id = v.credential_check_id "
        "JOIN reviews_credentialcheck later ON later.credential_id = used.credential_id AND later.id > used.id "
        "WHERE v.id = NEW.review_id AND later.revoked)",
        "reviews_review",
        "reviews_credentialcheck",
    ),
    # What readers say
    refused(
        "feedback_is_about_a_public_text",
        "reviews_feedback",
        "this version never was published",
        "NOT EXISTS (SELECT 1 FROM reviews_publication p JOIN reviews_review v ON v.id = p.review_id "
        "WHERE v.revision_id = NEW.revision_id)",
        "reviews_publication",
        "reviews_review",
    ),
    refused(
        "feedback_arrives_unhandled",
        "reviews_feedback",
        "what a reader says is handled after it came",
        "NEW.handled_at IS NOT NULL",
    ),
    refused(
        "feedback_keeps_what_was_said",
        "reviews_feedback",
        "what a reader said is not changed, only the e-mail address is erased",
        "NEW.revision_id <> OLD.revision_id OR NEW.kind <> OLD.kind OR NEW.words <> OLD.words "
        "OR NEW.key <> OLD.key OR NEW.received_at <> OLD.received_at OR (NEW.email <> OLD.email AND NEW.email <> '')",
        on="UPDATE",
    ),
    refused(
        "handled_feedback_stays_handled",
        "reviews_feedback",
        "what was handled is not opened or handled again",
        "OLD.handled_at IS NOT NULL AND (NEW.handled_at IS NULL OR NEW.handled_at <> OLD.handled_at "
        "OR NEW.handled_by_id <> OLD.handled_by_id OR NEW.outcome <> OLD.outcome OR NEW.note <> OLD.note "
        "OR NEW.request_id <> OLD.request_id)",
        on="UPDATE",
    ),
    refused(
        "feedback_starts_a_review_of_its_page",
        "reviews_feedback",
        "the review asked for is of another page",
        "NEW.request_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM reviews_reviewrequest q "
        "JOIN articles_revision asked ON asked.id = q.revision_id JOIN articles_revision said "
        "ON said.article_id = asked.article_id WHERE q.id = NEW.request_id AND said.id = NEW.revision_id)",
        "reviews_reviewrequest",
        "articles_revision",
        on="UPDATE",
    ),
    # The ledger
    refused(
        "ledger_entry_follows_the_last",
        "reviews_ledgerentry",
        "an entry bears the next number and the digest of the last entry",
        "NEW.id <> (SELECT COALESCE(max(e.id), 0) + 1 FROM reviews_ledgerentry e) OR NEW.previous <> "
        "COALESCE((SELECT e.digest FROM reviews_ledgerentry e ORDER BY e.id DESC LIMIT 1), '')",
    ),
    refused(
        "ledger_entry_seals_a_decision",
        "reviews_ledgerentry",
        "an entry bears two digests and names a decision that is there",
        "length(NEW.digest) <> 64 OR length(NEW.sealed) <> 64 OR NOT ("
        + " OR ".join(
            f"(NEW.kind = '{model._meta.model_name}' AND EXISTS "
            f"(SELECT 1 FROM {model._meta.db_table} d WHERE d.id = NEW.decision))"
            for model in SEALED
        )
        + ")",
        *(model._meta.db_table for model in SEALED),
    ),
]
