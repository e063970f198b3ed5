"""The desk for one request: what changed, the page as readers will get it, and the decision."""

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from accounts.refusals import NotAllowed, Refusal
from accounts.second_factor import Confirmation
from accounts.signed_in import person
from articles.models import Citation, Revision

from .. import difference, readiness
from ..forms import DecisionForm
from ..forms.decisions import DECISIONS
from ..forms.unsent import UnsentDecision
from ..models import Checklist, CredentialCheck, Review, Reviewer, ReviewRequest
from ..models.screens import Screen, Seen, laid_out
from ..refusals import Moved
from ..standing import Stamp

if TYPE_CHECKING:
    from accounts.models import User

    from ..models.screens import LaidOut

# A button of the desk, and the verb behind it.
CLAIMS = {"claim": "claim", "hand_back": "hand_back", "take_back": "take_back"}


def desk(request: HttpRequest, object_id: str) -> HttpResponse:
    """The desk: what changed, the page as readers will get it, and the decision."""
    if not request.user.has_perm("reviews.view_reviewrequest"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    row, posted = _row(object_id), request.method == "POST"
    act = request.POST.get("act", "")
    if act in CLAIMS:
        return _claim(request, row, CLAIMS[act])
    if posted and act not in DECISIONS:
        raise Http404("The desk has no such button.")
    user = person(request)
    form = DecisionForm(request.POST if posted else None, by=user, review_request=row, today=_day(row), act=act)
    form.confirmation = Confirmation(request)
    if posted:
        if form.is_valid():
            messages.success(request, f"Recorded: {form.result}.")
            return redirect("admin:reviews_reviewrequest_changelist")
        row = _row(object_id)  # it may have moved
    return render(request, "desk/review.html", {**admin.site.each_context(request), **_screen(row, form)})


def _row(object_id: str) -> ReviewRequest:
    rows = laid_out(ReviewRequest.objects.all()).select_related(
        "revision__article__condition", "revision__author", "asked_by", "claimed_by", "closed_by"
    )
    return get_object_or_404(rows, pk=int(object_id) if object_id.isdecimal() else None)


def _moment(row: ReviewRequest) -> dt.datetime:
    """The database's time when the row was read."""
    return cast("LaidOut", row).read_at


def _day(row: ReviewRequest) -> dt.date:
    return _moment(row).date()


def _claim(request: HttpRequest, row: ReviewRequest, verb: str) -> HttpResponse:
    """Take the work or give it back; a decision typed so far comes back as it is, and unsigned."""
    user = person(request)
    form = UnsentDecision(request.POST, by=user, review_request=row, today=_day(row))
    kept = verb == "claim" and form.typed
    try:
        getattr(row, verb)(by=user)
        if kept:
            messages.success(request, "You have claimed this review. What you typed is still below; nothing is signed.")
            if seen := Seen.read(request.POST.get("seen", "")):
                seen.check(row)  # the form comes back as if it were new, so what moved is told now
    except Refusal as refusal:
        messages.error(request, str(refusal))
    if not kept:
        return redirect(reverse("admin:reviews_reviewrequest_change", args=[row.pk]))
    form.confirmation = Confirmation(request)
    form.full_clean()
    screen = _screen(_row(str(row.pk)), form)
    return render(request, "desk/review.html", {**admin.site.each_context(request), **screen})


def _screen(row: ReviewRequest, form: DecisionForm) -> dict[str, Any]:
    """Everything on the screen: what a clinician needs to decide, or why they may not."""
    user, today, screen = form.by, form.today, Screen.of(row)
    shown = screen.live.review.revision if screen.live else None
    refusal, reviewer, check = _signer(row, user, today)
    held = row.is_held(_moment(row))
    return {
        **_texts(row.revision, screen.base),
        "today": today,
        "row": row,
        "form": form,
        "base": screen.base,
        "shown": shown,
        "newer": "" if row.closed_at else screen.newer_draft(),
        "objections": screen.objections(),
        "warnings": readiness.warnings(row.revision),
        "refusal": refusal or _claimed(row, user, held),
        "held": held,
        "may_claim": not refusal and not held,
        "reviewer": reviewer,
        "check": check,
        "stamp": _stamp(reviewer, form) if reviewer and check else None,
        "offers_changes": row.kind != row.Kind.AGAIN and _in_date(screen.base, today),
        "publishes": user.has_perm("reviews.add_publication") and shown != row.revision,
        "mine": row.claimed_by is not None and row.claimed_by.user_id == user.pk and (held or row.closed_at),
        "days_left": (row.due_on - today).days,
        "seen": _seen(form, screen),
        "points": _points(form, screen.checklist),
    }


def _seen(form: DecisionForm, screen: Screen) -> str:
    """What the form carries as seen: what was on the screen before, until the person was told what moved since."""
    before = form.data.get("seen", "") if form.is_bound and not form.reached else ""
    return str(Seen.read(before) or screen.seen)


def _texts(revision: Revision, base: Review | None) -> dict[str, Any]:
    """The text as readers will get it, and what changed in it."""
    compared = [revision] if base is None else [revision, base.revision]
    citations = list(Citation.objects.filter(revision__in=compared).order_by("number"))
    return {
        "article": revision.article,
        "revision": revision,
        "citations": [citation for citation in citations if citation.revision_id == revision.pk],
        "members": None,
        "community_url": "",
        "difference": None if base is None else difference.compare(base.revision, revision, citations),
    }


def _signer(row: ReviewRequest, user: "User", today: dt.date) -> tuple[str, Reviewer | None, CredentialCheck | None]:
    """Why this person may not decide; or the reviewer, and the check that lets them sign today."""
    try:
        if row.closed_at is not None:
            raise Moved(f"Closed on {row.closed_at:%-d %B %Y} by {row.closed_by}: {row.get_outcome_display()}.")
        if not user.has_perm("reviews.add_review"):
            raise NotAllowed("You may read this. Clinicians decide about it.")
        reviewer = Reviewer.of(user)
        return "", reviewer, reviewer.may_review(row.revision, on=today)
    except Refusal as why:
        return str(why), None, None


def _claimed(row: ReviewRequest, user: "User", held: bool) -> str:
    """Who else has the review, or had it until lately; empty if nobody else."""
    if row.claimed_by is None or row.claimed_by.user_id == user.pk:
        return ""
    if held:
        return f"{row.claimed_by} has claimed this review. Take another one from the queue."
    return f"{row.claimed_by} had this review until {row.claim_ends_at:%-d %B %Y}. Claim it first."


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


def _in_date(base: Review | None, today: dt.date) -> bool:
    return base is not None and base.next_due is not None and base.signed_on <= today < base.next_due


def _points(form: DecisionForm, checklist: Checklist | None) -> list[tuple[int, str, bool]]:
    """Each point with its number and whether it is ticked; by its words, where the checklist was changed meanwhile."""
    if checklist is None:
        return []
    before = Seen.read(form.data.get("seen", ""))
    then = checklist
    if before is not None and before.checklist != checklist.pk:
        then = Checklist.objects.filter(pk=before.checklist).first() or checklist
    ticked = {line for number, line in enumerate(then.lines, start=1) if number in form.ticks}
    return [(number, line, line in ticked) for number, line in enumerate(checklist.lines, start=1)]
