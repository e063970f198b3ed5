"""Which condition a term of a source is about, where it is here already; in doubt it is nobody's."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ..models import Condition, ConditionCode, ConditionName, SourceTerm
from .saying import PREFERRED, kept_key
from .terms import Term


@dataclass
class Existing:
    """The conditions that are here, by what tells that a term is one of them."""

    source: str
    coded: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # by system|code, exact ones
    own: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))  # the codes in the source itself
    named: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    also_named: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    origin: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    elsewhere: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))  # by another source's identifier
    taken: set[int] = field(default_factory=set)
    slugs: dict[int, str] = field(default_factory=dict)

    @classmethod
    def read(cls, source: str, own_system: str) -> "Existing":
        """Everything, with five queries."""
        here = cls(source)
        rows = Condition.objects.order_by("pk").values_list("pk", "slug", "origin", "successor")
        for pk, slug, origin, successor in rows:
            here.slugs[pk] = slug
            here.origin[origin].add(pk)
            if successor is not None:
                here.taken.add(pk)  # what is said of it is said of the one that took its place
        exact = ConditionCode.objects.filter(match="exact").order_by()
        for pk, system, code in exact.values_list("condition", "system", "code"):
            key = kept_key(system, code)
            here.coded[key].add(pk)
            if system == own_system:
                here.own[pk].add(key)
        for pk, text, kind in ConditionName.objects.order_by().values_list("condition", "text", "kind"):
            (here.named if kind == PREFERRED else here.also_named)[text.casefold()].add(pk)
        for pk, of, identifier in SourceTerm.objects.order_by().values_list("condition", "source", "identifier"):
            if of == source:
                here.taken.add(pk)
            else:
                here.elsewhere[identifier].add(pk)
        return here

    def find(self, terms: Iterable[Term], own: Mapping[str, str | None]) -> tuple[dict[str, int], dict[str, str]]:
        """The condition of each term that has one, and of each in doubt why; both by identifier.

        First by what names the term itself, then by name, so that no name takes what a code claims.
        """
        found: dict[str, int] = {}
        doubts: dict[str, str] = {}
        left = []
        for term in terms:
            same = self.origin[term.identifier] | self.coded.get(own[term.identifier] or "", set())
            same = (same or self._elsewhere(term)) - self.taken
            if len(same) == 1:
                self._take(term, same, found)
            elif same:
                doubts[term.identifier] = f"{self._list(same)} bear its code. Leave it to one of them and import again."
            else:
                left.append(term)
        for term in left:
            self._by_name(term, own[term.identifier], found, doubts)
        return found, doubts

    def _elsewhere(self, term: Term) -> set[int]:
        """The condition of another source's term to which this one says it is exactly the same."""
        exact = (reference.code for reference in term.references if reference.match == "exact")
        return set().union(*(self.elsewhere.get(code, set()) for code in exact))

    def _by_name(self, term: Term, own: str | None, found: dict[str, int], doubts: dict[str, str]) -> None:
        name = " ".join(term.name.split())
        same = self.named.get(name.casefold(), set()) - self.taken
        others = {pk for pk in same if own is not None and self.own[pk] - {own}}
        if len(same) == 1 and not others:
            self._take(term, same, found)
        elif same:
            why = "bears another code of this source" if others else "are called so"
            doubts[term.identifier] = (
                f"{self._list(same)} {why}. Give the code {term.identifier} to the one that is meant, "
                "or another name to the others, and import again."
            )

    def also_called(self, term: Term) -> str:
        """The conditions, of no source so far, that bear the name of a term as another name; empty if none do."""
        return self._list(self.also_named.get(term.name.casefold(), set()) - self.taken)

    def _take(self, term: Term, same: set[int], found: dict[str, int]) -> None:
        (found[term.identifier],) = same
        self.taken |= same

    def _list(self, conditions: set[int]) -> str:
        return ", ".join(sorted(self.slugs[pk] for pk in conditions))
