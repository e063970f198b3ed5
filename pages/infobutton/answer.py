"""The answer as a document: an Atom feed of pages as the knowledge response wants it, or what is wrong."""

import datetime as dt
from html import escape
from xml.etree.ElementTree import Element

from django.conf import settings
from django.urls import reverse

from reviews.standing import Stamp

from .. import feeds, markup
from ..jsonld import absolute
from .finding import Found, Page

ATOM = "http://www.w3.org/2005/Atom"


def feed(found: Found, now: dt.datetime) -> Element:
    """What was found, after HL7's knowledge response (Atom). No page makes a feed without entries."""
    document = markup.root("feed", xmlns=ATOM, **{"xml:lang": found.language, "xml:base": absolute("/")})
    markup.add(document, "id", feeds.tag(f"infobutton/{found.key}"))
    title = (
        f"{settings.SITE_NAME} (demonstration: all reviews are samples)" if settings.ROUNDS_DEMO else settings.SITE_NAME
    )
    markup.add(document, "title", title, type="text")
    if found.pages:
        subjects = dict.fromkeys(page.row.condition_name or page.row.article.condition.slug for page in found.pages)
        markup.add(document, "subtitle", ", ".join(subjects), type="text")
    markup.add(document, "updated", markup.moment(now))
    author = markup.add(document, "author")
    markup.add(author, "name", settings.SITE_NAME)
    markup.add(author, "uri", absolute(reverse("home")))
    for said in found.used:
        markup.add(document, "category", scheme=said.name, term=said.value)
    for page in found.pages:
        _entry(document, page)
    return document


def _entry(document: Element, page: Page) -> None:
    row, stamp, article = page.row, Stamp.of(page.row), page.row.article
    told = page.change.publication
    question = row.review.revision.question
    name = row.condition_name or article.condition.slug
    title = question if name.casefold() in question.casefold() else f"{question} ({name})"
    entry = markup.add(document, "entry", **{"xml:lang": article.language})
    markup.add(entry, "id", feeds.name_of(told.article_id, told.first_at, told.first_digest))
    markup.add(entry, "title", title if stamp.in_date else f"{title} (review lapsed)", type="text")
    markup.add(entry, "updated", markup.moment(page.change.updated))
    markup.add(entry, "published", markup.moment(told.first_at))
    url = absolute(article.get_absolute_url())
    markup.add(entry, "link", rel="alternate", type="text/html", hreflang=article.language, title=question, href=url)
    markup.add(entry, "category", scheme="relevanceScore", term=f"{page.score:.2f}")
    markup.add(entry, "category", scheme=feeds.tag("review"), term="in-date" if stamp.in_date else "overdue")
    markup.add(entry, "category", scheme=feeds.tag("conditions"), term=article.condition.slug, label=name)
    markup.add(entry, "summary", _summary(row.review.revision.short_answer, stamp), type="html")


def _summary(short_answer: str, stamp: Stamp) -> str:
    """The approved short answer as HTML with its stamp: below it, or above it where the review has lapsed."""
    said = "".join(f"<p>{escape(part.strip())}</p>" for part in short_answer.split("\n\n") if part.strip())
    who, day = f"{escape(stamp.reviewer)}, {escape(stamp.role)}", f"{stamp.signed_on:%-d %B %Y}"
    ends = f"{stamp.lapses_on:%-d %B %Y}"
    if stamp.in_date:
        return f"{said}<p>Medically reviewed on {day} by {who}. Next review due on {ends}.</p>"
    why = " because the reviewer’s credential no longer counts" if stamp.credential_revoked else ""
    return (
        f"<p><strong>The review of this page lapsed on {ends}{why}.</strong> "
        f"Not confirmed since {who}, approved it on {day}.</p>{said}"
    )


def problem(message: str) -> Element:
    """What is wrong, for whoever integrates the site; nothing of what was sent stands in it."""
    document = markup.root("error")
    markup.add(document, "message", message)
    return document
