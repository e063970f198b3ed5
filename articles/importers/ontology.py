"""Conditions from an ontology: read from OBO or OBO Graphs JSON, written so that editors lose nothing."""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils.text import slugify

from accounts import clock
from accounts.refusals import Refusal

from .. import codes, folding
from ..models import Condition, ConditionSlug, SourceTerm
from ..models.conditions import successors
from . import obo, obograph
from .existing import Existing
from .markdown_files import FileRefused, Problem
from .saying import PREFERRED, Unread, code_key, said_of
from .terms import Ontology, Reference, Term, refuse
from .writing import Writing

# So many terms are compared and written at once.
AT_ONCE = 500
LONGEST_SLUG = 100
# One import at a time: the number of a lock in PostgreSQL. SQLite lets one transaction write at a time anyway.
LOCK = 1_709_114_039


@dataclass(frozen=True)
class Event:
    """What became of a term."""

    identifier: str
    name: str
    what: str = ""
    line: int = 0


@dataclass
class Report:
    """What an import did, or would do."""

    source: str
    release: str
    read: int = 0
    added: list[Event] = field(default_factory=list)
    changed: list[Event] = field(default_factory=list)
    retired: list[Event] = field(default_factory=list)
    doubtful: list[Event] = field(default_factory=list)
    obsolete: list[Event] = field(default_factory=list)  # given up by the source before they ever came here
    gone: list[Event] = field(default_factory=list)  # here from an earlier file, and not in this one
    notices: list[Event] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)
    other: int = 0  # terms of other ontologies

    @property
    def nothing(self) -> bool:
        """Whether there was nothing to do."""
        return not (self.added or self.changed or self.retired)


def read(path: Path) -> Ontology:
    """A file in either format, told apart by how it begins. Raises FileRefused."""
    try:
        with path.open("rb") as file:
            start = file.read(100)
    except OSError as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error.strerror}.")]) from error
    # A word in brackets begins a term of OBO.
    is_json = re.match(rb"(\xef\xbb\xbf)?\s*[\[{](?![A-Za-z]+\])", start) is not None
    return obograph.read(path) if is_json else obo.read(path)


def load(
    ontology: Ontology, *, dry_run: bool = False, advance: Callable[[int, int], None] = lambda done, total: None
) -> Report:
    """Make, change and retire conditions as the file says, all of it or nothing; a second time it finds nothing to do.

    `advance` is told how many terms of how many are done. Raises FileRefused, or Refusal where somebody was in the way.
    """
    prefixes = Counter(term.prefix for term in ontology.terms)
    source = prefixes.most_common(1)[0][0]
    terms = [term for term in ontology.terms if term.prefix == source]
    report = Report(source, ontology.release, read=len(terms), other=len(ontology.terms) - len(terms))
    unread = Unread()
    said = {term.identifier: said_of(term, unread) for term in terms if not term.obsolete}
    refuse([Problem(ontology.path, line, why) for line, why in unread.faults])
    report.left_out, report.unknown = unread.left_out, unread.unknown
    try:
        with transaction.atomic():
            if connection.vendor == "postgresql":
                with connection.cursor() as cursor:
                    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            _Load(report, terms, said).run(advance)
            transaction.set_rollback(dry_run)
    except IntegrityError as error:
        raise Refusal(
            "Somebody changed a condition at the same moment. Nothing was written; run the import again."
        ) from error
    except OperationalError as error:
        raise Refusal(f"The database cannot write: {error}. Nothing was written; run the import again.") from error
    return report


