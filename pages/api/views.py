"""The content API: for each row of the table one view, and what describes them."""

import logging
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse

from articles import codes
from articles.models import Condition, ConditionCode, ConditionName
from reviews.models import Reviewer

from .. import jsonld, kept, reading, retired
from ..jsonld import absolute
from ..markup import moment
from ..reviewers import Known, now_and_before
from ..views import reader_page
from . import changed, description, index, lists, openapi, records
from .answers import answer, around, resource
from .cursor import START, Cursor
from .index import Live
from .problems import Problem
from .records import Record

logger = logging.getLogger(__name__)

Asked = dict[str, Any]


@resource("api-articles")
def articles(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The pages that readers see, with their reviews, without their texts."""
    found = lists.articles(_read(request), asked)
    pages, more = lists.page_of(found, asked["page"])
    items = [records.summary(each) for each in changed.live_of([page.article for page in pages])]
    return _page_of_list(request, asked, items, len(found), more=more)


@resource("api-article")
def article(request: HttpRequest, asked: Asked, condition: str, article: str) -> HttpResponse:
    """One page with its text; 410 with the reason where it was taken down."""
    publication = reading.live_at(condition, article)
    if publication is None:
        raise _gone(condition, article)
    here = publication.article
    if (here.condition.slug, here.slug) != (condition, article):
        return HttpResponsePermanentRedirect(reverse("api-article", args=[here.condition.slug, here.slug]))
    try:
        record = records.article(publication, records.published(publication))
    except reading.Tampered as tampered:
        logger.critical("%s does not match its digest and is not given. Run verify_record.", tampered)
        why = "The stored text is not the text that was approved, so it is not given. The operator has been told."
        raise Problem("tampered", why, headers={"Retry-After": "300"}) from tampered
    return answer(record, links={"canonical": absolute(here.get_absolute_url()), "up": record["condition"]["api"]})


def _gone(condition: str, article: str) -> Problem:
    """Why there is no text: taken down, or never public."""
    publication = reading.current_at(condition, article)
    found = changed.told([publication.article_id]) if publication is not None else []
    if not found:
        return Problem("not-found", "No page is public at this address, and none ever was.")
    gone = records.tombstone(found[0], records.instead_of(found))
    return Problem("withdrawn", gone["reason"], withdrawn=gone)


@resource("api-conditions")
def conditions(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The conditions about which there is a page."""
    found = lists.conditions(_read(request), asked)
    groups, more = lists.page_of(found, asked["page"])
    rows = Condition.objects.in_bulk([of for of, _ in groups])
    names, coded = _names(rows), _codes(rows)
    items = [
        {**records.condition(rows[of], names.get(of, []), coded.get(of, [])), "articles": _standing(pages)}
        for of, pages in groups
        if of in rows
    ]
    return _page_of_list(request, asked, items, len(found), more=more)


@resource("api-condition")
def condition(request: HttpRequest, asked: Asked, condition: str) -> HttpResponse:
    """One condition with its pages; also one about which there is none yet."""
    hub = reading.hub_at(condition)
    if hub is None:
        raise Problem("not-found", "No condition has this address.")
    row = hub.condition
    shown = (None if row.successor_id is None else retired.end_of(row.pk)) or row
    if shown.slug != condition:
        return HttpResponsePermanentRedirect(reverse("api-condition", args=[shown.slug]))
    coded = _codes([row.pk]).get(row.pk, [])
    record = {
        **records.condition(row, sorted(hub.names, key=str.casefold), coded),
        **records.order(row),
        "community": records.community(row.slug, hub.members, hub.today),
        "articles": [records.summary(each) for each in changed.live_about(row.pk)],
    }
    return answer(record, links={"canonical": absolute(row.get_absolute_url())})


@resource("api-reviewers")
def reviewers(request: HttpRequest, asked: Asked) -> HttpResponse:
    """Who reviews now, then who did."""
    now, before = now_and_before()
    found = [(row, True) for row in now] + [(row, False) for row in before]
    some, more = lists.page_of(found, asked["page"])
    items = [records.named(row, licensed=licensed) for row, licensed in some]
    return _page_of_list(request, asked, items, len(found), more=more)


@resource("api-reviewer")
def reviewer(request: HttpRequest, asked: Asked, reviewer: str) -> HttpResponse:
    """Who a reviewer is, and what rests on their word."""
    row = Reviewer.objects.filter(slug=reviewer).first()
    if row is None:
        raise Problem("not-found", "No reviewer has this address.")
    return answer(records.reviewer(Known.of(row)), links={"canonical": absolute(row.get_absolute_url())})


@resource("api-changes")
def changes(request: HttpRequest, asked: Asked) -> HttpResponse:
    """What changed since a cursor, and the cursor to ask with next."""
    since = Cursor.read("since", asked["since"]) if asked["since"] else START
    found = changed.since(since)
    now = changed.told(found.articles)
    pages = records.instead_of(now)
    word = found.cursor.word
    following = f"{absolute(request.path)}?since={word}"
    items = [records.changed(each, pages) for each in now]
    links = {"next": following} if found.more else None
    return answer({"items": items, "cursor": word, "more": found.more, "next": following}, links=links)


@resource("api-nothing")
def nothing(request: HttpRequest, asked: Asked, rest: str) -> HttpResponse:
    """404 for whatever else is asked for below the API, as a program can read it."""
    raise Problem("not-found", f"What there is stands at {absolute(reverse('api'))}.")


@resource("api-openapi")
def describe(request: HttpRequest, asked: Asked) -> HttpResponse:
    """The description for programs (OpenAPI)."""
    return JsonResponse(openapi.document(description.examples()), json_dumps_params={"ensure_ascii": False})


@reader_page
def front(request: HttpRequest) -> HttpResponse:
    """The description for people."""
    words = "Conditions, reviewed pages, reviewers and changes as JSON, for programs of partners."
    machine = jsonld.Head("Content API", words, request.path)
    return render(request, "pages/api.html", {**description.shown(), "machine": machine})


def _read(request: HttpRequest) -> index.Index:
    """Every live page as it was read within the last minute; the answer lives no longer than that."""
    here = index.current()
    kept.made_from(request, here.made_at)
    return here


def _page_of_list(request: HttpRequest, asked: Asked, items: list[Record], total: int, *, more: bool) -> HttpResponse:
    links = around(request, asked["page"], more=more)
    return answer({"items": items, "page": asked["page"], "total": total, "next": links.get("next")}, links=links)


def _names(conditions: Any) -> dict[int, list[str]]:
    """The other names of some conditions; one query."""
    rows = ConditionName.objects.filter(condition__in=list(conditions), kind__in=reading.ALSO_CALLED)
    found: dict[int, list[str]] = {}
    for of, text in rows.values_list("condition", "text"):
        found.setdefault(of, []).append(text)
    return {of: sorted(names, key=str.casefold) for of, names in found.items()}


def _codes(conditions: Any) -> dict[int, list[Record]]:
    """The codes of some conditions that may be shown; one query."""
    rows = ConditionCode.objects.filter(condition__in=list(conditions)).exclude(system__in=codes.hidden())
    found: dict[int, list[Record]] = {}
    for of, system, code, match in rows.order_by("system", "code").values_list("condition", "system", "code", "match"):
        found.setdefault(of, []).append(records.code(system, code, match))
    return found


def _standing(pages: list[Live]) -> Record:
    """How the pages about a condition stand; the dates are those of its pages, not of the condition."""
    return {
        "total": len(pages),
        **{state: sum(state in page.states for page in pages) for state in ("current", "due", "overdue")},
        "lastReviewed": max(page.last_reviewed for page in pages).isoformat(),
        "nextReviewDue": min(page.next_review_due for page in pages).isoformat(),
        "dateModified": moment(max(page.modified_at for page in pages)),
    }
