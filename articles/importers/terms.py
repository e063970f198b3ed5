"""What every reader of an ontology gives: its terms, whatever the file looked like."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..codes import Match
from ..models import ConditionName
from .markdown_files import FileRefused, Problem

# So many problems of a file are named; whoever mends them runs it again.
MOST_PROBLEMS = 20
IDENTIFIER = re.compile(r"(?=.{1,100}$)[!-~]{1,40}:[!-~]+")
# The type of a synonym that is an abbreviation, in the vocabulary that ontologies share (OMO).
ABBREVIATION = "OMO:0003012"
SKOS = {
    "exactmatch": Match.EXACT,
    "closematch": Match.CLOSE,
    "broadmatch": Match.BROAD,
    "narrowmatch": Match.NARROW,
    "relatedmatch": Match.RELATED,
}


@dataclass(frozen=True, slots=True)
class Synonym:
    """Another name: exact, broad, narrow or related, and what type of name it is, if that is said."""

    text: str
    line: int
    scope: str = "RELATED"
    type: str = ""

    @property
    def kind(self) -> ConditionName.Kind:
        """What it becomes here; a name that means more or less is none by which readers are told of the condition."""
        if self.scope != "EXACT":
            return ConditionName.Kind.RELATED
        return ConditionName.Kind.ABBREVIATION if self.type == ABBREVIATION else ConditionName.Kind.SYNONYM


@dataclass(frozen=True, slots=True)
class Reference:
    """A code elsewhere, as the file writes it: MESH:D016878."""

    code: str
    line: int
    match: Match = Match.UNSTATED


@dataclass(frozen=True, slots=True)
class Term:
    """One term of an ontology, and the line in which it begins."""

    identifier: str
    line: int
    name: str = ""
    synonyms: tuple[Synonym, ...] = ()
    definition: str = ""
    references: tuple[Reference, ...] = ()
    parents: tuple[str, ...] = ()
    alternates: tuple[str, ...] = ()
    obsolete: bool = False
    replaced_by: str = ""

    @property
    def prefix(self) -> str:
        """What its identifier begins with: the DOID of DOID:14039."""
        return self.identifier.partition(":")[0]


@dataclass(frozen=True)
class Ontology:
    """A file as read."""

    path: Path
    release: str
    terms: list[Term]


def matched(predicate: str) -> Match | None:
    """How exact a mapping is, by the name or address of its SKOS property; None for other properties."""
    return SKOS.get(re.split(r"[:#/]", predicate)[-1].lower())


def curie(address: str) -> str:
    """An identifier in its short form: http://purl.obolibrary.org/obo/DOID_893 is DOID:893."""
    if "://" not in address:
        return address
    *above, last = address.rstrip("/").split("/")
    prefix, joint, rest = last.rpartition("_")
    return f"{prefix}:{rest}" if joint else f"{above[-1]}:{last}"


def released(said: str) -> str:
    """The release as both formats say it: the day, where there is one."""
    day = re.search(r"\d{4}-\d\d-\d\d", said)
    return day[0] if day else "".join(filter(str.isprintable, said))[:100]


def strongest(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Each code once, with the match that says most of it."""
    best: dict[str, Reference] = {}
    order = list(Match)
    for reference in references:
        there = best.get(reference.code)
        if there is None or order.index(reference.match) < order.index(there.match):
            best[reference.code] = reference
    return tuple(best.values())


def whole(path: Path, release: str, terms: list[Term], problems: list[Problem]) -> Ontology:
    """The file, if nothing is wrong with it. Raises FileRefused with every problem, up to MOST_PROBLEMS."""
    lines: dict[str, int] = {}
    for term in terms:
        if term.identifier in lines:
            said = f"{term.identifier} is there twice, first in line {lines[term.identifier]}."
            problems.append(Problem(path, term.line, said))
        lines.setdefault(term.identifier, term.line)
        if IDENTIFIER.fullmatch(term.identifier) is None:
            problems.append(
                Problem(path, term.line, f"“{term.identifier[:60]}” is not an identifier such as DOID:893.")
            )
        if not term.name and not term.obsolete:
            problems.append(Problem(path, term.line, f"{term.identifier} has no name."))
    if not terms and not problems:
        problems.append(Problem(path, 1, "This is not an ontology in OBO or OBO Graphs JSON: it holds no term."))
    refuse(problems)
    return Ontology(path, release, terms)


def refuse(problems: list[Problem]) -> None:
    """Raise FileRefused if there are any."""
    if problems:
        problems.sort(key=lambda problem: problem.line)
        left = len(problems) - MOST_PROBLEMS
        more = [Problem(problems[0].path, problems[-1].line, f"and {left:,} more problems.")] if left > 0 else []
        raise FileRefused([*problems[:MOST_PROBLEMS], *more])
