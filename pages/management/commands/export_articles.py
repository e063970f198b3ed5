"""`manage.py export_articles PATH`: every live page as Markdown and JSON, so that nobody is locked in."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.progress import Progress
from accounts.refusals import Refusal
from pages import whole_record
from pages.export import Export, export
from pages.export_folder import ExportFolder, writing


class Command(BaseCommand):
    """Export what readers see, or with --all everything that is kept about articles."""

    help = (
        "Export every live page as Markdown with front matter, and conditions, reviewers, publications and withdrawals "
        "as JSON: only what readers may see. A folder that holds an earlier export is brought up to date, and is as it "
        "was if that fails. An export is no backup: it holds no accounts, members, feedback or settings."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Where to, how much, and whether to write."""
        parser.add_argument("path", type=Path, help="a new folder, or one that holds an earlier export")
        parser.add_argument(
            "--all",
            action="store_true",
            help="also what is NOT for the public: drafts, every version, request, review and check with the names of "
            "colleagues, codes under a licence; never e-mail addresses",
        )
        parser.add_argument(
            "--with-private-notes",
            action="store_true",
            help="with --all: also what clinicians, authors and registrars wrote for each other alone",
        )
        parser.add_argument("--dry-run", action="store_true", help="say what would change, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the folder; name each page that was left out, and end with an error if there is one."""
        self.progress = Progress(self.stderr)
        private, notes = options["all"], options["with_private_notes"]
        if notes and not private:
            raise CommandError("--with-private-notes goes with --all.")
        holds = whole_record.holds(notes=notes) if private else "what readers may see"
        more = whole_record.adding(notes=notes) if private else None
        try:
            with writing(options["path"], holds=holds, private=private, dry_run=options["dry_run"]) as folder:
                made = export(folder, self._tell, more, whole_record.ABOUT if private else "")
        except Refusal as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{error}. What was at {options['path']} before is as it was.") from error
        self._report(made, folder, dry_run=options["dry_run"])

    def _report(self, made: Export, folder: ExportFolder, *, dry_run: bool) -> None:
        counted = ", ".join(f"{name} {count:,}" for name, count in made.counts.items())
        files = {"new": folder.new, "changed": folder.changed, "unchanged": folder.unchanged, "removed": folder.removed}
        became = ", ".join(f"{count:,} {became}" for became, count in files.items())
        self.stdout.write(f"{counted.capitalize()}.\n{'Would be: files ' if dry_run else 'Files: '}{became}.")
        for fault in made.faults:
            self.stderr.write(self.style.ERROR(fault))
        if made.faults:
            raise CommandError(f"{len(made.faults)} left out; see above. Run verify_record.")

    def _tell(self, name: str, done: int, total: int) -> None:
        """A bar for each kind of thing, one below the other."""
        self.progress.advance(done, total, f"{name:19} ")
        if done == total:
            self.progress.end()
