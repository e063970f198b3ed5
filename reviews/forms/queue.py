"""What the queue is narrowed to."""

from collections.abc import Sequence
from typing import Any

from django import forms

from articles.filters import ListFilter
from articles.models import Topic

from ..models import ReviewRequest


def _choice(label: str, anything: str, choices: Sequence[tuple[Any, str]]) -> forms.ChoiceField:
    """A list with a first choice that leaves nothing out."""
    wrong = f"{label}: “%(value)s” is none of the choices, so nothing was left out for it. Choose again."
    return forms.ChoiceField(
        label=label, required=False, choices=[("", anything), *choices], error_messages={"invalid_choice": wrong}
    )


class QueueForm(ListFilter):
    """The filters of the queue; a value that is not known says so."""

    who = _choice("With", "Anyone", [("me", "Waits for me"), ("nobody", "Nobody yet"), ("asked", "I asked for")])
    kind = _choice("Kind", "All kinds", ReviewRequest.Kind.choices)
    condition = _choice("Condition", ListFilter.anything, [])
    topic = _choice("Topic", "All topics", Topic.choices)
    state = _choice("State", "Waiting", [("closed", "Closed")])

    @property
    def problems(self) -> list[str]:
        """What was sent and not understood."""
        return [str(error) for errors in self.errors.values() for error in errors]
