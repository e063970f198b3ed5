"""The shapes of what is answered, exactly, as JSON Schema (2020-12, as OpenAPI 3.1 takes it)."""

from typing import Any

from articles.codes import SYSTEMS, Match
from articles.models import Language, Origin, Topic

from ..changes import Kind
from . import cursor, index
from .problems import KINDS
from .records import SCOPES

Schema = dict[str, Any]

TEXT: Schema = {"type": "string", "minLength": 1}
ADDRESS: Schema = {"type": "string", "format": "uri"}
DAY: Schema = {"type": "string", "format": "date"}
MOMENT: Schema = {"type": "string", "format": "date-time"}
NUMBER: Schema = {"type": "integer", "minimum": 0}
FLAG: Schema = {"type": "boolean"}


def one_of(*values: str) -> Schema:
    """One of some words."""
    return {"type": "string", "enum": list(values)}


def maybe(schema: Schema, words: str = "") -> Schema:
    """A value, or null."""
    found = {**schema, "type": [schema["type"], "null"]}
    if "enum" in found:
        found["enum"] = [*found["enum"], None]
    return {**found, **({"description": words} if words else {})}


def said(schema: Schema, words: str) -> Schema:
    """A value with what it means."""
    return {**schema, "description": words}


def exactly(words: str = "", /, **members: Schema) -> Schema:
    """An object with these members, all of them, and no other."""
    found = {
        "type": "object",
        "properties": members,
        "required": list(members),
        "additionalProperties": False,
    }
    return {"description": words, **found} if words else found


