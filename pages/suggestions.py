"""How readers suggest a link for a condition, and report one that they see. No account, no script."""

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import callers, clock
from accounts.open_forms import OpenForm, address_for_answer
from articles.models import Condition
from community.languages import LANGUAGES
from community.models import Community, Link, LinkReport
from community.models.links import AlreadySuggested

from . import jsonld, links
from .views import find_condition, reader_page

# How many suggestions and how many reports an hour come from one block of addresses.
AN_HOUR = 5


# What a moderator's answer is to whoever asks for it, and when their address is erased.
ANSWER = {"wish": "to be told what a moderator decides", "then": "the answer"}


class SuggestForm(OpenForm):
    """A link that somebody suggests for a condition."""

    url = forms.CharField(
        label="Web address",
        strip=True,
        widget=forms.TextInput(attrs={"inputmode": "url", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Type or paste the web address."},
        help_text="As your browser shows it, such as https://example.org/.",
    )
    why = forms.CharField(
        label="How does it help?",
        strip=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": "Say how it helps: a moderator decides by it."},
        help_text="Only moderators read this. Leave out names and health details, yours included. At most 1,000 "
        "characters.",
    )
    title = forms.CharField(label="Its name", required=False, help_text="Optional.")
    kind = forms.ChoiceField(
        label="What kind of place is it?", required=False, choices=[("", "I do not know"), *Link.Kind.choices]
    )
    language = forms.ChoiceField(
        label="In which language?",
        required=False,
        choices=[("", "I do not know, or several"), *((code, name) for code, name in LANGUAGES.items())],
    )

    condition: Condition
    already: str = ""  # what is said where the address was suggested before

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["email"] = address_for_answer(**ANSWER)

    def is_spent(self, key: str) -> bool:
        """Whether something was suggested with this key already."""
        return Link.objects.filter(key=key).exists()

    def perform(self) -> Link | None:
        """Count it, and keep it; None where the address was suggested before."""
        said = {name: self.cleaned_data[name] for name in ("url", "why", "title", "kind", "language", "email")}
        ticket = self.redeem("links-suggested", an_hour=AN_HOUR, a_day=settings.LINKS_A_DAY)
        try:
            return Link.objects.suggest(self.condition, key=ticket.key, **said)
        except AlreadySuggested as known:
            self.already = str(known)
            return None


class ReportForm(OpenForm):
    """What somebody finds wrong with a link that readers see."""

    kind = forms.ChoiceField(
        label="What is wrong with it?",
        widget=forms.RadioSelect,
        choices=LinkReport.Kind.choices,
        error_messages={"required": "Choose what is wrong.", "invalid_choice": "Choose what is wrong."},
    )
    words = forms.CharField(
        label="What did you find, and where?",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="Needed unless it only does not open. At most 1,000 characters. Only moderators read this. Leave out "
        "your name and your own health.",
    )

    link: Link

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["email"] = address_for_answer(**ANSWER)

    def is_spent(self, key: str) -> bool:
        """Whether something was reported with this key already."""
        return LinkReport.objects.filter(key=key).exists()

    def perform(self) -> LinkReport:
        """Count it, and keep it."""
        said = {name: self.cleaned_data[name] for name in ("kind", "words", "email")}
        ticket = self.redeem("links-reported", an_hour=AN_HOUR, a_day=settings.LINKS_A_DAY)
        return LinkReport.objects.give(self.link, key=ticket.key, **said)


@reader_page
def more_links(request: HttpRequest, condition: str, number: int) -> HttpResponse:
    """A later part of the links of a condition; the first stands on the community's page."""
    row = find_condition(condition)
    if not 1 < number < 10_000:
        raise Http404("The list has no such part.")
    context = {**links.part_of(row, number), "condition": row}
    if row.slug != condition:
        return HttpResponsePermanentRedirect(links.address(row, number))
    title = f"Links for {row.name}, part {number}"
    context["machine"] = jsonld.Head(title, "Links that a moderator accepted; not medically reviewed.", request.path)
    return render(request, "pages/links.html", context)


# Suggesting and reporting


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def suggest(request: HttpRequest, condition: str) -> HttpResponse:
    """The form for a link; 301 from an old address, 404 where there is no community."""
    row = find_condition(condition)
    get_object_or_404(Community, condition=row)
    here = reverse("suggest", args=[row.slug])
    form = SuggestForm(request.POST if request.method == "POST" else None)
    form.condition, form.subject = row, f"link for {row.pk}"
    response: HttpResponse
    if request.method != "POST" and row.slug != condition:
        response = HttpResponsePermanentRedirect(here)
    elif "sent" in request.GET and request.method != "POST":
        response = render(request, "pages/suggest_sent.html", {"condition": row})
    else:
        response = _taken(request, form, here, "pages/suggest.html", {"condition": row})
    if form.already:
        response = render(request, "pages/suggest_sent.html", {"condition": row, "already": form.already})
    response.headers["Cache-Control"] = "no-store"
    return response


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest, condition: str, link: int) -> HttpResponse:
    """The form about a link that readers see, or saw when they opened it; 404 about any other."""
    row = find_condition(condition)
    known = Link.objects.filter(condition=row, decision__in=[Link.Decision.ACCEPTED, Link.Decision.DOWN])
    found = get_object_or_404(known, pk=link)
    context = {"condition": row, "link": found}
    here = reverse("report-link", args=[row.slug, found.pk])
    form = ReportForm(request.POST if request.method == "POST" else None)
    form.link, form.subject = found, f"report of link {found.pk}"
    response: HttpResponse
    if "sent" in request.GET and request.method != "POST":
        response = render(request, "pages/report_link_sent.html", context)
    elif found.decision == Link.Decision.DOWN and form.ticket is None:
        raise Http404("This link is not shown any more.")
    elif row.slug != condition and request.method != "POST":
        response = HttpResponsePermanentRedirect(here)
    else:
        response = _taken(request, form, here, "pages/report_link.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


def _taken(request: HttpRequest, form: OpenForm, here: str, template: str, context: dict[str, Any]) -> HttpResponse:
    """The form, empty or with what is wrong; once it was taken, on to the thanks."""
    form.now, form.caller = clock.read(), callers.block(request)
    if form.is_valid():
        return redirect(f"{here}?sent=yes")
    return form.told(render(request, template, {**context, "form": form, "here": here}))
