"""What an author or a publisher does with what a reader said, and how the list of it is narrowed."""

from django import forms

from accounts.forms import VerbForm
from articles.filters import ListFilter

from ..models import Feedback, ReviewRequest


class CloseForm(VerbForm, forms.Form):
    """Say what became of it."""

    outcome = forms.ChoiceField(
        label="What became of it",
        widget=forms.RadioSelect,
        choices=[(choice.value, choice.label) for choice in Feedback.Outcome if choice != Feedback.Outcome.REVIEW],
        error_messages={"required": "Choose what became of it."},
    )
    note = forms.CharField(
        label="Note",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For colleagues: why, or to whom you passed it on.",
    )
    feedback: Feedback

    def perform(self) -> None:
        """Close it."""
        self.feedback.close(by=self.by, **self.cleaned_data)


class ReviewForm(VerbForm, forms.Form):
    """Start a review of what readers see because of what one of them said."""

    why = forms.CharField(
        label="Note for the clinician",
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="It is kept for ever. What the reader wrote is shown to the clinician beside it, so do not copy it.",
    )
    feedback: Feedback

    def perform(self) -> ReviewRequest:
        """Put the version that readers see into the queue."""
        return self.feedback.ask_for_review(by=self.by, note=self.cleaned_data["why"])


class FeedbackFilter(ListFilter):
    """What the list of feedback is narrowed to."""

    anything = "Any"

    state = forms.ChoiceField(
        label="State", required=False, choices=[("", "Waits"), ("handled", "Handled"), ("counted", "Without words")]
    )
    kind = forms.ChoiceField(label="Kind", required=False, choices=[("", "Any"), *Feedback.Kind.choices])
    condition = forms.ChoiceField(label="Condition", required=False)
