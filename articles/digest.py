"""The digest of a text: SHA-256 over one canonical form of everything the reader sees of it."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass

# Part of every digest. A new form of the digest gets a new name; old rows keep theirs.
FORM = "rounds-text-1"


@dataclass(frozen=True)
class Source:
    """One source of a text: its title as printed, and where it is found."""

    title: str
    url: str = ""
    doi: str = ""
    pmid: str = ""


@dataclass(frozen=True)
class Text:
    """All that a reader sees of a revision, already in its stored form."""

    language: str
    origin: str
    question: str
    short_answer: str
    body: str
    sources: Sequence[Source]
    html: str
    renderer: str

    def digest(self) -> str:
        """64 hexadecimal characters: SHA-256 of the UTF-8 JSON of all fields, keys sorted, no blanks."""
        fields = {**asdict(self), "sources": [asdict(source) for source in self.sources], "form": FORM}
        canonical = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode("utf-8")).hexdigest()
