"""What a moderator does with links: one form an act, and how the queue is narrowed."""

from typing import TYPE_CHECKING, Any

from django import forms

from accounts.forms import VerbForm
from accounts.refusals import Refusal
from articles.filters import ListFilter

from .countries import COUNTRIES
from .criteria import REASONS
from .languages import LANGUAGES
from .link_words import LONGEST_DESCRIPTION, LONGEST_REASON, LONGEST_TITLE
from .models import Link, LinkReport

if TYPE_CHECKING:
    from .models import LinkDecision


class WordsForm(VerbForm, forms.Form):
    """Accept a link, change its words, or show it again: what readers see beside it."""

    title = forms.CharField(label="Title", max_length=LONGEST_TITLE)
    description = forms.CharField(
        label="Description",
        required=False,
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One sentence, in your words. Readers see it.",
    )
    kind = forms.ChoiceField(label="Kind", choices=[("", "Choose"), *Link.Kind.choices])
    language = forms.ChoiceField(
        label="Language",
        required=False,
        choices=[("", "Not said, or several"), *((c, n) for c, n in LANGUAGES.items())],
    )
    country = forms.ChoiceField(
        label="Country", required=False, choices=[("", "For everybody"), *((c, n) for c, n in COUNTRIES.items())]
    )
    link: Link
    act: str

    def perform(self) -> "LinkDecision":
        """Do it."""
        verbs = {"accept": self.link.accept, "edit": self.link.edit_words, "restore": self.link.restore}
        return verbs[self.act](by=self.by, **self.cleaned_data)


class ReasonForm(VerbForm, forms.Form):
    """Refuse a link, or take it down: a ready reason, words of one's own, or both."""

    ready = forms.ChoiceField(
        label="Reason", required=False, choices=[("", "In your own words, below"), *REASONS.items()]
    )
    own = forms.CharField(
        label="In your own words",
        required=False,
        max_length=LONGEST_REASON - max(len(reason) for reason in REASONS.values()) - 2,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Whoever suggested the link reads this, if they left an address.",
    )
    link: Link
    act: str

    def perform(self) -> "LinkDecision":
        """Do it."""
        verb = {"refuse": self.link.refuse, "down": self.link.take_down}[self.act]
        return verb(by=self.by, why=reason_of(self.cleaned_data))


def reason_of(cleaned: dict[str, Any]) -> str:
    """The ready reason and the own words, one after the other."""
    return "\n\n".join(filter(None, [REASONS.get(cleaned["ready"], ""), cleaned["own"].strip()]))


class CloseReportForm(VerbForm, forms.Form):
    """Say what became of a report; taking the link down closes it as well."""

    outcome = forms.ChoiceField(
        label="What became of it",
        choices=[choice for choice in LinkReport.Outcome.choices if choice[0] != LinkReport.Outcome.DOWN],
    )
    answer = forms.CharField(
        label="Why",
        required=False,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Whoever reported it reads this, if they left an address.",
    )
    report: LinkReport

    def perform(self) -> None:
        """Close it."""
        self.report.close(by=self.by, **self.cleaned_data)


class EraseWordsForm(VerbForm, forms.Form):
    """Erase what a reader wrote: with the suggestion, or in a report."""

    subject: Link | LinkReport

    def perform(self) -> None:
        """Erase it."""
        if isinstance(self.subject, Link):
            self.subject.erase_words(by=self.by)
        else:
            self.subject.erase(by=self.by)


class BulkForm(VerbForm, forms.Form):
    """One act on many links, each judged by itself through the same verb; what was not done is listed."""

    links = forms.ModelMultipleChoiceField(
        queryset=Link.objects.all(), error_messages={"required": "Tick the links that you mean."}
    )
    act = forms.ChoiceField(choices=[("accept", "Accept"), ("refuse", "Refuse"), ("down", "Take down")])
    ready = forms.ChoiceField(label="Reason", required=False, choices=[("", "No reason chosen"), *REASONS.items()])

    def perform(self) -> tuple[int, list[str]]:
        """How many were done, and of each other one why it was not."""
        done, left = 0, []
        # By condition, which each decision holds: two who decide on the same links wait for each other in one order.
        for link in self.cleaned_data["links"].select_related("condition").order_by("condition", "pk"):
            try:
                self._decide(link)
            except Refusal as refusal:
                left.append(f"{link.title or link.url}: {refusal}")
            else:
                done += 1
        return done, left

    def _decide(self, link: Link) -> None:
        act, why = self.cleaned_data["act"], REASONS.get(self.cleaned_data["ready"], "")
        if act == "accept":
            link.accept(by=self.by, **link.words)
        elif act == "refuse":
            link.refuse(by=self.by, why=why)
        else:
            link.take_down(by=self.by, why=why)


class LinkFilter(ListFilter):
    """What the queue of links is narrowed to."""

    state = forms.ChoiceField(
        label="State",
        required=False,
        choices=[
            ("", "Waiting"),
            ("reported", "Reported"),
            ("accepted", "Accepted"),
            ("broken", "Not answering"),
            ("refused", "Refused"),
            ("down", "Taken down"),
        ],
    )
    condition = forms.ChoiceField(label="Condition", required=False)
    host = forms.CharField(label="Site", required=False, widget=forms.TextInput(attrs={"placeholder": "example.org"}))
