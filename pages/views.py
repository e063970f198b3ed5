"""What does the reader get? The public pages: the same for everybody, without cookie or session."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import Error, models
from django.db.models.functions import Coalesce, Greatest
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    JsonResponse,
)
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from accounts import clock, guards, roles
from accounts.prepared import Prepared
from articles import rendering
from articles.models import Condition, Topic, preferred_name
from community.models import Community
from reviews.models import Withdrawal as WithdrawalRow
from reviews.standing import Stamp, tally

from . import catalogue, jsonld, kept, letters, links, pictures, reading, retired
from . import history as record

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

logger = logging.getLogger(__name__)


def reader_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page open to everybody and the same for everybody; pages/kept.py says how long it may be kept."""

    @login_not_required
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, **kwargs: str) -> HttpResponse:
        kept.before_making(request, kwargs.get("condition", ""))
        response = view(request, **kwargs)
        response.headers.setdefault("Cache-Control", kept.ASK_AGAIN)
        return response

    return opened


@reader_page
def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    today = clock.today()
    count = tally(today)
    entries, lately = letters.everything(), reading.lines_signed_lately()
    fresh = [line for line in lately if line.stamp.in_date]
    return render(
        request,
        "pages/home.html",
        {
            "recent": fresh[:3],
            "example": fresh[0].stamp if fresh else None,
            "total": count.total,
            "in_date": count.total - count.lapsed,
            "lapsed": count.lapsed,
            "lapsed_page": None if count.lapsed_last is None else reading.line_of(count.lapsed_last),
            "letters": letters.letters(entries),
            "conditions": entries if len(entries) <= SHORT else [],
            "communities": _communities(),
            "today": today,
            "machine": jsonld.home(),
        },
    )


# So many communities stand on the first page, and so many conditions, where there are no more.
FEW = 6
SHORT = 12


def _communities() -> list[dict[str, object]]:
    """Some communities with what may be shown of their number, by name.

    The largest by the number that is shown; the order by any other would tell who has more members.
    """
    rows = _largest(threshold=settings.MEMBER_COUNT_THRESHOLD, step=settings.MEMBER_COUNT_ROUND_TO)
    names = {row: cast("Named", row).name for row in rows}
    return [
        {"name": names[row], "url": row.get_absolute_url(), "members": reading.members(row.member_count)}
        for row in sorted(rows, key=lambda row: letters.folded(names[row]))
    ]


class Name(TypedDict):
    """What `_largest` adds to a community."""

    name: str


if TYPE_CHECKING:
    Named = WithAnnotations[Community, Name]


def _figure(threshold: int, step: int) -> models.Case:
    """The number that is shown of a community, as an expression; 0 where none is."""
    rounded = models.F("member_count") - models.F("member_count") % step
    shown = Greatest(models.Value(threshold), rounded)
    return models.Case(models.When(member_count__gte=threshold, then=shown), default=models.Value(0))


_largest = Prepared(
    lambda threshold, step: (
        Community.objects.filter(member_count__gt=0)
        .select_related("condition")
        .annotate(name=Coalesce(preferred_name("condition"), "condition__slug", output_field=models.CharField()))
        .order_by(_figure(threshold, step).desc(), "condition__slug")[:FEW]
    )
)


# So many narrower conditions stand open on a hub; the others are behind a button.
FEW_NARROWER = 8


@reader_page
def condition(request: HttpRequest, condition: str) -> HttpResponse:
    """The hub of one condition: its names, the overview's short answer, its questions."""
    hub = reading.hub_at(condition)
    if hub is None:
        raise Http404("No condition has this address.")
    row = hub.condition
    successor = None if row.successor_id is None else retired.end_of(row.pk)
    if successor is not None and successor != row:
        return HttpResponsePermanentRedirect(successor.get_absolute_url())
    if row.slug != condition:
        return HttpResponsePermanentRedirect(row.get_absolute_url())
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


# So many other questions stand below a page; the hub has them all.
RELATED = 6


