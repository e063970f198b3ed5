"""What a reader can say about a page: whether it was useful, and what is wrong. No account, no script, no third party.

What keeps programs out is a box that people do not see, a signed note of when the form was made, and limits that
count blocks of addresses and forget them after a day.
"""

import datetime as dt
import logging
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature, Signer
from django.http import Http404, HttpRequest, HttpResponse, HttpResponsePermanentRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from accounts import callers
from accounts.forms import VerbForm
from accounts.models import Tally
from accounts.refusals import Refusal
from articles.models import Article, Revision
from reviews.models import Feedback, Publication

from . import reading, views

if TYPE_CHECKING:
    from .reading import Shown

logger = logging.getLogger(__name__)

# Nobody reads the form and sends it sooner; a form that is older is sent once more, so that none works for ever.
QUICKEST = dt.timedelta(seconds=2)
LONGEST = dt.timedelta(days=1)

FORGED = "This form was not made here, or was changed on its way. Send it once more."

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# How many an hour from one block of addresses: those with words, which somebody reads, and those without.
MESSAGES_AN_HOUR, ANSWERS_AN_HOUR = 5, 30
# And a day: as many as in so many hours, so that no single network fills the day for everybody.
HOURS_A_DAY = 4
# A day has room for so many times more answers without words, which are only counted.
ANSWERS_FOR_A_MESSAGE = 10


class TooMany(Refusal):
    """A limit is reached; `until` says when it is lifted."""

    def __init__(self, message: str, until: dt.datetime) -> None:
        self.until = until
        super().__init__(message)


@dataclass(frozen=True)
class Ticket:
    """What a form carries, signed: the version that its reader had, when it was made, and a key of its own."""

    number: int
    made_at: dt.datetime
    key: str

    @classmethod
    def make(cls, number: int, now: dt.datetime) -> "Ticket":
        """A new one."""
        return cls(number, now, secrets.token_hex(12))

    @classmethod
    def read(cls, word: str, article: Article) -> "Ticket | None":
        """The ticket behind its word; None where it is none of ours, or one for another page."""
        try:
            number, moment, key = _signer(article).unsign(word).split(".")
        except (BadSignature, ValueError):
            return None
        return cls(int(number), dt.datetime.fromtimestamp(int(moment) / 1000, dt.UTC), key)

    def word(self, article: Article) -> str:
        """As the form carries it."""
        return _signer(article).sign(f"{self.number}.{int(self.made_at.timestamp() * 1000)}.{self.key}")


def _signer(article: Article) -> Signer:
    return Signer(salt=f"feedback about {article.pk}")


class FeedbackForm(VerbForm, forms.Form):
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
    email = forms.EmailField(
        label="Your e-mail address",
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        error_messages={"invalid": "This is no e-mail address. Mend it, or leave it out."},
    )
    website = forms.CharField(required=False)
    form_token = forms.CharField(required=False)

    article: Article
    now: dt.datetime
    shown: int  # the version that readers see, or saw last
    caller: str = ""
    too_many: TooMany | None = None

    def __init__(self, data: QueryDict | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        days = settings.FEEDBACK_EMAIL_DAYS
        self.fields["email"].help_text = (
            "Optional, and only if you would like an answer. We use it for nothing else and erase it "
            f"{days} day{'' if days == 1 else 's'} after somebody dealt with your message."
        )

    @property
    def ticket(self) -> Ticket | None:
        """What the form that was sent carried."""
        return Ticket.read(self.data.get("form_token", ""), self.article) if self.is_bound else None

    @property
    def next_ticket(self) -> Ticket:
        """What the form carries when it is shown again: the same one, unless that can be sent no more."""
        ticket = self.ticket
        if ticket is None:
            return Ticket.make(self.shown, self.now)
        spent = self.now - ticket.made_at > LONGEST or Feedback.objects.filter(key=ticket.key).exists()
        return Ticket.make(ticket.number, self.now) if spent else ticket

    def clean(self) -> dict[str, Any]:
        """Refuse what no person at a form of ours sends."""
        cleaned = super().clean() or {}
        ticket = self.ticket
        if cleaned.get("website"):
            self.add_error(None, "A box that people do not see was filled in. It is empty again: send it once more.")
        if ticket is None:
            self.add_error(None, FORGED)
        elif self.now - ticket.made_at < QUICKEST:
            self.add_error(None, "That was quicker than people are. Send it once more.")
        elif self.now - ticket.made_at > LONGEST:
            self.add_error(None, "This form was open for more than a day. Send it once more.")
        return cleaned

    def perform(self) -> Feedback:
        """Count it, and keep it."""
        said, ticket = self.cleaned_data, self.ticket
        if ticket is None:
            raise Refusal(FORGED)
        if not Feedback.objects.filter(key=ticket.key).exists():
            self._count(with_words=bool(said["words"].strip()))
        return Feedback.objects.give(
            _version(self.article, ticket.number),
            kind=said["kind"],
            words=said["words"],
            email=said["email"],
            key=ticket.key,
        )

    def _count(self, *, with_words: bool) -> None:
        """Count it for its block of addresses and for the whole site. Raises TooMany."""
        what = "messages" if with_words else "answers"
        an_hour = MESSAGES_AN_HOUR if with_words else ANSWERS_AN_HOUR
        a_day = settings.FEEDBACK_A_DAY * (1 if with_words else ANSWERS_FOR_A_MESSAGE)
        for time, most, within in (("hour", an_hour, HOUR), ("day", HOURS_A_DAY * an_hour, DAY)):
            until = Tally.objects.count_one(f"feedback-{what}-{time}-{self.caller}", most=most, within=within)
            if until is not None:
                self._stop(f"Too much came from your network in the last {time}.", until)
        until = Tally.objects.count_one(f"feedback-{what}", most=a_day, within=DAY)
        if until is not None:
            logger.warning("Feedback is not taken until %s: %s came in a day", f"{until:%H:%M}", a_day)
            self._stop("More came today than we can read.", until)

    def _stop(self, why: str, until: dt.datetime) -> None:
        at = until + dt.timedelta(minutes=1)
        self.too_many = TooMany(f"{why} Your words are below: send them after {at:%H:%M} UTC on {at:%-d %B}.", at)
        raise self.too_many


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
        return views.withdrawn(request, condition, article)
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
    response = _render(request, form, page, form.next_ticket)
    if form.too_many is not None:
        response.status_code = 429
        response["Retry-After"] = str(int((form.too_many.until - form.now).total_seconds()))
    return response


def _form(page: "Shown", data: QueryDict | None, **options: Any) -> FeedbackForm:
    form = FeedbackForm(data, **options)
    form.article, form.now, form.shown = page.article, page.read_at, page.review.revision.number
    return form


def _render(request: HttpRequest, form: FeedbackForm, page: "Shown", ticket: Ticket) -> HttpResponse:
    approved = page.stamp_facts is not None
    context = {
        "form": form,
        "form_token": ticket.word(page.article),
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
