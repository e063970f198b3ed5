"""The form of a reader, as a browser sends it some time after it was shown."""

import datetime as dt

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.open_forms import Ticket
from pages.feedback import subject
from reviews.models import Publication

MINUTE = dt.timedelta(minutes=1)


def address(about: Publication) -> str:
    """Where the form about a page stands."""
    return reverse("feedback", args=[about.article.condition.slug, about.article.slug])


def token(about: Publication, *, age: dt.timedelta = MINUTE, number: int | None = None) -> str:
    """What the form carries that was shown so long ago."""
    ticket = Ticket.make(number or about.review.revision.number, dt.datetime.now(dt.UTC) - age)
    return ticket.word(subject(about.article))


def send(client: Client, about: Publication, *, caller: str = "192.0.2.7", **typed: str) -> HttpResponse:
    """The answer to the form, sent from an address; a mistake in some words unless something else is typed."""
    fields = {"kind": "mistake", "words": "The second figure is wrong.", "form_token": token(about)}
    return client.post(address(about), {**fields, **typed}, REMOTE_ADDR=caller)  # type: ignore[return-value]
