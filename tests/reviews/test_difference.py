"""What changed between two texts: nothing is left out, and a large text costs no more than its length."""

import random

import pytest

from articles.models import Citation, Revision
from reviews.difference import Block, Budget, Difference, Piece, compare

pytestmark = pytest.mark.once

OLD = """An opening.

## What helps

Starting early is the single most important step in preventing disability.

Clots are more likely, because of changes in the vessels.

## Later

Somebody should come with you to each of the visits.

A line that goes."""
NEW = """An opening.

Somebody should come with you to each of the visits.

## What helps

Ask who coordinates your care.

Starting early is the most important step we know of in preventing disability.

Clots are more likely, because of changes in the vessels, so take a thinner.

## Later"""


def version(number: int, body: str = "Words.", **text: str) -> Revision:
    """A version that is not stored."""
    return Revision(pk=number, number=number, body=body, **{"question": "Why?", "origin": "human", **text})


def between(old: str, new: str) -> Difference:
    """What changed from one body to another."""
    return compare(version(1, old), version(2, new), [])


def shown(block: Block) -> str:
    """A change on one line: -removed- and +added+."""
    signs = {"same": "", "added": "+", "removed": "-"}
    return "".join(f"{piece.blank}{signs[piece.kind]}{piece.words}{signs[piece.kind]}" for piece in block.pieces)


def test_each_change_stands_in_its_section_word_by_word() -> None:
    difference = between(OLD, NEW)
    changes = [block for block in difference.blocks if block.number]
    assert [(block.number, block.place.within, shown(block)) for block in changes] == [
        (1, "the opening", "Somebody should come with you to each of the visits."),
        (2, "“What helps”", "+Ask who coordinates your care.+"),
        (
            3,
            "“What helps”",
            "Starting early is the -single- most important step +we know of+ in preventing disability.",
        ),
        (4, "“What helps”", "Clots are more likely, because of changes in the vessels+, so take a thinner+."),
        (5, "“Later”", "-A line that goes.-"),
    ]
    assert difference.changes == 5
    moved = changes[0]
    assert moved.moved_from is not None
    assert (moved.moved_from.within, moved.before) == ("“Later”", [])
    assert [piece.words for piece in changes[2].before if piece.kind == "removed"] == ["single"]
    stayed = [(block.place.title, block.count) for block in difference.blocks if block.count]
    assert stayed == [("Question", 1), ("Opening", 1), ("How it was written", 1)]


def test_what_is_no_prose_is_compared_too() -> None:
    sources = [
        Citation(revision_id=number, number=1, title="A cohort", url=f"https://example.org/{number}")
        for number in (1, 2)
    ]
    old, new = version(1, short_answer="Early."), version(2, question="Why so?", short_answer="Late.", origin="machine")
    changes = [block for block in compare(old, new, sources).blocks if block.number]
    assert [block.place.within for block in changes] == [
        "the question",
        "the short answer",
        "the sources",
        "how it was written",
    ]
    assert shown(changes[2]) == "A cohort link: https://example.org/-1-+2+"
    assert compare(version(1), version(1), []).changes == 0


def test_a_paragraph_of_which_hardly_a_word_stays_is_shown_old_and_new() -> None:
    (change,) = [
        block for block in between("The liver stores copper.", "Nobody knows why, the end.").blocks if block.number
    ]
    assert shown(change) == "-The liver stores copper.-+Nobody knows why, the end.+"


def test_no_character_is_lost_on_either_side() -> None:
    chance = random.Random(1)  # noqa: S311  chance, not a secret
    words = ["dose", "of", "5 mg", "<b>", "**or**", "[1](#source-1)", "it’s", "\n- item", "  \nbreak", "É́", "—"]

    def text() -> list[str]:
        return [" ".join(chance.choices(words, k=chance.randrange(1, 9))).strip() for _ in range(chance.randrange(9))]

    for _ in range(60):
        old, new = text(), text()
        new += chance.sample(old, len(old) // 2)
        blocks = [block for block in between("\n\n".join(old), "\n\n".join(new)).blocks if block.place.field == "Text"]
        after = [_joined(block.after) for block in blocks if block.after]
        before = [_joined(block.before) for block in blocks if block.before]
        moved = [_joined(block.after) for block in blocks if block.moved_from]
        stayed = [each.words for block in blocks for each in block.paragraphs]
        assert sorted(after + stayed) == sorted(new)
        assert sorted(before + moved + stayed) == sorted(old)


def _joined(pieces: list[Piece]) -> str:
    return "".join(piece.blank + piece.words for piece in pieces)


def test_a_large_text_that_repeats_itself_is_shown_as_wholes() -> None:
    chance = random.Random(2)  # noqa: S311  chance, not a secret
    old, new = ("\n\n".join(chance.choices("ab", k=30_000)) for _ in range(2))
    (change,) = [block for block in between(old, new).blocks if block.number]
    assert [piece.kind for piece in change.pieces] == ["removed", "added"]
    one, other = (" ".join(chance.choices("ab", k=3_000)) for _ in range(2))
    (change,) = [block for block in between(one, other).blocks if block.number]
    assert [piece.kind for piece in change.pieces if piece.kind != "same"] == ["removed", "added"]
    budget = Budget(5)
    assert budget.covers(["a", "a"], ["a", "a"])
    assert not budget.covers(["a", "a"], ["a"])
