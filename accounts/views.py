"""Pages of one's own account: the browsers one is signed in with, and setting up a second factor."""

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from .models import Session


def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers in which one is signed in, and the way to sign each of the others out."""
    mine = Session.objects.open(request.user)  # type: ignore[arg-type]
    others = [row for row in mine if row.session_key != request.session.session_key]
    if request.method == "POST":
        chosen = request.POST.get("end", "")
        ended = [row for row in others if chosen in {"others", row.name}]
        for row in ended:
            row.end(by=request.user)  # type: ignore[arg-type]
        messages.success(request, "Signed out there." if ended else "That browser was signed out already.")
        return redirect("account_sessions")
    here = next((row for row in mine if row not in others), None)
    return render(request, "account/sessions.html", {"here": here, "others": others})


def confirmed(request: HttpRequest) -> HttpResponse:
    """Where somebody ends who gave their second factor in a tab of its own."""
    return render(request, "account/confirmed.html")


class SetUpApp(ActivateTOTPView):
    """Set up an authenticator app; its first code is a second factor given."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it, and lead to the recovery codes."""
        response = super().form_valid(form)
        _given(self.request, Authenticator.Type.TOTP)
        return response


class AddKey(AddWebAuthnView):
    """Add a security key or passkey; its answer is a second factor given."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it, and lead to the recovery codes."""
        response = super().form_valid(form)
        _given(self.request, Authenticator.Type.WEBAUTHN)
        return response


def _given(request: HttpRequest, kind: str) -> None:
    """Note it as a sign-in does. The password was given a moment ago: without it nobody comes here."""
    record_authentication(request, request.user, "mfa", type=kind)  # type: ignore[arg-type]
