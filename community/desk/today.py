"""What moderators have to do, for the admin's first page."""

from collections.abc import Iterator

from django.http import HttpRequest
from django.urls import reverse

from accounts.admin_site import DeskSite
from accounts.today import Line, Panel

from ..models import Link, LinkReport
from .links import QUEUE


def panels(request: HttpRequest) -> Iterator[Panel]:
    """Reports and suggestions that wait, and links that do not answer, for those who decide on links."""
    if not request.user.has_perm("community.change_link"):
        return
    queue, lines = reverse(QUEUE), []
    if reports := LinkReport.objects.waiting().count():
        words = "1 report of a link" if reports == 1 else f"{reports:,} reports of links"
        lines.append(Line(words, f"{queue}?state=reported", late=True))
    waiting, broken = Link.objects.tally()
    if waiting:
        words = "1 link suggested" if waiting == 1 else f"{waiting:,} links suggested"
        lines.append(Line(words, queue))
    if broken:
        words = "1 link does not answer" if broken == 1 else f"{broken:,} links do not answer"
        lines.append(Line(words, f"{queue}?state=broken"))
    yield Panel("Links", lines, "No link waits for you.")


DeskSite.panels.append(panels)
