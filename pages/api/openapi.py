"""The description for programs: OpenAPI 3.1, made from the table and the shapes."""

from collections.abc import Mapping

from django.conf import settings
from django.urls import reverse

from ..jsonld import absolute
from .problems import KINDS, PROBLEM
from .shapes import ADDRESS, SCHEMAS, Schema, problem, shape
from .table import RESOURCES, Parameter, Resource

VERSION = "1.0.0"
WORDS = (
    "What readers get, for programs: reviewed pages about conditions with everything that an honest badge needs. "
    "It can be read without a key. Show a page as reviewed only while “reviewState” is not “overdue”; work out the "
    "state on the day from “nextReviewDue”, and ask “changes” at least once a day."
)

SAMPLES = "This is a demonstration: every reviewer, review, date and member is a sample. Show none of it as reviewed. "

Examples = Mapping[str, str]


def document(examples: Examples) -> Schema:
    """The whole description, with examples that this site answers: by the name of the parameter."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"{settings.SITE_NAME}: content API",
            "version": VERSION,
            "description": (SAMPLES if settings.ROUNDS_DEMO else "") + WORDS,
        },
        "servers": [{"url": absolute(reverse("api")).rstrip("/")}],
        "paths": {resource.path: {"get": _read(resource, examples)} for resource in RESOURCES},
        "components": {"schemas": SCHEMAS},
    }


def _read(resource: Resource, examples: Examples) -> Schema:
    return {
        "operationId": resource.name.removeprefix("api-"),
        "summary": resource.title,
        "description": resource.words,
        "parameters": [
            *(_parameter(each, examples, "path") for each in resource.places),
            *(_parameter(each, examples, "query") for each in resource.parameters),
        ],
        "responses": _answers(resource),
    }


def _parameter(parameter: Parameter, examples: Examples, place: str) -> Schema:
    found: Schema = {
        "name": parameter.name,
        "in": place,
        "required": place == "path",
        "description": parameter.words,
        "schema": parameter.schema,
    }
    if parameter.name in examples:
        found["example"] = examples[parameter.name]
    return found


def _answers(resource: Resource) -> dict[str, Schema]:
    found = {
        "200": {
            "description": "What was asked for.",
            "headers": _headers("ETag", "Last-Modified", "Cache-Control", "Link"),
            "content": {"application/json": {"schema": shape(resource.shape)}},
        },
        "304": {"description": "You have it already: the ETag that you sent still holds.", "headers": _headers("ETag")},
        "400": _problem("bad-parameter"),
        "405": _problem("read-only", headers=_headers("Allow")),
        "429": _problem("too-many-requests", headers=_headers("Retry-After")),
        "503": _problem("unavailable", *(["tampered"] if resource.gone else []), headers=_headers("Retry-After")),
    }
    if resource.moves:
        found["301"] = {
            "description": "An old address; the present one is in Location.",
            "headers": {"Location": {"schema": ADDRESS | {"format": "uri-reference"}}},
        }
    kinds = [
        *(["not-found"] if resource.places else []),
        *(["no-such-page"] if resource.pages else []),
        *(["unknown-cursor"] if {"since", "changedSince"} & resource.asked.keys() else []),
    ]
    if kinds:
        found["404"] = _problem(*kinds)
    if resource.gone:
        found["410"] = _problem("withdrawn")
    return dict(sorted(found.items()))


HEADERS = {
    "ETag": "The version of these bytes; send it as If-None-Match.",
    "Last-Modified": "For people; only the ETag is believed.",
    "Cache-Control": "For how long a copy may be given.",
    "Link": "Pages before and after, and the page for people.",
    "Allow": "How it can be read.",
    "Retry-After": "In how many seconds to ask again.",
}


def _headers(*names: str) -> Schema:
    return {name: {"description": HEADERS[name], "schema": {"type": "string"}} for name in names}


def _problem(*kinds: str, headers: Schema | None = None) -> Schema:
    return {
        "description": "; ".join(f"{KINDS[kind][1]} (#{kind})" for kind in kinds),
        "content": {PROBLEM: {"schema": problem(*kinds)}},
        **({"headers": headers} if headers else {}),
    }
