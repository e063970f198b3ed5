"""`manage.py send_reminders`: letters about reviews, checks and claims that run out."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from reviews import reminders


class Command(BaseCommand):
    """Write the letters that are due into the outbox; what was told is not told again."""

    help = "Write the reminders that are due into the outbox. Safe to repeat, and to run in two places at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to write."""
        parser.add_argument("--dry-run", action="store_true", help="say which letters would be written, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write, or only say, who is told what."""
        letters = reminders.write(dry_run=options["dry_run"])
        for letter in letters:
            self.stdout.write(f"{letter.to}: {letter.subject}")
            if options["dry_run"] and options["verbosity"] > 1:
                self.stdout.write(f"\n{letter.body}")
        self.stdout.write(f"{'Would be written' if options['dry_run'] else 'Written'}: {len(letters)}.")
