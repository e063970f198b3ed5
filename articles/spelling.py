"""What somebody may have meant: the known word that is nearest to a mistyped one."""

from array import array
from collections import Counter
from collections.abc import Mapping


def trigrams(word: str) -> set[str]:
    """The runs of three letters in a folded word, its edges included."""
    padded = f"  {word} "
    return {padded[start : start + 3] for start in range(len(padded) - 2)}


def distance(one: str, other: str, most: int) -> int:
    """How many letters must be changed, added, left out or swapped with the next; over `most` it is `most` + 1."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, start=1):
        earlier, before, row = before, row, [i]
        for j, against in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)


class Spelling:
    """Words and how often each is used; made once, never changed."""

    def __init__(self, counts: Mapping[str, int]) -> None:
        # A word of three letters is as near to any other one.
        self.words = sorted(word for word in counts if len(word) > 3 and word.isalpha())
        self.counts = counts
        self.holding: dict[str, array[int]] = {}
        for number, word in enumerate(self.words):
            for part in trigrams(word):
                self.holding.setdefault(part, array("I")).append(number)

    def nearest(self, word: str) -> tuple[int, int, str] | None:
        """The word that is one letter away, or two from six letters on: how far, how rare, which. None if none is."""
        if len(word) < 4:
            return None
        most = 1 if len(word) < 6 else 2
        shared: Counter[int] = Counter()
        for part in trigrams(word):
            shared.update(self.holding.get(part, ()))
        near = []
        for number, _ in shared.most_common(60):
            other = self.words[number]
            if other != word and (away := distance(word, other, most)) <= most:
                near.append((away, -self.counts[other], other))
        return min(near, default=None)
