"""Coverage: how many pages conditions have, where all pages stand, and which conditions are missed most."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import clock
from accounts.numbers import among
from articles.admin import ConditionAdmin
from articles.models import Article, Condition, ConditionCode, Topic
from community.counting import ShownCount
from community.models import Community
from reviews import survey
from reviews.models import Publication
from reviews.standing import Standing, void_articles

from .. import charts, letters, reading, retired
from ..models import CodeMiss

# Who may look at all this: whoever looks after the codes that were asked for in vain.
MAY_LOOK = "pages.view_codemiss"
# How many public pages a condition has: what stands in the address, in words, and the least and the most.
STEPS = (
    ("0", "No page yet", 0, 0),
    ("1", "1 page", 1, 1),
    ("2-3", "2 or 3 pages", 2, 3),
    ("4-7", "4 to 7 pages", 4, 7),
    ("8", "8 pages or more", 8, None),
)
# So many of the conditions that are missed most are named.
MISSED = 20
LATE = {Standing.OVERDUE, Standing.WITHDRAWN}
CONDITIONS = "admin:articles_condition_changelist"
PAGES = "admin:articles_article_changelist"


def catalogue() -> "QuerySet[Condition]":
    """The conditions that count: every one whose hub is shown."""
    return Condition.objects.filter(retired.stays()).order_by()


def pages_of_conditions() -> Counter[int]:
    """How many pages readers see of each condition that has any, by its id; four queries."""
    shown = Publication.objects.current().filter(withdrawal__isnull=True).order_by()
    found = Counter(dict(shown.values_list("article__condition").annotate(Count("pk"))))
    void = Article.objects.filter(pk__in=among(void_articles())).order_by()
    found.subtract(void.values_list("condition", flat=True))
    return +found


class PagesFilter(admin.SimpleListFilter):
    """Conditions by how many pages readers see of them."""

    title = "public pages"
    parameter_name = "pages"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The steps."""
        return [(key, words) for key, words, _, _ in STEPS]

    def queryset(self, request: HttpRequest, queryset: "QuerySet[Condition]") -> "QuerySet[Condition]":
        """Those with so many."""
        for key, _, least, most in STEPS:
            if key == self.value():
                counts = pages_of_conditions()
                if most == 0:
                    return queryset.filter(pk__in=catalogue().values("pk")).exclude(pk__in=among(counts))
                fit = (pk for pk, count in counts.items() if least <= count <= (most or count))
                return queryset.filter(pk__in=among(fit))
        return queryset


ConditionAdmin.list_filter = (*ConditionAdmin.list_filter, PagesFilter)


@dataclass(frozen=True)
class Missed:
    """A condition without a page that readers see, of which somebody would have one."""

    pk: int
    name: str
    times: int
    members: ShownCount | None
    begun: int

    @property
    def order(self) -> tuple[int, int, str]:
        """Most asked for first, then most members: by the figure that may be shown, or the order would tell more."""
        figure = self.members.figure if self.members else None
        return (-self.times, -(figure or 0), letters.folded(self.name))


def missed(counts: Mapping[int, int]) -> tuple[list[Missed], int]:
    """The conditions that are missed most, and how many are missed; six queries, more where some were given up."""
    asked = _asked_in_vain()
    communities = Community.objects.order_by().values_list("condition", "member_count")
    members = {condition: reading.members(count) for condition, count in communities}
    wanted = {*asked, *members}.difference(counts)
    about = Article.objects.filter(condition__in=among(wanted)).order_by()
    begun = Counter(dict(about.values_list("condition").annotate(Count("pk"))))
    named = catalogue().filter(pk__in=among(wanted))
    rows = [
        Missed(row.pk, row.name, asked[row.pk], members.get(row.pk), begun[row.pk]) for row in named.only("pk", "slug")
    ]
    return sorted(rows, key=lambda row: row.order)[:MISSED], len(rows)


