"""Members as moderators see them: by number, so that a robot can be struck out and nobody is named."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from accounts.forms import VerbForm
from accounts.refusals import Refusal
from accounts.signed_in import person

from .forms import LookForm, StrikeOutForm
from .models import Community, Member

# So many of the newest stand in the list; whoever is held stands before them.
NEWEST = 100


@require_http_methods(["GET", "HEAD", "POST"])
def members(request: HttpRequest, number: int) -> HttpResponse:
    """The newest members by number; release those who are held, strike out robots, and, with the right, look at one."""
    if not request.user.has_perm("community.view_community"):
        raise PermissionDenied("Moderators look after communities.")
    community = get_object_or_404(Community.objects.select_related("condition"), pk=number)
    act = request.POST.get("act", "")
    strike = StrikeOutForm(request.POST if act == "strike_out" else None)
    look = LookForm(request.POST if act == "look" else None)
    for form in (strike, look):
        form.community, form.by = community, person(request)
    done = _act(request, community, act, strike, look) if request.method == "POST" else None
    if done is not None:
        messages.success(request, done)
        return redirect("admin:community_members", community.pk)
    return render(request, "desk/members.html", _context(request, community, strike, look))


def _act(request: HttpRequest, community: Community, act: str, strike: StrikeOutForm, look: LookForm) -> str | None:
    """What was done, in words; None where a form is to be shown again, or what was looked at."""
    by = person(request)
    if act == "release":
        try:
            return f"Members who are counted now: {community.release(by=by)}."
        except Refusal as refusal:
            raise PermissionDenied(str(refusal)) from refusal
    if act == "strike_out":
        return f"Struck out: {strike.result}." if strike.is_valid() else None
    if act == "look":
        look.is_valid()
        return None
    raise Http404("The desk has no such button.")


def _context(request: HttpRequest, community: Community, strike: StrikeOutForm, look: LookForm) -> dict[str, object]:
    # Number, hour and state: more is not read here.
    rows = (
        Member.objects.filter(community=community).order_by("-is_held", "-pk").values("pk", "consented_at", "is_held")
    )
    acted: VerbForm | None = next((form for form in (strike, look) if form.is_bound), None)
    return {
        **admin.site.each_context(request),
        "title": f"Members of the {community.condition} community",
        "community": community,
        "members": rows[:NEWEST],
        "held": Member.objects.filter(community=community, is_held=True).count(),
        "strike": strike,
        "look": look,
        "looked_at": look.result,
        "form": acted,
        "may_release": request.user.has_perm("community.change_member"),
        "may_strike_out": request.user.has_perm("community.delete_member"),
        "may_look": request.user.has_perm("community.view_member"),
    }
