"""An export folder as it is read back: its manifest, its files in order, its conditions; pages/export.py writes it."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from ..models import BroaderCondition, Condition, ConditionCode, ConditionName, ConditionSlug
from .markdown_files import FileRefused, Problem

# The form of the folder. Another one gets another name, and this program says that it cannot read it.
FORM = "rounds-export-1"
MANIFEST, SUMS, CONDITIONS = "manifest.json", "SHA256SUMS", "conditions.jsonl"
# In the order in which they are read: what a page was before, then what readers see.
VERSIONS, PAGES = "history", "pages"
# What stands in the record of a name and of a code.
NAME, CODE = {"language", "kind", "text"}, {"system", "code", "match"}
# A part of the name of a file of an export, below its folder. None leads out of it, and none is hidden.
PART = re.compile(r"[A-Za-z0-9_-]+(?:\.[a-z]+)?")


@dataclass(frozen=True)
class NamedCondition:
    """A condition of an export with its names, codes and place in the catalogue, not written yet."""

    line: int
    condition: Condition
    names: list[ConditionName]
    codes: list[ConditionCode]
    broader: list[str]  # the slugs of the conditions of which it is a kind
    successor: str  # the slug of the one that took its place, if one did


def manifest(folder: Path) -> dict[str, Any] | None:
    """What an export says of itself; None where the folder is none, or not one that this program reads."""
    try:
        said = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and said.get("form") == FORM else None


def is_export(path: Path) -> bool:
    """Whether a path is the folder of an export. Raises FileRefused where it is a broken one, or of another form."""
    if manifest(path) is not None:
        return True
    if (path / SUMS).is_file() and (path / CONDITIONS).is_file():
        message = f"It is missing, broken or not of the form {FORM}. Copy the whole export again."
        raise FileRefused([Problem(path / MANIFEST, 1, message)])
    return False


def is_name(name: str) -> bool:
    """Whether a file of an export can be called so."""
    return all(PART.fullmatch(part) for part in name.split("/"))


def sums(folder: Path) -> dict[str, str]:
    """The files of an export by name, with the SHA-256 of each; a line that is none of ours is passed over."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return {}
    found = (re.fullmatch(r"([0-9a-f]{64})  (.+)", line) for line in lines)
    return {match[2]: match[1] for match in found if match is not None and is_name(match[2])}


def lost(folder: Path) -> Iterator[Problem]:
    """The files that were exported and are not there."""
    said, path = (manifest(folder) or {}).get("sums"), folder / SUMS
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != said:
        yield Problem(path, 1, f"It is not the list that {MANIFEST} names. Copy the whole export again.")
    for name in sums(folder):
        if not (folder / name).is_file():
            yield Problem(folder / name, 1, "It is not there. Copy the whole export again.")


def altered(folder: Path) -> Iterator[Problem]:
    """The files that are there and are others than those that were exported."""
    for name, digest in sums(folder).items():
        try:
            with (folder / name).open("rb") as file:
                there = hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise FileRefused([Problem(folder / name, 1, f"It cannot be read: {error.strerror}.")]) from error
        if there != digest:
            yield Problem(folder / name, 1, "It is not as it was exported.")


def texts(folder: Path) -> list[Path]:
    """The Markdown files of an export: condition by condition, and of each page its versions before the page itself."""
    found = [path for part in (VERSIONS, PAGES) for path in (folder / part).rglob("*.md")]
    return sorted(found, key=lambda path: (path.relative_to(folder).parts[1], path.relative_to(folder).parts))


def condition_of(folder: Path, file: Path) -> str:
    """The slug of the condition that a Markdown file of an export is about, by its place."""
    return file.relative_to(folder).parts[1]


def is_version(folder: Path, file: Path) -> bool:
    """Whether a Markdown file of an export is one of the versions of a page, which stand together in a folder."""
    return file.relative_to(folder).parts[0] == VERSIONS


