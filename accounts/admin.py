"""Accounts and the outbox in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.http import HttpRequest

from .models import Letter, User


class ReadOnlyAdmin(admin.ModelAdmin[Any]):
    """For rows that are looked at and never typed: no add, no change, no delete, no bulk action."""

    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody adds rows here."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody changes rows here."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody deletes rows here."""
        return False


class VerbAdmin(admin.ModelAdmin[Any]):
    """An admin whose form is a VerbForm: the form has acted already when it is valid, nothing is saved twice."""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, knowing who acts."""
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"by": request.user})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """The verb has written the rows."""


@admin.register(User)
class UserAdmin(StockUserAdmin[User]):
    """People and their groups."""

    list_display = ["email", "name", "is_staff", "is_active", "last_login"]
    list_filter = ["is_staff", "is_active", "groups"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        ("Dates", {"fields": ["last_login", "joined_at", "closed_at"]}),
    ]
    readonly_fields = ["last_login", "joined_at", "closed_at"]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]
    actions = None


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """What went out, what waits, and why."""

    list_display = ["subject", "to", "written_at", "sent_at", "tries", "problem"]
    list_filter = ["sent_at"]
