"""The clinician's decision."""

from django import forms
from django.contrib.admin.widgets import AdminDateWidget

from accounts.forms import VerbForm

from ..models import Review, ReviewRequest
from ..models.requests import MOST_MONTHS, USUAL_MONTHS


class DecisionForm(VerbForm, forms.Form):
    """The clinician's decision about the text that was on the screen."""

    signs = True

    digest = forms.CharField(widget=forms.HiddenInput)
    scope = forms.ChoiceField(
        label="What you read", choices=Review.Scope.choices, widget=forms.RadioSelect, initial="whole"
    )
    months = forms.IntegerField(
        label="Good for how many months",
        min_value=1,
        max_value=MOST_MONTHS,
        initial=USUAL_MONTHS,
        help_text=f"At most {MOST_MONTHS}. A review of the changes only ends with the whole-page approval it rests on.",
    )
    signed_on = forms.DateField(
        label="Signing day",
        required=False,
        widget=AdminDateWidget,
        help_text="Empty: today. An earlier day, year-month-day, for a review done on paper.",
    )
    evidence_to = forms.DateField(
        label="Evidence searched up to", required=False, widget=AdminDateWidget, help_text="Year-month-day, if you did."
    )
    conflicts = forms.CharField(label="Conflicts of interest", initial="None declared", help_text="Readers may see it.")
    public_note = forms.CharField(
        label="Public note", required=False, max_length=300, help_text="One sentence for the page's history."
    )
    private_note = forms.CharField(
        label="To the author",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed if you ask for changes: what must change?",
    )
    review_request: ReviewRequest
    approves: bool

    def perform(self) -> Review:
        """Sign, or send back."""
        fields = self.cleaned_data
        if not self.approves:
            return self.review_request.ask_for_changes(
                by=self.by, digest=fields["digest"], reason=fields["private_note"]
            )
        return self.review_request.approve(
            by=self.by,
            digest=fields["digest"],
            scope=fields["scope"],
            signed_on=fields["signed_on"],
            months=fields["months"],
            evidence_to=fields["evidence_to"],
            conflicts=fields["conflicts"],
            public_note=fields["public_note"],
            private_note=fields["private_note"],
        )