@reader_page
def question(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """One question page; 301 from an old address, 410 with the reason when withdrawn, 503 for a bad digest."""
    publication = reading.live_at(condition, article)
    if publication is None:
        return withdrawn(request, condition, article)
    here = publication.article
    if (here.condition.slug, here.slug) != (condition, article):
        return HttpResponsePermanentRedirect(here.get_absolute_url())
    try:
        page = reading.question_page(publication)
    except reading.Tampered as tampered:
        return _tampered(request, tampered)
    contents = rendering.contents(page.revision.html)
    codes = catalogue.codes_of(publication.other_codes)
    return render(
        request,
        "pages/question.html",
        {
            "article": here,
            "condition_name": publication.condition_name,
            "revision": page.revision,
            "citations": page.citations,
            "contents": contents,
            "stamp": page.stamp,
            "lapsed": not page.stamp.in_date,
            "last_updated": reading.last_updated(publication),
            "history_url": reverse("history", args=[condition, article]),
            "review_asked_at": publication.review_asked_at,
            "related": page.related[:RELATED],
            "questions": len(page.related) + 1,
            "members": page.members,
            "community_url": f"{here.condition.get_absolute_url()}community/",
            "today": page.stamp.today,
            "section": "conditions",
            "codes": [code for code in codes if code.stated],
            "unstated_codes": [code for code in codes if not code.stated],
            "machine": jsonld.question(page, contents),
        },
    )


@reader_page
def history(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """What readers saw of a page, on whose word, and what changed; also of a page that was withdrawn."""
    found = record.history_at(condition, article)
    if found is None:
        raise Http404("No page ever was public at this address.")
    number = request.GET.get("version")
    entry = found.newest if number is None else found.of_version(number)
    if entry is None:
        raise Http404("No such version ever was public.")
    here = found.article
    if (here.condition.slug, here.slug) != (condition, article):
        query = f"?version={entry.number}" if number is not None else ""
        return HttpResponsePermanentRedirect(reverse("history", args=[here.condition.slug, here.slug]) + query)
    try:
        changes = record.changes(found, entry)
    except reading.Tampered as tampered:
        return _tampered(request, tampered)
    context = {"history": found, "chosen": entry, "changes": changes, "article": here, "section": "conditions"}
    return render(request, "pages/history.html", context)


def withdrawn(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """410 with the reason for a page that was public; 404 for one that never was, drafts included."""
    publication = reading.current_at(condition, article)
    if publication is None:
        raise Http404("No page is public at this address.")
    withdrawal = WithdrawalRow.objects.filter(publication=publication).first()
    instead = None
    if withdrawal is not None and withdrawal.instead_id is not None:
        instead = reading.line_of(withdrawal.instead_id)
    approved = publication.stamp_facts is not None
    if withdrawal is None and approved:  # it came back in this moment
        return question(request, condition=condition, article=article)
    return render(
        request,
        "pages/withdrawn.html",
        {
            "article": publication.article,
            "condition_name": publication.condition_name,
            "question": publication.review.revision.question if approved else reading.TITLE_OF_VOID,
            "publication": publication,
            "withdrawal": withdrawal,
            "instead": instead,
        },
        status=410,
    )


def _tampered(request: HttpRequest, tampered: reading.Tampered) -> HttpResponse:
    logger.critical("%s does not match its digest and is not shown. Run verify_record.", tampered)
    return _error(
        request,
        503,
        "We cannot show this page now",
        "Its stored text is not the text that was approved, so we do not show it.",
        ["The people who run this site have been told."],
    )


def find_condition(slug: str) -> Condition:
    """The condition that has, or had, this address."""
    found = _condition_at.first(slug=slug)
    if found is None:
        raise Http404("No condition has this address.")
    return found


_condition_at = Prepared(lambda slug: Condition.objects.filter(slugs__slug=slug).order_by("pk"))


@login_not_required
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """For the operator's monitor: 200 when the database answers and every guard stands, else 503 with names.

    No reader page: nobody keeps the answer (config/headers.py).
    """
    try:
        absent, lacking = guards.missing(), roles.missing_rights()
    except Error as error:
        return JsonResponse({"database": type(error).__name__}, status=503)
    found = {"guards_missing": absent, **({"rights_missing": lacking} if lacking else {})}
    return JsonResponse(found, status=503 if absent or lacking else 200)


def _error(request: HttpRequest, status: int, title: str, lead: str, lines: list[str]) -> HttpResponse:
    response = render(
        request,
        "errors/_error.html",
        {"status": status, "title": title, "lead": lead, "lines": lines},
        status=status,
    )
    if status == 503:
        response["Retry-After"] = "300"
    return response


@login_not_required
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    return _error(request, 400, "We could not read that request", "Go back and try again.", [])


@login_not_required
def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return _error(
        request, 403, "This is not open to you", str(exception) or "Your account has no right to do this.", []
    )


@login_not_required
def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that did not come from this site, or whose sign-in ended while it was open."""
    return _error(
        request,
        403,
        "We could not take that form",
        "It was open for too long, or your browser keeps no cookies from this site.",
        ["Go back, copy what you typed, load the page again and send it once more."],
    )


@login_not_required
def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: the same for a draft and for a page that never was."""
    return _error(
        request,
        404,
        "There is no page at this address",
        "It may be mistyped, or it may never have existed. Pages we take down say so, and say why.",
        [],
    )


@login_not_required
def server_error(request: HttpRequest) -> HttpResponse:
    """500: needs neither database nor session."""
    return _error(
        request,
        500,
        "Something broke on our side",
        "The page you asked for is safe, but we could not show it. Please try again in a few minutes.",
        [
            "If you sent a form, it may not have arrived. Go back, and send it again if nothing confirms it.",
            "If you need medical help now, do not wait for this page: call your local emergency number.",
        ],
    )
