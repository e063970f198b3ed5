"""`manage.py import_conditions FILE`: the terms of an ontology as conditions."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.progress import Progress
from accounts.refusals import Refusal
from articles.importers import ontology
from articles.importers.ontology import Event, Report

# So many lines of each kind are printed; all of them with --verbosity 2.
SHOWN = 20
# Where nobody watches, so many seconds lie between two lines that say how far it is.
EVERY = 5


class Command(BaseCommand):
    """Import an ontology: what is new, what changed and what the source gave up since the last release."""

    help = (
        "Import the terms of an ontology (OBO, or OBO Graphs JSON) as conditions. A newer release changes what came "
        "from the one before, and leaves what editors added or overruled. A second run changes nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """The file, and whether to write."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        """Read, import all of it or nothing, and report."""
        try:
            found = ontology.read(options["file"])
            progress = Progress(self.stderr, "terms", every=EVERY)
            report = ontology.load(found, dry_run=options["dry_run"], advance=progress.advance)
            progress.end()
        except Refusal as refusal:
            self.stderr.write("\n".join(map(printable, str(refusal).splitlines())))
            raise CommandError("Nothing was imported; see above.") from refusal
        self._report(report, dry_run=options["dry_run"], everything=options["verbosity"] > 1)

    def _report(self, report: Report, *, dry_run: bool, everything: bool) -> None:
        release = f", release {report.release}" if report.release else ""
        self.stdout.write(f"{report.source}{release}: {report.read:,} terms read.")
        if report.other:
            self.stdout.write(f"{report.other:,} terms of other ontologies in the file were left out.")
        rows = [
            ("added", "Added", report.added),
            ("changed", "Changed", report.changed),
            ("retired", "Retired", report.retired),
            ("doubtful", "In doubt, left out", report.doubtful),
            ("obsolete", "Obsolete, never here", report.obsolete),
            ("gone", "Not in this file, kept", report.gone),
        ]
        self._table([(label, f"{len(events):,}") for _, label, events in rows])
        for key, label, events in rows:
            if events and (everything or key != "added"):
                self._events(f"{label}:", events, everything=everything)
        self._events("To look at:", report.notices, everything=everything)
        self._left_out(report, everything=everything)
        if report.nothing:
            self.stdout.write("Nothing to do.")
        elif dry_run:
            self.stdout.write("This was a dry run: nothing was written.")

    def _events(self, title: str, events: list[Event], *, everything: bool) -> None:
        """Some lines of one kind as a table."""
        if not events:
            return
        shown = events if everything else events[:SHOWN]
        self.stdout.write(f"\n{title}")
        self._table(
            (event.identifier, event.name[:60], f"line {event.line}" if event.line else "", event.what)
            for event in shown
        )
        self._more(len(events) - len(shown))

    def _left_out(self, report: Report, *, everything: bool) -> None:
        """What could not be kept, and the codes of systems that we do not know."""
        if report.left_out:
            shown = report.left_out if everything else report.left_out[:SHOWN]
            self.stdout.write(f"\nLeft out, {len(report.left_out):,}:")
            self._table((f"line {line}", why) for line, why in shown)
            self._more(len(report.left_out) - len(shown))
        if report.unknown:
            counts = ", ".join(f"{name} {count:,}" for name, count in report.unknown.most_common())
            self.stdout.write(printable(f"Codes of systems that are not known here, left out: {counts}"))

    def _more(self, number: int) -> None:
        if number > 0:
            self.stdout.write(f"  and {number:,} more; --verbosity 2 shows all")

    def _table(self, rows: Iterable[tuple[str, ...]]) -> None:
        """Rows with their columns under each other."""
        rows = list(rows)
        widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True) if width)
            self.stdout.write(printable("  " + "  ".join(cells).rstrip()))


def printable(line: str) -> str:
    """A line without what would move the cursor or change colours of the terminal: a file may hold anything."""
    return "".join(character if character.isprintable() else "\ufffd" for character in line)
