"""Which public pages fall due when, and who is to read them again: can they still sign by then?"""

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import clock
from articles.models import Article, Condition, Revision
from reviews import waiting
from reviews.models import CredentialCheck, Reviewer
from reviews.onlooker import DAY, Cover
from reviews.waiting import Lapse

from .. import charts
from .coverage import MAY_LOOK

# Registrars look as well: they know whose credential must be checked again first.
REGISTRARS = "reviews.view_credentialcheck"
MONTHS = 12
ROWS = 50
OVERDUE = "overdue"


@dataclass(frozen=True)
class Month:
    """A month in which reviews fall due; its key stands in addresses. What is overdue comes before the first."""

    first: dt.date
    last: dt.date

    @property
    def key(self) -> str:
        """The year and the month."""
        return f"{self.first:%Y-%m}"

    @property
    def name(self) -> str:
        """In words."""
        return f"{self.first:%B %Y}"


@dataclass(frozen=True)
class Load:
    """What falls on one reviewer within the months ahead."""

    reviewer: Reviewer
    cover: Cover
    overdue: int
    ahead: int
    next_on: dt.date | None
    uncovered: int  # of those ahead, how many have no check on the last day on which they can be signed in time

    @property
    def closed(self) -> bool:
        """Whether the account is closed, so that they sign nothing more."""
        return not self.reviewer.user.is_active

    @property
    def address(self) -> str:
        """Their pages."""
        return f"{reverse('admin:desk_falling_due')}?{urlencode({'reviewer': self.reviewer.slug})}"


