"""How every resource answers: open to every site, the same for everybody, kept like a reader's page, throttled."""

import json
import time
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import SuspiciousOperation
from django.db import Error
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseRedirectBase
from django.views.decorators.csrf import csrf_exempt

from .. import kept
from ..jsonld import absolute
from ..state import held
from ..throttle import spare
from . import asked, table
from .problems import Problem

METHODS = "GET, HEAD, OPTIONS"
# Any site may read it in its visitors' browsers: it is the same for everybody and nobody is signed in for it.
OPEN = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "ETag, Last-Modified, Link, Retry-After",
    "X-Robots-Tag": "noindex",
}
PREFLIGHT = {
    "Access-Control-Allow-Methods": METHODS,
    "Access-Control-Allow-Headers": "If-None-Match",
    "Access-Control-Max-Age": "86400",
    "Allow": METHODS,
}
UNAVAILABLE_SECONDS = 30

# Answers to addresses with a query; there is no end of them, so they have a part of the memory for themselves.
asked_for = kept.Pages(part=0.25)

View = Callable[..., HttpResponse]


def resource(name: str) -> Callable[[View], View]:
    """A view of the content API: it gets the request, the parameters of its row in the table, and the path's parts."""
    parameters = table.BY_NAME[name].asked if name in table.BY_NAME else {}

    def decorate(view: View) -> View:
        # Nothing can be sent here, so there is nothing to forge: whatever is no GET is told so.
        @csrf_exempt
        @login_not_required
        @wraps(view)
        def opened(request: HttpRequest, **places: str) -> HttpResponse:
            try:
                return _answer(request, view, parameters, places)
            except Problem as problem:
                return _opened(problem.answer())
            except SuspiciousOperation:  # of a query: so many parameters are not even read
                why = "Too many parameters were sent. Send those that the description names, each once."
                return _opened(Problem("bad-parameter", why, parameter="").answer())
            except Error:
                later = {"Retry-After": str(UNAVAILABLE_SECONDS)}
                why = f"The database does not answer. Try again in {UNAVAILABLE_SECONDS} seconds."
                return _opened(Problem("unavailable", why, headers=later).answer())

        return opened

    return decorate


def _answer(
    request: HttpRequest, view: View, parameters: Mapping[str, table.Parameter], places: dict[str, str]
) -> HttpResponse:
    if request.method == "OPTIONS":
        response = _opened(HttpResponse(status=204))
        for name, value in PREFLIGHT.items():
            response.headers[name] = value
        return response
    if request.method not in {"GET", "HEAD"}:
        raise Problem("read-only", f"Use {METHODS}.", headers={"Allow": METHODS})
    values = asked.read(request.GET, parameters)
    if request.META.get("QUERY_STRING"):
        return _kept_answer(request, view, values, places)
    kept.before_making(request, places.get("condition", ""))
    return _made(request, view, values, places)


def _kept_answer(request: HttpRequest, view: View, values: dict[str, Any], places: dict[str, str]) -> HttpResponse:
    """The answer at an address with a query, as pages/kept.py answers at one without."""
    # What was left out is not there at all: a None would be the same as the word “None” that somebody sent.
    key = f"{request.path}?{urlencode({name: value for name, value in values.items() if value is not None})}"
    made_at, condition = time.monotonic(), places.get("condition", "")
    # No such condition can be, and what is not there must not fill the memory.
    state = None if len(condition) > kept.LONGEST_CONDITION else held.current(condition)
    page = asked_for.at(key)
    if page is None or state is None or not page.allowed_by(state):
        response = _made(request, view, values, places)
        if state is None or response.status_code != 200:
            return response
        page = kept.Page.of(response, state, kept.oldest(request, made_at))
        asked_for.keep(key, page)
    return page.answer(request, state)


def _made(request: HttpRequest, view: View, values: dict[str, Any], places: dict[str, str]) -> HttpResponse:
    if wait := spare(request, "api", per_minute=settings.API_A_MINUTE):
        why = f"More than {settings.API_A_MINUTE} requests a minute came from your network. Wait {wait} seconds."
        raise Problem("too-many-requests", why, headers={"Retry-After": str(wait)})
    try:
        response = view(request, values, **places)
    except Problem as problem:
        if problem.kind != "withdrawn":
            raise
        response = problem.answer()
    if not isinstance(response, HttpResponseRedirectBase):
        response.headers.setdefault("Cache-Control", kept.ASK_AGAIN)
    return _opened(response)


def _opened(response: HttpResponse) -> HttpResponse:
    for name, value in OPEN.items():
        response.headers[name] = value
    return response


def answer(data: Mapping[str, Any], *, links: Mapping[str, str] | None = None) -> HttpResponse:
    """Data as JSON, with links to what belongs to it (RFC 8288): addresses by their relation."""
    response = HttpResponse(json.dumps(data, ensure_ascii=False), content_type="application/json")
    if links:
        response.headers["Link"] = ", ".join(f'<{address}>; rel="{relation}"' for relation, address in links.items())
    return response


def around(request: HttpRequest, number: int, *, more: bool) -> dict[str, str]:
    """The addresses of the pages of a list before and after one."""

    def at(page: int) -> str:
        return absolute(f"{request.path}?{urlencode({**request.GET.dict(), 'page': page})}")

    return {**({"prev": at(number - 1)} if number > 1 else {}), **({"next": at(number + 1)} if more else {})}
