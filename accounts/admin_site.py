"""The admin site: staff only, signed in with a second factor."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ClassVar
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import admin
from django.contrib.auth import logout
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.core.exceptions import BadRequest, PermissionDenied
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

from . import mailed_codes, second_factor, today
from .sessions import FORM_SECONDS

# After this time the desk asks for the second factor again, however busy the session was.
SECOND_FACTOR_SECONDS = 12 * 60 * 60
# Where somebody wanted to go who is setting up their second factor.
WANTED = "desk_wanted"


class DeskSite(admin.AdminSite):
    """The stock admin, entered through the site's own log-in and only with a second factor."""

    site_header = "Rounds desk"
    site_title = "Rounds desk"
    index_title = "Your desk today"
    panels: ClassVar[list[today.Panels]] = [today.letters]

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff whose session passed a second factor within twelve hours; a demonstration asks for none.

        A session that began with a code from a letter is a member's: whoever reads somebody's letters has no desk.
        """
        seconds = SECOND_FACTOR_SECONDS + (FORM_SECONDS if request.method == "POST" else 0)
        if not super().has_permission(request) or mailed_codes.came_by_letter(request):
            return False
        return second_factor.recent(request, seconds)

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        """A view for those with permission; a number in the address that no database holds is a bad request."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            try:
                return guarded(request, *args, **kwargs)
            except (DataError, OverflowError) as error:
                raise BadRequest("This holds a number that is too large.") from error

        return answered

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What should I do now? Below it everything that the person may look at."""
        panels = [panel for panels in self.panels for panel in panels(request)]
        return super().index(request, {"panels": panels, **(extra_context or {})})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """The models by what people do; those of one app where one is named."""
        apps = super().get_app_list(request, app_label)
        if app_label is not None:
            return apps
        models = {f"{app['app_label']}.{model['object_name']}": model for app in apps for model in app["models"]}
        grouped = {
            name: [models.pop(label) for label in labels if label in models] for name, labels in today.WORK.items()
        }
        index = reverse("admin:index", current_app=self.name)
        return [
            {"name": name, "app_label": name.lower(), "app_url": f"{index}#{name.lower()}", "models": rows}
            for name, rows in [*grouped.items(), ("More", list(models.values()))]
            if rows
        ]

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Send whoever may not enter to the step that is missing."""
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
            wanted = ""
        if self.has_permission(request):
            return redirect(request.session.pop(WANTED, "") or reverse("admin:index"))
        next_page = urlencode({"next": wanted or reverse("admin:index")})
        if not request.user.is_authenticated:
            return redirect(f"{reverse('account_login')}?{next_page}")
        if not request.user.is_staff:
            return redirect("home")
        if mailed_codes.came_by_letter(request):
            logout(request)
            return redirect(f"{reverse('account_login')}?{next_page}")
        if is_mfa_enabled(request.user):
            return redirect(f"{get_adapter().get_reauthentication_methods(request.user)[0]['url']}?{next_page}")
        request.session[WANTED] = wanted
        return redirect("mfa_index")

    def get_urls(self) -> list[Any]:
        """The stock addresses, but for the one that tells any colleague where a row is shown."""
        stock = [route for route in super().get_urls() if getattr(route, "name", "") != "view_on_site"]
        on_site = path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(self.on_site), name="view_on_site")
        return [on_site, *stock]

    def on_site(self, request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponse:
        """Lead to a row's public page whoever may look at the row: its address alone tells what a draft is about."""
        kind = ContentType.objects.filter(pk=content_type_id).first() if content_type_id.isdecimal() else None
        model = kind.model_class() if kind is not None else None
        if model not in self._registry or not self._registry[model].has_view_permission(request):
            raise PermissionDenied
        return shortcut(request, content_type_id, object_id)