def months(today: dt.date) -> list[Month]:
    """The month of a day and those after it, a year in all."""
    count = today.year * 12 + today.month - 1
    firsts = [dt.date(number // 12, number % 12 + 1, 1) for number in range(count, count + MONTHS + 1)]
    return [Month(first, after - dt.timedelta(1)) for first, after in pairwise(firsts)]


def outlook(today: dt.date) -> str:
    """A sentence for the operators: of how many pages the review falls due next month; empty where of none."""
    month = months(today)[1]
    number = sum(month.first <= lapse.day for lapse in waiting.lapses(today, until=month.last))
    pages = "the review of 1 public page falls" if number == 1 else f"the reviews of {number:,} public pages fall"
    return f"In {month.name} {pages} due." if number else ""


def when(day: dt.date, today: dt.date) -> str:
    """The key under which a page that lapses on a day is counted."""
    return OVERDUE if day <= today else f"{day:%Y-%m}"


def loads(due: Sequence[Lapse], today: dt.date) -> list[Load]:
    """What falls on whom, the one with most first; two queries."""
    pages: dict[str, list[Lapse]] = {}
    for lapse in due:
        pages.setdefault(lapse.reviewer, []).append(lapse)
    checks: dict[int, list[CredentialCheck]] = {}
    rows = CredentialCheck.objects.filter(credential__reviewer__slug__in=pages).select_related("credential")
    for check in rows.order_by("pk"):
        checks.setdefault(check.credential.reviewer_id, []).append(check)
    found = []
    for reviewer in Reviewer.objects.filter(slug__in=pages).select_related("user"):
        cover = Cover.from_checks(checks.get(reviewer.pk, []), today)
        days = sorted(lapse.day for lapse in pages[reviewer.slug] if lapse.day > today)
        overdue = len(pages[reviewer.slug]) - len(days)
        uncovered = sum(not _covered(cover, day) for day in days)
        found.append(Load(reviewer, cover, overdue, len(days), days[0] if days else None, uncovered))
    return sorted(found, key=lambda load: (-load.overdue - load.ahead, load.reviewer.slug))


def _covered(cover: Cover, day: dt.date) -> bool:
    """Whether a check stands, as far as it is known today, on the last day before a review lapses."""
    return any(span.first < day <= span.last + DAY for span in cover.spans)


@dataclass(frozen=True)
class Line:
    """A page that falls due, with its words."""

    lapse: Lapse
    question: str
    condition: str
    reviewer: Reviewer
    address: str


def falling_due(request: HttpRequest) -> HttpResponse:
    """The figures, or the pages behind one of them, for publishers and registrars."""
    if not (request.user.has_perm(MAY_LOOK) or request.user.has_perm(REGISTRARS)):
        raise PermissionDenied("Only publishers and registrars look at what falls due.")
    today = clock.today()
    ahead = months(today)
    due = waiting.lapses(today, until=ahead[-1].last)
    context = {**admin.site.each_context(request), "today": today}
    if "when" in request.GET or "reviewer" in request.GET:
        return render(request, "desk/due_pages.html", {**context, **_listed(request, due, ahead)})
    return render(request, "desk/falling_due.html", {**context, **_counted(due, ahead)})


def _counted(due: Sequence[Lapse], ahead: Sequence[Month]) -> dict[str, object]:
    """The figures: by month, and by reviewer."""
    today = clock.today()
    counts = Counter(when(lapse.day, today) for lapse in due)
    address = reverse("admin:desk_falling_due")
    bars = [
        charts.Bar(name, counts[key], address=f"{address}?when={key}" if counts[key] else "", late=key == OVERDUE)
        for key, name in _names(ahead).items()
    ]
    by_reviewer = loads(due, today)
    return {
        "by_month": charts.bars(
            bars,
            key="months",
            title="Reviews falling due by month",
            heads=("Month", "Pages"),
            note="A review lapses at the start of its day, in UTC; of this month, the days to come.",
        ),
        "loads": by_reviewer,
        "lead": _lead(counts[OVERDUE], len(due) - counts[OVERDUE], sum(load.uncovered for load in by_reviewer)),
    }


def _lead(overdue: int, ahead: int, uncovered: int) -> str:
    """How much is late, how much falls due, and how much of it nobody may sign."""
    late = f"{overdue:,} page{' is' if overdue == 1 else 's are'} overdue" if overdue else "No page is overdue"
    due = f"{ahead:,} fall{'s' if ahead == 1 else ''} due within a year" if ahead else "none falls due within a year"
    without = f", {uncovered:,} of them while no check of the reviewer’s credential stands" if uncovered else ""
    return f"{late}, {due}{without}."


def _listed(request: HttpRequest, due: Sequence[Lapse], ahead: Sequence[Month]) -> dict[str, object]:
    """The pages behind a figure, the first to fall due first."""
    today, month, slug = clock.today(), request.GET.get("when", ""), request.GET.get("reviewer", "")
    rows = [row for row in due if month in {"", when(row.day, today)} and slug in {"", row.reviewer}]
    page = Paginator(sorted(rows, key=lambda row: (row.day, row.publication)), ROWS).get_page(request.GET.get("page"))
    lines = _lines(list(page), desk=request.user.has_perm("articles.view_article"))
    said = [_names(ahead).get(month, ""), str(lines[0].reviewer) if slug and lines else ""]
    lead = "1 page." if len(rows) == 1 else f"{len(rows):,} pages, the first to lapse first." if rows else "No page."
    return {
        "page": page,
        "lines": lines,
        "heading": ": ".join(filter(None, ["Reviews falling due", *said])),
        "lead": lead,
    }


def _names(ahead: Sequence[Month]) -> dict[str, str]:
    """What stands on the chart, by its key."""
    return {OVERDUE: "Overdue", **{month.key: month.name for month in ahead}}


def _lines(rows: Sequence[Lapse], *, desk: bool) -> list[Line]:
    """The rows with their words and where each leads: at the desk, or else where readers see the page. Four queries."""
    questions = dict(Revision.objects.filter(pk__in=[row.revision for row in rows]).values_list("pk", "question"))
    slugs = dict(Article.objects.filter(pk__in=[row.article for row in rows]).values_list("pk", "slug"))
    names = {row.slug: row.name for row in Condition.objects.filter(slug__in=[row.condition for row in rows])}
    people = {row.slug: row for row in Reviewer.objects.filter(slug__in=[row.reviewer for row in rows])}
    found = []
    for row in rows:
        public = reverse("question", args=[row.condition, slugs[row.article]])
        address = reverse("admin:articles_article_change", args=[row.article]) if desk else public
        found.append(Line(row, questions[row.revision], names[row.condition], people[row.reviewer], address))
    return found
