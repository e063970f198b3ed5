"""`manage.py check_links`: do the links answer?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import clock
from accounts.progress import Progress
from community.checking import Checker, CutOff, asks_nobody
from community.models import Link


class Command(BaseCommand):
    """Look at each link that is due; on three days broken it leaves the page, and comes back when it answers."""

    help = "Look at each link that was not looked at today. Safe to repeat, to stop, and to run in two places at once."

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to ask anybody."""
        parser.add_argument("--dry-run", action="store_true", help="name the links that are due and ask nobody")
        parser.add_argument("--anyway", action="store_true", help="also in a demonstration, and where CHECK_LINKS is 0")

    def handle(self, *args: Any, **options: Any) -> None:
        """One after another, with a bar on a terminal and a line for each broken one."""
        due = Link.objects.due_for_check(clock.read())
        if options["dry_run"]:
            for link in due:
                self.stdout.write(link.url)
            self.stdout.write(f"Would be looked at: {due.count()}.")
            return
        if (why := asks_nobody()) and not options["anyway"]:
            raise CommandError(
                f"{why}, so nobody outside is asked. To ask all the same: manage.py check_links --anyway"
            )
        total, looked, broken = due.count(), 0, 0
        progress = Progress(self.stderr)
        try:
            for link in Checker().run():
                looked += 1
                if link.outcome == Link.Outcome.BROKEN:
                    broken += 1
                    progress.clear()
                    self.stdout.write(f"{link.url}: {link.outcome_words} Day {link.broken_days}.")
                progress.advance(looked, max(total, looked))
        except CutOff as cut_off:
            raise CommandError(str(cut_off)) from cut_off
        finally:
            progress.clear()
        self.stdout.write(f"Looked at: {looked}, broken: {broken}.")
