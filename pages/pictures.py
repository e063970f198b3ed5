"""The pictures of a community: members by country and at the end of each year, from what was kept as public."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from community.counting import ShownCount, digits
from community.countries import COUNTRIES
from community.models import Community, CountrySnapshot, YearFigure

from .charts import Bar, Chart, bars, columns
from .world_map import WorldMap, world_map

# Figures by country that are older are history, and are not shown.
OLDEST = dt.timedelta(days=400)
# So many years stand beside each other in a window of 320 px.
MOST_YEARS = 5
REST = "All others, or not said"


@dataclass(frozen=True)
class ByCountry:
    """Members by country as a chart with its table, and as a map that says no more."""

    chart: Chart
    map: WorldMap


def of(community: Community, members: ShownCount | None, today: dt.date) -> dict[str, Any]:
    """The pictures for the page; None for one that may not be shown, or says nothing."""
    if members is None or members.figure is None:
        return {"by_country": None, "by_year": None}
    return {"by_country": by_country(community, today), "by_year": by_year(community, members, today)}


def by_country(community: Community, today: dt.date) -> ByCountry | None:
    """Members by country as they were counted last."""
    row = CountrySnapshot.objects.filter(community=community).order_by("-day").first()
    split = row.split if row else None
    if row is None or row.counted_on is None or split is None or today - row.counted_on > OLDEST:
        return None
    least = settings.MEMBER_COUNT_THRESHOLD
    # The operator may have raised the threshold since.
    if min(split.rest, *(figure for _, figure in split.cells)) < least:
        return None
    rounded = settings.MEMBER_COUNT_ROUND_TO > 1
    rows = {code: Bar(COUNTRIES.get(code, code), figure, _said(figure, rounded)) for code, figure in split.cells}
    rest = Bar(REST, split.rest, _said(split.rest, rounded), rest=True)
    day = f"{row.counted_on:%-d %B %Y}"
    chart = bars(
        [*rows.values(), rest],
        key="members-by-country",
        title="Members by country",
        heads=("Country", "Members"),
        people=True,
        caption=f"Members by country, {day}",
        note=f"Counted {day}. Countries with few members are added together with those who named none, so that nobody "
        "can be picked out. These figures change only when many people have joined or left.",
    )
    return ByCountry(chart, world_map(rows, key="world", title=f"World map, {day}", least=least, rounded=rounded))


def by_year(community: Community, members: ShownCount, today: dt.date) -> Chart | None:
    """Members at the end of each year, and of this one so far; None while there is no other year to compare with."""
    ended = YearFigure.objects.filter(community=community, year__lt=today.year).order_by("year")
    found: list[tuple[int, int | None]] = [(row.year, row.figure) for row in ended]
    found.append((today.year, members.figure))
    drawn = [Bar(str(year), *_stepped(figure, near, members.rounded)) for year, figure, near in steps(found)]
    if len(drawn) < 2:
        return None
    return columns(
        drawn[-MOST_YEARS:],
        key="members-by-year",
        title="Members at the end of each year",
        heads=("Year", "Members"),
        people=True,
        note=f"At the end of each year; {today.year} up to {today:%-d %B}.",
    )


def steps(found: list[tuple[int, int | None]]) -> list[tuple[int, int | None, bool]]:
    """Each year with its figure and whether it is that of the year before, from which it differs too little."""
    least, last = settings.MEMBER_COUNT_THRESHOLD, None
    drawn: list[tuple[int, int | None, bool]] = []
    for year, figure in found:
        figure = figure if figure is not None and figure >= least else None
        near = figure is not None and last is not None and 0 < abs(figure - last) < least
        drawn.append((year, last if near else figure, near))
        last = drawn[-1][1]
    return drawn


def _stepped(figure: int | None, near: bool, rounded: bool) -> tuple[int | None, str]:
    if figure is None:
        return None, f"under {settings.MEMBER_COUNT_THRESHOLD}"
    return figure, f"about {digits(figure)}" if near else _said(figure, rounded)


def _said(figure: int, rounded: bool) -> str:
    return f"{digits(figure)}+" if rounded else digits(figure)
