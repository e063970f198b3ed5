"""What does the reader get? The public pages: the same for everybody, without cookie or session."""

import datetime as dt
import logging
from collections.abc import Callable
from functools import wraps

from django.contrib.auth.decorators import login_not_required
from django.db import Error
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
from articles import rendering
from articles.models import Condition, ConditionName, ConditionSlug, Topic
from community.models import Community
from reviews.models import CredentialCheck, Reviewer
from reviews.models import Withdrawal as WithdrawalRow

from . import history as record
from . import reading, search

logger = logging.getLogger(__name__)


def reader_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page open to everybody, asked again each time: a withdrawal or a lapse shows at once."""

    @login_not_required
    @require_safe
    @wraps(view)
    def opened(request: HttpRequest, **kwargs: str) -> HttpResponse:
        response = view(request, **kwargs)
        response.headers.setdefault("Cache-Control", "no-cache")
        return response

    return opened


@reader_page
def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    lines = reading.lines()
    lines.sort(key=lambda line: line.stamp.signed_on, reverse=True)
    fresh = [line for line in lines if line.stamp.in_date]
    communities = [
        {"name": row.condition.name, "url": row.get_absolute_url(), "members": reading.members(row.member_count)}
        for row in Community.objects.filter(member_count__gt=0).select_related("condition").order_by("condition__slug")
    ]
    return render(
        request,
        "pages/home.html",
        {
            "recent": fresh[:3],
            "example": fresh[0].stamp if fresh else None,
            "total": len(lines),
            "in_date": len(fresh),
            "lapsed": len(lines) - len(fresh),
            "communities": communities,
            "today": clock.today(),
        },
    )


@reader_page
def conditions(request: HttpRequest) -> HttpResponse:
    """All conditions, A to Z."""
    groups = reading.letters(Condition.objects.all())
    return render(request, "pages/conditions.html", {"groups": groups, "section": "conditions"})


@reader_page
def condition(request: HttpRequest, condition: str) -> HttpResponse:
    """The hub of one condition: its names, the overview's short answer, its questions."""
    row = _condition(condition)
    if row.slug != condition:
        return HttpResponsePermanentRedirect(row.get_absolute_url())
    lines = reading.lines(about=row)
    overview = next((line for line in lines if line.topic == Topic.OVERVIEW), None)
    community = Community.objects.filter(condition=row).first()
    topics = [(topic, [line for line in lines if line.topic == topic]) for topic in Topic]
    names = row.names.exclude(kind=ConditionName.Kind.PREFERRED).values_list("text", flat=True)
    return render(
        request,
        "pages/condition.html",
        {
            "condition": row,
            "also_called": list(names),
            "overview": _overview(row, overview),
            "topics": [(topic, found) for topic, found in topics if found],
            "total": len(lines),
            "in_date": sum(line.stamp.in_date for line in lines),
            "lapsed": sum(not line.stamp.in_date for line in lines),
            "codes": row.codes.exclude(system__in=search.LICENSED_SYSTEMS),
            "members": reading.members(community.member_count) if community else None,
            "community_url": community.get_absolute_url() if community else "",
            "today": clock.today(),
            "section": "conditions",
        },
    )


def _overview(condition: Condition, line: reading.Line | None) -> dict[str, object] | None:
    """The short answer of the overview article with its stamp, its text checked like any other."""
    page = None if line is None else reading.live_at(condition.slug, line.slug)
    if page is None:
        return None
    try:
        shown = reading.question_page(page)
    except reading.Tampered as tampered:
        logger.critical("%s does not match its digest and is not shown. Run verify_record.", tampered)
        return None
    return {"short_answer": shown.revision.short_answer, "stamp": shown.stamp, "version": shown.revision.number}


@reader_page
def community(request: HttpRequest, condition: str) -> HttpResponse:
    """How many people joined the community of a condition."""
    row = _condition(condition)
    found = get_object_or_404(Community, condition=row)
    if row.slug != condition:
        return HttpResponsePermanentRedirect(found.get_absolute_url())
    return render(
        request,
        "pages/community.html",
        {"condition": row, "members": reading.members(found.member_count), "today": clock.today()},
    )


@reader_page
def question(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """One question page; 301 from an old address, 410 with the reason when withdrawn, 503 for a bad digest."""
    publication = reading.live_at(condition, article)
    if publication is None:
        return _withdrawn(request, condition, article)
    here = publication.article
    if (here.condition.slug, here.slug) != (condition, article):
        return HttpResponsePermanentRedirect(here.get_absolute_url())
    try:
        page = reading.question_page(publication)
    except reading.Tampered as tampered:
        return _tampered(request, tampered)
    return render(
        request,
        "pages/question.html",
        {
            "article": here,
            "condition_name": publication.condition_name,
            "revision": page.revision,
            "citations": page.citations,
            "contents": rendering.contents(page.revision.html),
            "stamp": page.stamp,
            "lapsed": not page.stamp.in_date,
            "last_updated": reading.last_updated(publication),
            "history_url": reverse("history", args=[condition, article]),
            "review_asked_at": publication.review_asked_at,
            "related": page.related,
            "members": page.members,
            "community_url": f"{here.condition.get_absolute_url()}community/",
            "today": page.stamp.today,
            "section": "conditions",
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


def _withdrawn(request: HttpRequest, condition: str, article: str) -> HttpResponse:
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
            "question": publication.review.revision.question if approved else "This page is no longer shown",
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


def _condition(slug: str) -> Condition:
    """The condition that has, or had, this address."""
    return get_object_or_404(Condition, pk__in=ConditionSlug.objects.filter(slug=slug).values("condition"))


@reader_page
def reviewer(request: HttpRequest, reviewer: str) -> HttpResponse:
    """Who a reviewer is, how their licence was checked, and what rests on their word."""
    row = get_object_or_404(Reviewer, slug=reviewer)
    lines = [line for line in reading.lines() if line.stamp.slug == row.slug]
    newest = CredentialCheck.objects.filter(credential__reviewer=row).order_by("credential", "-pk")
    checks: dict[int, CredentialCheck] = {}
    for check in newest.select_related("credential"):
        checks.setdefault(check.credential_id, check)
    signed, today = record.signed_by(row), clock.today()
    year_ago = today - dt.timedelta(365)
    return render(
        request,
        "pages/reviewer.html",
        {
            "reviewer": row,
            "initials": "".join(word[0] for word in row.name.split()[:2]).upper(),
            "lines": lines,
            "in_date": sum(line.stamp.in_date for line in lines),
            "lapsed": sum(not line.stamp.in_date for line in lines),
            "checks": list(checks.values()),
            "licensed": CredentialCheck.objects.valid_on(today).filter(credential__reviewer=row).exists(),
            "signed": signed[0] if signed else None,
            "in_past_year": sum(review.signed_on > year_ago for review in signed),
            "today": today,
        },
    )


@reader_page
def how_we_review(request: HttpRequest) -> HttpResponse:
    """How a page comes to be, and what approval means."""
    return render(request, "pages/how_we_review.html", {"section": "how-we-review"})


@reader_page
def healthz(request: HttpRequest) -> HttpResponse:
    """For the operator's monitor: 200 when the database answers and every guard stands, else 503 with names."""
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
