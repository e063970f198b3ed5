"""What a page, a condition and a reviewer are told as: the same facts as the pages for people, from the same stamp."""

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.urls import reverse

from articles import codes
from articles.models import Article, Citation, Condition
from community.counting import ShownCount
from reviews.models import CredentialCheck, Publication, Reviewer
from reviews.standing import Stamp

from .. import catalogue, feeds, reading, retired
from ..changes import Change, Kind
from ..jsonld import absolute
from ..markup import moment
from ..models import SiteText
from ..reviewers import Known
from ..templatetags.article import article_text
from .index import STATES

if TYPE_CHECKING:
    from ..reading import Shown

Record = dict[str, Any]

SCOPES = {False: "whole-page", True: "changes-only"}


def _day(day: dt.date | None) -> str | None:
    return day.isoformat() if day else None


def _at(name: str, *parts: str) -> str:
    return absolute(reverse(name, args=parts))


def _condition_of(article: Article, name: str | None) -> Record:
    slug = article.condition.slug
    return named_condition(slug, name or slug)


def _names(article: Article, first_at: dt.datetime, first_digest: str, name: str | None) -> Record:
    """Which page it is."""
    return {
        "id": feeds.name_of(article.pk, first_at, first_digest),
        "url": absolute(article.get_absolute_url()),
        "api": _at("api-article", article.condition.slug, article.slug),
        "condition": _condition_of(article, name),
    }


def _review(stamp: Stamp) -> Record:
    """What the badge says, today, and what stands behind it."""
    signature = stamp.signature
    if signature is None:
        raise ValueError("The stamp was read without its signature.")
    return {
        "reviewState": STATES[stamp.standing],
        "credentialRevoked": stamp.credential_revoked,
        "lastReviewed": _day(stamp.signed_on),
        "nextReviewDue": _day(stamp.lapses_on),
        "evidenceTo": _day(signature.evidence_to),
        "reviewScope": SCOPES[stamp.under_changes],
        "reviewer": {
            "name": stamp.reviewer,
            "role": stamp.role,
            "url": _at("reviewer", stamp.slug),
            "api": _at("api-reviewer", stamp.slug),
            "licence": {
                "profession": signature.profession,
                "register": signature.register,
                "number": signature.number,
                "registerUrl": signature.register_url or None,
                "checkedOn": _day(signature.checked_on),
            },
        },
    }


def _summary(row: "Shown", stamp: Stamp, first_digest: str) -> Record:
    article, revision = row.article, row.review.revision
    return {
        **_names(article, row.first_at, first_digest, row.condition_name),
        "question": revision.question,
        "topic": article.topic,
        "language": article.language,
        "version": revision.number,
        "digest": revision.digest,
        "datePublished": moment(row.first_at),
        "dateModified": moment(row.changed_at),
        **_review(stamp),
    }


def summary(change: Change) -> Record:
    """A live page without its text."""
    if change.stamp is None:
        raise ValueError(f"{change.publication} is not live.")
    return _summary(cast("Shown", change.publication), change.stamp, change.publication.first_digest)


def article(publication: "Shown", first_digest: str) -> Record:
    """A live page with its text, which is checked against the approved digest. Raises Tampered."""
    citations = reading.checked(publication)
    revision, stamp = publication.review.revision, Stamp.of(publication)
    community = absolute(reverse("community", args=[publication.article.condition.slug]))
    words = SiteText.objects.in_force().get(SiteText.Key.LICENCE)
    url = absolute(publication.article.get_absolute_url())
    return {
        **_summary(publication, stamp, first_digest),
        "origin": revision.origin,
        "shortAnswer": revision.short_answer,
        "html": str(article_text(revision, reading.members(publication.member_count), community, stamp.today)),
        "sources": [_source(citation) for citation in citations],
        "licence": words.words if words else None,
        "attribution": f"“{revision.question}”, version {revision.number}, from {settings.SITE_NAME}, {url}",
    }


def _source(citation: Citation) -> Record:
    return {
        "number": citation.number,
        "title": citation.title,
        "url": citation.url or None,
        "doi": citation.doi or None,
        "pmid": citation.pmid or None,
    }


def tombstone(change: Change, pages: dict[int, str]) -> Record:
    """A page that was taken down, or that no approval covers any more: no word of it but its question."""
    row, gone = change.publication, change.withdrawal
    ended = gone.at if gone is not None else row.void_at
    successor = pages.get(gone.instead_id) if gone is not None and gone.instead_id is not None else None
    return {
        **_names(row.article, row.first_at, row.first_digest, row.condition_name),
        "question": reading.TITLE_OF_VOID if change.stamp is None else row.review.revision.question,
        "withdrawnOn": _day(ended.date() if ended else None),
        "reason": gone.why if gone is not None else feeds.VOID[:1].upper() + feeds.VOID[1:],
        "successor": None
        if successor is None
        else {"url": absolute(successor), "api": _at("api-article", *successor.strip("/").split("/")[1:])},
    }


