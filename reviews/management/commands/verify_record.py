"""`manage.py verify_record`: is the record whole, and does the badge tell the truth?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from reviews import record
from reviews.models import LedgerEntry


class Command(BaseCommand):
    """Recompute every digest and walk every publication back to review, check and contributors."""

    help = "Recompute every digest and walk every publication to its review, check and contributors."

    def add_arguments(self, parser: CommandParser) -> None:
        """The last entry of the ledger as somebody kept it."""
        parser.add_argument("--head", default="", help="the last entry that a letter or the log named, such as 57:9f8…")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each fault; exit with an error if there is one."""
        faults = 0
        try:
            missing = list(record.missing_since(options["head"])) if options["head"] else []
        except ValueError as error:
            raise CommandError(str(error)) from error
        for fault in (*missing, *record.faults()):
            faults += 1
            self.stdout.write(self.style.ERROR(fault))
        if faults:
            raise CommandError(f"{faults} faults. Withdraw the pages named, then find out how it came to this.")
        self.stdout.write(self.style.SUCCESS("The record holds: every digest, review, check and publication."))
        self.stdout.write(f"Last entry of the ledger: {LedgerEntry.objects.head()}")
