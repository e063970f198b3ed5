"""Pages of one's own account: signing in with a code from a letter, one's browsers, setting up a second factor."""

from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.login import record_authentication
from allauth.account.views import EmailView, PasswordSetView
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from . import clock, mailed_codes
from .forms import AskCodeForm, CodeForm
from .models import Session
from .refusals import TooMany
from .signed_in import person

SIGN_IN = "sign in"


@login_not_required
def code(request: HttpRequest) -> HttpResponse:
    """For members, who have no password: ask for a code, by letter."""
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("me")
    if request.user.is_authenticated:
        return redirect(wanted)
    form = AskCodeForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        email = form.cleaned_data["email"]
        try:
            mailed_codes.ask(request, email, purpose=SIGN_IN, joins=False, data={"next": wanted})
        except TooMany as refusal:
            form.add_error(None, str(refusal))
            return too_many(render(request, "account/code.html", {"form": form}), refusal)
        return redirect("account_code_typed")
    return render(request, "account/code.html", {"form": form})


def too_many(response: HttpResponse, refusal: TooMany) -> HttpResponse:
    """The answer to a network that asked for too much, with the time to wait."""
    response.status_code = 429
    response["Retry-After"] = str(max(1, int((refusal.until - clock.read()).total_seconds())))
    return response


@login_not_required
def code_typed(request: HttpRequest) -> HttpResponse:
    """Type the code of the letter, and be signed in."""
    if request.user.is_authenticated:
        return redirect("me")
    asked = mailed_codes.asked(request, SIGN_IN)
    if asked is None:
        return redirect("account_code")
    form = CodeForm(request.POST if request.method == "POST" else None)
    form.asked = asked
    if form.is_valid():
        return mailed_codes.sign_in(request, form.result) or redirect(asked.data["next"])
    return render(request, "account/code_typed.html", {"form": form, "asked": asked})


def sessions(request: HttpRequest) -> HttpResponse:
    """The browsers in which one is signed in, and the way to sign each of the others out."""
    mine = Session.objects.open(person(request))
    others = [row for row in mine if row.session_key != request.session.session_key]
    if request.method == "POST":
        chosen = request.POST.get("end", "")
        ended = [row for row in others if chosen in {"others", row.name}]
        for row in ended:
            row.end(by=person(request))
        messages.success(request, "Signed out there." if ended else "That browser was signed out already.")
        return redirect("account_sessions")
    here = next((row for row in mine if row not in others), None)
    return render(request, "account/sessions.html", {"here": here, "others": others})


def confirmed(request: HttpRequest) -> HttpResponse:
    """Where somebody ends who gave their second factor in a tab of its own."""
    return render(request, "account/confirmed.html")


AGAIN = "again"


def code_again(request: HttpRequest) -> HttpResponse:
    """A member says once more who they are, before something delicate: with a code, sent at the press of a button."""
    user = person(request)
    wanted = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        wanted = reverse("me")
    if user.is_staff or get_mfa_adapter().is_mfa_enabled(user, types=[Authenticator.Type.TOTP]):
        return redirect("account_reauthenticate")
    context: dict[str, object] = {"form": None}
    if request.method == "POST" and "code" not in request.POST:
        try:
            mailed_codes.ask(request, user.email, purpose=AGAIN, joins=False)
        except TooMany as refusal:
            return too_many(render(request, "account/code_again.html", {"form": None, "refused": refusal}), refusal)
    if (asked := mailed_codes.asked(request, AGAIN)) is not None and asked.email == user.email:
        form = CodeForm(request.POST if "code" in request.POST else None)
        form.asked = asked
        if form.is_valid() and form.result == user:
            mailed_codes.confirm_again(request, user)
            return redirect(wanted)
        context = {"form": form, "asked": asked}
    return render(request, "account/code_again.html", context)


class Delicate:
    """Mix-in: a page on which a member who has neither password nor key types a code first."""

    request: HttpRequest

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Ask for the code, then go on. A colleague sets up nothing in a session that began with a letter."""
        if getattr(request.user, "is_staff", False) and mailed_codes.came_by_letter(request):
            return redirect("admin:index")
        if mailed_codes.must_confirm(request):
            return redirect(f"{reverse('account_code_again')}?{urlencode({'next': request.path})}")
        answer: HttpResponseBase = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]  # of the page it is mixed into
        return answer


class Addresses(Delicate, EmailView):
    """One's addresses."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Letters to addresses that somebody types count as those with codes do, whoever types them."""
        if request.POST.keys() & {"action_add", "action_send"}:
            try:
                mailed_codes.count_for_block(request)
            except TooMany as refusal:
                messages.error(request, str(refusal))
                return redirect("account_email")
        return super().post(request, *args, **kwargs)

    def _action_primary(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Sign in with another address, once it is confirmed: its letters open the account that bears it.

        Else whoever joins with an address that a stranger wrote down as their own joins in the stranger's account.
        """
        address = self._get_email_address(request)
        if address is not None and not address.verified:
            messages.error(request, "Confirm this address first, with the letter that was sent to it.")
            return None
        return super()._action_primary(request, *args, **kwargs)  # type: ignore[no-any-return]  # it has no types


class SetPassword(PasswordSetView):
    """A first password, for colleagues. Members have none, so none can be stolen."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Send members to what is theirs."""
        if not getattr(request.user, "is_staff", False) or mailed_codes.came_by_letter(request):
            return redirect("me")
        return super().dispatch(request, *args, **kwargs)  # type: ignore[no-any-return]  # it has no types


class SetUpApp(Delicate, ActivateTOTPView):
    """Set up an authenticator app; its first code is a second factor given."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it, and lead to the recovery codes."""
        response = super().form_valid(form)
        _given(self.request, Authenticator.Type.TOTP)
        return response


class AddKey(Delicate, AddWebAuthnView):
    """Add a security key or passkey; its answer is a second factor given."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Keep it, and lead to the recovery codes."""
        response = super().form_valid(form)
        _given(self.request, Authenticator.Type.WEBAUTHN)
        return response


def _given(request: HttpRequest, kind: str) -> None:
    """Note it as a sign-in does. The password was given a moment ago: without it nobody comes here."""
    record_authentication(request, person(request), "mfa", type=kind)
