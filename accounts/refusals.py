"""What a verb raises when it refuses: always with a sentence that names the thing and the remedy."""


class Refusal(Exception):
    """An act was refused and nothing was written; `str()` is the reason, fit to be shown to the person."""


class NotAllowed(Refusal):
    """The person lacks the right to do this."""
