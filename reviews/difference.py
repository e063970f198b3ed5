"""What changed between two texts: paragraph by paragraph, and word by word inside a changed one.

Nothing is left out: what is compared is the text as the author wrote it, so a changed address of a link shows too.
"""

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from articles.models import Citation, Revision

# Pairs of equal words or paragraphs that one difference may look at; past that, texts are shown old and new as wholes.
MOST_PAIRS = 200_000
# Removed times added paragraphs in a row, up to which each is looked for its like; past that they go by their order.
MOST_ALIKE = 400
# Removed and added paragraphs in a row past which they are shown as two wholes.
MOST_IN_A_ROW = 1500
# Every character belongs to one: a word or a sign, with the blanks before it.
WORD = re.compile(r"\s*\w+(?:[’'.,-]\w+)*|\s*[^\w\s]|\s+\Z")
HEADING = re.compile(r" {0,3}#{1,6}\s+(.*?)[\s#]*\Z")

Opcode = tuple[str, int, int, int, int]


@dataclass(frozen=True)
class Place:
    """Where a paragraph stands: its field, the section's title, and the words after “in”."""

    field: str
    title: str
    within: str
    noun: str = "paragraph"


QUESTION = Place("Question", "Question", "the question", "line")
SHORT_ANSWER = Place("Short answer", "Short answer", "the short answer")
OPENING = Place("Text", "Opening", "the opening")
SOURCES = Place("Sources", "Sources", "the sources", "source")
ORIGIN = Place("How it was written", "How it was written", "how it was written", "line")


@dataclass(frozen=True)
class Paragraph:
    """One paragraph as it was written; a heading is one too."""

    words: str
    place: Place
    heading: bool = False


@dataclass(frozen=True)
class Piece:
    """Words that stayed, were added or were removed, and the blanks before them."""

    kind: Literal["same", "added", "removed"]
    words: str
    blank: str = ""


@dataclass(frozen=True)
class Block:
    """A change, in pieces, with its number; or a stretch of one section that stayed, in paragraphs."""

    place: Place
    pieces: tuple[Piece, ...] = ()
    paragraphs: tuple[Paragraph, ...] = ()
    moved_from: Place | None = None
    number: int = 0

    @property
    def before(self) -> list[Piece]:
        """The pieces of the old side."""
        return [piece for piece in self.pieces if piece.kind != "added"] if self.moved_from is None else []

    @property
    def after(self) -> list[Piece]:
        """The pieces of the new side."""
        return [piece for piece in self.pieces if piece.kind != "removed"]

    @property
    def count(self) -> int:
        """How many paragraphs stayed, headings aside."""
        return sum(not paragraph.heading for paragraph in self.paragraphs)


@dataclass(frozen=True)
class Difference:
    """All of the new text in order, the changes in it numbered, with what left the old one."""

    blocks: tuple[Block, ...]
    changes: int


def compare(old: Revision, new: Revision, citations: Iterable[Citation] | None = None) -> Difference:
    """What changed from `old` to `new`. Pass the citations of both where they are loaded already."""
    if citations is None:
        citations = Citation.objects.filter(revision__in=[old, new])
    sources = sorted(citations, key=lambda row: row.number)
    was, now = (_fields(text, [row for row in sources if row.revision_id == text.pk]) for text in (old, new))
    budget = Budget(MOST_PAIRS)
    blocks: list[Block] = []
    changes = 0
    for before, after in zip(was, now, strict=True):
        for block in _compare(before, after, budget):
            changes += bool(block.pieces)
            blocks.append(replace(block, number=changes) if block.pieces else block)
    return Difference(tuple(blocks), changes)


@dataclass
class Budget:
    """How many pairs may still be looked at: where a text repeats itself, comparing takes quadratic time."""

    left: int

    def covers(self, was: Sequence[str], now: Sequence[str]) -> bool:
        """Whether these may be compared; if so, it is paid."""
        times = Counter(now)
        pairs = sum(times[each] for each in was)
        if pairs > self.left:
            return False
        self.left -= pairs
        return True


def _fields(revision: Revision, citations: list[Citation]) -> list[list[Paragraph]]:
    """The fields that the digest covers, each as its paragraphs."""
    sources = [" ".join(_parts(row)) for row in citations]
    origin = revision.get_origin_display()
    return [
        [Paragraph(revision.question, QUESTION)],
        [Paragraph(words, SHORT_ANSWER) for words in _split(revision.short_answer)],
        list(_sections(revision.body)),
        [Paragraph(words, SOURCES) for words in sources],
        [Paragraph(origin, ORIGIN)],
    ]


def _parts(row: Citation) -> Iterator[str]:
    """The parts of a source, each named, so that none can pass for the end of another."""
    yield row.title
    yield from (f"{name}: {part}" for name, part in (("DOI", row.doi), ("PMID", row.pmid), ("link", row.url)) if part)


def _split(text: str) -> list[str]:
    return [part for part in re.split(r"\n{2,}", text) if part]


def _sections(body: str) -> Iterator[Paragraph]:
    """The paragraphs of a text, each with the heading above it."""
    place = OPENING
    for part in _split(body):
        first, _, rest = part.partition("\n")
        if found := HEADING.match(first):
            place = Place("Text", found[1], f"“{found[1]}”")
            yield Paragraph(first, place, heading=True)
            if rest:
                yield Paragraph(rest, place)
        else:
            yield Paragraph(part, place)


