"""What `docs/privacy.md` says stands against each danger is a test that exists."""

import re

import pytest

from tests.documents import ROOT, wrong

pytestmark = pytest.mark.once

DOCUMENT = (ROOT / "docs" / "privacy.md").read_text()
ROW = re.compile(r"^\| ([^|]+) \| [^|]+ \| ([^|]*`tests/[^|]+) \|$", re.MULTILINE)


def test_each_danger_names_tests_that_exist() -> None:
    rows = dict(ROW.findall(DOCUMENT))
    assert len(rows) >= 8
    assert wrong(rows, re.compile("^$")) == []
