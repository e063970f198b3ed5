"""What is measured against: a view that returns the same bytes, and a way to make the site forget what it keeps."""

import os
from collections.abc import Callable
from pathlib import Path

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from config import urls
from pages import kept, state, throttle
from pages.api import answers, index

SAME_BYTES = Path(os.environ["BENCH_BYTES"])


@login_not_required
def bare(request: HttpRequest) -> HttpResponse:
    """The bytes of a page, without a question to anybody."""
    return HttpResponse(same_bytes())


def same_bytes() -> bytes:
    """They are read once."""
    if not _read:
        _read.append(SAME_BYTES.read_bytes())
    return _read[0]


_read: list[bytes] = []


def forgetting(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Forget the state, or the pages too, or the index of the content API as well, before a request that says so."""

    def middleware(request: HttpRequest) -> HttpResponse:
        forget = request.META.get("HTTP_X_FORGET")
        if forget:
            state.held.clear()
            throttle.buckets.clear()
        if forget in {"pages", "index"}:
            kept.pages.clear()
            answers.asked_for.clear()
        if forget == "index":
            index.clear()
        return get_response(request)

    return middleware


urlpatterns = [path("bare/", bare), *urls.urlpatterns]
handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500
