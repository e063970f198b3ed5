"""Atom feeds (RFC 4287) of what changed last: of the whole site, and of one condition.

An entry is a page. It moves up when its words or its review changed, stays with the reason when it was withdrawn,
and tells of a lapse on the day of the lapse. docs/machines.md says what each element means.
"""

import datetime as dt
import hashlib
from urllib.parse import urlsplit
from xml.etree.ElementTree import Element

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import reverse

from . import changes, markup, reading
from .changes import BEFORE_ALL, Change, Kind
from .jsonld import absolute
from .views import find_condition, reader_page

NEWEST = 50
ATOM = "application/atom+xml"
# The day from which the names below are ours, as RFC 4151 asks for.
NAMED_SINCE = "2026"
VOID = "the credential of the reviewer did not count on the day of the approval, so the text is not approved."


@reader_page
def feed(request: HttpRequest) -> HttpResponse:
    """What changed last on the whole site."""
    return _answer(
        f"{settings.SITE_NAME}: what changed", reverse("feed"), reverse("home"), "feed", changes.newest(NEWEST)
    )


@reader_page
def condition_feed(request: HttpRequest, condition: str) -> HttpResponse:
    """What changed last about one condition; 301 from its old address."""
    row = find_condition(condition)
    here = reverse("condition-feed", args=[row.slug])
    if row.slug != condition:
        return HttpResponsePermanentRedirect(here)
    title = f"{settings.SITE_NAME}: what changed about {row.name}"
    name = f"conditions/{row.pk}/feed"
    return _answer(title, here, row.get_absolute_url(), name, changes.newest(NEWEST, about=row.pk))


def tag(name: str, since: str = NAMED_SINCE) -> str:
    """A name that is nobody else's and never changes (RFC 4151)."""
    return f"tag:{urlsplit(settings.SITE_URL).hostname},{since}:{name}"


def _answer(title: str, here: str, page: str, name: str, found: list[Change]) -> HttpResponse:
    document = markup.root("feed", xmlns="http://www.w3.org/2005/Atom", **{"xml:lang": "en"})
    markup.add(document, "id", tag(name))
    markup.add(document, "title", title)
    markup.add(document, "updated", markup.moment(max((each.updated for each in found), default=BEFORE_ALL.value)))
    markup.add(document, "link", rel="self", type=ATOM, href=absolute(here))
    markup.add(document, "link", rel="alternate", type="text/html", href=absolute(page))
    author = markup.add(document, "author")
    markup.add(author, "name", settings.SITE_NAME)
    markup.add(author, "uri", absolute(reverse("home")))
    instead = {each.withdrawal.instead_id for each in found if each.withdrawal and each.withdrawal.instead_id}
    pages = reading.urls_of(instead)
    for each in found:
        _entry(document, each, pages)
    return markup.answer(document, ATOM)


def _entry(document: Element, change: Change, pages: dict[int, str]) -> None:
    row, stamp = change.publication, change.stamp
    article = row.article
    entry = markup.add(document, "entry", **{"xml:lang": article.language})
    markup.add(entry, "id", name_of(row.article_id, row.first_at, row.first_digest))
    markup.add(entry, "title", _title(change))
    markup.add(entry, "updated", markup.moment(change.updated))
    markup.add(entry, "published", markup.moment(row.first_at))
    url = absolute(article.get_absolute_url())
    markup.add(entry, "link", rel="alternate", type="text/html", hreflang=article.language, href=url)
    if change.withdrawal is not None and change.withdrawal.instead_id in pages:
        markup.add(entry, "link", rel="related", type="text/html", href=absolute(pages[change.withdrawal.instead_id]))
    markup.add(entry, "category", term=change.kind, scheme=tag("changes"))
    if change.kind != Kind.WITHDRAWN and stamp is not None:
        state = "in-date" if stamp.in_date else "overdue"
        markup.add(entry, "category", term=state, scheme=tag("review"))
    markup.add(entry, "category", term=article.condition.slug, label=row.condition_name, scheme=tag("conditions"))
    markup.add(entry, "summary", _summary(change), type="text")


def name_of(article: int, first_at: dt.datetime, first_digest: str) -> str:
    """The name of a page for ever: it tells neither its address, which may change, nor a number of a row."""
    sealed = f"{article} {first_at.isoformat()} {first_digest}"
    return tag(f"pages/{hashlib.sha256(sealed.encode()).hexdigest()[:32]}", since=f"{first_at:%Y-%m-%d}")


def _title(change: Change) -> str:
    """The question; nothing of a text that no approval covers, and a lapse where there is one."""
    if change.stamp is None:
        return reading.TITLE_OF_VOID
    question = change.publication.review.revision.question
    lapsed = change.kind != Kind.WITHDRAWN and not change.stamp.in_date
    return f"{question} (review lapsed)" if lapsed else question


WORDS = {
    Kind.CHANGED: "The text is new or has changed.",
    Kind.CORRECTED: "The text was corrected after a withdrawal.",
    Kind.CHECKED: "A clinician checked the page, and nothing changed.",
}


def _summary(change: Change) -> str:
    """What happened, the clinician's public note, and where the review stands today."""
    if change.kind == Kind.WITHDRAWN:
        if change.withdrawal is None:
            return f"No longer shown. Reason: {VOID}"
        return f"Withdrawn on {change.withdrawal.at:%-d %B %Y}. Reason: {change.withdrawal.why}"
    told = [WORDS[change.kind]]
    if change.note:
        told.append(f"Reviewer’s note: “{change.note}”")
    stamp = change.stamp
    if stamp is not None and stamp.in_date:
        told.append(
            f"Reviewed on {stamp.signed_on:%-d %B %Y} by {stamp.reviewer}. "
            f"Next review due on {stamp.lapses_on:%-d %B %Y}."
        )
    elif stamp is not None:
        told.append(f"The review lapsed on {stamp.lapses_on:%-d %B %Y}.")
    return " ".join(told)
