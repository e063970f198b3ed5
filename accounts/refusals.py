"""What a verb raises when it refuses: always with a sentence that names the thing and the remedy."""

import datetime as dt


class Refusal(Exception):
    """An act was refused and nothing was written; `str()` is the reason, fit to be shown to the person."""


class NotAllowed(Refusal):
    """The person lacks the right to do this."""


class TooMany(Refusal):
    """A limit is reached; `until` says when it is lifted."""

    def __init__(self, message: str, until: dt.datetime) -> None:
        self.until = until
        super().__init__(message)
