"""The whole record of articles, for whoever runs a site elsewhere next: not for the public.

Every version as Markdown, and every request, review, check, publication, withdrawal and entry of the ledger as JSON,
with the names of colleagues. Of people no address, nothing of members, of feedback or of sessions.
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from django.db import models

from articles.importers.export_folders import VERSIONS
from articles.models import Article, Revision
from reviews.models import Checklist, CredentialCheck, LedgerEntry, Publication, Review, ReviewRequest, Withdrawal

from .export import Export, Record, day, markdown, moment, text_of
from .models import SiteText

if TYPE_CHECKING:
    from accounts.models import User

ABOUT = """\
history/            NOT FOR THE PUBLIC: every version of every text, drafts too
record/             NOT FOR THE PUBLIC: articles, versions, requests, reviews, checks, ledger, with names of colleagues
"""


def holds(*, notes: bool) -> str:
    """What such an export says that it holds."""
    return "the whole record with private notes" if notes else "the whole record"


def adding(*, notes: bool) -> Callable[[Export], None]:
    """What writes it all, with or without what colleagues wrote for each other alone."""
    return partial(_write, notes=notes)


def _write(made: Export, *, notes: bool) -> None:
    _versions(made)
    for name, rows, record in TABLES:
        keys = list(rows.order_by("pk").values_list("pk", flat=True))
        with made.folder.records(f"record/{name}.jsonl") as write:
            for row in made.each(f"record/{name}", keys, rows):
                said = record(row)
                private = said.pop("notes", {})
                write({**said, **private} if notes else said)


def _versions(made: Export) -> None:
    """Every version, as a file and as a record. One that does not match its digest is a fault and left out."""
    rows = Revision.objects.select_related("article__condition", "author").prefetch_related("citations")
    order = Revision.objects.order_by().values_list("article__condition__slug", "article__slug", "number", "pk")
    with made.folder.records("record/versions.jsonl") as write:
        for row in made.each("record/versions", [pk for *_, pk in sorted(order)], rows):
            citations = list(row.citations.all())
            parts = (VERSIONS, row.article.condition.slug, row.article.slug, f"{row.number:05}.md")
            if not row.is_intact(citations) or len(citations) != row.source_count:
                made.leave_out("record/versions", f"{row} does not match its digest and was left out of the history.")
            elif not made.folder.has_room_for(*parts):
                made.leave_out("record/versions", f"{row} was left out: its slugs are no names for a file.")
            else:
                text = row.text(citations)
                made.folder.write("/".join(parts), markdown(row, text, {"recorded_at": moment(row.recorded_at)}))
                write({**_of_page(row.article), "id": row.pk, **_version(row), **text_of(row, text)})


def _version(row: Revision) -> Record:
    said = {"author": person(row.author), "change_note": row.change_note, "recorded_at": moment(row.recorded_at)}
    return {**said, "article": row.article_id}


def person(user: "User | None") -> Record | None:
    """A colleague: the number of the account and the name, which may be empty; never the address."""
    return None if user is None else {"account": user.pk, "name": user.name}


def _of_page(article: Article) -> Record:
    return {"condition": article.condition.slug, "slug": article.slug}


def _article(row: Article) -> Record:
    former = sorted(each.slug for each in row.slugs.all() if each.slug != row.slug)
    said = {"id": row.pk, "topic": row.topic, "language": row.language, "former_slugs": former}
    return {**_of_page(row), **said, "translation_of": row.translation_of_id}


def _request(row: ReviewRequest) -> Record:
    return {
        "id": row.pk,
        "version": row.revision_id,
        "kind": row.kind,
        "asked_by": person(row.asked_by),
        "asked_at": moment(row.asked_at),
        "due_on": day(row.due_on),
        "claimed_by": row.claimed_by.slug if row.claimed_by else None,
        "claimed_at": moment(row.claimed_at) if row.claimed_at else None,
        "closed_by": person(row.closed_by),
        "closed_at": moment(row.closed_at) if row.closed_at else None,
        "outcome": row.outcome,
        "notes": {"note": row.note},
    }


def _review(row: Review) -> Record:
    return {
        "id": row.pk,
        "version": row.revision_id,
        "digest": row.digest,
        "request": row.request_id,
        "reviewer": row.reviewer.slug,
        "check": row.credential_check_id,
        "decision": row.decision,
        "scope": row.scope,
        "base": row.base_id,
        "checklist": row.checklist_id,
        "ticked": row.ticked,
        "signed_as": row.signed_as,
        "signed_role": row.signed_role,
        "evidence_to": day(row.evidence_to),
        "conflicts": row.conflicts,
        "public_note": row.public_note,
        "signed_on": day(row.signed_on),
        "recorded_at": moment(row.recorded_at),
        "next_due": day(row.next_due),
        "contributors": sorted(each.user_id for each in row.contributors.all()),
        "notes": {"private_note": row.private_note},
    }


def _check(row: CredentialCheck) -> Record:
    licence = row.credential
    return {
        "id": row.pk,
        "reviewer": licence.reviewer.slug,
        "profession": licence.profession,
        "register": licence.register,
        "number": licence.number,
        "checked_by": person(row.checked_by),
        "checked_on": day(row.checked_on),
        "valid_from": day(row.valid_from),
        "valid_until": day(row.valid_until),
        "revoked": row.revoked,
        "recorded_at": moment(row.recorded_at),
        "notes": {"why": row.why},
    }


def _publication(row: Publication) -> Record:
    said = {"id": row.pk, "article": row.article_id, "review": row.review_id, "published_by": person(row.published_by)}
    return {**said, "published_at": moment(row.published_at), "live_from": moment(row.live_from)}


def _withdrawal(row: Withdrawal) -> Record:
    said = {"id": row.pk, "publication": row.publication_id, "by": person(row.by), "at": moment(row.at)}
    return {**said, "why": row.why, "instead": row.instead_id}


def _checklist(row: Checklist) -> Record:
    said = {"id": row.pk, "points": row.points, "written_by": person(row.written_by)}
    return {**said, "written_at": moment(row.written_at)}


def _site_text(row: SiteText) -> Record:
    said = {"id": row.pk, "key": row.key, "number": row.number, "words": row.words}
    return {**said, "written_by": person(row.written_by), "written_at": moment(row.written_at)}


def _entry(row: LedgerEntry) -> Record:
    said = {"id": row.pk, "kind": row.kind, "form": row.form, "decision": row.decision, "sealed": row.sealed}
    return {**said, "previous": row.previous, "digest": row.digest, "recorded_at": moment(row.recorded_at)}


# Name, rows and what is said of each, `notes` being for colleagues alone.
TABLES: list[tuple[str, "models.QuerySet[Any]", Callable[[Any], Record]]] = [
    ("articles", Article.objects.select_related("condition").prefetch_related("slugs"), _article),
    ("requests", ReviewRequest.objects.select_related("asked_by", "claimed_by", "closed_by"), _request),
    ("reviews", Review.objects.select_related("reviewer").prefetch_related("contributors"), _review),
    ("checks", CredentialCheck.objects.select_related("credential__reviewer", "checked_by"), _check),
    ("publications", Publication.objects.select_related("published_by"), _publication),
    ("withdrawals", Withdrawal.objects.select_related("by"), _withdrawal),
    ("checklists", Checklist.objects.select_related("written_by"), _checklist),
    ("site-texts", SiteText.objects.select_related("written_by"), _site_text),
    ("ledger", LedgerEntry.objects.all(), _entry),
]
