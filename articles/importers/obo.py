"""Ontologies in OBO format 1.2 and 1.4, as far as conditions need it."""

import codecs
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ..codes import Match
from .markdown_files import FileRefused, Problem
from .terms import Ontology, Reference, Synonym, Term, matched, refuse, released, strongest, whole

LONGEST_LINE = 1_000_000  # bytes
# With so many lines wrong it is no use to read on.
GIVE_UP = 1_000
QUOTED = re.compile(r'\s*"((?:[^"\\]|\\.)*)"(.*)')
TAG = re.compile(r"([A-Za-z0-9_-]+):(?:\s+|$)(.*)")
ESCAPED = {"n": " ", "t": " ", "W": " "}

Value = TypeVar("Value")


class _Wrong(Exception):
    """A value that cannot be read; the message says why."""


def read(path: Path) -> Ontology:
    """Every term of the file. Raises FileRefused with line and reason."""
    reader = _Reader(path)
    for number, line in _lines(path):
        reader.take(number, line)
    reader.end()
    return whole(path, reader.release, reader.terms, reader.problems)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of the file with their numbers, one at a time, none of them without end."""
    try:
        with path.open("rb") as file:
            number = 0
            while data := file.readline(LONGEST_LINE + 1):
                number += 1
                if len(data) > LONGEST_LINE:
                    raise FileRefused([Problem(path, number, f"The line is longer than {LONGEST_LINE:,} bytes.")])
                yield number, (data.removeprefix(codecs.BOM_UTF8) if number == 1 else data).decode().strip()
    except UnicodeDecodeError as error:
        message = f"Byte {error.start + 1} of the line is not UTF-8. Save the file as UTF-8."
        raise FileRefused([Problem(path, number, message)]) from error
    except OSError as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error.strerror}.")]) from error


class _Reader:
    """Takes line after line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.release = ""
        self.terms: list[Term] = []
        self.problems: list[Problem] = []
        self.stanza = ""
        self.began = 0
        self.said: dict[str, list[tuple[int, str]]] = {}

    def take(self, number: int, line: str) -> None:
        """The next line of the file."""
        if not line or line.startswith("!"):
            return
        if line.startswith("["):
            self.end()
            self.stanza, self.began, self.said = line.partition("]")[0][1:], number, {}
            return
        if (found := TAG.match(line)) is None:
            self._not_a_tag(number, line)
        elif not self.stanza:
            if found[1] == "data-version":
                self.release = released(found[2])
        elif self.stanza == "Term":
            self.said.setdefault(found[1], []).append((number, found[2]))

    def _not_a_tag(self, number: int, line: str) -> None:
        problem = Problem(self.path, number, f"“{line[:60]}” is not written as “tag: value”.")
        if not self.terms and not self.stanza:
            raise FileRefused([Problem(self.path, number, f"This is not an ontology in OBO format: {problem.message}")])
        self.problems.append(problem)
        if len(self.problems) >= GIVE_UP:
            refuse(self.problems)

    def end(self) -> None:
        """The end of a stanza."""
        if self.stanza == "Term":
            with suppress(_Wrong):
                self.terms.append(self._term())
        self.stanza = ""

    def _term(self) -> Term:
        identifier = self._first("id")
        if not identifier:
            self.problems.append(Problem(self.path, self.began, "The term has no id."))
            raise _Wrong
        return Term(
            identifier=identifier,
            line=self.began,
            name=self._text("name"),
            synonyms=tuple(self._each("synonym", _synonym)),
            definition=next(iter(self._each("def", lambda line, value: _unescaped(_quoted(value)[0]))), ""),
            references=strongest([*self._each("xref", _reference), *self._mappings()]),
            parents=tuple(self._tokens("is_a")),
            alternates=tuple(self._tokens("alt_id")),
            obsolete=self._first("is_obsolete").lower() == "true",
            replaced_by=self._first("replaced_by"),
        )

    def _each(self, tag: str, read: Callable[[int, str], Value]) -> Iterator[Value]:
        """What a function makes of each value of a tag; what it cannot read is a problem."""
        for line, value in self.said.get(tag, ()):
            try:
                yield read(line, value)
            except _Wrong as wrong:
                self.problems.append(Problem(self.path, line, f"{tag}: {wrong}"))

    def _tokens(self, tag: str) -> Iterator[str]:
        return (_token(value) for _, value in self.said.get(tag, ()) if _token(value))

    def _first(self, tag: str) -> str:
        return next(self._tokens(tag), "")

    def _text(self, tag: str) -> str:
        for _, value in self.said.get(tag, ()):
            return _unescaped(re.split(r"(?<!\\)\s+!\s|(?<!\\)\{[^{}]*\}\s*$", value)[0]).strip()
        return ""

    def _mappings(self) -> Iterator[Reference]:
        """The codes in `property_value: skos:exactMatch "MESH:D016878" xsd:string`."""
        for line, value in self.said.get("property_value", ()):
            predicate, _, rest = value.partition(" ")
            if (match := matched(predicate)) is not None:
                try:
                    code = _unescaped(_quoted(rest)[0]) if rest.lstrip().startswith('"') else _token(rest)
                except _Wrong as wrong:
                    self.problems.append(Problem(self.path, line, f"property_value: {wrong}"))
                else:
                    yield Reference(code, line, match)


def _quoted(value: str) -> tuple[str, str]:
    """What stands in quotes at the beginning, still escaped, and what follows."""
    found = QUOTED.match(value)
    if found is None:
        raise _Wrong("The text does not end with a quote." if value.startswith('"') else "There is no text in quotes.")
    return found[1], found[2]


def _unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda found: ESCAPED.get(found[1], found[1]), value)


def _token(value: str) -> str:
    """The first word of a value: what follows is a remark or a qualifier."""
    found = re.match(r"\s*((?:[^\s\\{]|\\.)+)", value)
    return _unescaped(found[1]) if found else ""


def _synonym(line: int, value: str) -> Synonym:
    """`"DIL" EXACT OMO:0003012 [sources]`."""
    words, rest = _quoted(value)
    scope, *kind = rest.partition("[")[0].split() or ["RELATED"]
    return Synonym(_unescaped(words), line, scope, kind[0] if kind else "")


def _reference(line: int, value: str) -> Reference:
    """`MESH:D016878 "remark" {source="MONDO:equivalentTo"}`."""
    equal = re.search(r'\bsource="[^"]*equivalentTo"', value) is not None
    return Reference(_token(value), line, Match.EXACT if equal else Match.UNSTATED)
