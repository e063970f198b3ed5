"""What the verbs of the queue raise when they refuse."""

from accounts.refusals import Refusal


class NotReady(Refusal):
    """The text is not ready for review; `problems` lists everything at once."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("This text is not ready for review. " + " ".join(problems))


class Moved(Refusal):
    """Something changed meanwhile: the request was decided, claimed or replaced, or the text is another one."""
