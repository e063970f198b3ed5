"""The map in `docs/asvs.md`: every requirement that concerns us stands there, with a test that exists or a reason."""

import re

import pytest

from tests.documents import ROOT, wrong

pytestmark = pytest.mark.once

# Levels 1 and 2, and of level 3 what is our promise: 2.3.5, 3.4.8, 6.3.8, 7.5.3, 8.3.2, 14.2.7, 15.4.2.
CONCERNS_US = """
1.1.1-2 1.2.1-5 1.2.9 1.3.1-3 1.3.5-7 1.3.10-11 1.4.2 1.5.1-2 2.1.1-3 2.2.1-3 2.3.1-5 2.4.1
3.2.1-2 3.3.1-4 3.4.1-6 3.4.8 3.5.1-4 3.7.1-2 4.1.1-3 4.2.1 5.1.1 5.2.1-2 5.3.1-2 5.4.1-2
6.1.1-3 6.2.1-12 6.3.1-4 6.3.8 6.4.1-4 6.5.1-5 6.6.2-3 7.1.1-2 7.2.1-4 7.3.1-2 7.4.1-5 7.5.1-3 7.6.2
8.1.1-2 8.2.1-3 8.3.1-2 9.1.1-3 9.2.1-4 11.1.1-2 11.2.1-3 11.3.1-3 11.4.1-4 11.5.1 11.6.1
12.1.1-3 12.2.1-2 12.3.1-4 13.1.1 13.2.1-5 13.3.1-2 13.4.1-5 14.1.1-2 14.2.1-4 14.2.7 14.3.1-3
15.1.1-3 15.2.1-3 15.3.1-7 15.4.2 16.1.1 16.2.1-5 16.3.1-4 16.4.1-3 16.5.1-3
"""
REASON = re.compile(r"^(Written|The operator|By design|Gap): \S|^Not used(: \S|$)")
ROW = re.compile(r"^\| (\d+\.\d+\.\d+)(?: \*)? \| (.+?) \| (.+) \|$", re.MULTILINE)
DOCUMENT = (ROOT / "docs" / "asvs.md").read_text()


def ids() -> list[str]:
    """Every requirement, ranges written out."""
    found = []
    for section, first, last in re.findall(r"(\d+\.\d+)\.(\d+)(?:-(\d+))?", CONCERNS_US):
        found += [f"{section}.{number}" for number in range(int(first), int(last or first) + 1)]
    return found


def test_every_requirement_stands_there_once_and_in_order() -> None:
    assert len(ids()) == len(set(ids())) == len(ROW.findall(DOCUMENT))
    assert [number for number, _, _ in ROW.findall(DOCUMENT)] == ids()


def test_each_requirement_names_tests_that_exist_or_a_reason() -> None:
    assert wrong({number: held for number, _, held in ROW.findall(DOCUMENT)}, REASON) == []


def test_a_line_without_a_reason_is_seen() -> None:
    held = {"1": "Not used", "2": "Gap: limits.", "3": "", "4": "Trust us.", "5": "Gap", "6": "`tests/a.py::test_b`"}
    assert [line.split()[0] for line in wrong(held, REASON)] == ["3", "4", "5", "6"]
