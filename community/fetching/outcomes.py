"""What a check can come to: a closed list, and the little that is kept beside it."""

import enum
from dataclasses import dataclass


class Outcome(enum.StrEnum):
    """How a check ended. Readers are told works or does not; moderators get the reason."""

    WORKS = "works"
    CLOSED = "closed"  # it answers, and lets no program in: a person may well see the page
    ADDRESS = "address"
    NAME = "name"
    INSIDE = "inside"
    SILENT = "silent"
    SLOW = "slow"
    CERTIFICATE = "certificate"
    GARBLED = "garbled"
    TOO_MUCH = "too-much"
    REDIRECTS = "redirects"
    ASTRAY = "astray"
    GONE = "gone"
    FAILING = "failing"

    @property
    def is_well(self) -> bool:
        """Whether a reader who follows the link should come to a page."""
        return self in {Outcome.WORKS, Outcome.CLOSED}


class Stopped(Exception):
    """The check ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.value)
        self.outcome = outcome


@dataclass(frozen=True)
class Answer:
    """All that a check brings home: no word of the page, not even its title."""

    outcome: Outcome
    # Where the last redirect led; the address that was asked for where there was none, or where it may not be asked.
    final: str
    # Whether that page came over HTTPS, with a certificate of its name that browsers trust.
    secure: bool = False
    # As the page says, such as "es" or "pt-BR"; empty where it does not.
    language: str = ""
