"""Accounts and the outbox in the admin."""

from typing import Any

from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path

from .forms import VerbForm
from .models import Letter, User
from .second_factor import Confirmation


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


class ResetSecondFactorForm(VerbForm, forms.Form):
    """Take the lost second factor of a colleague away."""

    signs = True

    why = forms.CharField(
        label="Why, and how you made sure that it is they who ask",
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="They and every administrator read it in a letter.",
    )
    person: User

    def perform(self) -> None:
        """Reset it."""
        self.person.reset_second_factor(by=self.by, why=self.cleaned_data["why"])


@admin.register(User)
class UserAdmin(StockUserAdmin[User]):
    """People and their groups."""

    change_form_template = "admin/accounts/user/change_form.html"
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

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, and the way back for whoever lost their second factor."""
        reset = self.admin_site.admin_view(self.reset_second_factor)
        return [path("<int:person>/second-factor/", reset, name="accounts_user_second_factor"), *super().get_urls()]

    def reset_second_factor(self, request: HttpRequest, person: int) -> HttpResponse:
        """Reset the second factor of a colleague: the reason, and what happens then."""
        if not request.user.is_superuser:
            raise PermissionDenied("Only an administrator resets a second factor.")
        row = get_object_or_404(User, pk=person)
        form = ResetSecondFactorForm(request.POST if request.method == "POST" else None)
        form.person, form.by, form.confirmation = row, request.user, Confirmation(request)
        if request.method == "POST" and form.is_valid():
            messages.success(request, f"{row} is signed out everywhere, and sets up a new second factor at sign-in.")
            return redirect("admin:accounts_user_change", row.pk)
        context = {**self.admin_site.each_context(request), "form": form, "person": row}
        return render(request, "admin/accounts/user/second_factor.html", context)


admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors: whose, of which kind and when used. What is secret about them stays so."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """What went out, what waits, and why."""

    list_display = ["subject", "to", "written_at", "sent_at", "tries", "problem"]
    list_filter = ["sent_at"]
