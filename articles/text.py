"""What an author may type: one normal form, no character that hides or reorders words, bounded lengths."""

import html
import re
import unicodedata

from accounts.refusals import Refusal

SECTION_LIMIT = 20_000
TEXT_LIMIT = 100_000

EMOJI_JOINER = "\u200d"
EMOJI_STYLE = "\ufe0f"
KEYCAP = "\u20e3"
# Letters and marks by their class, and yet they print as nothing or choose another shape (Default_Ignorable).
BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff]"
)
ENTITY = re.compile(r"&(?:#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);")
SECTION = re.compile(r"^ {0,3}#{1,2}\s")


class TextRefused(Refusal):
    """A text cannot be kept as it is; the message says where and why. `line` counts from 1 in the field."""

    def __init__(self, message: str, *, line: int = 1) -> None:
        self.line = line
        super().__init__(message)


def normalise(text: str) -> str:
    """The text in its stored form: NFC, lines ended by a line feed, no blanks at line ends or around the whole."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return "\n".join(line.rstrip(" \t\u00a0") for line in text.split("\n")).strip("\n")


def one_line(text: str) -> str:
    """The text in its stored form, on one line, blanks made single."""
    return " ".join(normalise(text).split())


def check_characters(text: str, field: str) -> None:
    """Refuse control, bidirectional and zero-width characters, also behind an entity, and foreign digits.

    Raises TextRefused with the field, the line, the column and the character's code point.
    """
    for position, character in enumerate(text):
        if (why := _fault(text, position, character)) is not None:
            raise TextRefused(
                f"{field}, {_place(text, position)}: {_named(character)} {why}. Delete it.",
                line=text.count("\n", 0, position) + 1,
            )
    for match in ENTITY.finditer(text):
        decoded = html.unescape(match[0])
        if decoded in {"", "\ufffd"} or any(_fault(character, 0, character) for character in decoded):
            raise TextRefused(
                f"{field}, {_place(text, match.start())}: {match[0]} stands for a character that cannot be seen. "
                "Delete it.",
                line=text.count("\n", 0, match.start()) + 1,
            )


def hidden(fields: dict[str, str]) -> dict[str, str]:
    """The fields in which a character hides or reorders words, each with what is wrong: for a ValidationError."""
    found = {}
    for name, value in fields.items():
        try:
            check_characters(normalise(value), name.capitalize())
        except TextRefused as refusal:
            found[name] = str(refusal)
    return found


def check_rendered(html_text: str, field: str) -> None:
    """Refuse a finished page that shows a character the source could not hold, however it got there."""
    shown = html.unescape(html_text)
    for position, character in enumerate(shown):
        if (why := _fault(shown, position, character)) is not None:
            raise TextRefused(f"{field}: on the page stands {_named(character)}, which {why}. Delete it.")


def _fault(text: str, position: int, character: str) -> str | None:
    """Why a character may not stand where it stands, or None."""
    if character in "\n\t" or (character.isascii() and character.isprintable()):
        return None
    category = unicodedata.category(character)
    if character == EMOJI_JOINER and 0 < position < len(text) - 1:
        before, after = text[position - 1], text[position + 1]
        if unicodedata.category(after) == "So" and (
            before == EMOJI_STYLE or unicodedata.category(before) in {"So", "Sk"}
        ):
            return None
    if character == EMOJI_STYLE and position:
        if unicodedata.category(text[position - 1]) in {"So", "Sk", "Sm", "Po"}:
            return None
        if text[position + 1 : position + 2] == KEYCAP:
            return None
    if category in {"Cc", "Cf", "Cn", "Cs", "Co", "Zl", "Zp"} or BLANK.match(character):
        return "cannot be seen, or changes the order of what is seen"
    if category == "Nd":
        return "is a digit that looks like another one; use 0 to 9"
    return None


def check_lengths(text: str, field: str) -> None:
    """Refuse a text over TEXT_LIMIT characters, or one with a section over SECTION_LIMIT, naming which."""
    if len(text) > TEXT_LIMIT:
        raise TextRefused(f"{field} has {len(text):,} characters; at most {TEXT_LIMIT:,} fit. Split the page in two.")
    for title, length in section_lengths(text):
        if length > SECTION_LIMIT:
            raise TextRefused(
                f"{field}: the section “{title}” has {length:,} characters; at most {SECTION_LIMIT:,} fit. "
                "Divide it with another heading."
            )


def section_lengths(text: str) -> list[tuple[str, int]]:
    """Each section's heading and its length in characters; what stands before the first heading is “Opening”."""
    sections: list[tuple[str, int]] = [("Opening", 0)]
    for line in text.split("\n"):
        if SECTION.match(line):
            sections.append((line.strip("# ")[:60], 0))
        title, length = sections[-1]
        sections[-1] = (title, length + len(line) + (1 if length else 0))
    return sections


def _place(text: str, position: int) -> str:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return f"line {line}, column {column}"


def _named(character: str) -> str:
    name = unicodedata.name(character, "a control character").lower()
    return f"U+{ord(character):04X} ({name})"
