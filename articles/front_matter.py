"""Front matter as it is written: every reader of YAML, of whatever version, gets back the very text that went in.

Each value is a quoted text, so that none is taken for a number, a date, a yes or a no, or for a comment; no line of it
can look like the end of the front matter. `importers/markdown_files.py` reads it.
"""

import json
import re
from collections.abc import Mapping, Sequence

Value = str | Mapping[str, str] | Sequence[Mapping[str, str]]

# What JSON leaves as it is and YAML takes for the end of a line or for no character at all.
_NOT_IN_YAML = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")


def quoted(text: str) -> str:
    """A text as one line that JSON and YAML read alike."""
    return _NOT_IN_YAML.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def write(values: Mapping[str, Value], body: str) -> str:
    """A whole file: the values in their order, without those that are empty, and the text below them."""
    lines = ["---"]
    for key, value in values.items():
        if isinstance(value, str):
            lines += [f"{key}: {quoted(value)}"] if value else []
        elif isinstance(value, Mapping):
            lines += [f"{key}:", *(f"  {name}: {quoted(said)}" for name, said in value.items() if said)]
        elif value:
            lines += [f"{key}:", *(line for row in value for line in _row(row))]
    return "\n".join([*lines, "---", body, ""])


def _row(row: Mapping[str, str]) -> list[str]:
    """One entry of a list."""
    said = [f"{name}: {quoted(value)}" for name, value in row.items() if value]
    return [f"{'    ' if place else '  - '}{line}" for place, line in enumerate(said)]
