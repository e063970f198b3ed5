"""What an approval says beside the text: when it was signed, for how long it holds, and on what evidence."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.refusals import Refusal
from articles import text

USUAL_MONTHS = 12
MOST_MONTHS = 36


@dataclass(frozen=True)
class Terms:
    """The terms of an approval, as somebody typed them."""

    signed_on: dt.date
    months: int
    evidence_to: dt.date | None
    conflicts: str
    public_note: str
    private_note: str

    def kept(self, *, today: dt.date) -> dict[str, Any]:
        """The terms as a review keeps them. Raises Refusal for terms under which no approval can be signed."""
        public_note, conflicts = text.one_line(self.public_note), text.normalise(self.conflicts).strip()
        text.check_characters(public_note, "Note for the public history")
        text.check_characters(conflicts, "Conflicts of interest")
        if self.signed_on > today:
            day = f"{self.signed_on:%-d %B %Y}"
            raise Refusal(f"The signing day, {day}, has not come yet. Sign with today or an earlier day.")
        if not 1 <= self.months <= MOST_MONTHS:
            raise Refusal(f"An approval holds for 1 to {MOST_MONTHS} months, not {self.months}.")
        if self.evidence_to is not None and self.evidence_to > self.signed_on:
            raise Refusal("“Evidence searched up to” lies after the signing day.")
        if not conflicts:
            raise Refusal("Declare conflicts of interest, or write “None declared”.")
        return {
            "signed_on": self.signed_on,
            "next_due": months_later(self.signed_on, self.months),
            "evidence_to": self.evidence_to,
            "conflicts": conflicts,
            "public_note": public_note,
            "private_note": self.private_note.strip(),
        }


def months_later(day: dt.date, months: int) -> dt.date:
    """The same day some months later; the last day of the month where it has no such day."""
    month = day.month - 1 + months
    year, month = day.year + month // 12, month % 12 + 1
    last = (dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(1)).day
    return dt.date(year, month, min(day.day, last))
