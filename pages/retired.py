"""Conditions whose place another one took: which of them stay, and where the others lead.

One that has a page that ever was public, or a community, stays: nobody is sent away from what is there. The others
lead to their successor, in one step, and stand in no list.
"""

from collections.abc import Iterable

from django.db import models

from articles.models import Condition
from community.models import Community
from reviews.models import Publication


def stays() -> models.Q:
    """What holds of a condition whose hub is shown."""
    mine = models.OuterRef("pk")
    was_public = Publication.objects.counted().filter(article__condition=mine).order_by()
    return (
        models.Q(successor__isnull=True)
        | models.Q(models.Exists(was_public))
        | models.Q(models.Exists(Community.objects.filter(condition=mine).order_by()))
    )


def end_of(condition: int) -> Condition | None:
    """The condition that is shown in the place of this one: itself if it stays; None where successors go in a circle.

    A query for each step.
    """
    seen: set[int] = set()
    at: int | None = condition
    while at is not None and at not in seen:
        seen.add(at)
        row = Condition.objects.alias(shown=stays()).filter(shown=True, pk=at).first()
        if row is not None:
            return row
        at = Condition.objects.filter(pk=at).values_list("successor", flat=True).first()
    return None


def leading() -> dict[int, int]:
    """By each condition that leads elsewhere the one that is shown in its place; two queries, however many there are.

    One of which the successors go in a circle leads nowhere.
    """
    rows = Condition.objects.order_by().values_list("pk", "successor")
    after = {pk: successor for pk, successor in rows.filter(successor__isnull=False) if successor is not None}
    leave = set(Condition.objects.exclude(stays()).order_by().values_list("pk", flat=True)) if after else set()
    found: dict[int, int] = {}
    for condition in leave:
        at, seen = condition, set[int]()
        while at in leave and at not in seen:
            seen.add(at)
            at = after.get(at, at)
        if at not in leave:
            found[condition] = at
    return found


def ends_of(conditions: Iterable[int]) -> dict[int, Condition]:
    """By each of some conditions the one that is shown in its place, where that is another; one query if none is."""
    leading = Condition.objects.filter(pk__in=list(conditions)).exclude(stays()).order_by()
    ends = {condition: end_of(condition) for condition in leading.values_list("pk", flat=True)}
    return {condition: end for condition, end in ends.items() if end is not None}
