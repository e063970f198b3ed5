"""`manage.py import_articles PATH --author EMAIL`: Markdown files into drafts."""

from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from accounts.refusals import Refusal
from articles.importers import markdown_files


class Command(BaseCommand):
    """Import one Markdown file, or a folder of them, as drafts."""

    help = "Import one Markdown file with front matter, or a folder of them, as drafts. A second run changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        """The path, the author, and whether to write."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--author", required=True, metavar="EMAIL", help="who the drafts are by")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import file by file, each whole or not at all; name every problem at the end."""
        path: Path = options["path"]
        author = self._author(options["author"])
        files = markdown_files.find(path)
        if not files:
            raise CommandError(f"{path} holds no .md file.")
        outcomes: Counter[str] = Counter()
        for file in files:
            outcomes[self._import(file, author, dry_run=options["dry_run"])] += 1
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
        self.stdout.write(f"{'Would be: ' if options['dry_run'] else ''}{summary}.")
        if outcomes["refused"]:
            raise CommandError(f"{outcomes['refused']} of {len(files)} files were not imported; see above.")

    def _author(self, email: str) -> User:
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist as unknown:
            raise CommandError(f"Nobody has the address {email}. Add the author in the admin first.") from unknown

    def _import(self, file: Path, author: User, *, dry_run: bool) -> str:
        try:
            with transaction.atomic():
                outcome = markdown_files.load(markdown_files.read(file), by=author)
                transaction.set_rollback(dry_run)
        except Refusal as refusal:
            self.stderr.write(str(refusal))
            return "refused"
        self.stdout.write(f"{file}: {outcome}")
        return outcome
