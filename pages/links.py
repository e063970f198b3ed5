"""The links of a community as pages show them: accepted by a moderator, answering, and reviewed by nobody."""

from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, cast

from django.db import models
from django.urls import reverse

from articles.models import Condition
from community.models import Link

from .parts import Part

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

# So many links stand on the community's page and on each part after it; so many on the hub.
A_PART, A_FEW = 30, 3


def part_of(condition: Condition, number: int = 1) -> dict[str, Any]:
    """One part of the links of a condition, with the ways to those beside it; 404 where there is none."""
    rows, total = _listed(condition, (number - 1) * A_PART, A_PART)
    shown = Part(number, total, A_PART).shown(partial(address, condition))
    return {"links": rows, "links_total": total, **shown}


def few_of(condition: Condition) -> tuple[list[Link], int]:
    """A few links of a condition for its hub, and how many there are."""
    return _listed(condition, 0, A_FEW)


class Total(TypedDict):
    """What `_listed` adds to a link."""

    total: int


def _listed(condition: Condition, begin: int, most: int) -> tuple[list[Link], int]:
    """Some links of a condition as the page has them, and how many there are in all; one query."""
    counted = models.Window(models.Count("pk"))
    shown = Link.objects.shown().filter(condition=condition).in_page_order().annotate(total=counted)
    rows = cast("list[WithAnnotations[Link, Total]]", list(shown[begin : begin + most]))
    return list(rows), rows[0].total if rows else 0


def address(condition: Condition, number: int) -> str:
    """The address of one part of the links."""
    if number == 1:
        return f"{reverse('community', args=[condition.slug])}#links-title"
    return reverse("links-part", args=[condition.slug, number])