def many(schema: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": schema}


def shape(name: str) -> Schema:
    """Another shape by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(name: str) -> Schema:
    """Another shape, or null."""
    return {"oneOf": [shape(name), {"type": "null"}]}


LICENCE = {
    "profession": said(TEXT, "Such as Physician."),
    "register": said(TEXT, "The register that lists it."),
    "number": TEXT,
    "registerUrl": maybe(ADDRESS, "Where the register shows it."),
}
IDENTITY: dict[str, Schema] = {
    "id": said(ADDRESS, "The page for ever, also when its address changes; the same as in the feeds."),
    "url": said(ADDRESS, "The page for people."),
    "api": said(ADDRESS, "The same for programs."),
    "condition": shape("ConditionName"),
}
REVIEW: dict[str, Schema] = {
    "reviewState": said(
        one_of(*index.STATES.values()),
        "Of the day on which it was asked for. “overdue”: the review has lapsed, and the page is not to be shown as "
        "reviewed. A review lapses at the start of “nextReviewDue”, in UTC.",
    ),
    "credentialRevoked": said(FLAG, "Whether it lapsed because the reviewer’s credential was revoked."),
    "lastReviewed": said(DAY, "The day on which the whole page was signed."),
    "nextReviewDue": said(DAY, "From this day on the review counts no more."),
    "evidenceTo": maybe(DAY, "Evidence was searched up to this day, where the reviewer said so."),
    "reviewScope": said(
        one_of(*SCOPES.values()),
        "“changes-only”: since “lastReviewed” the text changed, and a clinician approved the changes alone.",
    ),
    "reviewer": shape("Signature"),
}
SUMMARY: dict[str, Schema] = {
    **IDENTITY,
    "question": TEXT,
    "topic": one_of(*Topic.values),
    "language": one_of(*Language.values),
    "version": {"type": "integer", "minimum": 1},
    "digest": said(
        {"type": "string", "pattern": "^[0-9a-f]{64}$"},
        "Names the exact text that was approved; another digest is another text.",
    ),
    "datePublished": said(MOMENT, "When readers first got anything at this address."),
    "dateModified": said(MOMENT, "Since when they get these words; a review without a change does not move it."),
    **REVIEW,
}
CONDITION: dict[str, Schema] = {
    "slug": TEXT,
    "url": ADDRESS,
    "api": ADDRESS,
    "name": TEXT,
    "otherNames": many(TEXT),
    "codes": many(shape("Code")),
    "namesAndCodesReviewed": said({"type": "boolean", "enum": [False]}, "No clinician approves names and codes."),
}
ORDER: dict[str, Schema] = {
    "broader": said(many(shape("ConditionName")), "The conditions of which it is a kind; not reviewed."),
    "narrower": said(many(shape("ConditionName")), "The conditions that are kinds of it; not reviewed."),
    "successor": {
        **or_null("ConditionName"),
        "description": "The condition that took its place elsewhere, where this one stays for its pages or its "
        "community. Without any its address leads there (301).",
    },
}
REVIEWER: dict[str, Schema] = {
    "slug": TEXT,
    "url": ADDRESS,
    "api": ADDRESS,
    "name": TEXT,
    "suffix": maybe(TEXT, "Such as MD."),
    "role": TEXT,
    "since": said({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"}, "Reviewer for this site since."),
    "licensed": said(FLAG, "Whether we know of a licence of theirs that is valid today."),
}


def _listed(name: str) -> Schema:
    """A page of a list."""
    return exactly(
        items={**many(shape(name)), "maxItems": 25},
        page={"type": "integer", "minimum": 1},
        total=said(NUMBER, "How many there are on all pages."),
        next=maybe(ADDRESS, "The page after this one."),
    )


def problem(*kinds: str) -> Schema:
    """A problem of one of some kinds (RFC 9457)."""
    statuses = sorted({KINDS[kind][0] for kind in kinds})
    titles = [KINDS[kind][1] for kind in kinds]
    members = {
        "type": said(ADDRESS, f"Ends in {', '.join(f'#{kind}' for kind in kinds)}."),
        "title": one_of(*titles),
        "status": {"type": "integer", "enum": statuses},
        "detail": said(TEXT, "What is wrong, and what to do."),
    }
    found = exactly(**members)
    if {"bad-parameter", "unknown-cursor"} & set(kinds):
        found["properties"] = {**members, "parameter": said(TEXT | {"minLength": 0}, "The parameter it is about.")}
    if "withdrawn" in kinds:
        return exactly(**members, withdrawn=shape("Withdrawn"))
    return found


SCHEMAS: dict[str, Schema] = {
    "ConditionName": exactly(slug=TEXT, name=TEXT, url=ADDRESS, api=ADDRESS),
    "Signature": exactly(
        "Who signed, as they were called and licensed on the day.",
        name=said(TEXT, "With the suffix, as it was signed."),
        role=TEXT,
        url=ADDRESS,
        api=ADDRESS,
        licence=exactly(
            "The licence on which the signature rests.",
            **LICENCE,
            checkedOn=said(DAY, "When it was looked up in the register."),
        ),
    ),
    "Code": exactly(
        "A code of the condition elsewhere; not reviewed.",
        system=said(TEXT, f"Such as {', '.join(SYSTEMS)}."),
        oid=maybe({"type": "string", "pattern": r"^[0-2](\.[0-9]+)+$"}),
        uri=maybe(ADDRESS),
        code=said(TEXT, "Without a prefix."),
        written=said(TEXT, "As people write it."),
        match=said(one_of(*Match.values), "How exactly it means the condition (SKOS)."),
        link=maybe(ADDRESS, "Where the system shows it."),
    ),
    "Community": exactly(
        "How many people joined; small numbers are not told.",
        url=ADDRESS,
        members=maybe(TEXT, "In words, such as “Fewer than 11”; null while nobody has joined."),
        figure=maybe(NUMBER, "The figure that may be shown, or null."),
        countedOn=maybe(DAY),
    ),
    "Standing": exactly(
        "How the pages about a condition stand today. The dates are those of its pages.",
        total={"type": "integer", "minimum": 1},
        current=NUMBER,
        due=NUMBER,
        overdue=NUMBER,
        lastReviewed=said(DAY, "The newest."),
        nextReviewDue=said(DAY, "The nearest."),
        dateModified=said(MOMENT, "The newest."),
    ),
    "Source": exactly(
        number={"type": "integer", "minimum": 1},
        title=TEXT,
        url=maybe(ADDRESS),
        doi=maybe(TEXT),
        pmid=maybe(TEXT),
    ),
    "ArticleSummary": exactly("A page that readers see, without its text.", **SUMMARY),
    "Article": exactly(
        "A page that readers see, with its text.",
        **SUMMARY,
        origin=said(
            one_of(*Origin.values), "Whether a person wrote it, alone or with the help of a machine, or a machine."
        ),
        shortAnswer={"type": "string"},
        html=said(
            {"type": "string"},
            "The text as it was approved. The one thing put in is the number of members, as readers see it now. "
            "Addresses in it are relative to “url”.",
        ),
        sources=many(shape("Source")),
        licence=maybe(TEXT, "How the operator lets you use the text; null: ask."),
        attribution=said(TEXT, "To stand beside the text. It claims no review, so it stays true."),
    ),
    "Withdrawn": exactly(
        "A page that was taken down, or whose approval turned out not to count. Show none of it any more.",
        **IDENTITY,
        question=TEXT,
        withdrawnOn=maybe(DAY),
        reason=TEXT,
        successor={
            "oneOf": [exactly("The page to read instead.", url=ADDRESS, api=ADDRESS), {"type": "null"}],
        },
    ),
    "Change": exactly(
        "What happened to a page last, and how it stands now: one of “article” and “withdrawn” is there.",
        change=one_of(*(str(kind) for kind in Kind)),
        changedAt=MOMENT,
        note=maybe(TEXT, "The reviewer’s public note."),
        article=or_null("ArticleSummary"),
        withdrawn=or_null("Withdrawn"),
    ),
    "Changes": exactly(
        items=many(shape("Change")),
        cursor=said({"type": "string", "pattern": cursor.PATTERN}, "Ask with it next time."),
        more=said(FLAG, "Whether to ask again at once."),
        next=said(ADDRESS, "The address to ask next."),
    ),
    "ConditionSummary": exactly(**CONDITION, articles=shape("Standing")),
    "Conditions": _listed("ConditionSummary"),
    "Condition": exactly(
        **CONDITION,
        **ORDER,
        community=or_null("Community"),
        articles=many(shape("ArticleSummary")),
    ),
    "Articles": _listed("ArticleSummary"),
    "ReviewerSummary": exactly(**REVIEWER),
    "Reviewers": _listed("ReviewerSummary"),
    "Licence": exactly(
        **LICENCE,
        state=one_of("valid", "ran-out", "revoked"),
        checkedOn=maybe(DAY),
        validUntil=maybe(DAY),
        revokedFrom=maybe(DAY),
    ),
    "Reviewer": exactly(
        **REVIEWER,
        biography=maybe(TEXT, "Not reviewed."),
        licences=many(shape("Licence")),
        conflicts=maybe(TEXT, "Conflicts of interest, as they declared them last."),
        conflictsAsOf=maybe(DAY),
        approvedInPastYear=NUMBER,
        articles=exactly(
            "The public pages whose review bears their name.", total=NUMBER, inDate=NUMBER, lapsed=NUMBER, api=ADDRESS
        ),
    ),
}
