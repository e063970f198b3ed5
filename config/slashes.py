"""Sends an address that lacks its last slash to where its page stands now, in one step."""

from django.http import Http404, HttpRequest
from django.middleware.common import CommonMiddleware
from django.urls import resolve


class LastSlash(CommonMiddleware):
    """The stock middleware; below /conditions/ it follows an old address to the present one in the same step.

    It asks the page itself where it stands, so that an address tells no more without its slash than with it.
    """

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """The address with a slash, or the one to which that would lead for ever."""
        slashed = super().get_full_path_with_slash(request)
        if request.method not in {"GET", "HEAD"} or not request.path_info.startswith("/conditions/"):
            return slashed
        found = resolve(f"{request.path_info}/")
        # Here nobody is signed in yet, and no CSRF token was asked for: only what is open to everybody may be called.
        if getattr(found.func, "login_required", True):
            return slashed
        try:
            answer = found.func(request, *found.args, **found.kwargs)
        except Http404:
            return slashed
        return answer.headers["Location"] if answer.status_code == 301 else slashed
