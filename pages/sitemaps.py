"""What a search engine may read, where it finds it, and when the words on each page changed last.

`lastmod` is the day of the last approved change of words, never that of a review, a number of members or a release;
a page that has no such day has none. The sitemap is in parts, each made with a few queries.
"""

import datetime as dt
from collections.abc import Iterable

from django.conf import settings
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse

from accounts.prepared import Prepared
from articles.models import Article
from reviews.models import Publication, Reviewer
from reviews.models.publications import PublicationQuerySet

from . import markup
from .changes import with_dates
from .jsonld import absolute
from .views import reader_page

XML = "application/xml"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
# How many articles, by their numbers, share a part; the standard allows 50,000 addresses.
RANGE = 10_000
# The pages of the site itself.
OWN_PAGES = ["home", "conditions", "how-we-review"]
# What no search engine needs. “/search/”, “/me/” and the forms are the same for every page.
DISALLOWED = [
    "/admin/",
    "/accounts/",
    "/me/",
    "/search/",
    "/conditions/*/*/feedback/",
    "/conditions/*/community/join/",
    "/conditions/*/community/suggest/",
]

Address = tuple[str, dt.datetime | None]


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
    document = markup.root("sitemapindex", xmlns=SITEMAP)
    for part in ["site", "reviewers", *_parts("conditions"), *_parts("questions")]:
        if part != "reviewers" or _reviewers():
            markup.add(markup.add(document, "sitemap"), "loc", absolute(reverse("sitemap-part", args=[part])))
    return markup.answer(document, XML)


@reader_page
def part(request: HttpRequest, part: str) -> HttpResponse:
    """One part: the site's own pages, the reviewers, or a range of conditions or questions."""
    kind, _, number = part.partition("-")
    if part == "site":
        return _answer((reverse(name), None) for name in OWN_PAGES)
    if part == "reviewers":
        return _answer((row.get_absolute_url(), None) for row in _reviewers())
    if kind not in RANGES or not number.isdecimal() or part not in _parts(kind):
        raise Http404("There is no such part of the sitemap.")
    return _answer(_questions(int(number)) if kind == "questions" else _hubs(int(number)))


def _answer(pages: Iterable[Address]) -> HttpResponse:
    document = markup.root("urlset", xmlns=SITEMAP)
    for path, changed_at in pages:
        url = markup.add(document, "url")
        markup.add(url, "loc", absolute(path))
        if changed_at is not None:
            markup.add(url, "lastmod", markup.moment(changed_at))
    return markup.answer(document, XML)


def _reviewers() -> list[Reviewer]:
    """Everybody under whose name readers saw a text; one query."""
    seen = Publication.objects.counted().filter(review__reviewer=models.OuterRef("pk"))
    return list(Reviewer.objects.filter(models.Exists(seen)).order_by("slug"))


# What stands in each range, by the column that is counted, and how many of them share one.
RANGES = {"conditions": ("article__condition", 500), "questions": ("article", RANGE)}


def _live_in(kind: str, number: int) -> PublicationQuerySet:
    """The live pages of a range."""
    column, size = RANGES[kind]
    return Publication.objects.live().filter(**{f"{column}__gte": number * size, f"{column}__lt": (number + 1) * size})


def _parts(kind: str) -> list[str]:
    """The ranges in which there is a live page; a small query for each range."""
    column, size = RANGES[kind]
    last = Article.objects.aggregate(last=models.Max("condition" if kind == "conditions" else "pk"))["last"] or 0
    return [
        f"{kind}-{number + 1}"
        for number in range(last // size + 1)
        if _any_live[kind](start=number * size, end=(number + 1) * size)
    ]


_any_live = {
    "conditions": Prepared(
        lambda start, end: (
            Publication.objects.live()
            .filter(article__condition__gte=start, article__condition__lt=end)
            .order_by("pk")[:1]
        )
    ),
    "questions": Prepared(
        lambda start, end: Publication.objects.live().filter(article__gte=start, article__lt=end).order_by("pk")[:1]
    ),
}


def _questions(number: int) -> list[Address]:
    """The question pages of a range; one query."""
    rows = with_dates(_live_in("questions", number - 1)).order_by("article")
    return [
        (reverse("question", args=[condition, article]), changed_at)
        for condition, article, changed_at in rows.values_list(
            "article__condition__slug", "article__slug", "changed_at"
        )
    ]


def _hubs(number: int) -> list[Address]:
    """The conditions of a range that have live pages; a hub changes when one of the pages it lists does. One query."""
    rows = with_dates(_live_in("conditions", number - 1)).values_list("article__condition__slug", "changed_at")
    latest: dict[str, dt.datetime] = {}
    for condition, changed_at in rows.order_by("article__condition__slug"):
        latest[condition] = max(changed_at, latest.get(condition, changed_at))
    return [(reverse("condition", args=[condition]), changed_at) for condition, changed_at in latest.items()]
