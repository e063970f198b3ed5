"""What changed between two texts: by paragraph, and inside a changed paragraph by word."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from articles.models import Revision

# Above this product of words a paragraph is shown old and new as a whole: the comparison is quadratic.
MOST_PAIRS = 1_600_000


@dataclass(frozen=True)
class Piece:
    """Words that stayed, were added or were removed."""

    kind: Literal["same", "added", "removed"]
    words: str


@dataclass(frozen=True)
class Block:
    """One paragraph of a field: unchanged ones are counted, changed ones are in pieces."""

    field: str
    unchanged: int
    pieces: tuple[Piece, ...]


def blocks(old: Revision, new: Revision) -> list[Block]:
    """Every changed paragraph of `new` against `old`, field by field; stretches that stayed are counted."""
    before = _fields(old)
    found: list[Block] = []
    for field, words in _fields(new).items():
        found += _compare(field, before[field], words)
    return found


def _fields(revision: Revision) -> dict[str, str]:
    sources = "\n\n".join(
        " ".join(part for part in (row.title, row.doi, row.pmid, row.url) if part)
        for row in revision.citations.order_by("number")
    )
    return {
        "Question": revision.question,
        "Short answer": revision.short_answer,
        "Text": revision.body,
        "Sources": sources,
        "How it was written": revision.get_origin_display(),
    }


def _compare(field: str, old: str, new: str) -> Iterator[Block]:
    was, now = _paragraphs(old), _paragraphs(new)
    for kind, a, b, c, d in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Block(field, d - c, ())
            continue
        paired = min(b - a, d - c)
        for offset in range(paired):
            yield Block(field, 0, tuple(_words(was[a + offset], now[c + offset])))
        for gone in was[a + paired : b]:
            yield Block(field, 0, (Piece("removed", gone),))
        for come in now[c + paired : d]:
            yield Block(field, 0, (Piece("added", come),))


def _paragraphs(text: str) -> list[str]:
    return [part for part in re.split(r"\n{2,}", text) if part]


def _words(old: str, new: str) -> Iterator[Piece]:
    was, now = re.findall(r"\S+\s*", old), re.findall(r"\S+\s*", new)
    if len(was) * len(now) > MOST_PAIRS:
        yield Piece("removed", old)
        yield Piece("added", new)
        return
    for kind, a, b, c, d in difflib.SequenceMatcher(None, was, now, autojunk=False).get_opcodes():
        if kind == "equal":
            yield Piece("same", "".join(now[c:d]))
            continue
        if b > a:
            yield Piece("removed", "".join(was[a:b]))
        if d > c:
            yield Piece("added", "".join(now[c:d]))
