"""The pages about the site itself: who reviews, how a page comes to be, who pays, access and privacy.

What every site that runs this program may say stands in the templates; what only its operator knows is a SiteText, and
where nobody wrote it the page says nothing.
"""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from accounts.sessions import IDLE_SECONDS
from reviews.models import CredentialCheck, Review, Reviewer

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
def reviewers(request: HttpRequest) -> HttpResponse:
    """Everybody who reviews, and those who did and whose name still stands under a page or a history."""
    licensed = CredentialCheck.objects.valid_on(clock.today()).values("credential__reviewer")
    signed = Review.objects.filter(publications__isnull=False).values("reviewer")
    return render(
        request,
        "pages/reviewers.html",
        {
            "reviewers": Reviewer.objects.filter(pk__in=licensed),
            "former": Reviewer.objects.filter(pk__in=signed).exclude(pk__in=licensed),
            "section": "how-we-review",
        },
    )


@reader_page
def how_we_review(request: HttpRequest) -> HttpResponse:
    """How a page comes to be, what approval means, and who is behind the site."""
    return render(request, "pages/how_we_review.html", {"said": _said(ABOUT), "section": "how-we-review"})


@reader_page
def accessibility(request: HttpRequest) -> HttpResponse:
    """How the site can be used by everybody, what does not work yet, and whom to tell."""
    return render(request, "pages/accessibility.html", {"said": _said(ACCESS)})


@reader_page
def privacy(request: HttpRequest) -> HttpResponse:
    """What is kept of a reader, of a member and of a colleague."""
    return render(
        request,
        "pages/privacy.html",
        {"said": _said(DATA), "threshold": settings.MEMBER_COUNT_THRESHOLD, "idle_hours": IDLE_SECONDS // 3600},
    )
