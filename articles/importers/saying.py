"""What a source says of a condition, in the form in which the rows are kept; and what follows when it says more."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .. import codes
from ..models import ConditionName
from ..text import TextRefused, check_characters, normalise, one_line
from .terms import Reference, Term, curie

LONGEST_NAME = 300
PREFERRED = ConditionName.Kind.PREFERRED.value
# Where the same name is given in two ways, the first of these.
KINDS = [PREFERRED, *(kind.value for kind in ConditionName.Kind if kind.value != PREFERRED)]


@dataclass
class Unread:
    """What of a file cannot be kept: why it is refused, what is left out of it, and which systems we do not know."""

    faults: list[tuple[int, str]] = field(default_factory=list)
    left_out: list[tuple[int, str]] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)


def said_of(term: Term, unread: Unread) -> dict[str, Any]:
    """The names, the definition and the codes of a term; broader terms come later, when it is known which are there."""
    return {
        "names": _names(term, unread),
        "definition": _checked(normalise(term.definition), "Definition", term.line, unread),
        "codes": _codes(term, unread),
        "broader": [],
    }


def _names(term: Term, unread: Unread) -> dict[str, str]:
    name = _checked(one_line(term.name), "Name", term.line, unread)
    if len(name) > LONGEST_NAME:
        unread.faults.append((term.line, f"The name has {len(name):,} characters; at most {LONGEST_NAME} fit."))
    found = {name: PREFERRED}
    for synonym in term.synonyms:
        text = _checked(one_line(synonym.text), "Synonym", synonym.line, unread)
        if len(text) > LONGEST_NAME:
            unread.left_out.append((synonym.line, f"A synonym of {len(text):,} characters; {LONGEST_NAME} fit."))
        elif text:
            found[text] = min(found.get(text, synonym.kind.value), synonym.kind.value, key=KINDS.index)
    return found


def _checked(text: str, what: str, line: int, unread: Unread) -> str:
    """The text; a character in it that hides or reorders words is a fault of the file."""
    if not (text.isascii() and text.isprintable() and "&" not in text):
        try:
            check_characters(text, what)
        except TextRefused as refusal:
            unread.faults.append((line, str(refusal)))
    return text


def _codes(term: Term, unread: Unread) -> dict[str, str]:
    """The codes of a term by `system|code`, its own among them, each with how exact it is."""
    found: dict[str, str] = {}
    order = list(codes.Match.values)
    for reference in (Reference(term.identifier, term.line, codes.Match.EXACT), *term.references):
        if (key := code_key(reference, unread)) is not None:
            found[key] = min(found.get(key, reference.match.value), reference.match.value, key=order.index)
    return found


def code_key(reference: Reference, unread: Unread) -> str | None:
    """A code as `system|code` in the form that is kept; None, and noted, where it can be none of ours."""
    prefix, joint, code = curie(reference.code).partition(":")
    system = codes.system_of(codes.undated(prefix)) if joint else None
    if system is None:
        unread.unknown[prefix[:40] if joint else "without a system"] += 1
        return None
    try:
        return f"{system.name}|{system.normalise(f'PS{code}' if prefix.upper() == 'OMIMPS' else code)}"
    except ValueError as wrong:
        unread.left_out.append((reference.line, str(wrong)))
        return None


def kept_key(system: str, code: str) -> str:
    """A row's code as `system|code`; one that came round the forms may not be in the form that is kept."""
    return code_key(Reference(f"{system}:{code}", 0), Unread()) or f"{system}|{code}"


def merged(old: Mapping[str, str], new: Mapping[str, str], ours: Mapping[str, str], found: set[str]) -> dict[str, str]:
    """Our rows after a source that said `old` says `new`: what editors added stays, what they took away stays away.

    What stands here already when the source says it first joins `found`, and does not go when the source says it no
    more.
    """
    result = dict(ours)
    for key, value in new.items():
        if key not in old:
            if key in ours:
                found.add(key)
            result.setdefault(key, value)
        elif old[key] != value and ours.get(key) == old[key]:
            result[key] = value
    for key, value in old.items():
        if key not in new and key not in found and ours.get(key) == value:
            del result[key]
    return result


def merged_names(
    old: Mapping[str, str], new: Mapping[str, str], ours: Mapping[str, str], found: set[str]
) -> dict[str, str]:
    """The same for names, of which one is preferred: the editors' choice, or else the source's."""
    there = {name.casefold() for name in ours}
    new_here = {name: kind for name, kind in new.items() if name in ours or name in old or name.casefold() not in there}
    result = merged(old, new_here, ours, found)
    chosen = [name for name, kind in result.items() if kind == PREFERRED]
    kept = next((name for name in chosen if ours.get(name) == PREFERRED), None)
    theirs = next((name for name, kind in new.items() if kind == PREFERRED and name in result), None)
    before = next((name for name, kind in ours.items() if kind == PREFERRED), None)
    first = kept or next(iter(chosen), None) or theirs or before
    for name in chosen:
        result[name] = ConditionName.Kind.SYNONYM.value
    if first is not None:
        result[first] = PREFERRED
    return result


def differences(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """What was added, taken away and changed, in words with the key."""
    for key in after:
        if key not in before:
            yield "added", key
        elif after[key] != before[key]:
            yield "changed", key
    for key in before:
        if key not in after:
            yield "removed", key
