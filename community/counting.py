"""How the number of members is shown: one rule for every place, pure functions.

Small counts can single people out. Below the threshold (11 by default, US CMS cell-size policy) no figure is
shown; from there the exact worldwide total, or, where the operator tightens it, that total rounded down.
"""

from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import ngettext


def digits(figure: int) -> str:
    """A figure as the language of the page writes it: 1,234."""
    return number_format(figure, force_grouping=True)


@dataclass(frozen=True)
class ShownCount:
    """What a page may say about the number of members: `figure` is None where it may not be shown."""

    figure: int | None
    rounded: bool
    threshold: int

    @property
    def in_prose(self) -> str:
        """The words that stand for {{ members }} in a text: one of a closed list of forms."""
        if self.figure is None:
            return f"members (fewer than {self.threshold})"
        said = f"{digits(self.figure)} {self.noun}"
        return f"at least {said}" if self.rounded else said

    @property
    def noun(self) -> str:
        """The word behind the words: "member" after 1, "members" after any other."""
        return ngettext("member", "members", self.threshold if self.figure is None else self.figure)

    @property
    def words(self) -> str:
        """The words for a panel: "59", "at least 55" or "fewer than 11"."""
        if self.figure is None:
            return f"Fewer than {self.threshold}"
        return f"At least {digits(self.figure)}" if self.rounded else digits(self.figure)


def shown(count: int, *, threshold: int, round_to: int) -> ShownCount:
    """What may be shown of a count of zero or more members.

    None is said like few: else the first to join, and the last to leave, would be seen to the second.
    `threshold` is the smallest figure shown, `round_to` the step figures are rounded down to (1: exact).
    """
    if count < threshold:
        return ShownCount(figure=None, rounded=False, threshold=threshold)
    figure = max(threshold, count - count % round_to)
    return ShownCount(figure=figure, rounded=round_to > 1, threshold=threshold)
