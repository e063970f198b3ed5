"""The forms about links, as a browser sends them some time after they were shown."""

import datetime as dt

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from accounts.open_forms import Ticket
from articles.models import Condition
from community.models import Link

MINUTE = dt.timedelta(minutes=1)
URL = "https://foundation.example.org/poems/"
WHY = "They answer the telephone, and know the condition."


def suggesting(condition: Condition) -> str:
    """Where the form for a link stands."""
    return reverse("suggest", args=[condition.slug])


def reporting(link: Link) -> str:
    """Where the form about a link stands."""
    return reverse("report-link", args=[link.condition.slug, link.pk])


def token(about: Condition | Link, *, age: dt.timedelta = MINUTE) -> str:
    """What the form carries that was shown so long ago."""
    subject = f"report of link {about.pk}" if isinstance(about, Link) else f"link for {about.pk}"
    return Ticket.make(0, dt.datetime.now(dt.UTC) - age).word(subject)


def suggest(client: Client, condition: Condition, *, caller: str = "192.0.2.7", **typed: str) -> HttpResponse:
    """The answer to the form for a link, sent from an address."""
    fields = {"url": URL, "why": WHY, "form_token": token(condition)}
    return client.post(suggesting(condition), {**fields, **typed}, REMOTE_ADDR=caller)  # type: ignore[return-value]


def report(client: Client, link: Link, *, caller: str = "192.0.2.7", **typed: str) -> HttpResponse:
    """The answer to the form about a link, sent from an address."""
    fields = {"kind": "sells", "words": "Half of it is a shop.", "form_token": token(link)}
    return client.post(reporting(link), {**fields, **typed}, REMOTE_ADDR=caller)  # type: ignore[return-value]
