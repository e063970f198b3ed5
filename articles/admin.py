"""Conditions, their names and codes in the admin. Question pages are in reviews/desk.py, where standing is known."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Condition, ConditionCode, ConditionName


class NameInline(admin.TabularInline[ConditionName, Condition]):
    """Names of a condition."""

    model = ConditionName
    extra = 1


class CodeInline(admin.TabularInline[ConditionCode, Condition]):
    """Codes of a condition."""

    model = ConditionCode
    extra = 1


@admin.register(Condition)
class ConditionAdmin(admin.ModelAdmin[Condition]):
    """Conditions. A changed slug keeps redirecting from the old one."""

    list_display = ["name", "slug", "origin"]
    search_fields = ["slug", "names__text", "codes__code"]
    fields = ["slug", "definition", "origin"]
    inlines = [NameInline, CodeInline]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A condition's address never dies."""
        return False

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Names and codes follow the right to change the condition itself."""
        inlines = [inline(self.model, self.admin_site) for inline in self.inlines]
        for inline in inlines:
            allowed = self.has_change_permission(request, obj) or self.has_add_permission(request)
            for right in ("add", "change", "delete"):
                setattr(inline, f"has_{right}_permission", lambda *_, allowed=allowed: allowed)
            inline.has_view_permission = lambda *_: True  # type: ignore[method-assign]
        return inlines
