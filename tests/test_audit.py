"""The audit of dependencies: a known hole fails the check by name, and silence is never taken for safety."""

import importlib.util
import json
import re
import subprocess
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    """The tool, loaded from its file."""
    spec = importlib.util.spec_from_file_location("audit", ROOT / "dev" / "audit.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def answered(*rows: dict[str, Any]) -> str:
    """What the tool that asks prints."""
    return json.dumps({"dependencies": rows, "fixes": []})


CLEAN = {"name": "django", "version": "5.2.19", "vulns": []}
UNKNOWN = {"name": "nh3", "skip_reason": "Dependency not found and could not be audited: nh3 (0.3.8)"}


def holed(*fixes: str) -> dict[str, Any]:
    """A package with one hole."""
    return {"name": "bleach", "version": "1.0", "vulns": [{"id": "PYSEC-2020-28", "fix_versions": [*fixes]}]}


def test_a_known_hole_fails_with_package_version_id_and_fix(audit: ModuleType) -> None:
    code, lines = audit.verdict(answered(CLEAN, holed("3.1.1", "3.1.2")), "Found 1 known vulnerability")
    assert code == 1
    assert lines[1:] == ["bleach 1.0: PYSEC-2020-28, fixed in 3.1.1, 3.1.2"]


def test_a_hole_without_a_fix_fails_too(audit: ModuleType) -> None:
    assert audit.verdict(answered(holed()), "") == (
        1,
        ["Known holes in what we depend on:", "bleach 1.0: PYSEC-2020-28, no fix yet"],
    )


def test_no_hole_is_said_with_what_was_not_known(audit: ModuleType) -> None:
    assert audit.verdict(answered(CLEAN), "") == (0, ["Dependency audit: no known hole in 1 packages."])
    assert audit.verdict(answered(CLEAN, UNKNOWN), "")[1] == [
        "Dependency audit: no known hole in 1 packages. Not known there: nh3."
    ]


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        pytest.param("", "requests.exceptions.ConnectionError: Failed to resolve", id="no network"),
        pytest.param("", "ERROR:pip_audit._cli:Could not connect to the vulnerability feed", id="refused"),
        pytest.param("", "requests.exceptions.ReadTimeout: Read timed out.", id="too slow"),
        pytest.param(answered(UNKNOWN), "", id="a mirror that knows no holes"),
    ],
)
def test_where_nobody_can_be_asked_one_line_says_so(audit: ModuleType, output: str, errors: str) -> None:
    code, lines = audit.verdict(output, errors)
    assert code == 0
    assert len(lines) == 1
    assert lines[0].startswith("Dependency audit left out: ")


def test_a_lock_that_cannot_be_read_is_no_clean_answer(audit: ModuleType) -> None:
    code, lines = audit.verdict("", "ERROR:pip_audit._cli:requirements-dev.lock: no hashes")
    assert code == 1
    assert "no hashes" in lines[1]


def test_everything_that_runs_the_site_is_in_the_audited_lock_with_its_hash(audit: ModuleType) -> None:
    def pinned(path: Path) -> set[str]:
        return set(re.findall(r"^(\S+==\S+) \\\n +--hash=sha256:", path.read_text(), re.MULTILINE))

    runtime, all_of_it = pinned(ROOT / "requirements.lock"), pinned(audit.LOCK)
    assert len(runtime) > 15
    assert runtime <= all_of_it
    for lock in (ROOT / "requirements.lock", audit.LOCK):
        assert "://" not in lock.read_text()


def test_the_check_asks_it() -> None:
    done = subprocess.run(["make", "-n", "check"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "dev/audit.py" in done.stdout
