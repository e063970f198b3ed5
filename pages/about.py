"""The pages about the site itself: how a page comes to be, who pays, access and privacy.

What every site that runs this program may say stands in the templates; what only its operator knows is a SiteText, and
where nobody wrote it the page says nothing.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.sessions import IDLE_SECONDS

from . import jsonld
from .models import SiteText
from .views import reader_page

Key = SiteText.Key

# Which of the operator's words stand where.
ABOUT = [
    *(Key.PUBLISHER, Key.FUNDING, Key.ADVERTISING, Key.CONFLICTS, Key.AUTHORS, Key.EVIDENCE, Key.REVIEWING),
    *(Key.CORRECTIONS, Key.CONTACT, Key.LICENCE, Key.SOURCE_CODE),
]
ACCESS = [Key.ACCESSIBILITY_GAPS, Key.ACCESSIBILITY_CONTACT]
DATA = [Key.PRIVACY, Key.HOSTING]


def _said(keys: list[SiteText.Key]) -> list[SiteText]:
    """What the operator says on these matters, in this order; one query."""
    words = SiteText.objects.in_force()
    return [words[key] for key in keys if key in words]


@reader_page
def how_we_review(request: HttpRequest) -> HttpResponse:
    """How a page comes to be, what approval means, and who is behind the site."""
    machine = jsonld.Head(
        "How a page is reviewed",
        "How a page is written, approved by a clinician, published, reviewed again and withdrawn.",
        request.path,
    )
    context = {"said": _said(ABOUT), "section": "how-we-review", "machine": machine}
    return render(request, "pages/how_we_review.html", context)


@reader_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site can be used by everybody, what does not work yet, and whom to tell."""
    words = f"How {settings.SITE_NAME} is made so that everybody can use it, what does not work yet, and whom to tell."
    machine = jsonld.Head("Accessibility", words, request.path)
    return render(request, "pages/accessibility.html", {"said": _said(ACCESS), "machine": machine})


@reader_page
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of a reader, of a member and of a colleague."""
    words = f"What {settings.SITE_NAME} keeps of you when you read, when you write to us and when you have an account."
    return render(
        request,
        "pages/privacy.html",
        {
            "said": _said(DATA),
            "threshold": settings.MEMBER_COUNT_THRESHOLD,
            "feedback_days": settings.FEEDBACK_EMAIL_DAYS,
            "idle_hours": IDLE_SECONDS // 3600,
            "machine": jsonld.Head("Privacy", words, request.path),
        },
    )
