"""The desk for one request: what changed, the page as readers will get it, and the decision."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts import clock
from accounts.refusals import Refusal
from accounts.second_factor import Confirmation

from .. import difference, readiness
from ..forms import DecisionForm
from ..models import Review, Reviewer, ReviewRequest
from ..models.requests import Moved
from ..models.reviews import baseline
from .reading import as_read

# A button of the desk, and the verb behind it.
CLAIMS = {"claim": "claim", "hand_back": "hand_back", "take_back": "take_back"}


def desk(request: HttpRequest, object_id: str) -> HttpResponse:
    """The desk: what changed, the page as readers will get it, and the decision."""
    if not request.user.has_perm("reviews.view_reviewrequest"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    row = get_object_or_404(
        ReviewRequest.objects.select_related(
            "revision__article__condition", "revision__author", "asked_by", "claimed_by", "closed_by"
        ),
        pk=int(object_id) if object_id.isdecimal() else None,
    )
    form = DecisionForm(initial={"digest": row.revision.digest})
    form.confirmation = Confirmation(request)
    if request.method == "POST":
        name = request.POST.get("act", "")
        if name in CLAIMS:
            return _claim(request, row, CLAIMS[name])
        form = DecisionForm(request.POST)
        form.confirmation = Confirmation(request)
        form.by, form.review_request, form.approves = request.user, row, name == "approve"  # type: ignore[assignment]
        if form.is_valid():
            messages.success(request, f"Recorded: {form.result}.")
            return redirect("admin:reviews_reviewrequest_changelist")
    context = {"row": row, "form": form, **_reading(request, row), **as_read(row.revision)}
    return render(request, "desk/review.html", {**admin.site.each_context(request), **context})


def _claim(request: HttpRequest, row: ReviewRequest, verb: str) -> HttpResponse:
    try:
        getattr(row, verb)(by=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("admin:reviews_reviewrequest_change", args=[row.pk]))


def _reading(request: HttpRequest, row: ReviewRequest) -> dict[str, Any]:
    """What a clinician needs to decide, and why they may not."""
    approved = Review.objects.valid().filter(revision=row.revision).select_related("revision").first()
    base = approved or baseline(row.revision)
    refusal = ""
    try:
        if row.closed_at is not None:
            raise Moved(f"Closed on {row.closed_at:%-d %B %Y} by {row.closed_by}: {row.get_outcome_display()}.")
        Reviewer.of(request.user).may_review(row.revision, on=clock.today())  # type: ignore[arg-type]
    except Refusal as why:
        refusal = str(why)
    return {
        "refusal": refusal,
        "base": base,
        "blocks": difference.blocks(base.revision, row.revision) if base is not None else [],
        "warnings": readiness.warnings(row.revision),
        "held": row.is_held(clock.read()),
        "mine": row.claimed_by is not None and row.claimed_by.user_id == request.user.pk,
    }
