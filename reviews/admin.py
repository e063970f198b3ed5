"""Reviewers and their credentials, and the record: what was decided, published and withdrawn, to be read only."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.html import format_html_join

from accounts.admin import ReadOnlyAdmin, VerbAdmin
from accounts.models import User

from . import desk  # noqa: F401  registers the desk
from .desk import credentials
from .forms import CheckForm, ChecklistForm
from .models import Checklist, Credential, CredentialCheck, LedgerEntry, Publication, Review, Reviewer, Withdrawal

# An address typed without its scheme is completed.
HTTPS_ASSUMED: dict[Any, Any] = {models.URLField: {"assume_scheme": "https"}}


class CredentialInline(admin.TabularInline[Credential, Reviewer]):
    """A reviewer's credentials; a checked one no longer changes."""

    model = Credential
    formfield_overrides = HTTPS_ASSUMED
    extra = 0
    can_delete = False
    show_change_link = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Changed on its own page."""
        return False


@admin.register(Reviewer)
class ReviewerAdmin(admin.ModelAdmin[Reviewer]):
    """Clinicians whose names readers see."""

    list_display = ["signature", "specialty", "user"]
    search_fields = ["name", "user__email"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [CredentialInline]
    actions = None

    def get_readonly_fields(self, request: HttpRequest, obj: Reviewer | None = None) -> list[str]:
        """A reviewer stays the same person, and at the same address once a licence was checked: then it is public."""
        if obj is None:
            return []
        listed = CredentialCheck.objects.filter(credential__reviewer=obj).exists()
        return ["user", "slug"] if listed else ["user"]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Colleagues only: who is a member of a community is nobody's business here."""
        if db_field.name == "user":
            kwargs["queryset"] = User.objects.filter(is_staff=True, is_active=True)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Reviewer | None = None) -> dict[str, Any]:
        """Only a new reviewer has a slug to choose; it follows the name."""
        return {} if obj else dict(self.prepopulated_fields)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A name that has signed stays."""
        return False


@admin.register(Credential)
class CredentialAdmin(admin.ModelAdmin[Credential]):
    """Licences in public registers, with every check of them."""

    list_display = ["reviewer", "profession", "register", "number", "newest_check"]
    list_select_related = ["reviewer"]
    search_fields = ["reviewer__name", "number"]
    change_list_template = "admin/reviews/credential/change_list.html"
    formfield_overrides = HTTPS_ASSUMED
    actions = None

    @admin.display(description="Newest check")
    def newest_check(self, credential: Credential) -> str:
        """What the newest check says."""
        check = credential.checks.first()
        return str(check).split(": ", 1)[1] if check else "Never checked"

    def get_urls(self) -> list[URLPattern]:
        """What runs out soon, before the stock addresses."""
        soon = path("soon/", self.admin_site.admin_view(credentials.soon), name="desk_credentials")
        return [soon, *super().get_urls()]

    def _checked(self, credential: Credential | None) -> bool:
        return credential is not None and credential.checks.exists()

    def has_change_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Not once it was checked."""
        return super().has_change_permission(request, obj) and not self._checked(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Credential | None = None) -> bool:
        """Not once it was checked."""
        return super().has_delete_permission(request, obj) and not self._checked(obj)


@admin.register(CredentialCheck)
class CredentialCheckAdmin(VerbAdmin, ReadOnlyAdmin):
    """Checks of credentials; a renewal or a revocation is a new one."""

    list_display = ["credential", "checked_on", "valid_from", "valid_until", "revoked", "checked_by"]
    list_select_related = ["credential", "checked_by"]
    list_filter = ["revoked"]
    form = CheckForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Registrars."""
        return request.user.has_perm("reviews.add_credentialcheck")


@admin.register(Review)
class ReviewAdmin(ReadOnlyAdmin):
    """Decisions; never changed."""

    list_display = ["revision", "decision", "scope", "signed_as", "signed_on", "recorded_at", "next_due"]
    list_filter = ["decision", "scope"]
    list_select_related = ["revision__article__condition"]
    exclude = ["ticked"]
    readonly_fields = ["ticked_points"]

    @admin.display(description="Ticked")
    def ticked_points(self, review: Review) -> str:
        """The words of the ticked points."""
        points = review.points.split("\n")
        return format_html_join("", "{}<br>", ([points[number - 1]] for number in review.ticked)) or "Nothing"


@admin.register(Checklist)
class ChecklistAdmin(VerbAdmin, ReadOnlyAdmin):
    """What a clinician ticks before an approval; a change is a new version, and the newest is in force."""

    list_display = ["written_at", "written_by", "points"]
    list_select_related = ["written_by"]
    form = ChecklistForm

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Publishers."""
        return request.user.has_perm("reviews.add_checklist")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """The points in force, to be changed."""
        checklist = Checklist.objects.in_force()
        return {"points": checklist.points} if checklist is not None else {}


@admin.register(Publication)
class PublicationAdmin(ReadOnlyAdmin):
    """What was published; never changed. A page is published and withdrawn on its own page."""

    list_display = ["review", "live_from", "published_by", "withdrawal"]
    list_select_related = ["review__revision__article__condition", "published_by", "withdrawal"]


@admin.register(Withdrawal)
class WithdrawalAdmin(ReadOnlyAdmin):
    """What was withdrawn, and why; never changed."""

    list_display = ["publication", "by", "at", "why"]
    list_select_related = ["publication__review__revision__article__condition", "by"]


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """Every decision in order, each sealed with the one before; never changed."""

    list_display = ["pk", "kind", "decision", "recorded_at", "digest"]
    list_filter = ["kind"]
