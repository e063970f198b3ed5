"""Communities and links in the admin. Members are not here: who they are is nobody's daily business."""

from django.contrib import admin
from django.http import HttpRequest

from accounts.admin import ReadOnlyAdmin

from . import desk  # noqa: F401  registers the desk
from .models import Community


@admin.register(Community)
class CommunityAdmin(ReadOnlyAdmin):
    """Communities and how many people they have."""

    list_display = ["condition", "member_count"]
    list_select_related = ["condition"]
    search_fields = ["condition__slug", "condition__names__text"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever may open a community."""
        return request.user.has_perm("community.add_community")
