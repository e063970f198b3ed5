"""The hub of a condition: what it is called, what is asked about it, and who else lives with it."""

import logging
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from accounts import clock
from articles.models import Condition, Topic
from community.models import Community
from reviews.standing import Stamp

from . import catalogue, jsonld, links, pictures, reading, retired
from .views import find_condition, reader_page

logger = logging.getLogger(__name__)

# So many narrower conditions stand open on a hub; the others are behind a button.
FEW_NARROWER = 8


@reader_page
def condition(request: HttpRequest, condition: str) -> HttpResponse:
    """The hub of one condition: its names, the overview's short answer, its questions."""
    hub = reading.hub_at(condition)
    if hub is None:
        raise Http404("No condition has this address.")
    row = hub.condition
    if (shown_at := _shown_at(row, condition)) is not None:
        return HttpResponsePermanentRedirect(shown_at.get_absolute_url())
    lines = reading.lines(about=row)
    overview = next((line for line in lines if line.topic == Topic.OVERVIEW), None)
    topics = [(topic, [line for line in lines if line.topic == topic]) for topic in Topic]
    shown = _overview(row, overview)
    broader, narrower = catalogue.neighbours(row)
    few, total_links = links.few_of(row) if hub.members is not None else ([], 0)
    return render(
        request,
        "pages/condition.html",
        {
            "condition": row,
            "also_called": hub.names,
            "overview": shown,
            "topics": [(topic, found) for topic, found in topics if found],
            "total": len(lines),
            "in_date": sum(line.stamp.in_date for line in lines),
            "lapsed": sum(not line.stamp.in_date for line in lines),
            "codes": catalogue.by_system(hub.codes),
            "broader": broader,
            "narrower": narrower[:FEW_NARROWER],
            "more_narrower": narrower[FEW_NARROWER:],
            "successor": None if row.successor_id is None else retired.end_of(row.successor_id),
            "members": hub.members,
            "community_url": f"{row.get_absolute_url()}community/",
            "links": few,
            "links_total": total_links,
            "today": hub.today,
            "section": "conditions",
            "machine": jsonld.hub(hub, lines, shown),
        },
    )


def _shown_at(row: Condition, slug: str) -> Condition | None:
    """The condition at whose address this one is shown, where it is not the address that was asked for."""
    successor = None if row.successor_id is None else retired.end_of(row.pk)
    if successor is not None and successor != row:
        return successor
    return row if row.slug != slug else None


def _overview(condition: Condition, line: reading.Line | None) -> dict[str, Any] | None:
    """The short answer of the overview article with its stamp, its text checked like any other."""
    page = None if line is None else reading.live_at(condition.slug, line.slug)
    if line is None or page is None:
        return None
    try:
        reading.checked(page)
    except reading.Tampered as tampered:
        logger.critical("%s does not match its digest and is not shown. Run verify_record.", tampered)
        return None
    return {
        "short_answer": page.review.revision.short_answer,
        "stamp": Stamp.of(page),
        "version": page.review.revision.number,
        "url": page.article.get_absolute_url(),
        "line": line,
        "history_url": reverse("history", args=[condition.slug, line.slug]),
    }


@reader_page
def community(request: HttpRequest, condition: str) -> HttpResponse:
    """How many people joined the community of a condition."""
    row = find_condition(condition)
    found = get_object_or_404(Community, condition=row)
    if row.slug != condition:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    members = reading.members(found.member_count)
    machine = jsonld.community(row, found.get_absolute_url(), members)
    context = {"condition": row, "members": members, "today": clock.today(), "machine": machine}
    context |= links.part_of(row) | pictures.of(found, members, clock.today())
    return render(request, "pages/community.html", context)
