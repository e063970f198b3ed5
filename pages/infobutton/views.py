"""The address that clinicians' systems ask: HL7 Context-Aware Knowledge Retrieval, URL-based (docs/infobutton.md)."""

import logging
from xml.etree.ElementTree import Element

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from accounts import clock

from .. import throttle
from . import answer, asking, finding, forms
from .asking import Unreadable
from .forms import Form
from .missing import missing

logger = logging.getLogger(__name__)

METHODS = ["GET", "HEAD", "POST", "OPTIONS"]
# Any page in a browser may ask and read: the answer is the same for everybody, and no cookie is looked at.
OPEN = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
PREFLIGHT = {
    "Access-Control-Allow-Methods": ", ".join(METHODS),
    "Access-Control-Allow-Headers": "Accept, Content-Type, X-Requested-With",
    "Access-Control-Max-Age": "86400",
    "Allow": ", ".join(METHODS),
}
RETRY_AFTER = 30


class Answer(HttpResponse):
    """An answer, after which it is time to write down which codes were asked for in vain."""

    def close(self) -> None:
        """The caller has the answer by now."""
        super().close()
        missing.write()


@login_not_required
@csrf_exempt  # a POST asks here as a GET does; it changes nothing, and no session is looked at
@require_http_methods(METHODS)
def infobutton(request: HttpRequest) -> HttpResponse:
    """Pages about a code or a name: 200 also where there are none, 400 with the reason, 429 for who asks too much."""
    if request.method == "OPTIONS":
        return HttpResponse(status=204, headers={**OPEN, **PREFLIGHT})
    response = _asked(request)
    if request.method == "HEAD":
        response["Content-Length"] = str(len(response.content))
        response.content = b""
    return response


def _asked(request: HttpRequest) -> HttpResponse:
    form, wait = Form(), throttle.spare(request, "infobutton", per_minute=settings.INFOBUTTON_A_MINUTE)
    try:
        sent = asking.parameters(request)
        form, wrong = forms.wished(sent, request.headers.get("Accept", ""))
        if wait:
            return _told_to_wait(form, wait)
        if wrong is not None:
            raise wrong
        found = finding.find(asking.read(sent))
        document = answer.feed(found, clock.read())
    except Unreadable as problem:
        return _told_to_wait(form, wait) if wait else _answer(form, answer.problem(str(problem)), 400)
    except (OperationalError, InterfaceError) as error:
        if "Could not decode" in str(error):  # a text that somebody damaged: config/unavailable.py names it
            raise
        logger.error("The database cannot answer /infobutton: %s", type(error).__name__)
        return _answer(form, answer.problem("The database behind this site does not answer."), 503, RETRY_AFTER)
    if request.method != "HEAD":
        missing.note(found.missed)
    return _answer(form, document)


def _told_to_wait(form: Form, wait: int) -> HttpResponse:
    words = f"Your network asks more than {settings.INFOBUTTON_A_MINUTE} times a minute. Wait {wait} seconds."
    return _answer(form, answer.problem(words), 429, wait)


def _answer(form: Form, document: Element, status: int = 200, retry_after: int = 0) -> HttpResponse:
    response = Answer(form.write(document), status=status, content_type=form.content_type, headers=OPEN)
    response["Cache-Control"] = response["Pragma"] = "no-cache"
    response["Vary"] = "Accept"
    response["X-Robots-Tag"] = "noindex"
    if form.kind == forms.SCRIPT:
        response["Cross-Origin-Resource-Policy"] = "cross-origin"  # pages elsewhere load it as a script
    if retry_after:
        response["Retry-After"] = str(retry_after)
    return response
