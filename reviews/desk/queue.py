"""The queue: what waits for a clinician, what became of it, and the button that takes one."""

from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from typing import Any, TypeVar

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import EmptyPage, Page, PageNotAnInteger, Paginator
from django.db.models import CharField, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.views.decorators.http import require_POST

from accounts import clock
from accounts.admin import ReadOnlyAdmin
from accounts.refusals import Refusal
from accounts.signed_in import person
from articles.models import Condition
from articles.models.conditions import preferred_name

from .. import waiting
from ..forms.queue import QueueForm
from ..models import Publication, ReviewRequest
from ..onlooker import Onlooker
from ..waiting import Lapse, Line, Waiting
from . import decision

ROWS = 50
Row = TypeVar("Row")


@admin.register(ReviewRequest)
class ReviewRequestAdmin(ReadOnlyAdmin):
    """The queue, and the desk for one request."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue."""
        if not self.has_view_permission(request):
            raise PermissionDenied("Only people who work on question pages may look here.")
        return queue(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """The desk for one request."""
        return decision.desk(request, object_id)

    def get_urls(self) -> list[URLPattern]:
        """The button of a page that falls due, beside the addresses of the requests."""
        take = self.admin_site.admin_view(due_again)
        return [path("due-again/<int:publication>/", take, name="desk_due_again"), *super().get_urls()]


def queue(request: HttpRequest) -> HttpResponse:
    """What waits, narrowed to what was chosen; or the closed requests, the newest first."""
    conditions = _conditions()
    form = QueueForm(request.GET, conditions=list(conditions.items()))
    chosen, problems = form.chosen(), form.problems
    now = clock.read()
    who = Onlooker.of(person(request), now.date())
    due = waiting.lapses(now.date())
    rows = waiting.everything(who, now, due)
    context: dict[str, Any] = {"form": form, "chosen": chosen, "problems": problems, "who": who}
    if chosen["state"] == "closed":
        page = _page(request, _closed(who, chosen), problems)
    else:
        shown = [row for row in rows if _fits(row, chosen)]
        page = _page(request, shown, problems)
        lines = waiting.lines(list(page), conditions)
        context["groups"] = _groups(lines, Counter(row.group for row in shown))
    context |= {"page": page, "lead": _lead(rows, due, who), "narrowed": any(chosen.values())}
    return render(request, "desk/queue.html", {**admin.site.each_context(request), **context})


def _conditions() -> dict[str, str]:
    """The conditions that have question pages: their names by their slugs, from A to Z."""
    rows = Condition.objects.filter(articles__isnull=False).distinct()
    return {row.slug: row.name for row in sorted(rows, key=lambda row: row.name.casefold())}


def _fits(row: Waiting, chosen: dict[str, str]) -> bool:
    """Whether a row is among those chosen."""
    match chosen["who"]:
        case "me" if not row.for_me:
            return False
        case "nobody" if not row.free:
            return False
        case "asked" if row.asked_by != row.who.user:
            return False
    return all(chosen[name] in {"", getattr(row, name)} for name in ("kind", "condition", "topic"))


def _closed(who: Onlooker, chosen: dict[str, str]) -> "QuerySet[ReviewRequest]":
    """The closed requests among those chosen; there, “me” is who had it."""
    sides: dict[str, dict[str, Any]] = {
        "me": {"claimed_by__user": who.user},
        "nobody": {"claimed_by": None},
        "asked": {"asked_by": who.user},
    }
    columns = {
        "kind": "kind",
        "condition": "revision__article__condition__slug",
        "topic": "revision__article__topic",
    }
    wanted = {column: chosen[name] for name, column in columns.items() if chosen[name]}
    closed = ReviewRequest.objects.filter(closed_at__isnull=False, **sides.get(chosen["who"], {}), **wanted)
    slug = "revision__article__condition__slug"
    named = closed.annotate(
        condition=Coalesce(preferred_name("revision__article__condition"), slug, output_field=CharField())
    )
    light = named.defer("revision__body", "revision__html", "revision__short_answer")
    return light.select_related("revision", "claimed_by", "closed_by").order_by("-closed_at", "-pk")


def _page(request: HttpRequest, rows: "Sequence[Row] | QuerySet[Any]", problems: list[str]) -> "Page[Any]":
    """The page asked for, or the first and a problem."""
    pages = Paginator(rows, ROWS)
    number = request.GET.get("page", "1")
    try:
        return pages.page(number)
    except (PageNotAnInteger, EmptyPage):
        problems.append(f"There is no page “{number[:20]}” of this list; this is the first of {pages.num_pages}.")
        return pages.page(1)


def _groups(lines: Sequence[Line], counts: Counter[str]) -> list[dict[str, Any]]:
    """The rows of a page under their headings, each with how many there are on all pages."""
    under = groupby(lines, key=lambda line: line.row.group)
    return [{"name": name, "count": counts[name], "lines": list(rows)} for name, rows in under]


def _lead(rows: Sequence[Waiting], due: Sequence[Lapse], who: Onlooker) -> str:
    """How much waits, for whom, and what readers see of it."""
    if not rows:
        return "Nothing waits for a review."
    said = "1 review waits" if len(rows) == 1 else f"{len(rows):,} reviews wait"
    if who.cover is not None:
        said += f", {sum(row.for_me for row in rows):,} of them for you"
    elif asked := sum(row.asked_by == who.user for row in rows):
        said += f", {asked:,} of them asked for by you"
    lapsed = sum(lapse.day <= rows[0].now.date() for lapse in due)
    if lapsed == 1:
        return f"{said}. 1 public page says “review lapsed” until someone reads it."
    return f"{said}. {lapsed:,} public pages say “review lapsed” until someone reads them." if lapsed else f"{said}."


@require_POST
def due_again(request: HttpRequest, publication: int) -> HttpResponse:
    """Take up the re-review of a public page that falls due."""
    if not request.user.has_perm("reviews.view_reviewrequest"):
        raise PermissionDenied("Only people who work on question pages may look here.")
    page = get_object_or_404(Publication, pk=publication)
    try:
        taken = ReviewRequest.objects.due_again(page, by=person(request))
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("admin:reviews_reviewrequest_changelist")
    return redirect("admin:reviews_reviewrequest_change", taken.pk)
