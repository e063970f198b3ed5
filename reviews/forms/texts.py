"""Writing a text, and asking for its review."""

from typing import Any, ClassVar

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminTextareaWidget

from accounts.forms import VerbForm
from articles.digest import Source
from articles.models import Article, Origin, Revision

from ..models import ReviewRequest


class SourcesField(forms.CharField):
    """Sources as an author types them: one a line, its title and then its address or identifiers after bars."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", AdminTextareaWidget(attrs={"rows": 6}))
        kwargs.setdefault(
            "help_text",
            "One a line: Title | https://address or doi:10.… or pmid:12345 (several may follow, each after a bar).",
        )
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        """Sources as lines."""
        if isinstance(value, str) or value is None:
            return value
        return "\n".join(
            " | ".join(
                [
                    source.title,
                    *([f"doi:{source.doi}"] if source.doi else []),
                    *([f"pmid:{source.pmid}"] if source.pmid else []),
                    *([source.url] if source.url else []),
                ]
            )
            for source in value
        )

    def to_python(self, value: Any) -> Any:
        """Lines as sources. Raises ValidationError naming the line."""
        lines = [line.strip() for line in str(value or "").splitlines()]
        return tuple(self._source(number, line) for number, line in enumerate(lines, start=1) if line)

    def _source(self, number: int, line: str) -> Source:
        title, *places = (part.strip() for part in line.split("|"))
        found: dict[str, str] = {}
        for place in places:
            lower = place.lower()
            if lower.startswith(("http://", "https://")) and "doi.org/" not in lower:
                key, found_there = "url", place
            elif lower.startswith("pmid:"):
                key, found_there = "pmid", place[5:].strip()
            elif lower.startswith("doi:") or "doi.org/" in lower:
                key, found_there = "doi", place
            else:
                raise forms.ValidationError(
                    f"Line {number}: “{place}” is none of https://…, doi:… and pmid:…. Write one of these there."
                )
            if key in found:
                raise forms.ValidationError(f"Line {number} names two of the same kind: {key}. Keep one.")
            found[key] = found_there
        return Source(title=title, **found)


class ArticleForm(VerbForm, forms.ModelForm[Article]):
    """A question page and its text; saving makes a new version when a word changed."""

    question = forms.CharField(max_length=200, widget=forms.TextInput(attrs={"class": "vTextField"}))
    short_answer = forms.CharField(
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 4}),
        help_text="Two to four short sentences that answer the question.",
        strip=False,
    )
    body = forms.CharField(
        label="Text",
        required=False,
        widget=AdminTextareaWidget(attrs={"rows": 28}),
        help_text="Markdown. ## begins a section; [1](#source-1) points to the first source; {{ members }} is the "
        "number of members.",
        strip=False,
    )
    sources = SourcesField()
    origin = forms.ChoiceField(label="How it was written", choices=Origin.choices, initial=Origin.HUMAN)
    change_note = forms.CharField(
        label="What changed",
        required=False,
        max_length=1000,
        widget=AdminTextareaWidget(attrs={"rows": 2}),
        help_text="For the clinician.",
    )
    based_on = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    class Meta:
        model = Article
        fields: ClassVar[list[str]] = ["condition", "topic", "slug", "language"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk is None:
            return
        for name in ("condition", "language"):
            if name in self.fields:  # who may only look has fewer fields
                self.fields[name].disabled = True
        newest = self.instance.newest()
        if newest is not None:
            self.initial.update(
                question=newest.question,
                short_answer=newest.short_answer,
                body=newest.body,
                sources=newest.text().sources,
                origin=newest.origin,
                based_on=newest.number,
            )

    def perform(self) -> Revision:
        """Start the page if it is new, and save the text."""
        fields = self.cleaned_data
        if self.instance.pk is None:
            self.instance = Article.objects.start(
                condition=fields["condition"],
                topic=fields["topic"],
                slug=fields["slug"],
                language=fields["language"],
                by=self.by,
            )
        revision = self.instance.revise(
            by=self.by,
            question=fields["question"],
            short_answer=fields["short_answer"],
            body=fields["body"],
            sources=fields["sources"],
            change_note=fields["change_note"],
            origin=fields["origin"],
            based_on=fields["based_on"],
        )
        if {"topic", "slug"} & set(self.changed_data):
            self.instance.save(update_fields=["topic", "slug"])
        return revision


class AskForm(VerbForm, forms.Form):
    """Ask for a review of a version."""

    note = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="For the clinician, if there is anything."
    )
    due_on = forms.DateField(
        label="Decision wanted by",
        required=False,
        widget=AdminDateWidget,
        help_text="Empty: in two weeks. Year-month-day.",
    )
    revision: Revision

    def perform(self) -> ReviewRequest:
        """Put the version into the queue."""
        fields = self.cleaned_data
        return ReviewRequest.objects.ask(self.revision, by=self.by, note=fields["note"], due_on=fields["due_on"])
