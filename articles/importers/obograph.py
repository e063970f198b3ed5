"""Ontologies in OBO Graphs JSON, as far as conditions need it."""

import codecs
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .markdown_files import FileRefused, Problem
from .terms import Ontology, Reference, Synonym, Term, curie, matched, released, strongest, whole

LARGEST = 300_000_000  # bytes
OWN_ID = re.compile(r'"id"\s*:\s*"((?:[^"\\]|\\.)*)"')
SCOPES = {
    "hasexactsynonym": "EXACT",
    "hasbroadsynonym": "BROAD",
    "hasnarrowsynonym": "NARROW",
    "hasrelatedsynonym": "RELATED",
}


class _Shape(Exception):
    """A value of another kind than the format has at this place."""


def read(path: Path) -> Ontology:
    """Every term of the file. Raises FileRefused with line and reason."""
    text = _text(path)
    try:
        document = json.loads(text)
        graphs = _list(_dict(document).get("graphs"))
    except json.JSONDecodeError as error:
        raise FileRefused([Problem(path, error.lineno, f"It is no JSON: {error.msg}.")]) from error
    except (_Shape, RecursionError, ValueError) as error:  # ValueError: a number without end
        message = "This is not an ontology in OBO Graphs JSON: it has no list of graphs."
        raise FileRefused([Problem(path, 1, message)]) from error
    lines = _lines(text)
    del text, document
    terms: list[Term] = []
    problems: list[Problem] = []
    release = ""
    for graph in graphs:
        try:
            release = release or _release(_dict(graph))
            parents = _parents(_dict(graph))
            nodes = _list(_dict(graph).get("nodes"))
        except _Shape as shape:
            problems.append(Problem(path, 1, f"A graph is not written as OBO Graphs has it: {shape}."))
            continue
        for node in nodes:
            _take(path, node, lines, parents, terms, problems)
    return whole(path, release, terms, problems)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            message = f"The file has more than {LARGEST // 1_000_000} megabytes. Import the OBO file of this ontology."
            raise FileRefused([Problem(path, 1, message)])
        data = path.read_bytes().removeprefix(codecs.BOM_UTF8)
        return data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"Byte {error.start + 1} is not UTF-8. Save the file as UTF-8."
        raise FileRefused([Problem(path, line, message)]) from error
    except OSError as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error.strerror}.")]) from error


def _lines(text: str) -> dict[str, list[int]]:
    """In which lines the ids stand: JSON itself does not tell."""
    found: dict[str, list[int]] = {}
    line, end = 1, 0
    for match in OWN_ID.finditer(text):
        line += text.count("\n", end, match.start())
        end = match.start()
        found.setdefault(match[1], []).append(line)
    return found


def _take(
    path: Path,
    node: Any,
    lines: dict[str, list[int]],
    parents: dict[str, list[str]],
    terms: list[Term],
    problems: list[Problem],
) -> None:
    """One node: a term if it is a class, or else nothing."""
    known = isinstance(node, dict) and isinstance(node.get("id"), str)
    left = lines.get(node["id"], []) if known else []
    # The last line stays for whatever cannot be found, such as an id with an escaped letter.
    line = (left.pop(0) if len(left) > 1 else left[0]) if left else 1
    try:
        identifier = _string(_dict(node).get("id"))
        if node.get("type", "CLASS") == "CLASS":
            terms.append(_term(identifier, line, node, parents))
    except _Shape as shape:
        problems.append(Problem(path, line, f"A term is not written as OBO Graphs has it: {shape}."))


def _term(identifier: str, line: int, node: dict[str, Any], parents: dict[str, list[str]]) -> Term:
    if not identifier:
        raise _Shape("its id is empty")
    meta = _dict(node.get("meta", {}))
    properties = [
        (_string(each.get("pred")), _string(each.get("val")))
        for each in map(_dict, _list(meta.get("basicPropertyValues", [])))
    ]
    return Term(
        identifier=curie(identifier),
        line=line,
        name=_string(node.get("lbl") or ""),
        synonyms=tuple(_synonyms(meta, line)),
        definition=_string(_dict(meta.get("definition", {})).get("val", "")),
        references=strongest([*_references(meta, line), *_mappings(properties, line)]),
        parents=tuple(parents.get(identifier, ())),
        alternates=tuple(curie(value) for name, value in properties if name.endswith("#hasAlternativeId")),
        obsolete=meta.get("deprecated") is True,
        replaced_by=next((curie(value) for name, value in properties if name.endswith("IAO_0100001")), ""),
    )


def _synonyms(meta: dict[str, Any], line: int) -> Iterator[Synonym]:
    for each in map(_dict, _list(meta.get("synonyms", []))):
        scope = SCOPES.get(_string(each.get("pred")).rpartition("#")[2].lower(), "RELATED")
        yield Synonym(_string(each.get("val")), line, scope, curie(_string(each.get("synonymType") or "")))


def _references(meta: dict[str, Any], line: int) -> Iterator[Reference]:
    for each in map(_dict, _list(meta.get("xrefs", []))):
        yield Reference(_string(each.get("val")), line)


def _mappings(properties: list[tuple[str, str]], line: int) -> Iterator[Reference]:
    for name, value in properties:
        if (match := matched(name)) is not None:
            yield Reference(value, line, match)


def _parents(graph: dict[str, Any]) -> dict[str, list[str]]:
    """The broader terms of each term, by its id in full."""
    found: dict[str, list[str]] = {}
    for edge in map(_dict, _list(graph.get("edges", []))):
        if edge.get("pred") == "is_a":
            found.setdefault(_string(edge.get("sub")), []).append(curie(_string(edge.get("obj"))))
    return found


def _release(graph: dict[str, Any]) -> str:
    meta = _dict(graph.get("meta", {}))
    properties = [*map(_dict, _list(meta.get("basicPropertyValues", [])))]
    infos = [each.get("val", "") for each in properties if _string(each.get("pred")).endswith("versionInfo")]
    return released(next((each for each in map(_string, [meta.get("version", ""), *infos]) if each), ""))


def _dict(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Shape(f"“{str(value)[:40]}” stands where an object should")
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _Shape(f"“{str(value)[:40]}” stands where a list should")
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise _Shape(f"“{str(value)[:40]}” stands where a text should")
    if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
        raise _Shape("a text holds half a character")
    return value
