"""How words are compared in search: without case, accents and endings, the same when they are kept and asked for."""

import re
import unicodedata
from functools import lru_cache

# Raise it when anything here changes: what is kept in the index was made by one form, and is made anew by the next.
FORM = 1
# A number with its decimals is one word, so that 22q11.2 stays whole.
WORD = re.compile(r"[^\W_]+(?:\.[0-9]+)*")
LONGEST = 40
POSSESSIVE = re.compile(r"['’ʼ＇](?:s\b)?")
# Letters that no decomposition brings back to the alphabet, and those of Greek by their names.
GREEK = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu"),
    *("xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
LATIN = {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h", "ŋ": "n"}
LETTERS = str.maketrans(LATIN | dict(zip("αβγδεζηθικλμνξοπρστυφχψω", GREEK, strict=True)))


def fold(text: str) -> str:
    """The text in small plain letters: Ménière becomes meniere, Łódź lodz, α-thalassaemia alpha-thalassaemia."""
    if text.isascii():
        return POSSESSIVE.sub("", text.lower())
    plain = "".join(letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter))
    return POSSESSIVE.sub("", unicodedata.normalize("NFKD", plain.casefold()).translate(LETTERS))


def words(text: str) -> list[str]:
    """The folded words of a text in order, each cut at LONGEST characters."""
    return [word[:LONGEST] for word in WORD.findall(fold(text))]


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """A folded English word without its commonest endings, in one spelling: diagnosed, diagnosis; tumours, tumor."""
    if len(word) < 4 or not (word.isascii() and word.isalpha()):
        return word
    if len(word) > 4:  # as in anaemia, oedema and tumour
        word = word.replace("ae", "e").replace("oe", "e").replace("our", "or")
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("is") and len(word) > 5:
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us")):
        word = word[:-1]
    else:
        word = _without_ending(word)
    return word[:-1] if word.endswith("e") and len(word) > 4 else word


def _without_ending(word: str) -> str:
    """A word without -ing or -ed, where that leaves a syllable."""
    for ending in ("ing", "ed"):
        left = word.removesuffix(ending)
        if left != word and len(left) > 2 and not word.endswith("eed") and re.search("[aeiouy]", left):
            return left[:-1] if left[-1] == left[-2] and left[-1] not in "lsz" else left
    return word


def key(word: str) -> str:
    """The stem of a folded word as both databases take it: a decimal point would end a word there."""
    return stem(word).replace(".", "dot")


def beginning(word: str) -> str:
    """How the key begins of whatever a folded word may become when it is typed to its end: therapi, therapies."""
    return (len(word) > 5 and word.isalpha() and key(word).rstrip("aeiouy")) or key(word)


def keys(text: str) -> str:
    """The words of a text as they are kept in the index: their keys with blanks between them."""
    return " ".join(key(word) for word in words(text))
