"""What a visitor is told when there is no page, when it is not open to them, or when it cannot be shown."""

import logging

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from . import reading

logger = logging.getLogger(__name__)


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


def tampered(request: HttpRequest, found: reading.Tampered) -> HttpResponse:
    """503 for a page whose stored text is not the one that was approved; the operator is told."""
    logger.critical("%s does not match its digest and is not shown. Run verify_record.", found)
    return _error(
        request,
        503,
        "We cannot show this page now",
        "Its stored text is not the text that was approved, so we do not show it.",
        ["The people who run this site have been told."],
    )
