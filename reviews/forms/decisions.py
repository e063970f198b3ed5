"""The clinician's decision."""

import datetime as dt
from typing import TYPE_CHECKING, Any, cast

from django import forms

from accounts.forms import VerbForm
from accounts.refusals import Refusal

from ..models import Review, ReviewRequest
from ..models.checklists import MOST_POINTS
from ..models.screens import Seen
from ..models.terms import MOST_MONTHS, USUAL_MONTHS, months_later

if TYPE_CHECKING:
    from accounts.models import User

APPROVE, PUBLISH, CHANGES = "approve", "approve_and_publish", "changes"
DECISIONS = {APPROVE, PUBLISH, CHANGES}


class DayInput(forms.DateInput):
    """A day, with the browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DecisionForm(VerbForm, forms.Form):
    """The clinician's decision about the text that was on the screen; choosing the sentence is the signature."""

    signs = True
    reached = False  # whether the verb was asked, and so has said what moved

    digest = forms.CharField(widget=forms.HiddenInput)
    seen = forms.CharField(widget=forms.HiddenInput, required=False)
    ticked = forms.TypedMultipleChoiceField(
        choices=[(number, number) for number in range(1, MOST_POINTS + 1)], coerce=int, required=False
    )
    private_note = forms.CharField(
        label="Comment to the editor",
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="Needed if you ask for changes; of what you typed only this and the ticks are kept then. Not public.",
    )
    public_note = forms.CharField(
        label="Note for the public history",
        required=False,
        max_length=300,
        help_text="One sentence on what you checked. Shown under your name.",
    )
    evidence_to = forms.DateField(
        label="Evidence searched up to", required=False, widget=DayInput, help_text="If you searched."
    )
    conflicts = forms.CharField(
        label="Conflicts of interest", initial="None declared", help_text="Kept with your review; readers may see it."
    )
    months = forms.TypedChoiceField(
        label="Approval runs out after",
        coerce=int,
        choices=[(number, number) for number in range(1, MOST_MONTHS + 1)],
        initial=USUAL_MONTHS,
        help_text="The days are those of a signature today.",
    )
    signed_on = forms.DateField(
        label="Signing day",
        required=False,
        widget=DayInput,
        help_text="Empty: today. An earlier day, for a review done on paper; the approval then runs from that day.",
    )
    scope = forms.ChoiceField(label="What you sign", choices=Review.Scope.choices, required=False)

    def __init__(
        self, data: Any = None, *, by: "User", review_request: ReviewRequest, today: dt.date, act: str = ""
    ) -> None:
        super().__init__(data, initial={"digest": review_request.revision.digest})
        self.by, self.review_request, self.act, self.today = by, review_request, act, today
        cast("forms.TypedChoiceField", self.fields["months"]).choices = [
            (number, f"{number} month{'s'[: number > 1]}, until {months_later(today, number):%-d %B %Y}")
            for number in range(1, MOST_MONTHS + 1)
        ]

    @property
    def signing_day(self) -> dt.date:
        """The day of the signature, as chosen so far."""
        chosen: dt.date | None = self.cleaned_data.get("signed_on") if self.is_bound else None
        return min(chosen or self.today, self.today)

    @property
    def until(self) -> dt.date:
        """The day a whole-page approval ends, as chosen so far."""
        months: int | None = self.cleaned_data.get("months") if self.is_bound else None
        return months_later(self.signing_day, months or USUAL_MONTHS)

    @property
    def ticks(self) -> set[int]:
        """The points ticked so far."""
        return set(self.cleaned_data.get("ticked", ())) if self.is_bound else set()

    def clean(self) -> dict[str, Any]:
        """An approval needs its sentence; a request for changes needs none of what an approval does."""
        fields = super().clean() or {}
        if self.act != CHANGES and not fields.get("scope") and "scope" not in self.errors:
            self.add_error("scope", "Nothing is signed yet: choose the sentence that you sign.")
        if self.act == CHANGES:
            for name in {"conflicts", "months", "scope", "signed_on", "evidence_to", "public_note"} & set(self.errors):
                del self.errors[name]
        return fields

    def perform(self) -> Review:
        """Sign, and publish in the same act where that was chosen; or send back."""
        self.reached = True
        fields = self.cleaned_data
        stood = {"digest": fields["digest"], "seen": self._seen(), "ticked": fields["ticked"]}
        if self.act == CHANGES:
            return self.review_request.ask_for_changes(by=self.by, reason=fields["private_note"], **stood)
        review = self.review_request.approve(
            by=self.by,
            scope=fields["scope"],
            signed_on=fields["signed_on"],
            months=fields["months"],
            evidence_to=fields["evidence_to"],
            conflicts=fields["conflicts"],
            public_note=fields["public_note"],
            private_note=fields["private_note"],
            **stood,
        )
        if self.act == PUBLISH:
            review.publish(by=self.by)
        return review

    def _seen(self) -> Seen | None:
        word = self.cleaned_data["seen"]
        seen = Seen.read(word)
        if word and seen is None:
            raise Refusal("What was on your screen cannot be read. Look at the page as it is now, and decide again.")
        return seen