def missing_conditions(folder: Path) -> dict[str, NamedCondition]:
    """The conditions of an export that are not here under this or an older slug. Raises FileRefused with all faults."""
    path = folder / CONDITIONS
    found: dict[str, NamedCondition] = {}
    problems: list[Problem] = []
    here = set(ConditionSlug.objects.values_list("slug", flat=True))
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error}.")]) from error
    for number, line in enumerate(lines, start=1):
        try:
            said = json.loads(line)
            if said["slug"] in here:
                continue
            read = _condition(number, said)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            problems.append(Problem(path, number, "It is not the record of a condition."))
        except ValidationError as invalid:
            problems += [Problem(path, number, message) for message in invalid.messages]
        else:
            if read.condition.slug in found:
                problems.append(Problem(path, number, f"“{read.condition.slug}” stands there twice."))
            found[read.condition.slug] = read
    for slug in _in_circles({slug: [read.successor] for slug, read in found.items()}):
        problems.append(Problem(path, found[slug].line, f"“{slug}” takes its own place, or leads to some that do."))
    if problems:
        raise FileRefused(problems)
    return found


def _in_circles(leads_to: dict[str, list[str]]) -> list[str]:
    """The conditions from which one comes back to themselves, or to others who do."""
    left = {slug: {other for other in others if other in leads_to} for slug, others in leads_to.items()}
    while ends := [slug for slug, others in left.items() if not others]:
        for slug in ends:
            del left[slug]
        for others in left.values():
            others.difference_update(ends)
    return sorted(left)


def _condition(number: int, said: dict[str, Any]) -> NamedCondition:
    condition = Condition(slug=said["slug"], definition=said.get("definition", ""), origin=said.get("origin", ""))
    condition.clean_fields()
    # A record that says to which row it belongs could give names to conditions that are here.
    if any(set(row) - NAME for row in said["names"]) or any(set(row) - CODE for row in said["codes"]):
        raise ValueError("A name or a code holds what is none of it.")
    names = [ConditionName(condition=condition, **row) for row in said["names"]]
    codes = [ConditionCode(condition=condition, **row) for row in said["codes"]]
    for row in (*names, *codes):
        row.clean_fields(exclude=["condition"])
        row.clean()
    told = {(name.language, name.text) for name in names}, {(code.system, code.code) for code in codes}
    preferred = [name.language for name in names if name.kind == ConditionName.Kind.PREFERRED]
    if (len(told[0]), len(told[1]), len(set(preferred))) != (len(names), len(codes), len(preferred)):
        raise ValidationError(f"“{condition.slug}” has a name or a code twice, or two preferred names in a language.")
    broader, successor = said.get("broader") or [], said.get("successor") or ""
    if not all(isinstance(slug, str) for slug in (*broader, successor)):
        raise ValueError("A slug is a text.")
    if condition.slug in broader:  # a longer circle may come from a source, and is taken as it stood there
        raise ValidationError(f"“{condition.slug}” is broader than itself.")
    return NamedCondition(number, condition, names, codes, sorted(set(broader)), successor)


def make_conditions(folder: Path, conditions: list[NamedCondition]) -> None:
    """Write conditions with names, codes and their place among those that are here; all or none. Raises FileRefused."""
    try:
        with transaction.atomic():
            Condition.objects.bulk_create([each.condition for each in conditions], batch_size=500)
            ConditionName.objects.bulk_create([name for each in conditions for name in each.names], batch_size=500)
            ConditionCode.objects.bulk_create([code for each in conditions for code in each.codes], batch_size=500)
            _place(conditions)
    except IntegrityError as error:
        message = "A condition was added by somebody else at the same moment. Run the import again."
        raise FileRefused([Problem(folder / CONDITIONS, 1, message)]) from error


def _place(conditions: list[NamedCondition]) -> None:
    """Say of new conditions which are broader and which took their place, as far as these are here."""
    here = dict(ConditionSlug.objects.values_list("slug", "condition"))
    BroaderCondition.objects.bulk_create(
        [
            BroaderCondition(condition=each.condition, broader_id=here[slug])
            for each in conditions
            for slug in each.broader
            if slug in here
        ],
        batch_size=500,
    )
    followed = [each for each in conditions if each.successor in here]
    for each in followed:
        each.condition.successor_id = here[each.successor]
    Condition.objects.bulk_update([each.condition for each in followed], ["successor"], batch_size=500)
