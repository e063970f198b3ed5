"""A new version of what the operator says."""

from typing import ClassVar

from django import forms

from accounts.forms import VerbForm

from .models import SiteText


class SiteTextForm(VerbForm, forms.ModelForm[SiteText]):
    """What about, and the words."""

    class Meta:
        model = SiteText
        fields: ClassVar[list[str]] = ["key", "words"]

    def perform(self) -> SiteText:
        """Say it."""
        self.instance = SiteText.objects.write(self.cleaned_data["key"], self.cleaned_data["words"], by=self.by)
        return self.instance
