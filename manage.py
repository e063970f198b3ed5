#!/usr/bin/env python
"""Django's command line for Rounds."""

import os
import sys

# These act as the owner of the tables; everything else as the web role, which cannot lift a guard.
OWNERS_COMMANDS = {"migrate", "grant_web"}


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    if OWNERS_COMMANDS & set(sys.argv[1:2]) and os.environ.get("MIGRATE_DATABASE_URL"):
        os.environ["DATABASE_URL"] = os.environ["MIGRATE_DATABASE_URL"]
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
