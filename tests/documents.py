"""Reads the documents that name tests as `tests/file.py::test`, and knows which tests there are."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NAMED = re.compile(r"`(tests/[\w/]+\.py::[\w:]+)`")


@cache
def written() -> frozenset[str]:
    """Every test as it is named, found in the files themselves."""
    return frozenset(
        f"{path.relative_to(ROOT)}::{name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in _tests(ast.parse(path.read_text()))
    )


def _tests(tree: ast.Module | ast.ClassDef) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield node.name
        elif isinstance(node, ast.ClassDef) and node.name.startswith("Test"):
            yield from (f"{node.name}::{name}" for name in _tests(node))


def wrong(entries: dict[str, str], excuse: re.Pattern[str]) -> list[str]:
    """What is wrong with entries by number: one that names a test that is not there, or neither test nor excuse."""
    found = []
    for number, text in entries.items():
        named = NAMED.findall(text)
        found += [f"{number} names {test}, which is not there" for test in named if test not in written()]
        if not named and not excuse.search(text):
            found.append(f"{number} names neither a test nor a reason")
        if text.count("tests/") != len(named):
            found.append(f"{number} holds a name of a test that cannot be read")
    return found
