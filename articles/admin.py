"""Conditions, their names and codes in the admin. Question pages are in reviews/desk.py, where standing is known."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import BroaderCondition, Condition, ConditionCode, ConditionName, SourceTerm


class PartInline(admin.StackedInline[Any, Condition]):
    """A part of a condition: the right to change the condition is the right to change it."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the condition."""
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever writes conditions."""
        return any(request.user.has_perm(f"articles.{right}_condition") for right in ("add", "change"))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever writes conditions."""
        return self.has_add_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever writes conditions."""
        return self.has_add_permission(request, obj)


class NameInline(PartInline):
    """Names of a condition."""

    model = ConditionName
    fields = [("text", "kind", "language")]
    extra = 1


class BroaderInline(PartInline):
    """Of which other conditions it is a kind."""

    model = BroaderCondition
    fk_name = "condition"
    raw_id_fields = ["broader"]
    extra = 0


class SourceTermInline(PartInline):
    """What outside sources say of it: written by imports alone."""

    model = SourceTerm
    fields = [("identifier", "release", "retired_at")]
    readonly_fields = ["identifier", "release", "retired_at"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class CodeInline(PartInline):
    """Codes of a condition."""

    model = ConditionCode
    fields = [("system", "code", "match")]
    extra = 1


@admin.register(Condition)
class ConditionAdmin(admin.ModelAdmin[Condition]):
    """Conditions. A changed slug keeps redirecting from the old one."""

    list_display = ["name", "slug", "origin"]
    search_fields = ["slug", "names__text", "codes__code"]
    fields = ["slug", "definition", "origin", "successor"]
    raw_id_fields = ["successor"]
    inlines = [NameInline, CodeInline, BroaderInline, SourceTermInline]
    actions = None

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A condition's address never dies."""
        return False