def _asked_in_vain() -> Counter[int]:
    """How often a code of a condition, or of one whose place it took, was asked for in vain, by the condition."""
    misses = CodeMiss.objects.filter(system=OuterRef("system"), code=OuterRef("code")).order_by()
    coded = ConditionCode.objects.annotate(missed=Subquery(misses.values("times")[:1])).filter(missed__isnull=False)
    found = Counter(dict(coded.order_by().values_list("condition").annotate(Sum("missed"))))
    for condition, end in retired.ends_of(found).items():
        found[end.pk] += found.pop(condition)
    return found


@dataclass(frozen=True)
class Cell:
    """A figure of the table, and where the pages behind it are listed."""

    count: int
    address: str


def conditions_chart(counts: Mapping[int, int], conditions: int) -> charts.Chart:
    """How many conditions have how many pages."""
    rows = []
    for key, words, least, most in STEPS:
        number = sum(least <= count <= (most or count) for count in counts.values()) if least else 0
        value = number if least else conditions - len(counts)
        rows.append(charts.Bar(words, value, address=f"{reverse(CONDITIONS)}?pages={key}"))
    return charts.bars(rows, key="conditions", title="Conditions by public pages", heads=("Public pages", "Conditions"))


def standing_chart(found: survey.Survey) -> charts.Chart:
    """How many pages stand where."""
    bars = [
        charts.Bar(
            str(standing.label),
            sum(found[topic, standing] for topic in Topic.values),
            address=_pages(standing=standing),
            late=standing in LATE,
        )
        for standing in Standing
    ]
    return charts.bars(bars, key="standing", title="Question pages by standing", heads=("Standing", "Pages"))


def table(found: survey.Survey) -> list[tuple[str, Sequence[Cell]]]:
    """Topic by topic how many pages stand where, and how many there are; at last the same of all topics."""
    rows = []
    for topic in Topic:
        cells = [Cell(found[topic, each], _pages(topic=topic, standing=each)) for each in Standing]
        rows.append((str(topic.label), [*cells, Cell(sum(cell.count for cell in cells), _pages(topic=topic))]))
    sums = [sum(cells[number].count for _, cells in rows) for number in range(len(Standing) + 1)]
    addresses = [*(_pages(standing=each) for each in Standing), _pages()]
    return [*rows, ("All topics", [Cell(*pair) for pair in zip(sums, addresses, strict=True)])]


def _pages(topic: str = "", standing: str = "") -> str:
    """The list of question pages, narrowed."""
    chosen = {"topic__exact": topic, "standing": standing}
    query = urlencode({name: str(value) for name, value in chosen.items() if value})
    return f"{reverse(PAGES)}?{query}" if query else reverse(PAGES)


def coverage(request: HttpRequest) -> HttpResponse:
    """The page, for whoever may see what is missing."""
    if not request.user.has_perm(MAY_LOOK):
        raise PermissionDenied("Only publishers look at the coverage.")
    today = clock.today()
    counts, conditions, found = pages_of_conditions(), catalogue().count(), survey.by_topic(today)
    rows, every = missed(counts)
    misses = CodeMiss.objects.aggregate(codes=Count("pk"), times=Sum("times"))
    context = {
        "today": today,
        "lead": _lead(conditions, counts, found),
        "by_pages": conditions_chart(counts, conditions),
        "by_standing": standing_chart(found),
        "standings": [str(standing.label) for standing in Standing],
        "table": table(found),
        "missed": rows,
        "missed_more": every - len(rows),
        "misses": misses,
    }
    return render(request, "desk/coverage.html", {**admin.site.each_context(request), **context})


def _lead(conditions: int, counts: Mapping[int, int], found: survey.Survey) -> str:
    """How much of the catalogue readers find, and whether they may rely on it."""
    pages = sum(counts.values())
    lapsed = sum(number for (_, standing), number in found.items() if standing == Standing.OVERDUE)
    have = f"{len(counts):,} of {conditions:,} conditions have pages that readers see"
    late = f", {lapsed:,} of them with a review that has lapsed" if lapsed else ""
    return f"{have}: {pages:,} page{'' if pages == 1 else 's'}{late}."
