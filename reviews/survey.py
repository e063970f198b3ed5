"""Where all pages stand, at once and in few queries: `standing_of` says the same of each page alone."""

import datetime as dt
from collections import Counter
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery

from accounts.numbers import among
from articles.models import Article, Revision

from . import waiting
from .models import Publication, Review, ReviewRequest
from .standing import Standing, void_articles

# A topic and a standing, and how many pages have both.
Survey = Counter[tuple[str, Standing]]


def by_topic(today: dt.date) -> Survey:
    """How many pages there are of each topic and standing; six queries, however many pages there are."""
    found: Survey = Counter()
    current = Publication.objects.current().order_by()
    for topic, every, down in current.values_list("article__topic").annotate(Count("pk"), Count("withdrawal")):
        found[topic, Standing.WITHDRAWN] += down
        found[topic, Standing.PUBLISHED] += every - down
    for (topic,) in Article.objects.filter(pk__in=among(void_articles())).values_list("topic"):
        found[topic, Standing.PUBLISHED] -= 1
        found[topic, Standing.WITHDRAWN] += 1
    for lapse in waiting.lapses(today):
        found[lapse.topic, Standing.PUBLISHED] -= 1
        found[lapse.topic, Standing.OVERDUE if lapse.day <= today else Standing.DUE] += 1
    for topic, waits, approved in _unseen().values_list("topic", "waits", "approved"):
        found[topic, _unseen_standing(waits, approved)] += 1
    return +found


def having(standing: str, today: dt.date) -> "QuerySet[Article]":
    """The articles that stand so."""
    articles = Article.objects.all()
    match standing:
        case Standing.IN_REVIEW:
            return _unseen().filter(waits=True)
        case Standing.REVIEWED:
            return _unseen().filter(waits=False, approved=True)
        case Standing.DRAFT:
            return _unseen().filter(waits=False, approved=False)
        case Standing.WITHDRAWN:
            down = Publication.objects.current().filter(article=OuterRef("pk"), withdrawal__isnull=False)
            return articles.filter(Exists(down) | Q(pk__in=among(void_articles())))
    days = {lapse.article: lapse.day for lapse in waiting.lapses(today)}
    match standing:
        case Standing.OVERDUE:
            return articles.filter(pk__in=among(article for article, day in days.items() if day <= today))
        case Standing.DUE:
            return articles.filter(pk__in=among(article for article, day in days.items() if day > today))
        case Standing.PUBLISHED:
            up = Publication.objects.current().filter(withdrawal__isnull=True).order_by()
            return articles.filter(pk__in=up.values("article")).exclude(pk__in=among({*days, *void_articles()}))
    return articles.none()


def _unseen() -> "QuerySet[Any]":
    """The articles that readers never saw, with whether a review of them `waits`, and the newest text is `approved`."""
    here = OuterRef("pk")
    newest = Revision.objects.filter(article=here).order_by("-number").values("pk")[:1]
    rows = Article.objects.exclude(Exists(Publication.objects.counted().filter(article=here)))
    return rows.annotate(
        newest_text=Subquery(newest),
        waits=Exists(ReviewRequest.objects.open().filter(revision__article=here)),
        approved=Exists(Review.objects.valid().filter(revision=OuterRef("newest_text"))),
    ).order_by()


def _unseen_standing(waits: bool, approved: bool) -> Standing:
    if waits:
        return Standing.IN_REVIEW
    return Standing.REVIEWED if approved else Standing.DRAFT
