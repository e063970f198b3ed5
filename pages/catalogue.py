"""What a page shows of a condition's place in the catalogue: its codes, and what is broader and narrower.

Nobody reviews any of it, and nothing here says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict, cast

from django.db import models
from django.urls import reverse

from accounts.prepared import Prepared
from articles import codes
from articles.models import BroaderCondition, Condition, preferred_name

from . import letters, retired

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


@dataclass(frozen=True, order=True)
class Code:
    """A code of a condition elsewhere."""

    system: str
    code: str
    match: str

    @property
    def title(self) -> str:
        """What readers know its system as."""
        return codes.title(self.system)

    @property
    def written(self) -> str:
        """As people write it."""
        return codes.written(self.system, self.code)

    @property
    def link(self) -> str:
        """Where its system shows it; empty where it has no such page."""
        return codes.link(self.system, self.code)

    @property
    def stated(self) -> bool:
        """Whether it is said how exact it is."""
        return self.match != codes.Match.UNSTATED

    @property
    def word(self) -> str:
        """How exact it is, where it is not."""
        return codes.Match(self.match).word


def codes_of(gathered: list[dict[str, str]] | None) -> list[Code]:
    """The codes that came along with a query, in order."""
    return sorted(Code(**each) for each in gathered or [])


def by_system(several: Iterable[Code]) -> dict[str, dict[str, list[Code]]]:
    """The codes of a condition elsewhere by the title of their system, those first of which is said how exact they are.

    Empty if there are none.
    """
    found: dict[str, dict[str, list[Code]]] = {}
    for code in several:
        kind = "stated" if code.stated else "unstated"
        found.setdefault(kind, {}).setdefault(code.title, []).append(code)
    return found


@dataclass(frozen=True)
class Neighbour:
    """A condition that is broader or narrower than another."""

    name: str
    slug: str

    @property
    def url(self) -> str:
        """Its hub."""
        return reverse("condition", args=[self.slug])


class Beyond(TypedDict):
    """What `_neighbours` adds to a row."""

    other_name: str | None


_neighbours = Prepared(
    lambda condition: (
        BroaderCondition.objects.filter(models.Q(condition=condition) | models.Q(broader=condition))
        .select_related("condition", "broader")
        .annotate(
            other=models.Case(
                models.When(models.Q(condition=condition), then=models.F("broader")), default=models.F("condition")
            ),
            other_name=preferred_name("other"),
        )
        .order_by("pk")
    )
)


def neighbours(condition: Condition) -> tuple[list[Neighbour], list[Neighbour]]:
    """The broader and the narrower conditions, each in order of their names; one query. Nobody reviews them."""
    rows = _neighbours(condition=condition.pk)
    others = [row.broader if row.condition_id == condition.pk else row.condition for row in rows]
    given_up = [other.pk for other in others if other.successor_id is not None]
    hidden = retired.ends_of(given_up) if given_up else {}
    found: tuple[list[Neighbour], list[Neighbour]] = ([], [])
    for row, other in zip(rows, others, strict=True):
        if other.pk not in hidden:
            name = cast("WithAnnotations[BroaderCondition, Beyond]", row).other_name
            found[0 if other.pk == row.broader_id else 1].append(Neighbour(name or other.slug, other.slug))
    for several in found:
        several.sort(key=lambda each: (letters.folded(each.name), each.slug))
    return found