class _Load:
    """One import, inside its transaction."""

    def __init__(self, report: Report, terms: list[Term], said: dict[str, dict[str, Any]]) -> None:
        self.report = report
        self.terms = {term.identifier: term for term in terms}
        self.said = said
        self.known = {row.identifier: row for row in SourceTerm.objects.filter(source=report.source)}
        self.conditions = {row.identifier: row.condition_id for row in self.known.values()}
        self.made: set[int] = set()

    def run(self, advance: Callable[[int, int], None]) -> None:
        """Find or make the conditions, write what is new about them, retire what the source gave up."""
        last = max((row.release for row in self.known.values()), default="")
        if self.report.release[:1].isdecimal() and self.report.release < last:
            what = f"This release is older than that of {last}, which was read before."
            self.report.notices.append(Event(self.report.source, "", what))
        live = [term for term in self.terms.values() if not term.obsolete]
        self._place([term for term in live if term.identifier not in self.known])
        live = [term for term in live if term.identifier in self.conditions]
        for term in live:
            self.said[term.identifier]["broader"] = self._broader(term)
        writing, waiting = Writing(self.report.source, self.report.release, self.conditions, self.made), iter(live)
        done = 0
        while some := list(islice(waiting, AT_ONCE)):
            self._write(some, writing)
            done += len(some)
            advance(done, len(live))
        self._retire()
        self._dated()

    def _dated(self) -> None:
        """Note the release in which each term was read last."""
        old = [row.pk for key, row in self.known.items() if key in self.terms and row.release != self.report.release]
        for start in range(0, len(old), AT_ONCE):
            SourceTerm.objects.filter(pk__in=old[start : start + AT_ONCE]).update(release=self.report.release)

    def _place(self, new: list[Term]) -> None:
        """Find the conditions of new terms among those that are here, and make the others."""
        if not new:
            return
        own = {term.identifier: code_key(Reference(term.identifier, term.line), Unread()) for term in new}
        system = codes.system_of(self.report.source)
        here = Existing.read(self.report.source, system.name if system else "")
        found, doubts = here.find(new, own)
        self.conditions |= found
        missing = [term for term in new if term.identifier not in found and term.identifier not in doubts]
        for term in new:
            if (why := doubts.get(term.identifier)) is not None:
                self.report.doubtful.append(Event(term.identifier, term.name, why, term.line))
        for term in missing:
            if others := here.also_called(term):
                what = f"{others} bears this as another name; if it is the same, name one the successor of the other."
                self.report.notices.append(Event(term.identifier, term.name, what, term.line))
        self._make(missing)

    def _make(self, missing: list[Term]) -> None:
        """New conditions, each at an address that is and was nobody's."""
        taken = set(ConditionSlug.objects.values_list("slug", flat=True))
        taken.update(Condition.objects.order_by().values_list("slug", flat=True))
        rows = []
        for term in missing:
            slug = free_slug(term.name, term.identifier, taken)
            taken.add(slug)
            definition = self.said[term.identifier]["definition"]
            rows.append(Condition(slug=slug, origin=term.identifier, definition=definition))
        made = Condition.objects.bulk_create(rows, batch_size=AT_ONCE)
        for term, row in zip(missing, made, strict=True):
            self.conditions[term.identifier] = row.pk
            self.made.add(row.pk)

    def _broader(self, term: Term) -> list[str]:
        """The parents of a term that are conditions here."""
        here = self.conditions[term.identifier]
        found = []
        for parent in dict.fromkeys(term.parents):
            if parent.partition(":")[0] != self.report.source:
                continue
            if parent not in self.conditions and parent not in self.terms:
                self.report.left_out.append(
                    (term.line, f"{parent}, of which {term.identifier} is a kind, is not here.")
                )
            elif self.conditions.get(parent, here) != here:
                found.append(parent)
        return sorted(found)

    def _write(self, terms: list[Term], writing: Writing) -> None:
        """Compare some terms with what was said of them last, and write what differs."""
        new = {
            term.identifier: self.said[term.identifier]
            for term in terms
            if (row := self.known.get(term.identifier)) is None
            or row.said != self.said[term.identifier]
            or row.retired_at is not None
        }
        for identifier, what in writing.write(new, self.known).items():
            event = Event(identifier, self.terms[identifier].name, what, self.terms[identifier].line)
            added = self.conditions[identifier] in self.made
            (self.report.added if added else self.report.changed).append(event)

    def _retire(self) -> None:
        """What the source gave up: it stays, and leads to what took its place."""
        merged = {old: term.identifier for term in self.terms.values() for old in term.alternates if not term.obsolete}
        for identifier, row in self.known.items():
            term = self.terms.get(identifier)
            if term is None and identifier not in merged:
                if row.retired_at is None:
                    self.report.gone.append(Event(identifier, _name(row)))
            elif term is None or term.obsolete:
                self._retire_one(row, term.replaced_by if term is not None else merged[identifier])
        for term in self.terms.values():
            if term.obsolete and term.identifier not in self.known:
                what = f"replaced by {term.replaced_by}" if term.replaced_by else ""
                self.report.obsolete.append(Event(term.identifier, term.name, what, term.line))

    def _retire_one(self, row: SourceTerm, replaced_by: str) -> None:
        before = row.said.get("successor", "")
        # What is not here may come with a later file.
        said = replaced_by if replaced_by in self.conditions else ""
        if row.retired_at is not None and before == said:
            return
        what = self._lead(row, before, replaced_by)
        row.said = {**row.said, "successor": said}
        row.retired_at = row.retired_at or clock.read()
        row.save(update_fields=["said", "retired_at"])
        term = self.terms.get(row.identifier)
        self.report.retired.append(Event(row.identifier, _name(row), what, term.line if term else 0))

    def _lead(self, row: SourceTerm, before: str, replaced_by: str) -> str:
        """Let a retired condition lead to what took its place, unless an editor said otherwise; what became of it."""
        if not replaced_by:
            return "keeps its page"
        to = self.conditions.get(replaced_by)
        if to is None:
            return f"keeps its page: {replaced_by}, which replaces it, is not here"
        condition = Condition.objects.select_for_update(of=("self",)).get(pk=row.condition_id)
        if condition.successor_id != self.conditions.get(before):
            return "keeps what an editor said of its successor"
        if condition.pk in successors(to):
            return f"keeps its page: {replaced_by} leads back to it"
        Condition.objects.filter(pk=condition.pk).update(successor=to)
        return f"leads to {replaced_by}"


def _name(row: SourceTerm) -> str:
    """What the source called a term last."""
    return next((name for name, kind in row.said["names"].items() if kind == PREFERRED), row.identifier)


def free_slug(name: str, identifier: str, taken: set[str]) -> str:
    """An address from a name, with a number behind it where the plain one is or was taken."""
    whole = slugify(folding.fold(name)) or slugify(identifier.replace(":", "-"))
    if len(whole) > LONGEST_SLUG - 6:
        whole = whole[: LONGEST_SLUG - 6].rpartition("-")[0] or whole[: LONGEST_SLUG - 6]
    slug, number = whole, 1
    while slug in taken:
        number += 1
        slug = f"{whole}-{number}"
    return slug
