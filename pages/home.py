"""The first page."""

from typing import TYPE_CHECKING, TypedDict, cast

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce, Greatest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from accounts import clock
from accounts.prepared import Prepared
from articles.models import preferred_name
from community.models import Community
from reviews.standing import tally

from . import jsonld, letters, reading
from .views import reader_page

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# So many communities stand on the first page, and so many conditions, where there are no more.
FEW = 6
SHORT = 12


@reader_page
def home(request: HttpRequest) -> HttpResponse:
    """The first page."""
    today = clock.today()
    count = tally(today)
    entries, lately = letters.everything(), reading.lines_signed_lately()
    fresh = [line for line in lately if line.stamp.in_date]
    return render(
        request,
        "pages/home.html",
        {
            "recent": fresh[:3],
            "example": fresh[0].stamp if fresh else None,
            "total": count.total,
            "in_date": count.total - count.lapsed,
            "lapsed": count.lapsed,
            "lapsed_page": None if count.lapsed_last is None else reading.line_of(count.lapsed_last),
            "letters": letters.letters(entries),
            "conditions": entries if len(entries) <= SHORT else [],
            "communities": _communities(),
            "today": today,
            "machine": jsonld.home(),
        },
    )


def _communities() -> list[dict[str, object]]:
    """Some communities with what may be shown of their number, by name.

    The largest by the number that is shown; the order by any other would tell who has more members.
    """
    rows = _largest(threshold=settings.MEMBER_COUNT_THRESHOLD, step=settings.MEMBER_COUNT_ROUND_TO)
    names = {row: cast("Named", row).name for row in rows}
    return [
        {"name": names[row], "url": row.get_absolute_url(), "members": reading.members(row.member_count)}
        for row in sorted(rows, key=lambda row: letters.folded(names[row]))
    ]


class Name(TypedDict):
    """What `_largest` adds to a community."""

    name: str


if TYPE_CHECKING:
    Named = WithAnnotations[Community, Name]


def _figure(threshold: int, step: int) -> models.Case:
    """The number that is shown of a community, as an expression; 0 where none is."""
    rounded = models.F("member_count") - models.F("member_count") % step
    shown = Greatest(models.Value(threshold), rounded)
    return models.Case(models.When(member_count__gte=threshold, then=shown), default=models.Value(0))


_largest = Prepared(
    lambda threshold, step: (
        Community.objects.filter(member_count__gt=0)
        .select_related("condition")
        .annotate(name=Coalesce(preferred_name("condition"), "condition__slug", output_field=models.CharField()))
        .order_by(_figure(threshold, step).desc(), "condition__slug")[:FEW]
    )
)
