"""`manage.py count_members`: is each community's number the number of its members?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from community.models import Community
from community.recounting import recount


class Command(BaseCommand):
    """Compare each community's number with its members and set it right."""

    help = (
        "Compare each community's number of members with its members, and set it right. Ends with 1 if one was wrong."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Look or mend."""
        parser.add_argument("--dry-run", action="store_true", help="say what is wrong and change nothing")

    def handle(self, *args: Any, dry_run: bool = False, **options: Any) -> None:
        """Count, and say what was wrong."""
        found = recount(mend=not dry_run)
        for drift in found:
            self.stdout.write(f"{drift}{'' if dry_run else ': set right'}.")
        if found:
            raise CommandError(f"{len(found)} of {Community.objects.count()} numbers were wrong.", returncode=1)
        self.stdout.write(f"All {Community.objects.count()} numbers are right.")
