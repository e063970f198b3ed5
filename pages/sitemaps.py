"""What a search engine may read, where it finds it, and when the words on each page changed last.

`lastmod` is the moment of the last approved change of words, never that of a review, a number of members or a release;
a page that has no such moment has none. The sitemap is in parts, so that each is made with one query.
"""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.prepared import Prepared
from articles.models import Article, Condition
from reviews.models import Publication, Reviewer
from reviews.models.publications import PublicationQuerySet

from . import markup
from .changes import with_dates
from .history import public_approvals
from .jsonld import absolute
from .views import reader_page

XML = "application/xml"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# How many numbers of rows share a part; the standard allows 50,000 addresses.
QUESTIONS, CONDITIONS = 10_000, 500
# The pages of the site itself.
OWN_PAGES = ["home", "conditions", "reviewers", "how-we-review", "accessibility", "privacy", "api"]
# Nothing to be found in a search: the desk, what belongs to one person, and forms.
DISALLOWED = [
    "/admin/",
    "/accounts/",
    "/me/",
    "/search/",
    "/conditions/*/*/feedback/",
    "/conditions/*/community/join/",
    "/conditions/*/community/suggest/",
]

Addresses = list[tuple[str, dt.datetime | None]]


@reader_page
def robots(request: HttpRequest) -> HttpResponse:
    """What a search engine may read; nothing of a demonstration, whose reviews are samples."""
    refused = ["/"] if settings.ROUNDS_DEMO else DISALLOWED
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in refused),
        "",
        f"Sitemap: {absolute(reverse('sitemap'))}",
    ]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@reader_page
def index(request: HttpRequest) -> HttpResponse:
    """The parts of the sitemap, none of them empty."""
    parts = ["site", *(["reviewers"] if _reviewers() else []), *_hub_parts(), *_question_parts()]
    document = markup.root("sitemapindex", xmlns=SITEMAP)
    for name in parts:
        markup.add(markup.add(document, "sitemap"), "loc", absolute(reverse("sitemap-part", args=[name])))
    return markup.answer(document, XML)


@reader_page
def part(request: HttpRequest, part: str) -> HttpResponse:
    """One part: the site's own pages, the reviewers, or a range of conditions or questions."""
    found = re.fullmatch(r"(conditions|questions)-([1-9][0-9]{0,5})", part)
    if found is not None:
        pages = (_hubs if found[1] == "conditions" else _questions)(int(found[2]))
    else:
        pages = {"site": _own_pages, "reviewers": _reviewers}.get(part, list)()
    if not pages:
        raise Http404("There is no such part of the sitemap.")
    document = markup.root("urlset", xmlns=SITEMAP)
    for path, changed_at in pages:
        url = markup.add(document, "url")
        markup.add(url, "loc", absolute(path))
        if changed_at is not None:
            markup.add(url, "lastmod", markup.moment(changed_at))
    return markup.answer(document, XML)


def _own_pages() -> Addresses:
    return [(reverse(name), None) for name in OWN_PAGES]


def _reviewers() -> Addresses:
    """Everybody under whose name readers saw a text; one query."""
    rows = Reviewer.objects.filter(pk__in=public_approvals().values("reviewer")).order_by("slug")
    return [(row.get_absolute_url(), None) for row in rows]


def _of_articles(start: int, end: int) -> PublicationQuerySet:
    """The live pages of a range of articles."""
    return Publication.objects.live().filter(article__gte=start, article__lt=end)


def _of_conditions(start: int, end: int) -> PublicationQuerySet:
    """The live pages about a range of conditions."""
    return Publication.objects.live().filter(article__condition__gte=start, article__condition__lt=end)


def _changed(rows: PublicationQuerySet) -> list[tuple[str, str, dt.datetime]]:
    """Condition, article and the moment of the last change of live pages, in order; one query."""
    columns = ("article__condition__slug", "article__slug", "changed_at")
    found = with_dates(rows).order_by("article__condition__slug", "article__slug")
    return list(found.values_list(*columns))


def _questions(number: int) -> Addresses:
    """The question pages of a range."""
    rows = _changed(_of_articles((number - 1) * QUESTIONS, number * QUESTIONS))
    return [(reverse("question", args=[condition, article]), changed_at) for condition, article, changed_at in rows]


def _hubs(number: int) -> Addresses:
    """The conditions of a range that have live pages; a hub changes when one of those does."""
    latest: dict[str, dt.datetime] = {}
    for condition, _, changed_at in _changed(_of_conditions((number - 1) * CONDITIONS, number * CONDITIONS)):
        latest[condition] = max(changed_at, latest.get(condition, changed_at))
    return [(reverse("condition", args=[condition]), changed_at) for condition, changed_at in latest.items()]


_a_question = Prepared(lambda start, end: _of_articles(start, end).order_by()[:1])
_a_hub = Prepared(lambda start, end: _of_conditions(start, end).order_by()[:1])


def _question_parts() -> list[str]:
    """The ranges of articles with a live page; a small query for each range."""
    return [f"questions-{number}" for number in _ranges(Article, QUESTIONS, _a_question)]


def _hub_parts() -> list[str]:
    """The ranges of conditions with a live page; a small query for each range."""
    return [f"conditions-{number}" for number in _ranges(Condition, CONDITIONS, _a_hub)]


def _ranges(model: "type[models.Model]", size: int, live: Callable[..., list[Any]]) -> list[int]:
    last = model._default_manager.aggregate(last=models.Max("pk"))["last"] or 0
    return [each + 1 for each in range(last // size + 1) if live(start=each * size, end=(each + 1) * size)]
