"""Log-in is required everywhere but on views marked open, and a session ends that was idle or is too old."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth import middleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from . import sessions


class LoginRequired(middleware.LoginRequiredMiddleware):
    """Django's rule, asked in another order: an open view is answered without a look at the session.

    So a reader's page costs no query for it, and no cache is told that it differs by cookie.
    """

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: Any,
        view_kwargs: Any,
    ) -> HttpResponseBase | None:
        """Nothing for an open view; the log-in page for a stranger elsewhere."""
        if not getattr(view_func, "login_required", True):
            return None
        sessions.in_use(request)  # ends one that is over
        return super().process_view(request, view_func, view_args, view_kwargs)
