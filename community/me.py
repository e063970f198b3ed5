"""What is kept about whoever is signed in: shown, handed out, changed, ended, erased. Nobody else gets here."""

from contextlib import suppress
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required, login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import clock
from accounts.models import Letter, Session, User
from accounts.refusals import Refusal
from accounts.signed_in import person
from articles.models.conditions import named

from . import consents
from .countries import COUNTRIES
from .forms import ChangeForm, EraseMeForm
from .models import Consent, Member, StrikeOut

signed_in = login_required(login_url="account_code")


def memberships(user: User) -> list[Member]:
    """Somebody's memberships with all that hangs on them."""
    rows = Member.objects.filter(user=user).select_related("community")
    return list(rows.prefetch_related("consents", named("community__condition")).order_by("pk"))


@signed_in
@require_safe
def me(request: HttpRequest) -> HttpResponse:
    """Everything that is kept about them."""
    user = person(request)
    rows = memberships(user)
    context = {
        "memberships": [(row, COUNTRIES.get(row.country, ""), row.consents.all()) for row in rows],
        "addresses": EmailAddress.objects.filter(user=user).exclude(email=user.email).order_by("pk"),
        "passkeys": Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count(),
        "browsers": Session.objects.open(user),
        "letters": Letter.objects.filter(to__in=user.addresses()),
        "struck_out": StrikeOut.objects.filter(account=user.pk),
        "works_here": user.is_staff,
    }
    return render(request, "community/me.html", context)


@signed_in
@require_safe
def export(request: HttpRequest) -> HttpResponse:
    """The same as a file for programs (JSON)."""
    answer = JsonResponse(held(person(request)), json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer["Content-Disposition"] = 'attachment; filename="what-is-kept.json"'
    return answer


def held(user: User) -> dict[str, Any]:
    """All that is kept about somebody, but what nobody may have as a file: their keys and the code of a letter."""
    letters = Letter.objects.filter(to__in=user.addresses()).values("subject", "written_at", "sent_at").order_by("pk")
    others = EmailAddress.objects.filter(user=user).exclude(email=user.email).order_by("pk")
    keys = Authenticator.objects.filter(user=user).values("type", "created_at", "last_used_at").order_by("pk")
    return {
        "made_at": clock.read(),
        "account": {
            "number": user.pk,
            "email": user.email,
            "other_addresses": list(others.values("email", "verified")),
            "name": user.name,
            "since": user.joined_at,
            "last_sign_in": user.last_login,
        },
        "communities": [_membership(row) for row in memberships(user)],
        "passkeys_and_second_factors": list(keys),
        "browsers": [
            {"browser": row.browser, "signed_in_at": row.since, "last_used_at": row.seen_at}
            for row in Session.objects.open(user)
        ],
        "letters": list(letters),
        "struck_out": list(StrikeOut.objects.filter(account=user.pk).values("at", "why").order_by("pk")),
    }


def _membership(row: Member) -> dict[str, Any]:
    condition = row.community.condition
    agreed = [_agreed("join", row.consent_version, consents.shown(condition, row.consent_version), row.consented_at)]
    for consent in row.consents.all():
        words = consents.shown(condition, consent.version)
        agreed.append(_agreed(consent.purpose, consent.version, words, consent.agreed_at, consent))
    return {
        "number": row.pk,
        "condition": str(condition),
        "relation": row.get_relation_display(),
        "country": row.country,
        "counted": not row.is_held,
        "agreed_to": agreed,
    }


def _agreed(
    purpose: str, version: str, words: consents.Shown | None, at: object, consent: Consent | None = None
) -> dict[str, Any]:
    return {
        "purpose": purpose,
        "version": version,
        "words": getattr(words, purpose, ""),
        "agreed_at": at,
        "taken_back_at": consent.taken_back_at if consent else None,
    }


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def membership(request: HttpRequest, number: int) -> HttpResponse:
    """Change what one said in one community."""
    mine = Member.objects.select_related("community__condition").filter(user=person(request))
    row = get_object_or_404(mine, pk=_held_by_a_database(number))
    said = {"relation": row.relation, "country": row.country, "consent_country": bool(row.country)}
    form = ChangeForm(request.POST if request.method == "POST" else None, initial=said)
    form.by, form.member = person(request), row
    if form.is_valid():
        messages.success(request, "Changed.")
        return redirect("me")
    context = {"member": row, "form": form, "texts": consents.shown(row.community.condition)}
    return render(request, "community/membership.html", context)


def _held_by_a_database(number: int) -> int:
    """The number, where a row could have it."""
    return number if number < 2**63 else 0


@signed_in
@require_POST
def leave(request: HttpRequest, number: int) -> HttpResponse:
    """Leave one community, at once."""
    gone = Member.objects.filter(pk=_held_by_a_database(number)).leave(by=person(request))
    messages.success(
        request,
        "You have left. What was kept about your membership is deleted." if gone else "You had left already.",
    )
    return redirect("me")


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Erase the account, or, of somebody whose name the record needs, what made them a member; said before."""
    user = person(request)
    stays = user.is_staff or user.is_on_record()
    form = EraseMeForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "community/erase.html", {"form": form, "stays": stays})
    with suppress(Refusal), transaction.atomic():  # refused is what another tab has done a moment ago
        user.hold()  # before the communities, as whoever joins does
        Member.objects.all().leave(by=user)
        if not stays:
            user.erase(by=user)
    if stays:
        messages.success(request, "Your memberships are erased. The account with which you work here stays.")
        return redirect("me")
    logout(request)
    return redirect("erased")


@login_not_required
@require_safe
def erased(request: HttpRequest) -> HttpResponse:
    """Where somebody ends who is not there any more. It says the same to everybody."""
    return render(request, "community/erased.html")
