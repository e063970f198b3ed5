"""`manage.py index_texts`: can every published text be found?"""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DEFAULT_DB_ALIAS

from reviews import matching
from reviews.models import IndexedText


class Command(BaseCommand):
    """Enter in the index of search each published text that it lacks, or holds as an older release folded it."""

    help = (
        "Enter in the index of search each published text that it lacks. Publishing does it, so there should be none."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Whether to write, and whether to make all of it anew."""
        parser.add_argument("--dry-run", action="store_true", help="name the texts that are missing, write nothing")
        parser.add_argument("--all", action="store_true", help="make every entry anew, whatever it holds")

    def handle(self, *args: Any, **options: Any) -> None:
        """A few hundred texts at a time; safe to run twice at once."""
        if options["dry_run"]:
            for revision in IndexedText.objects.absent().select_related("article__condition"):
                self.stdout.write(f"{revision} is not in the index.")
            return
        if options["all"]:
            IndexedText.objects.update(form=0)
        entered = 0
        for some in IndexedText.objects.mend():
            entered += some
            if options["verbosity"] > 1:
                self.stdout.write(f"{entered} …")
        if options["all"]:
            matching.rebuild(using=DEFAULT_DB_ALIAS)
        self.stdout.write(f"{entered} texts entered in the index.")
