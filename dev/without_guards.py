"""Takes each guard out of the database in turn and runs the tests: a guard that no test misses is named.

Run as `python dev/without_guards.py [--guard NAME ...] [pytest arguments]`, by default every guard over the files that
go round them. Slow; not part of `make test`. A test that only looks up whether a guard is there is left out: it would
miss any of them.
"""

import argparse
import os
import subprocess
import sys

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
sys.path.insert(0, os.getcwd())

import django

django.setup()

from django.db import connection  # noqa: E402

from accounts import guards  # noqa: E402

TESTS = [
    "tests/articles/test_guards.py",
    "tests/articles/test_names.py",
    "tests/articles/test_slugs.py",
    "tests/community/test_guards.py",
    "tests/community/test_link_guards.py",
    "tests/pages/test_site_text.py",
    "tests/reviews/test_feedback.py",
    "tests/reviews/test_guards.py",
    "tests/reviews/test_index.py",
    "tests/reviews/test_never_changing.py",
    "tests/accounts/test_guards.py",
]
LOOKED_UP = {
    "tests/accounts/test_guards.py": [
        "test_every_app_with_rules_has_made_its_guards_known",
        "test_a_guard_that_only_works_on_a_replica_is_named",
        "test_a_guard_that_works_on_a_replica_too_stands",
        "test_a_guard_whose_function_stands_behind_another_trigger_is_named",
        "test_the_check_names_the_guard_and_the_cure",
        "test_the_site_does_not_start_without_a_guard",
    ],
    "tests/articles/test_names.py": ["test_the_guards_that_tell_of_a_change_stand"],
    "tests/community/test_guards.py": ["test_every_guard_is_named_in_a_test"],
    "tests/pages/test_site_text.py": ["test_every_guard_of_this_app_is_tried_here"],
    "tests/reviews/test_guards.py": ["test_every_guard_is_named_in_a_test"],
    "tests/reviews/test_index.py": ["test_the_index_is_kept_in_step_by_a_guard"],
}


def main() -> int:
    """Print each guard with whether a test failed without it; 1 if one was not missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--guard", action="append", default=[], help="the beginning of a name; again for more")
    asked, arguments = parser.parse_known_args()
    left_out = [f"--deselect={file}::{test}" for file, tests in LOOKED_UP.items() for test in tests]
    unnoticed = 0
    for guard in guards.registered():
        if not guard.create(connection.vendor) or not guard.name.startswith(tuple(asked.guard or [""])):
            continue
        command = [sys.executable, "-m", "pytest", "-q", "-x", "--without-guard", guard.name, *left_out]
        run = subprocess.run([*command, *(arguments or TESTS)], capture_output=True, text=True, check=False)
        noticed = run.returncode == 1
        unnoticed += not noticed
        told = next((line for line in run.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))), "")
        print(f"{'noticed' if noticed else 'NOT NOTICED':12} {guard.name} {told.split(' - ')[0]}", flush=True)
    return min(1, unnoticed)


if __name__ == "__main__":
    sys.exit(main())