def instead_of(changes: list[Change]) -> dict[int, str]:
    """The addresses of the pages to read in place of those that were taken down, as far as they are live; one query,
    or none.
    """
    articles = {each.withdrawal.instead_id for each in changes if each.withdrawal}
    some = [article for article in articles if article is not None]
    return reading.urls_of(some) if some else {}


def changed(change: Change, pages: dict[int, str]) -> Record:
    """What happened to a page last, and how it stands now."""
    gone = change.kind == Kind.WITHDRAWN
    return {
        "change": str(change.kind),
        "changedAt": moment(change.updated),
        "note": change.note or None,
        "article": None if gone else summary(change),
        "withdrawn": tombstone(change, pages) if gone else None,
    }


def code(system: str, value: str, match: str) -> Record:
    """A code of a condition elsewhere."""
    known = codes.SYSTEMS.get(system)
    return {
        "system": system,
        "oid": (known.oid if known else "") or None,
        "uri": (known.uri if known else "") or None,
        "code": value,
        "written": codes.written(system, value),
        "match": match,
        "link": codes.link(system, value) or None,
    }


def condition(row: Condition, names: list[str], coded: list[Record]) -> Record:
    """A condition by its names and codes, of which none is reviewed."""
    return {
        "slug": row.slug,
        "url": absolute(row.get_absolute_url()),
        "api": _at("api-condition", row.slug),
        "name": row.name,
        "otherNames": names,
        "codes": coded,
        "namesAndCodesReviewed": False,
    }


def named_condition(slug: str, name: str) -> Record:
    """Another condition, by its name and where it is."""
    url = absolute(reverse("condition", args=[slug]))
    return {"slug": slug, "name": name, "url": url, "api": _at("api-condition", slug)}


def order(row: Condition) -> Record:
    """What is broader and narrower than a condition, and what took its place: as its page shows them, reviewed by
    nobody.
    """
    broader, narrower = catalogue.neighbours(row)
    successor = None if row.successor_id is None else retired.end_of(row.successor_id)
    return {
        "broader": [named_condition(each.slug, each.name) for each in broader],
        "narrower": [named_condition(each.slug, each.name) for each in narrower],
        "successor": None if successor is None else named_condition(successor.slug, successor.name),
    }


def community(slug: str, members: ShownCount | None, today: dt.date) -> Record | None:
    """How many people joined, as far as may be shown of it."""
    if members is None:
        return None
    return {
        "url": absolute(reverse("community", args=[slug])),
        "members": members.words,
        "figure": members.figure,
        "countedOn": None if members.figure is None else _day(today),
    }


def named(row: Reviewer, *, licensed: bool) -> Record:
    """A reviewer in a list."""
    return {
        "slug": row.slug,
        "url": absolute(row.get_absolute_url()),
        "api": _at("api-reviewer", row.slug),
        "name": row.name,
        "suffix": row.suffix or None,
        "role": row.specialty,
        "since": f"{row.since:%Y-%m}",
        "licensed": licensed,
    }


def reviewer(known: Known) -> Record:
    """A reviewer, with no other facts than on their own page."""
    row = known.row
    return {
        **named(row, licensed=known.licensed),
        "biography": row.bio or None,
        "licences": [_licence(check, known.today) for check in known.checks],
        "conflicts": known.signed.conflicts if known.signed else None,
        "conflictsAsOf": _day(known.signed.signed_on) if known.signed else None,
        "approvedInPastYear": known.in_past_year,
        "articles": {
            "total": len(known.stamps),
            "inDate": sum(stamp.in_date for stamp in known.stamps.values()),
            "lapsed": sum(not stamp.in_date for stamp in known.stamps.values()),
            "api": f"{_at('api-articles')}?reviewer={row.slug}",
        },
    }


def _licence(check: CredentialCheck, today: dt.date) -> Record:
    credential = check.credential
    state = "revoked" if check.valid_until is None else "valid" if check.valid_until >= today else "ran-out"
    return {
        "profession": credential.profession,
        "register": credential.register,
        "number": credential.number,
        "registerUrl": credential.register_url or None,
        "state": state,
        "checkedOn": None if check.revoked else _day(check.checked_on),
        "validUntil": _day(check.valid_until),
        "revokedFrom": _day(check.valid_from) if check.revoked else None,
    }


def published(row: Publication) -> str:
    """The digest of the first text that readers got at the address of a publication; one query."""
    first = Publication.objects.counted().filter(article=row.article_id).order_by("live_from")
    return first.values_list("review__digest", flat=True)[:1][0]
