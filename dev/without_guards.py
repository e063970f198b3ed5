"""Takes each guard out of the database in turn and runs the tests: a guard that no test misses is named.

Run as `python dev/without_guards.py [pytest arguments]`, by default over the tests of the guards. Slow; not part
of `make test`.
"""

import os
import subprocess
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
sys.path.insert(0, os.getcwd())

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts import guards  # noqa: E402


def main() -> int:
    """Print each guard with the number of tests that failed without it; 1 if one was not missed."""
    arguments = sys.argv[1:] or ["tests", "-k", "guard"]
    unnoticed = 0
    for guard in guards.registered():
        if not guard.create(connection.vendor):
            continue
        run = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-x", "--without-guard", guard.name, *arguments],
            capture_output=True,
            text=True,
            check=False,
        )
        noticed = run.returncode == 1
        unnoticed += not noticed
        print(f"{'noticed' if noticed else 'NOT NOTICED':12} {guard.name}", flush=True)
    return min(1, unnoticed)


if __name__ == "__main__":
    sys.exit(main())
