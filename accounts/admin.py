"""Accounts and the outbox in the admin."""

from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.text import Truncator

from . import emails
from .forms import VerbForm
from .models import Letter, User
from .refusals import Refusal
from .second_factor import Confirmation
from .signed_in import person


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
        return type(form.__name__, (form,), {"by": person(request)})

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

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save; nobody's address changes without a letter to the one before."""
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            emails.changed_for_you(form.initial["email"], "e-mail address")

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Set somebody's password, and tell them."""
        with transaction.atomic():
            answer = super().user_change_password(request, *args, **kwargs)
            if request.method == "POST" and answer.status_code == 302:
                emails.changed_for_you(User.objects.get(pk=kwargs["id"]).email, "password")
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nobody erases the account with which they work here."""
        own = obj is not None and obj.pk == request.user.pk
        return not own and super().has_delete_permission(request, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What goes with an account, unless that is forbidden: not named here, it tells where somebody is a member."""
        _, _, needed, protected = super().get_deleted_objects(objs, request)
        # Their addresses and factors are looked at and never deleted by themselves; with the account they go.
        alone = {str(model._meta.verbose_name) for model in (EmailAddress, Authenticator)}
        return [str(each) for each in objs], {}, set(needed) - alone, protected

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Erase the account with all that is this person's alone, what the admin's log says of it too."""
        obj.erase(by=person(request))

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
admin.site.unregister(EmailAddress)


@admin.register(EmailAddress)
class EmailAddressAdmin(ReadOnlyAdmin):
    """Further addresses: each opens its account with a code, so only its owner adds one."""

    list_display = ["email", "user", "primary", "verified"]
    list_filter = ["primary", "verified"]
    search_fields = ["email"]


@admin.register(Authenticator)
class AuthenticatorAdmin(ReadOnlyAdmin):
    """Second factors: whose, of which kind and when used. What is secret about them stays so."""

    list_display = ["user", "type", "created_at", "last_used_at"]
    list_filter = ["type", "last_used_at"]
    fields = ["user", "type", "created_at", "last_used_at"]


class StateFilter(admin.SimpleListFilter):
    """Letters by how far they are."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The states."""
        return [(state.value, str(state.label)) for state in Letter.State]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Those chosen."""
        state = self.value() or ""
        return queryset.in_state(Letter.State(state)) if state in Letter.State.values else queryset


@admin.register(Letter)
class LetterAdmin(ReadOnlyAdmin):
    """The outbox: what went out, what waits, what failed and why."""

    list_display = ["subject", "to", "state_now", "written_at"]
    list_filter = [StateFilter]
    search_fields = ["to", "subject"]
    fields = ["to", "subject", "words", "state_now", "written_at", "sent_at", "tries", "problem"]

    @admin.display(description="State")
    def state_now(self, letter: Letter) -> str:
        """Sent when, tried again when, or given up; and what the mail server said."""
        if letter.state == Letter.State.SENT:
            return f"Sent on {letter.sent_at:%-d %B %Y at %H:%M} UTC"
        next_try = f"Next try from {letter.not_before:%-d %B %Y at %H:%M} UTC"
        if letter.state == Letter.State.WAITS:
            return f"Waits. {next_try}"
        then = f"Given up after {letter.tries} tries" if letter.is_given_up else f"Tries: {letter.tries}. {next_try}"
        return f"Failed. {then}. {Truncator(letter.problem).chars(120)}"

    @admin.display(description="Letter")
    def words(self, letter: Letter) -> str:
        """The words. A letter about somebody's password holds a link that is theirs alone."""
        return letter.body if letter.key else "A letter about the account itself. Its words are not shown."

    def get_urls(self) -> list[Any]:
        """The stock addresses, and those of the buttons."""
        view = self.admin_site.admin_view
        return [
            path("try-again/", view(self.try_all_again), name="accounts_letter_try_all_again"),
            path("<int:object_id>/try-again/", view(self.try_again), name="accounts_letter_try_again"),
            *super().get_urls(),
        ]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One letter; with the button, if it failed."""
        letter = self.get_object(request, object_id)
        failed = letter is not None and letter.state == Letter.State.FAILED
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), "failed": failed})

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The outbox; with the button, if letters failed."""
        failed = Letter.objects.in_state(Letter.State.FAILED).count()
        return super().changelist_view(request, {**(extra_context or {}), "failed": failed})

    def try_again(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """One failed letter goes out with the next run."""
        if refused := self._refused(request):
            return refused
        letter = get_object_or_404(Letter, pk=object_id)
        try:
            letter.try_again(by=person(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The letter is tried again with the next run, within a minute.")
        return redirect("admin:accounts_letter_change", object_id)

    def try_all_again(self, request: HttpRequest) -> HttpResponse:
        """Every failed letter goes out with the next run."""
        if refused := self._refused(request):
            return refused
        try:
            count = Letter.objects.all().try_again(by=person(request))
        except Refusal as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"Letters that are tried again with the next run, within a minute: {count}.")
        return redirect("admin:accounts_letter_changelist")

    def _refused(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to whoever may not look at the outbox, and to anything but a form."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Only administrators look after the outbox.")
        return None if request.method == "POST" else HttpResponseNotAllowed(["POST"])
