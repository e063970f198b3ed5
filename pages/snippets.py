"""The words around a match, as pieces of plain text: (words, whether they match). A template escapes and marks them."""

from functools import lru_cache

from articles import folding

Pieces = list[tuple[str, bool]]
LENGTH = 220


class Marker:
    """Marks the words that were asked for: by their keys, and of the last one also what begins with it."""

    def __init__(self, query: str, *, begun: bool = True) -> None:
        asked = folding.words(query)
        self.keys = {folding.key(word) for word in asked}
        self.begun = asked[-1] if begun and asked and len(asked[-1]) > 1 else None

    def matches(self, word: str) -> bool:
        """Whether a word of a text was asked for."""
        first, keys = _folded(word)
        return not self.keys.isdisjoint(keys) or (self.begun is not None and first.startswith(self.begun))

    def mark(self, text: str) -> Pieces:
        """The whole text in pieces."""
        pieces: Pieces = []
        end = 0
        for word in folding.WORD.finditer(text):
            if self.matches(word[0]):
                pieces += [(text[end : word.start()], False), (word[0], True)]
                end = word.end()
        return [piece for piece in (*pieces, (text[end:], False)) if piece[0]]

    def excerpt(self, *texts: str) -> Pieces:
        """Some words around the first match in the first of the texts that has one; else the first words."""
        for text in texts:
            for word in folding.WORD.finditer(text):
                if self.matches(word[0]):
                    return self.mark(cut(text, word.start()))
        return self.mark(cut(next((text for text in texts if text), ""), 0))


@lru_cache(maxsize=50_000)
def _folded(word: str) -> tuple[str, frozenset[str]]:
    """How a word of a text begins when it is folded, and its keys: most often one."""
    folded = folding.words(word)
    return "".join(folded[:1]), frozenset(map(folding.key, folded))


def cut(text: str, around: int) -> str:
    """Some LENGTH characters of a text with what stands at a place, whole words, an ellipsis where it goes on."""
    start = 0
    if around > LENGTH // 2:
        earliest = around - LENGTH // 3
        sentence, word = text.rfind(". ", earliest, around), text.find(" ", earliest, around)
        start = sentence + 2 if sentence >= 0 else word + 1 if word >= 0 else around
    end = start + LENGTH
    if end < len(text):
        blank = text.rfind(" ", around, end)
        end = blank if blank > around else end
    words = " ".join(text[start:end].split())
    return ("… " if start else "") + words + (" …" if end < len(text) else "")
