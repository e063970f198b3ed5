"""The admin site: staff only, signed in with a second factor."""

import time
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

# After this time the desk asks for the second factor again, however busy the session was.
SECOND_FACTOR_SECONDS = 12 * 60 * 60


class DeskSite(admin.AdminSite):
    """The stock admin, entered through the site's own log-in and only with a second factor."""

    site_header = "Rounds desk"
    site_title = "Rounds desk"
    index_title = "What do you want to do?"

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff whose session passed a second factor within twelve hours; a demonstration asks for none."""
        return super().has_permission(request) and (settings.ROUNDS_DEMO or _passed_second_factor(request))

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send whoever may not enter to the step that is missing."""
        next_page = urlencode({"next": request.GET.get("next") or reverse("admin:index")})
        if self.has_permission(request):
            return redirect(reverse("admin:index"))
        if not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{next_page}")
        if not request.user.is_staff:
            return redirect("home")
        step = "mfa_reauthenticate" if is_mfa_enabled(request.user) else "mfa_index"
        return redirect(f"{reverse(step)}?{next_page}")


def _passed_second_factor(request: HttpRequest) -> bool:
    if not request.user.is_authenticated:
        return False
    records = get_authentication_records(request, request.user)
    since = time.time() - SECOND_FACTOR_SECONDS
    return any(record.get("method") == "mfa" and record.get("at", 0) > since for record in records)
