"""The promise in `docs/promise.md`: every way in which it could break stands there, with tests that exist."""

import re

import pytest

from accounts import guards
from tests.documents import ROOT, written, wrong

pytestmark = pytest.mark.once

NOT_YET = re.compile(r"^Not here yet: \w", re.MULTILINE)
DOCUMENT = (ROOT / "docs" / "promise.md").read_text()


def ways(document: str) -> list[tuple[str, str]]:
    """Each way as its number and what is said of it."""
    parts = re.split(r"^### (\d+)\. ", re.sub(r"^## .*$", "", document, flags=re.MULTILINE), flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def test_each_of_the_34_ways_stands_there_once_and_in_order() -> None:
    assert [number for number, _ in ways(DOCUMENT)] == [str(number) for number in range(1, 35)]


def test_each_way_names_tests_that_exist_or_says_what_will_bring_them() -> None:
    assert wrong(dict(ways(DOCUMENT)), NOT_YET) == []


def test_whatever_is_named_as_holding_it_is_in_the_program() -> None:
    names = {guard.name for guard in guards.registered()}
    apps = ["accounts", "articles", "reviews", "community", "pages", "config"]
    program = "".join(path.read_text() for app in apps for path in (ROOT / app).rglob("*.py"))
    named = {name for name in re.findall(r"`([^`]+)`", DOCUMENT) if not name.startswith("tests/")}
    assert len(named) > 40
    absent = [
        name
        for name in named
        if name not in names and not re.search(rf"\b{name.rsplit('.')[-1]}\b", program) and not (ROOT / name).exists()
    ]
    assert absent == []


def test_a_way_without_a_test_or_with_one_that_is_gone_is_seen() -> None:
    some = min(written())
    entries = {
        "1": f"Held.\nTests: `{some}`",
        "2": "Held.",
        "3": "Not here yet: feeds.",
        "4": "`tests/test_promise.py::test_that_never_was`",
        "5": f"Held by {some}",
    }
    assert [line.split()[0] for line in wrong(entries, NOT_YET)] == ["2", "4", "5", "5"]
