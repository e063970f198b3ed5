"""A new version of the checklist."""

from typing import ClassVar

from django import forms

from accounts.forms import VerbForm

from ..models import Checklist


class ChecklistForm(VerbForm, forms.ModelForm[Checklist]):
    """The points, one a line."""

    class Meta:
        model = Checklist
        fields: ClassVar[list[str]] = ["points"]

    def perform(self) -> Checklist:
        """Put them into force."""
        self.instance = Checklist.objects.write(self.cleaned_data["points"], by=self.by)
        return self.instance
