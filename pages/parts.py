"""Long lists, in parts that each have an address of their own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import Http404


@dataclass(frozen=True)
class Part:
    """One part of a list: which, counted from 1, of how many things in all, and how many of them fit into one."""

    number: int
    total: int
    size: int

    @property
    def last(self) -> int:
        """How many parts there are; of an empty list one."""
        return max(1, -(-self.total // self.size))

    @property
    def exists(self) -> bool:
        """Whether the list has such a part."""
        return 1 <= self.number <= self.last

    @property
    def place(self) -> slice:
        """Where in the list it stands."""
        return slice((self.number - 1) * self.size, self.number * self.size)

    def shown(self, address: Callable[[int], str]) -> dict[str, Any]:
        """What a page says of it (pages/_parts.html): the ways to the parts beside it. 404 where there is no such part.

        `address` says where each part stands, by its number.
        """
        if not self.exists:
            raise Http404("The list has no such part.")
        return {
            "part": self,
            "earlier": address(self.number - 1) if self.number > 1 else "",
            "later": address(self.number + 1) if self.number < self.last else "",
        }
