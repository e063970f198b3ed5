"""What a reader can say about a page: whether it was useful, and what is wrong with it. No account, no script."""

import re
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import callers
from accounts.open_forms import OpenForm, Ticket, address_for_answer
from articles.models import Article, Revision
from reviews.models import Feedback, Publication

from . import question, reading

if TYPE_CHECKING:
    from .reading import Shown

# How many an hour from one block of addresses: those with words, which somebody reads, and those without.
MESSAGES_AN_HOUR, ANSWERS_AN_HOUR = 5, 30
# A day has room for so many times more answers without words, which are only counted.
ANSWERS_FOR_A_MESSAGE = 10


def subject(article: Article) -> str:
    """What a form about a page is signed for."""
    return f"feedback about {article.pk}"


class FeedbackForm(OpenForm):
    """What a reader says about one page. Whatever is refused, their words stay in the form."""

    kind = forms.ChoiceField(
        label="What do you want to tell us?",
        widget=forms.RadioSelect,
        choices=[
            (Feedback.Kind.YES, "Yes, this page was useful"),
            (Feedback.Kind.NO, "No, this page was not useful"),
            (Feedback.Kind.MISTAKE, "There is a mistake on this page"),
        ],
        error_messages={"required": "Choose one of the three.", "invalid_choice": "Choose one of the three."},
    )
    words = forms.CharField(
        label="What is wrong, missing or hard to follow?",
        required=False,
        strip=False,
        # Without a maxlength: a browser would cut off what is pasted and say nothing.
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text="Needed for a mistake: say where it stands and, if you can, how you know. At most 4,000 characters. "
        "Leave out your name and your own health: nobody needs them to mend the page.",
    )
    article: Article

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.fields["email"] = address_for_answer(wish="an answer", then="somebody dealt with your message")

    def is_spent(self, key: str) -> bool:
        """Whether something was sent with this key already."""
        return Feedback.objects.filter(key=key).exists()

    def perform(self) -> Feedback:
        """Count it, and keep it."""
        said = self.cleaned_data
        if said["words"].strip():
            ticket = self.redeem("feedback-messages", an_hour=MESSAGES_AN_HOUR, a_day=settings.FEEDBACK_A_DAY)
        else:
            a_day = settings.FEEDBACK_A_DAY * ANSWERS_FOR_A_MESSAGE
            ticket = self.redeem("feedback-answers", an_hour=ANSWERS_AN_HOUR, a_day=a_day)
        return Feedback.objects.give(
            _version(self.article, ticket.number),
            kind=said["kind"],
            words=said["words"],
            email=said["email"],
            key=ticket.key,
        )


@login_not_required
@require_http_methods(["GET", "HEAD", "POST"])
def feedback(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """The form about a public page; 301 from an old address, 410 while the page is withdrawn, 404 where none was."""
    response = _sent(request, condition, article) if request.method == "POST" else _asked(request, condition, article)
    response.headers["Cache-Control"] = "no-store"
    return response


def _asked(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """The form, or the thanks of one that was sent."""
    live = reading.live_at(condition, article)
    page = live or reading.current_at(condition, article)
    thanks = "sent" in request.GET
    if page is None or (live is None and not thanks):
        return question.withdrawn(request, condition, article)
    here = page.article
    if (here.condition.slug, here.slug) != (condition, article):
        asked = {name: request.GET[name] for name in ("version", "about", "sent") if name in request.GET}
        query = QueryDict(mutable=True)
        query.update(asked)
        return HttpResponsePermanentRedirect(_address(here) + (f"?{query.urlencode()}" if asked else ""))
    if thanks:
        return render(request, "pages/feedback_sent.html", {"article": here, "section": "conditions"})
    number = request.GET.get("version", str(page.review.revision.number))
    version = _version(here, int(number) if re.fullmatch("[0-9]{1,9}", number) else 0)
    about = request.GET.get("about", "")
    form = _form(page, None, initial={"kind": about if about in Feedback.Kind.values else ""})
    return _render(request, form, page, Ticket.make(version.number, form.now))


def _sent(request: HttpRequest, condition: str, article: str) -> HttpResponse:
    """Keep what was said, also about a page that was withdrawn or renamed since: the reader had it."""
    page = reading.live_at(condition, article) or reading.current_at(condition, article)
    if page is None:
        raise Http404("No page is public at this address.")
    form = _form(page, request.POST)
    form.caller = callers.block(request)
    if form.is_valid():
        return redirect(f"{_address(page.article)}?sent=yes")
    return form.told(_render(request, form, page, form.next_ticket))


def _form(page: "Shown", data: QueryDict | None, **options: Any) -> FeedbackForm:
    form = FeedbackForm(data, **options)
    form.article, form.subject = page.article, subject(page.article)
    form.now, form.number = page.read_at, page.review.revision.number
    return form


def _render(request: HttpRequest, form: FeedbackForm, page: "Shown", ticket: Ticket) -> HttpResponse:
    approved = page.stamp_facts is not None
    context = {
        "form": form,
        "form_token": ticket.word(form.subject),
        "version": ticket.number,
        "shown": page.review.revision,
        "question": page.review.revision.question if approved else reading.TITLE_OF_VOID,
        "article": page.article,
        "condition_name": page.condition_name,
        "section": "conditions",
    }
    return render(request, "pages/feedback.html", context)


def _version(article: Article, number: int) -> Revision:
    """A version of a page that is or was public. Raises Http404: others are told of no draft."""
    seen = Publication.objects.counted().filter(article=article, review__revision__number=number)
    publication = seen.select_related("review__revision").first()
    if publication is None:
        raise Http404("No such version ever was public.")
    return publication.review.revision


def _address(article: Article) -> str:
    return reverse("feedback", args=[article.condition.slug, article.slug])
