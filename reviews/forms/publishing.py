"""Letting readers see a text, and taking it down."""

import datetime as dt

from django import forms

from accounts.forms import VerbForm
from articles.models import Article

from ..models import Publication, Review, Withdrawal


class PublishForm(VerbForm, forms.Form):
    """Let readers see an approved text."""

    signs = True

    live_from = forms.SplitDateTimeField(
        label="From",
        required=False,
        widget=forms.SplitDateTimeWidget(
            date_format="%Y-%m-%d",
            time_format="%H:%M",
            date_attrs={"aria-label": "From, day"},
            time_attrs={"aria-label": "From, hour in UTC"},
        ),
        help_text="Empty: now. Otherwise a later day, year-month-day, and an hour in UTC, such as 09:00.",
    )
    review: Review

    def perform(self) -> Publication:
        """Publish it, now or later."""
        hour: dt.datetime | None = self.cleaned_data["live_from"]
        return self.review.publish(by=self.by, live_from=hour)


class WithdrawForm(VerbForm, forms.Form):
    """Take a page down."""

    why = forms.CharField(
        label="Reason", widget=forms.Textarea(attrs={"rows": 3}), help_text="Readers see it. Plain, and no blame."
    )
    instead = forms.ModelChoiceField(
        label="Read instead", required=False, queryset=Article.objects.none(), help_text="Another public page, if any."
    )
    publication: Publication

    def perform(self) -> Withdrawal:
        """Withdraw it at once."""
        return self.publication.withdraw(by=self.by, **self.cleaned_data)
