"""The operator's words in the admin: written by publishers, every version kept, what is missing named to them."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

from accounts.admin import ReadOnlyAdmin, VerbAdmin
from accounts.admin_site import DeskSite
from accounts.today import Line, Panel

from . import desk  # noqa: F401  registers the desk
from .forms import SiteTextForm
from .models import SiteText


@admin.register(SiteText)
class SiteTextAdmin(VerbAdmin, ReadOnlyAdmin):
    """What the site says about itself; a change is a new version, and the newest of each text is in force."""

    list_display = ["key", "number", "written_at", "written_by", "words"]
    list_filter = ["key"]
    list_select_related = ["written_by"]
    form = SiteTextForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Publishers."""
        return request.user.has_perm("pages.add_sitetext")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The words in force on what the address names, to be changed."""
        key = request.GET.get("key", "")
        said = SiteText.objects.in_force().get(key)
        return {"key": key, "words": said.words if said else ""}


def unsaid(request: HttpRequest) -> Iterator[Panel]:
    """What readers should be told about the site and nobody wrote yet, for those who may write it."""
    if not request.user.has_perm("pages.add_sitetext"):
        return
    missing = SiteText.objects.missing()
    address = reverse("admin:pages_sitetext_add")
    lines = [Line(key.label, f"{address}?key={key.value}") for key in missing]
    if lines:
        yield Panel("Not said to readers yet", lines)


def catalogue(request: HttpRequest) -> Iterator[Panel]:
    """Where it is seen how much there is and what is missing, for those who may look."""
    if not request.user.has_perm("pages.view_codemiss"):
        return
    codes = reverse("admin:pages_codemiss_changelist")
    lines = [
        Line("Coverage", reverse("admin:desk_coverage"), "Conditions by pages, pages by standing, what is missed most"),
        Line("Reviews falling due", reverse("admin:desk_falling_due"), "By month and by reviewer, a year ahead"),
        Line("Codes asked for in vain", codes, "In the systems that clinicians use, most asked for first"),
    ]
    yield Panel("The catalogue", lines)


DeskSite.panels += [unsaid, catalogue]
