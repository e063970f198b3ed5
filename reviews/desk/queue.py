"""The queue: what waits for a clinician."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html

from accounts.admin import ReadOnlyAdmin

from ..models import ReviewRequest
from . import decision


class OpenFilter(admin.SimpleListFilter):
    """The queue shows what waits, unless asked for more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """What else there is."""
        return [("mine", "Claimed by me"), ("closed", "Closed"), ("all", "All")]

    def choices(self, changelist: Any) -> Any:
        """The stock choices, the first one called by its name."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Waiting"}
        yield from others

    def queryset(self, request: HttpRequest, queryset: QuerySet[ReviewRequest]) -> QuerySet[ReviewRequest]:
        """Those chosen."""
        match self.value():
            case "all":
                return queryset
            case "closed":
                return queryset.filter(closed_at__isnull=False)
            case "mine":
                return queryset.filter(closed_at__isnull=True, claimed_by__user=request.user.pk)
        return queryset.filter(closed_at__isnull=True)


@admin.register(ReviewRequest)
class ReviewRequestAdmin(ReadOnlyAdmin):
    """The queue, and the desk for one request."""

    list_display = ["page", "kind", "due_on", "asked_by", "asked_at", "claimed_by", "outcome"]
    list_filter = [OpenFilter, "kind"]
    list_select_related = ["revision__article__condition", "asked_by", "claimed_by"]
    ordering = ["closed_at", "due_on", "pk"]

    @admin.display(description="Page")
    def page(self, row: ReviewRequest) -> str:
        """Question, address and version."""
        return format_html("{}<br>{}, version {}", row.revision.question, row.revision.article, row.revision.number)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The desk for one request."""
        return decision.desk(request, object_id)
