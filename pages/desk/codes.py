"""The codes that were asked for in vain: what they mean here, most asked for first, and as a file."""

import csv
import re
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts import clock
from accounts.admin import ReadOnlyAdmin
from accounts.numbers import among
from articles import codes
from articles.models import ConditionCode
from articles.models.conditions import preferred_name
from reviews.models import Publication

from .. import retired
from ..models import CodeMiss
from . import coverage, falling_due

# What a spreadsheet takes for the beginning of a formula, some after blanks, some in full width.
FORMULA = re.compile(r"\s|[=+\-@＝＋－＠]")


class Meaning(admin.SimpleListFilter):
    """Codes by what the site knows of them today."""

    title = "what we have"
    parameter_name = "have"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What can be the matter."""
        return list(STATES.items())

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> "QuerySet[CodeMiss]":
        """Those of which this is so."""
        match self.value():
            case "nothing":
                return queryset.filter(bearers=0)
            case "condition":
                return queryset.filter(bearers__gt=0, answered=False)
            case "pages":
                return queryset.filter(answered=True)
        return queryset


STATES = {
    "condition": "A condition without a page",
    "nothing": "No condition with this code",
    "pages": "Pages, since then",
}


class SystemFilter(admin.SimpleListFilter):
    """Codes by system: those that were asked for."""

    title = "system"
    parameter_name = "system"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The systems of which there are codes."""
        names = CodeMiss.objects.order_by("system").values_list("system", flat=True).distinct()
        return [(name, codes.title(name)) for name in names]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[CodeMiss]") -> "QuerySet[CodeMiss]":
        """Those of one system."""
        known = {name for name, _ in self.lookup_choices}
        return queryset.filter(system=self.value()) if self.value() in known else queryset


def explained(rows: "QuerySet[CodeMiss]") -> "QuerySet[CodeMiss]":
    """Codes with the conditions that bear them: how many, the first, its name and whether it was given up; and
    whether a page answers now.
    """
    bearing = ConditionCode.objects.filter(system=OuterRef("system"), code=OuterRef("code")).order_by("condition")
    live = Publication.objects.live().filter(article__condition=OuterRef("condition")).order_by()
    counted = bearing.order_by().values("system").annotate(number=Count("condition")).values("number")
    # One that was given up answers with the pages of the one that is shown in its place, as /infobutton does.
    leading = retired.leading()
    ends = Publication.objects.live().filter(article__condition__in=among(leading.values())).order_by()
    public = set(ends.values_list("article__condition", flat=True)) if leading else set()
    elsewhere = Q(condition__in=among(old for old, new in leading.items() if new in public))
    of_first = bearing.filter(condition=OuterRef("condition"), condition__in=among(leading))
    first = bearing.annotate(name=Coalesce(preferred_name("condition"), "condition__slug", output_field=CharField()))
    return rows.annotate(
        bearers=Coalesce(Subquery(counted), 0),
        condition=Subquery(first.values("condition")[:1]),
        condition_name=Subquery(first.values("name")[:1]),
        leads=Exists(of_first),
        answered=Exists(bearing.filter(Exists(live) | elsewhere)),
    )


def state(row: Any) -> str:
    """What the site knows today of a code that came from `explained`: a key of STATES."""
    return "pages" if row.answered else "condition" if row.bearers else "nothing"


def link(row: CodeMiss) -> str:
    """Where its system shows a code; empty where the system is not known, or cannot have it."""
    system = codes.SYSTEMS.get(row.system)
    try:
        return system.link(system.normalise(row.code)) if system else ""
    except ValueError:
        return ""


@admin.register(CodeMiss)
class CodeMissAdmin(ReadOnlyAdmin):
    """Codes asked for in vain: looked at, and taken away once they are dealt with."""

    list_display = ["written", "system_title", "times", "first_on", "last_on", "have"]
    list_display_links = None
    list_filter = [Meaning, SystemFilter]
    search_fields = ["code"]
    show_facets = admin.ShowFacets.NEVER
    actions: Any = ()
    fields = ["system", "code", "times", "first_on", "last_on"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[CodeMiss]":
        """Codes with what the site knows of them."""
        return explained(super().get_queryset(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Publishers; a code that is asked for once more comes again."""
        return request.user.has_perm("pages.delete_codemiss")

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list, called what it is."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Codes asked for in vain"})

    def get_urls(self) -> list[URLPattern]:
        """The coverage, what falls due and the file, before the stock addresses."""
        view = self.admin_site.admin_view
        return [
            path("coverage/", view(coverage.coverage), name="desk_coverage"),
            path("falling-due/", view(falling_due.falling_due), name="desk_falling_due"),
            path("codes.csv", view(self.as_file), name="desk_codes"),
            *super().get_urls(),
        ]

    @admin.display(description="Code", ordering="code")
    def written(self, row: CodeMiss) -> str | SafeString:
        """As people write it, with where its system shows it."""
        system, address = codes.SYSTEMS.get(row.system), link(row)
        words = system.written(row.code) if system else row.code
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', address, words) if address else words

    @admin.display(description="System", ordering="system")
    def system_title(self, row: CodeMiss) -> str:
        """As people know it."""
        return codes.title(row.system)

    @admin.display(description="What we have")
    def have(self, row: Any) -> str | SafeString:
        """The condition that bears it, and whether it has a page by now."""
        if not row.bearers:
            return STATES["nothing"]
        led = ", which leads to another" if row.leads else ""
        others = f"{led} and {row.bearers - 1} more" if row.bearers > 1 else led
        address = reverse("admin:articles_condition_change", args=[row.condition])
        return format_html(
            '<a href="{}">{}</a>{}: {}', address, row.condition_name, others, "pages" if row.answered else "no page"
        )

    def as_file(self, request: HttpRequest) -> HttpResponse:
        """All of them as comma-separated values, for a spreadsheet."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Only publishers look at the codes that were asked for in vain.")
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        response["Content-Disposition"] = f'attachment; filename="codes-asked-in-vain-{clock.today()}.csv"'
        response.write("\ufeff")  # without it, Excel takes the letters for others
        file = csv.writer(response)
        file.writerow(["System", "Code", "Times", "First day", "Last day", "What we have", "Condition", "Elsewhere"])
        for row in explained(CodeMiss.objects.all()):
            file.writerow(cells(row))
        return response


def cells(row: Any) -> list[str]:
    """A row of the file, of which a spreadsheet runs nothing."""
    words = [codes.title(row.system), row.code, row.times, row.first_on, row.last_on, STATES[state(row)]]
    said = [str(word) for word in [*words, row.condition_name or "", link(row)]]
    return [f"'{cell}" if FORMULA.match(cell) else cell for cell in said]
