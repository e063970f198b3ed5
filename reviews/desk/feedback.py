"""What readers say about the pages: the list of what waits, and one of it with what may be done about it."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.admin import ReadOnlyAdmin
from accounts.signed_in import person
from articles.models import Condition, Revision

from ..forms.feedback import CloseForm, FeedbackFilter, ReviewForm
from ..models import Feedback, Publication

ROWS = 50
# Python reads no number of more than 4,300 digits, and the database none of more than 19.
NUMBER = re.compile("[0-9]{1,18}")


@admin.register(Feedback)
class FeedbackAdmin(ReadOnlyAdmin):
    """What readers say: read, closed, taken to a review, or erased."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The list."""
        self._check(request)
        return listed(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One of it."""
        self._check(request)
        return one(request, object_id)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Publishers erase spam, and what somebody wants erased."""
        return request.user.has_perm("reviews.delete_feedback")

    def delete_model(self, request: HttpRequest, obj: Feedback) -> None:
        """By the verb."""
        obj.erase(by=person(request))

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied("Only people who work on question pages may read what readers say.")


def listed(request: HttpRequest) -> HttpResponse:
    """What waits, what was handled, or answers without words; the newest first."""
    about = Revision.objects.filter(pk__in=Feedback.objects.values("revision")).values("article__condition")
    conditions = sorted((row.slug, row.name) for row in Condition.objects.filter(pk__in=about))
    form = FeedbackFilter(request.GET, conditions=conditions)
    chosen = form.chosen()
    pages = Paginator(_chosen(chosen), ROWS)
    page = pages.get_page(request.GET.get("page"))
    context = {
        "form": form,
        "chosen": chosen,
        "narrowed": any(chosen.values()),
        "page": page,
        "lines": _with_shown(list(page)),
        "lead": _lead(),
    }
    return render(request, "desk/feedback.html", {**admin.site.each_context(request), **context})


def _chosen(chosen: dict[str, str]) -> "QuerySet[Feedback]":
    rows = {
        "": Feedback.objects.waiting(),
        "handled": Feedback.objects.filter(handled_at__isnull=False),
        "counted": Feedback.objects.filter(words=""),
    }[chosen["state"]]
    columns = {"kind": "kind", "condition": "revision__article__condition__slug"}
    rows = rows.filter(**{column: chosen[name] for name, column in columns.items() if chosen[name]})
    light = rows.defer("revision__body", "revision__html", "revision__short_answer")
    return light.select_related("revision__article__condition", "handled_by", "request").order_by("-pk")


def _lead() -> str:
    """How much waits, and how many found the pages useful."""
    waits = Q(handled_at__isnull=True) & ~Q(words="")
    found = Feedback.objects.aggregate(
        waiting=Count("pk", filter=waits),
        mistakes=Count("pk", filter=waits & Q(kind=Feedback.Kind.MISTAKE)),
        useful=Count("pk", filter=Q(kind=Feedback.Kind.YES)),
        useless=Count("pk", filter=Q(kind=Feedback.Kind.NO)),
    )
    if not found["waiting"]:
        waiting = "Nothing waits to be read."
    else:
        number = f"{found['waiting']:,} message{' waits' if found['waiting'] == 1 else 's wait'}"
        waiting = f"{number} to be read, {found['mistakes']:,} of them about a mistake."
    return f"{waiting} So far {found['useful']:,} called a page useful, {found['useless']:,} did not."


def _with_shown(rows: list[Feedback]) -> list[tuple[Feedback, int]]:
    """Each with the number of the version that readers see now, 0 where they see none. One query."""
    live = Publication.objects.live().filter(article__in={row.revision.article_id for row in rows})
    shown = dict(live.values_list("article", "review__revision__number"))
    return [(row, shown.get(row.revision.article_id, 0)) for row in rows]


def one(request: HttpRequest, object_id: str) -> HttpResponse:
    """One of it, and the acts: close it, or start a review."""
    rows = Feedback.objects.select_related("revision__article__condition", "handled_by", "request")
    feedback = get_object_or_404(rows, pk=int(object_id) if NUMBER.fullmatch(object_id) else None)
    act = request.POST.get("act", "")
    if request.method == "POST" and act not in {"close", "ask"}:
        raise Http404("The desk has no such button.")
    said = f"Started from a reader’s message of {feedback.received_at:%-d %B %Y}."
    close = CloseForm(request.POST if act == "close" else None)
    ask = ReviewForm(request.POST if act == "ask" else None, initial={"why": said})
    for form in (close, ask):
        form.by, form.feedback = person(request), feedback
    acted: CloseForm | ReviewForm = ask if act == "ask" else close
    if acted.is_bound and acted.is_valid():
        messages.success(request, "A review was asked for." if act == "ask" else "Closed.")
        return redirect("admin:reviews_feedback_changelist")
    if acted.is_bound:
        feedback = get_object_or_404(rows, pk=feedback.pk)  # it may have moved
    ((_, shown),) = _with_shown([feedback])
    of_version = Feedback.objects.filter(revision=feedback.revision_id)
    context = {
        "feedback": feedback,
        "revision": feedback.revision,
        "article": feedback.revision.article,
        "shown": shown,
        "refused": acted,
        "close": close,
        "ask": ask,
        "useful": of_version.filter(kind=Feedback.Kind.YES).count(),
        "useless": of_version.filter(kind=Feedback.Kind.NO).count(),
        "may_close": request.user.has_perm("reviews.change_feedback"),
        "may_ask": request.user.has_perm("reviews.add_reviewrequest"),
        "may_erase": request.user.has_perm("reviews.delete_feedback"),
    }
    return render(request, "desk/feedback_one.html", {**admin.site.each_context(request), **context})
