"""Joining a community: two questions and what one agrees to, then a code by letter; one page for who is signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import callers, mailed_codes, sessions
from accounts.refusals import TooMany
from accounts.signed_in import person
from accounts.views import too_many
from articles.models import Condition

from . import consents
from .forms import JoinByLetterForm, JoinForm, JoinSignedInForm, JoinWithCodeForm
from .models import Community

JOIN = "join"


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, condition: str) -> HttpResponse:
    """The form; 301 from an old address of the condition."""
    row = Condition.objects.filter(slugs__slug=condition).first()
    if row is None:
        raise Http404("No condition has this address.")
    community = get_object_or_404(Community.objects.select_related("condition"), condition=row)
    if row.slug != condition:
        return HttpResponsePermanentRedirect(reverse("join", args=[row.slug]))
    return _signed_in(request, community) if sessions.in_use(request) else _by_letter(request, community)


def _signed_in(request: HttpRequest, community: Community) -> HttpResponse:
    form = JoinSignedInForm(request.POST if request.method == "POST" else None)
    form.community, form.by, form.caller = community, person(request), callers.block(request)
    if form.is_valid():
        _say(request, is_new=form.result)
        return redirect("me")
    return _asked(request, community, form)


def _by_letter(request: HttpRequest, community: Community) -> HttpResponse:
    form = JoinByLetterForm(request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return _asked(request, community, form)
    data = {"community": community.pk, "said": form.said()}
    try:
        mailed_codes.ask(request, form.cleaned_data["email"], purpose=JOIN, joins=True, data=data)
    except TooMany as refusal:
        form.add_error(None, str(refusal))
        return too_many(_asked(request, community, form), refusal)
    return redirect("join-code")


def _asked(request: HttpRequest, community: Community, form: JoinForm) -> HttpResponse:
    context = {"community": community, "form": form, "texts": consents.shown(community.condition)}
    return render(request, "community/join.html", context)


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Type the code of the letter: then one is a member, and signed in. The address names no condition."""
    if sessions.in_use(request):
        return redirect("me")
    asked = mailed_codes.asked(request, JOIN)
    if asked is None:
        return render(request, "community/no_code.html")
    community = Community.objects.select_related("condition").get(pk=asked.data["community"])
    form = JoinWithCodeForm(request.POST if request.method == "POST" else None)
    form.asked, form.community, form.caller = asked, community, callers.block(request)
    if form.is_valid():
        if (answer := mailed_codes.sign_in(request, form.result)) is not None:
            return answer
        _say(request, is_new=form.is_new)
        return redirect("me")
    return render(request, "community/code.html", {"form": form, "asked": asked, "community": community})


def _say(request: HttpRequest, *, is_new: bool) -> None:
    """Without its name: until the next page the words are in a cookie that whoever has the browser can read."""
    messages.success(request, "You have joined." if is_new else "You were a member already.")
