"""Communities and links in the admin, and members by number. Who they are is nobody's daily business."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html

from accounts.admin import ReadOnlyAdmin
from accounts.admin_site import DeskSite
from accounts.today import Line, Panel
from articles.models.conditions import named

from . import (
    desk,  # noqa: F401  registers the desk
    moderation,
)
from .models import Community, MemberLook, StrikeOut


@admin.register(Community)
class CommunityAdmin(ReadOnlyAdmin):
    """Communities, how many people they have, and the way to their members by number."""

    list_display = ["condition", "member_count", "waiting"]
    list_select_related = ()
    search_fields = ["condition__slug", "condition__names__text"]
    readonly_fields = ["member_count", "waiting"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Community]":
        """With how many are held."""
        held = Count("members", filter=Q(members__is_held=True))
        rows: QuerySet[Community] = super().get_queryset(request)
        return rows.annotate(held=held).prefetch_related(named("condition"))

    @admin.display(description="Waiting to be counted")
    def waiting(self, community: Community) -> str:
        """How many are held, and the way to them."""
        held = getattr(community, "held", 0)
        address = reverse("admin:community_members", args=[community.pk])
        return format_html('<a href="{}">{} held; members by number</a>', address, held)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new one is asked for its condition alone."""
        return ["condition", "member_count", "waiting"] if obj else ["condition"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may open a community."""
        return request.user.has_perm("community.add_community")

    def get_urls(self) -> list[URLPattern]:
        """The stock addresses, and the members of one community."""
        members = self.admin_site.admin_view(moderation.members)
        return [path("<int:number>/members/", members, name="community_members"), *super().get_urls()]


@admin.register(StrikeOut)
class StrikeOutAdmin(ReadOnlyAdmin):
    """Accounts that were struck out: by number, and never of which community."""

    list_display = ["account", "by", "at", "why"]


@admin.register(MemberLook)
class MemberLookAdmin(ReadOnlyAdmin):
    """Who looked at who a member is."""

    list_display = ["at", "by", "community"]
    list_select_related = ["by", "community"]

    def get_queryset(self, request: HttpRequest) -> "QuerySet[MemberLook]":
        """With the names of the communities."""
        rows: QuerySet[MemberLook] = super().get_queryset(request)
        return rows.prefetch_related(named("community__condition"))


def held(request: HttpRequest) -> Iterable[Panel]:
    """Communities in which members wait to be counted, for those who may let them count."""
    if not request.user.has_perm("community.change_member"):
        return
    waiting = Community.objects.annotate(held=Count("members", filter=Q(members__is_held=True))).filter(held__gt=0)
    lines = [
        Line(str(row), reverse("admin:community_members", args=[row.pk]), f"{row.held} held", late=True)
        for row in waiting.prefetch_related(named("condition")).order_by("pk")[:10]
    ]
    if lines:
        yield Panel("More members than usual", lines)


DeskSite.panels.append(held)
