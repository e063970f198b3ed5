"""The links of all communities for moderators: the queue, and one link with what may be decided about it."""

import re
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import CharField, Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render

from accounts.admin import ReadOnlyAdmin
from accounts.forms import VerbForm
from accounts.signed_in import person
from articles.models import Condition, preferred_name

from ..criteria import CRITERIA
from ..link_forms import BulkForm, CloseReportForm, EraseWordsForm, LinkFilter, ReasonForm, WordsForm
from ..models import Link, LinkDecision, LinkReport
from ..models.links import BROKEN_DAYS

ROWS = 50
EARLIER = 10
QUEUE = "admin:community_link_changelist"
# Python reads no number of more than 4,300 digits, and the database none of more than 19.
NUMBER = re.compile("[0-9]{1,18}")


@admin.register(Link)
class LinkAdmin(ReadOnlyAdmin):
    """Links: suggested, decided on, reported, and whether they answer."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """The queue."""
        self._check(request)
        return queue(request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """One link."""
        self._check(request)
        return one(request, object_id)

    def _check(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied("Only moderators look after links.")


# The queue


def queue(request: HttpRequest) -> HttpResponse:
    """What waits, or what was chosen; and one act on many of them."""
    bulk = BulkForm(request.POST if request.method == "POST" else None)
    bulk.by = person(request)
    if bulk.is_bound and bulk.is_valid():
        _tell(request, *bulk.result)
        return redirect(request.get_full_path())
    slugs = Condition.objects.filter(pk__in=Link.objects.values("condition"))
    conditions = sorted(((row.slug, row.name) for row in slugs), key=lambda pair: pair[1].casefold())
    form = LinkFilter(request.GET, conditions=conditions)
    chosen = form.chosen()
    page = Paginator(_chosen(chosen), ROWS).get_page(request.GET.get("page"))
    context = {
        "form": form,
        "bulk": bulk,
        "chosen": chosen,
        "narrowed": any(chosen.values()),
        "page": page,
        "lead": _lead(),
        "may_decide": request.user.has_perm("community.change_link"),
        "acts": {"": ["accept", "refuse"], "accepted": ["down"], "broken": ["down"], "reported": ["down"]}.get(
            chosen["state"], []
        ),
    }
    return render(request, "desk/links.html", {**admin.site.each_context(request), **context})


def _tell(request: HttpRequest, done: int, left: list[str]) -> None:
    """What became of an act on many."""
    if done:
        messages.success(request, "1 link was decided on." if done == 1 else f"{done} links were decided on.")
    for words in left:
        messages.error(request, f"Not done. {words}")


def _chosen(chosen: dict[str, str]) -> "QuerySet[Link]":
    waits = LinkReport.objects.waiting().filter(link=OuterRef("pk"))
    rows = {
        "": Link.objects.waiting(),
        "reported": Link.objects.filter(Exists(waits)),
        "accepted": Link.objects.filter(decision=Link.Decision.ACCEPTED),
        "broken": Link.objects.broken(),
        "refused": Link.objects.filter(decision=Link.Decision.REFUSED),
        "down": Link.objects.filter(decision=Link.Decision.DOWN),
    }[chosen["state"]]
    if chosen["condition"]:
        rows = rows.filter(condition__slug=chosen["condition"])
    if chosen["host"]:
        rows = rows.at_host(chosen["host"].strip().lower())
    oldest_first = chosen["state"] == ""
    number = Count("reports", filter=Q(reports__handled_at__isnull=True))
    named = rows.annotate(reports_waiting=number, condition_name=_condition_name())
    related = named.select_related("condition", "decided_by")
    return related.order_by("pk" if oldest_first else "-pk")


def _condition_name() -> Coalesce:
    return Coalesce(preferred_name("condition"), "condition__slug", output_field=CharField())


def _lead() -> str:
    """How much waits, and what else needs a moderator."""
    accepted = Q(decision=Link.Decision.ACCEPTED)
    found = Link.objects.aggregate(
        waiting=Count("pk", filter=Q(decision=Link.Decision.PENDING)),
        accepted=Count("pk", filter=accepted),
        broken=Count("pk", filter=accepted & Q(outcome=Link.Outcome.BROKEN)),
        hidden=Count("pk", filter=accepted & Q(broken_days__gte=BROKEN_DAYS)),
    )
    reports = LinkReport.objects.waiting().count()
    said = [
        _number(found["waiting"], "suggestion waits", "suggestions wait"),
        _number(reports, "report waits", "reports wait"),
    ]
    said.append(f"{_number(found['accepted'], 'link is accepted', 'links are accepted')}")
    lead = ", ".join(said)
    if found["broken"]:
        lead += f"; {found['broken']:,} of them did not answer when last looked at, {found['hidden']:,} left the page"
    return f"{lead}."


def _number(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"


# One link


def one(request: HttpRequest, object_id: str) -> HttpResponse:
    """One link: the suggestion, what was found, what was decided before, and the acts."""
    rows = Link.objects.select_related("condition", "decided_by").annotate(condition_name=_condition_name())
    link = get_object_or_404(rows, pk=int(object_id) if NUMBER.fullmatch(object_id) else None)
    forms = _forms(link, request)
    acted: VerbForm | None = None
    if request.method == "POST":
        acted = forms.get(request.POST.get("act", ""))
        if acted is None:
            raise Http404("The desk has no such button.")
        if acted.is_valid():
            messages.success(request, "Done.")
            return redirect(request.path)
        link = get_object_or_404(rows, pk=link.pk)  # it may have moved
    at_host = LinkDecision.objects.filter(link__in=Link.objects.at_host(link.host).exclude(pk=link.pk))
    context = {
        "link": link,
        "forms": {name.replace("-", "_"): form for name, form in forms.items()},
        "refused": acted,
        "criteria": CRITERIA,
        "reports": _reports(link, forms),
        "decisions": link.decisions.select_related("by"),
        "at_host": at_host.select_related("by", "link__condition")[:EARLIER],
        "broken_days": BROKEN_DAYS,
        "may_decide": request.user.has_perm("community.change_link"),
    }
    return render(request, "desk/link.html", {**admin.site.each_context(request), **context})


def _forms(link: Link, request: HttpRequest) -> dict[str, Any]:
    """The forms of what may be decided now, by the name of the button; the one that was pressed is filled in."""
    pressed = request.POST.get("act", "") if request.method == "POST" else ""

    def bound(name: str) -> Any:
        return request.POST if pressed == name else None

    # What has moved meanwhile still has its form, so that it says who was faster.
    acts = {"pending": ["accept", "refuse"], "accepted": ["edit", "down"]}.get(link.decision, ["restore"])
    forms: dict[str, Any] = {}
    for act in dict.fromkeys([*acts, *({pressed} & {"accept", "refuse", "edit", "down", "restore"})]):
        form_class = ReasonForm if act in {"refuse", "down"} else WordsForm
        forms[act] = form_class(bound(act), initial=link.words, auto_id=f"id_{act}_%s")
        forms[act].link, forms[act].act = link, act
    forms["erase"] = EraseWordsForm(bound("erase"))
    forms["erase"].subject = link
    for report in link.reports.all():
        name = f"close-{report.pk}"
        forms[name] = CloseReportForm(bound(name), auto_id=f"id_{name}_%s")
        forms[name].report = report
        forms[f"erase-{report.pk}"] = EraseWordsForm(bound(f"erase-{report.pk}"))
        forms[f"erase-{report.pk}"].subject = report
    for form in forms.values():
        form.by = person(request)
    return forms


def _reports(link: Link, forms: dict[str, Any]) -> list[tuple[LinkReport, Any]]:
    """What was reported, the newest first, each with the form that closes it."""
    return [(row, forms[f"close-{row.pk}"]) for row in link.reports.select_related("handled_by")]
