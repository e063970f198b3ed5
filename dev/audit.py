"""The part of `make check` that asks whether a hole is known in what we depend on.

A known hole fails the check. Where the database of holes cannot be asked, one line says so and the check goes on.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements-dev.lock"  # holds what runs the site too
LEFT_OUT = "Dependency audit left out:"
NOT_REACHED = re.compile(r"(Connection|Timeout|Proxy|SSL)Error|ConnectTimeout|ReadTimeout|Could not connect")


def verdict(output: str, errors: str) -> tuple[int, list[str]]:
    """What to exit with and what to say, from the JSON and the complaints of pip-audit."""
    try:
        rows = json.loads(output)["dependencies"]
    except (ValueError, KeyError):
        if NOT_REACHED.search(errors):
            return 0, [f"{LEFT_OUT} the database of known holes cannot be reached from here."]
        return 1, ["The dependency audit broke:", errors.strip()]
    if not rows:
        return 1, ["The dependency audit looked at nothing: is the lock empty?"]
    unknown = [row["name"] for row in rows if "skip_reason" in row]
    if len(unknown) == len(rows):  # so answers a mirror that keeps packages and no holes
        return 0, [f"{LEFT_OUT} what answers here knows none of the {len(rows)} packages."]
    holes = [
        f"{row['name']} {row['version']}: {hole['id']}, "
        + (f"fixed in {', '.join(hole['fix_versions'])}" if hole["fix_versions"] else "no fix yet")
        for row in rows
        for hole in row.get("vulns", [])
    ]
    if holes:
        return 1, ["Known holes in what we depend on:", *holes]
    said = f"Dependency audit: no known hole in {len(rows) - len(unknown)} packages."
    return 0, [f"{said} Not known there: {', '.join(unknown)}." if unknown else said]


def main() -> int:
    """Ask, and say what was answered."""
    try:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pip_audit", "--requirement", str(LOCK), "--require-hashes", "--disable-pip"),
                *("--format", "json", "--progress-spinner", "off", "--timeout", "5"),
            ],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        code, lines = verdict(done.stdout, done.stderr)
    except subprocess.TimeoutExpired:
        code, lines = 0, [f"{LEFT_OUT} the database of known holes did not answer within a minute."]
    print(*lines, sep="\n", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