def _compare(was: list[Paragraph], now: list[Paragraph], budget: Budget) -> Iterator[Block]:
    codes = _opcodes([each.words for each in was], [each.words for each in now], budget)
    moved = _moved(was, now, codes)
    for kind, a, b, c, d in codes:
        if kind == "equal":
            yield from _stretches(now[c:d])
            continue
        if b - a + d - c > MOST_IN_A_ROW:
            gone_all, come_all = ("\n\n".join(each.words for each in side) for side in (was[a:b], now[c:d]))
            yield Block((now[c:d] or was[a:b])[0].place, tuple(_changed(gone_all, come_all)))
            continue
        gone = [each for each in was[a:b] if each.words not in moved]
        for old, new in _pairs(gone, now[c:d], moved):
            place = (new or old).place  # type: ignore[union-attr]  # one of the two is there
            if new is not None and new.words in moved:
                yield Block(place, (Piece("same", new.words),), moved_from=moved[new.words])
            else:
                yield Block(place, _words(old.words if old else "", new.words if new else "", budget))


def _opcodes(was: Sequence[str], now: Sequence[str], budget: Budget) -> list[Opcode]:
    """The steps from one sequence to the other; one step alone where that would take too long."""
    most = min(len(was), len(now))
    head = next((place for place in range(most) if was[place] != now[place]), most)
    tail = next((place for place in range(most - head) if was[-1 - place] != now[-1 - place]), most - head)
    a, b, c, d = head, len(was) - tail, head, len(now) - tail
    codes: list[Opcode] = [("equal", 0, head, 0, head)] if head else []
    if a < b and c < d and budget.covers(was[a:b], now[c:d]):
        inner = difflib.SequenceMatcher(None, was[a:b], now[c:d], autojunk=False).get_opcodes()
        codes += [(kind, i + a, j + a, k + c, m + c) for kind, i, j, k, m in inner]
    elif a < b or c < d:
        codes.append(("replace", a, b, c, d))
    return codes + ([("equal", b, len(was), d, len(now))] if tail else [])


def _moved(was: list[Paragraph], now: list[Paragraph], codes: list[Opcode]) -> dict[str, Place]:
    """Paragraphs that left one place and stand word for word at another, with where they stood."""
    changed = [code for code in codes if code[0] != "equal"]
    gone = [each for _, a, b, _, _ in changed for each in was[a:b]]
    come = Counter(each.words for _, _, _, c, d in changed for each in now[c:d])
    left = Counter(each.words for each in gone)
    return {each.words: each.place for each in gone if left[each.words] == come[each.words] == 1}


def _stretches(paragraphs: list[Paragraph]) -> Iterator[Block]:
    """Unchanged paragraphs, section by section."""
    start = 0
    for end in range(1, len(paragraphs) + 1):
        if end == len(paragraphs) or paragraphs[end].place != paragraphs[start].place:
            yield Block(paragraphs[start].place, paragraphs=tuple(paragraphs[start:end]))
            start = end


def _pairs(
    gone: list[Paragraph], come: list[Paragraph], moved: dict[str, Place]
) -> Iterator[tuple[Paragraph | None, Paragraph | None]]:
    """Removed and added paragraphs in order, each beside the one it was made from where there is one."""
    fresh = [place for place, each in enumerate(come) if each.words not in moved]
    partner = _alike([each.words for each in gone], [come[place].words for place in fresh])
    beside = {fresh[new]: old for new, old in partner.items()}
    shown = 0
    for place, new in enumerate(come):
        old = beside.get(place)
        if old is not None:
            for skipped in gone[shown:old]:
                yield skipped, None
            shown = old + 1
        yield (None if old is None else gone[old]), new
    for rest in gone[shown:]:
        yield rest, None


def _alike(was: list[str], now: list[str]) -> dict[int, int]:
    """For each new paragraph the old one it was most likely made from, both in order."""
    if len(was) == len(now) == 1 or len(was) * len(now) > MOST_ALIKE:
        return {place: place for place in range(min(len(was), len(now)))}
    old, new = [set(each.split()) for each in was], [set(each.split()) for each in now]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], _likeness(old[i], new[j]) + best[i + 1][j + 1])
    found, i, j = {}, 0, 0
    while i < len(old) and j < len(new):
        if best[i][j] == best[i + 1][j]:
            i += 1
        elif best[i][j] == best[i][j + 1]:
            j += 1
        else:
            found[j] = i
            i, j = i + 1, j + 1
    return found


def _likeness(old: set[str], new: set[str]) -> float:
    """The part of the words that both have, 0 to 1; nothing below a third."""
    share = 2 * len(old & new) / max(1, len(old) + len(new))
    return share if share > 1 / 3 else 0.0


def _words(old: str, new: str, budget: Budget) -> tuple[Piece, ...]:
    """The pieces from one paragraph to the other; both as wholes where hardly a word stays."""
    was, now = WORD.findall(old), WORD.findall(new)
    codes = _opcodes(was, now, budget)
    if 3 * sum(b - a for kind, a, b, _, _ in codes if kind == "equal") < max(len(was), len(now)):
        return tuple(_changed(old, new))
    pieces: list[Piece] = []
    gone = come = ""
    for place, (kind, a, b, c, d) in enumerate(codes):
        # A single word that stays between two changes reads better as a part of them.
        if kind == "equal" and (b - a > 1 or place in {0, len(codes) - 1}):
            pieces += [*_changed(gone, come), Piece("same", "".join(now[c:d]))]
            gone = come = ""
        else:
            gone += "".join(was[a:b])
            come += "".join(now[c:d])
    return (*pieces, *_changed(gone, come))


def _changed(gone: str, come: str) -> Iterator[Piece]:
    """What went and what came, without marking the blanks before it."""
    if gone:
        yield Piece("removed", gone.lstrip() or gone, gone[: len(gone) - len(gone.lstrip())] if gone.strip() else "")
    if come:
        yield Piece("added", come.lstrip() or come, come[: len(come) - len(come.lstrip())] if come.strip() else "")
