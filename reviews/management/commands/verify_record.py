"""`manage.py verify_record`: is the record whole, and does the badge tell the truth?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reviews import record


class Command(BaseCommand):
    """Recompute every digest and walk every publication back to review, check and contributors."""

    help = "Recompute every digest and walk every publication to its review, check and contributors."

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each fault; exit with an error if there is one."""
        faults = 0
        for fault in record.faults():
            faults += 1
            self.stdout.write(self.style.ERROR(fault))
        if faults:
            raise CommandError(f"{faults} faults. Withdraw the pages named, then find out how it came to this.")
        self.stdout.write(self.style.SUCCESS("The record holds: every digest, review, check and publication."))
