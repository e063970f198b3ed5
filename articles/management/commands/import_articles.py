"""`manage.py import_articles PATH --author EMAIL`: Markdown files into drafts."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import User
from accounts.refusals import Refusal
from articles.importers import export_folders, markdown_files
from articles.importers.export_folders import NamedCondition
from articles.models import Condition


class Command(BaseCommand):
    """Import one Markdown file, a folder of them, or an export of another site, as drafts."""

    help = (
        "Import one Markdown file with front matter, a folder of them, or an export of another site, as drafts. "
        "No review and no publication comes with them. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The path, the author, and whether to write."""
        parser.add_argument("path", type=Path)
        parser.add_argument("--author", required=True, metavar="EMAIL", help="who the drafts are by")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
        parser.add_argument(
            "--with-conditions",
            action="store_true",
            help="of an export: make the conditions that are not here, with names and codes, as is always done on a "
            "site that has none; readers see them at once",
        )
        parser.add_argument(
            "--expect-digests",
            action="store_true",
            help="of an export: refuse each text that has another digest here than it had there",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import file by file, each whole or not at all; name every problem at the end."""
        path: Path = options["path"]
        self.dry_run, self.expect = options["dry_run"], options["expect_digests"]
        self.author = self._author(options["author"])
        self.outcomes: Counter[str] = Counter()
        self.differing = 0
        try:
            lost = self._import_export(path, options) if export_folders.is_export(path) else self._import_files(path)
        except Refusal as refusal:
            self.stderr.write(str(refusal))
            raise CommandError("Nothing was imported; see above.") from refusal
        summary = ", ".join(f"{count} {outcome}" for outcome, count in sorted(self.outcomes.items()))
        self.stdout.write(f"{'Would be: ' if self.dry_run else ''}{summary}.")
        if self.differing:
            self.stdout.write(f"{self.differing} with another digest than in the file; see above.")
        if self.outcomes["refused"]:
            total = sum(self.outcomes.values())
            raise CommandError(f"{self.outcomes['refused']} of {total} files were not imported; see above.")
        if lost:
            raise CommandError(f"{lost} files of the export are not as they were exported; see above.")

    def _author(self, email: str) -> User:
        try:
            return User.objects.get_by_natural_key(email)
        except User.DoesNotExist as unknown:
            raise CommandError(f"Nobody has the address {email}. Add the author in the admin first.") from unknown

    def _import_files(self, path: Path) -> int:
        """Files that authors wrote."""
        files = markdown_files.find(path)
        if not files:
            raise CommandError(f"{path} holds no .md file.")
        for file in files:
            with self._tried():
                self._import(file)
        return 0

    def _import_export(self, path: Path, options: dict[str, Any]) -> int:
        """An export, condition by condition; gives how many of its files are lost, or changed where that counts."""
        lost, altered = list(export_folders.lost(path)), list(export_folders.altered(path))
        for problem in (*lost, *altered):
            self.stderr.write(str(problem))
        missing = export_folders.missing_conditions(path)
        if missing and not options["with_conditions"] and Condition.objects.exists():
            self.stderr.write(f"{len(missing)} conditions of the export are not here. Make them: --with-conditions.")
            missing = {}
        if missing and not self.dry_run:
            export_folders.make_conditions(path, list(missing.values()))
        self.outcomes += Counter({"conditions made": len(missing)})
        files = export_folders.texts(path)
        for condition, some in groupby(files, key=lambda file: export_folders.condition_of(path, file)):
            with self._tried():
                self._import_condition(path, list(some), missing.get(condition))
        return len(lost) + (len(altered) if self.expect else 0)

    def _import_condition(self, path: Path, files: list[Path], missing: NamedCondition | None) -> None:
        """The pages about a condition. Of a page that is new here every version is kept, in order."""
        if self.dry_run and missing is not None:
            export_folders.make_conditions(path, [missing])
        begun: set[Path] = set()
        for file in files:
            if self._import(file, again=file.parent in begun) == "made" and export_folders.is_version(path, file):
                begun.add(file.parent)

    @contextmanager
    def _tried(self) -> Iterator[None]:
        """Undo it all in the end, where nothing is to be written."""
        if not self.dry_run:
            yield
            return
        with transaction.atomic():
            yield
            transaction.set_rollback(True)

    def _import(self, path: Path, *, again: bool = False) -> str:
        try:
            with transaction.atomic():
                file = markdown_files.read(path)
                outcome = markdown_files.load(file, by=self.author, again=again)
                if differs := markdown_files.other_digest(file):
                    self._tell_difference(file, differs)
        except Refusal as refusal:
            self.stderr.write(str(refusal))
            outcome = "refused"
        else:
            self.stdout.write(f"{path}: {outcome}")
        self.outcomes[outcome] += 1
        return outcome

    def _tell_difference(self, file: markdown_files.ArticleFile, why: str) -> None:
        """Never in silence: a text with another digest is not the one that was approved there."""
        problem = file.problem("exported", why)
        if self.expect:
            raise markdown_files.FileRefused([problem])
        self.differing += 1
        self.stderr.write(str(problem))
