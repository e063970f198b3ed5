"""The desk for one request: what changed, the page as readers will get it, and the decision."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts import clock
from accounts.refusals import NotAllowed, Refusal
from articles.models import Citation

from .. import difference, readiness
from ..forms import DecisionForm
from ..forms.decisions import DECISIONS
from ..models import Checklist, CredentialCheck, Review, Reviewer, ReviewRequest
from ..models.requests import Moved
from ..models.screens import Screen
from ..standing import Stamp
from .reading import as_read

if TYPE_CHECKING:
    from accounts.models import User

# A button of the desk, and the verb behind it.
CLAIMS = {"claim": "claim", "hand_back": "hand_back", "take_back": "take_back"}


def desk(request: HttpRequest, object_id: str) -> HttpResponse:
    """The desk: what changed, the page as readers will get it, and the decision."""
    if not request.user.has_perm("reviews.view_reviewrequest"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    row, user = _row(object_id), request.user
    act = request.POST.get("act", "")
    if act in CLAIMS:
        return _claim(request, row, CLAIMS[act])
    today = clock.today()
    form = DecisionForm(by=user, review_request=row, today=today)  # type: ignore[arg-type]
    if request.method == "POST":
        if act not in DECISIONS:
            raise Http404("The desk has no such button.")
        form = DecisionForm(request.POST, by=user, review_request=row, today=today, act=act)  # type: ignore[arg-type]
        if form.is_valid():
            messages.success(request, f"Recorded: {form.result}.")
            return redirect("admin:reviews_reviewrequest_changelist")
        row = _row(object_id)  # it may have moved
    return render(request, "desk/review.html", {**admin.site.each_context(request), **_screen(row, form)})


def _row(object_id: str) -> ReviewRequest:
    rows = ReviewRequest.objects.select_related(
        "revision__article__condition", "revision__author", "asked_by", "claimed_by", "closed_by"
    )
    return get_object_or_404(rows, pk=int(object_id) if object_id.isdecimal() else None)


def _claim(request: HttpRequest, row: ReviewRequest, verb: str) -> HttpResponse:
    try:
        getattr(row, verb)(by=request.user)
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("admin:reviews_reviewrequest_change", args=[row.pk]))


def _screen(row: ReviewRequest, form: DecisionForm) -> dict[str, Any]:
    """Everything on the screen: what a clinician needs to decide, or why they may not."""
    revision, user, today = row.revision, form.by, form.today
    base = row.compared_with()
    compared = [revision.pk] if base is None else [revision.pk, base.revision_id]
    citations = list(Citation.objects.filter(revision__in=compared).order_by("number"))
    refusal, check = _check(row, user, today)
    return {
        **as_read(revision, [citation for citation in citations if citation.revision_id == revision.pk]),
        "today": today,
        "row": row,
        "form": form,
        "base": base,
        "difference": None if base is None else difference.compare(base.revision, revision, citations),
        "warnings": readiness.warnings(revision),
        "refusal": refusal,
        "check": check,
        "stamp": None if check is None else _stamp(check.credential.reviewer, form),
        "offers_changes": base is not None and row.kind != row.Kind.AGAIN and _in_date(base, today),
        "publishes": user.has_perm("reviews.add_publication"),
        "mine": row.claimed_by is not None and row.claimed_by.user_id == user.pk,
        "days_left": (row.due_on - today).days,
        **_points(form, Screen.of(row, base)),
    }


def _check(row: ReviewRequest, user: "User", today: dt.date) -> tuple[str, CredentialCheck | None]:
    """Why this person may not decide, and the check that lets them sign today if there is one."""
    try:
        if row.closed_at is not None:
            raise Moved(f"Closed on {row.closed_at:%-d %B %Y} by {row.closed_by}: {row.get_outcome_display()}.")
        if not user.has_perm("reviews.add_review"):
            raise NotAllowed("You may read this. Clinicians decide about it.")
        if row.claimed_by is not None and row.claimed_by.user_id != user.pk:
            raise Moved(f"{row.claimed_by} has claimed this review. Take another one from the queue.")
        check = Reviewer.of(user).may_review(row.revision, on=today)
    except Refusal as why:
        return str(why), None
    return "", check


def _stamp(reviewer: Reviewer, form: DecisionForm) -> Stamp:
    """The stamp as readers will see it once this reviewer signs the whole page."""
    return Stamp(
        reviewer=reviewer.signature,
        role=reviewer.specialty,
        slug=reviewer.slug,
        signed_on=form.signing_day,
        next_due=form.until,
        revoked_on=None,
        today=form.today,
    )


def _in_date(base: Review, today: dt.date) -> bool:
    return base.next_due is not None and base.signed_on <= today < base.next_due


def _points(form: DecisionForm, now: Screen) -> dict[str, Any]:
    """The word for this screen, and the points with their ticks; those of a checklist replaced meanwhile by words."""
    checklist = Checklist.objects.filter(pk=now.checklist).first()
    if checklist is None:
        return {"seen": now, "points": []}
    before = Screen.read(form.data.get("seen", "")) or now
    ticked_then = checklist
    if before.checklist != now.checklist:
        ticked_then = Checklist.objects.filter(pk=before.checklist).first() or checklist
    then = ticked_then.lines
    ticked = {then[number - 1] for number in form.ticks if number <= len(then)}
    points = [(number, line, line in ticked) for number, line in enumerate(checklist.lines, start=1)]
    return {"seen": now, "points": points}
