"""The review queue with thousands of rows: server time and queries, and what its parts take."""

import datetime as dt
import statistics
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User
    from articles.models import Revision
    from reviews.models import Reviewer

REQUESTS = 5_000
PAGES = 5_000
ROUNDS = 9
MOST_QUERIES = 12


def milliseconds(act: Callable[[], object]) -> float:
    """The median wall time of an act."""
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        act()
        times.append(time.perf_counter() - start)
    return 1000 * statistics.median(times)


def queue() -> None:
    """The queue of a clinician over many requests and many public pages that fall due."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts import clock
    from reviews import waiting
    from reviews.models import Reviewer

    clinician = Reviewer.objects.order_by("pk")[0]
    fill(clinician)
    client = Client(raise_request_exception=True)
    client.force_login(clinician.user)
    address = reverse("admin:reviews_reviewrequest_changelist")
    print(f"\nReview queue: {REQUESTS:,} requests, {PAGES:,} public pages; wall time, median of {ROUNDS}")
    print(f"  {'pages that fall due':24} {milliseconds(lambda: waiting.lapses(clock.today())):8.0f} ms")
    for name, query in {
        "first page": "",
        "last page": "?page=200",
        "waits for me": "?who=me",
        "one condition": "?condition=bench-7",
        "closed": "?state=closed",
    }.items():
        get = partial(client.get, address + query)
        with CaptureQueriesContext(connection) as queries:
            assert get().status_code == 200
        spent = len(queries)  # now: the next request empties the log
        assert 0 < spent <= MOST_QUERIES
        print(f"  {name:24} {milliseconds(get):8.0f} ms  {spent:4} queries")


def fill(clinician: "Reviewer") -> None:
    """Public pages, a quarter of which falls due or has lapsed, and new pages in the queue; lawful for every guard."""
    from approving import approve, check_of

    from accounts import clock
    from accounts.models import User
    from reviews.models import Publication, ReviewRequest

    today, author = clock.today(), User.objects.get(email__startswith="author@")
    check = check_of(clinician, today)
    written = _revisions([author] * (PAGES + REQUESTS - 100) + [clinician.user] * 100)
    requests = ReviewRequest.objects.bulk_create(
        ReviewRequest(
            revision=revision, kind="new", asked_by=author, due_on=today + dt.timedelta(number * 7919 % 90 - 40)
        )
        for number, revision in enumerate(written)
    )
    due = (today + dt.timedelta(number * 7919 % 365 - 30) for number in range(PAGES))
    reviews = approve(requests[:PAGES], clinician, check, signed_on=today - dt.timedelta(300), due=due)
    Publication.objects.bulk_create(
        Publication(article_id=review.revision.article_id, review=review, published_by=author) for review in reviews
    )


def _revisions(authors: "list[User]") -> "list[Revision]":
    """One short text by each, on a page of its own."""
    from articles.models import Article, Condition, ConditionName, Revision, Topic

    conditions = Condition.objects.bulk_create(Condition(slug=f"bench-{number}") for number in range(200))
    ConditionName.objects.bulk_create(
        ConditionName(condition=condition, text=condition.slug.title(), kind="preferred") for condition in conditions
    )
    articles = Article.objects.bulk_create(
        Article(
            condition=conditions[number % len(conditions)], topic=Topic.values[number % 8], slug=f"question-{number}"
        )
        for number in range(len(authors))
    )
    drafts = [
        Revision(
            article=article,
            number=1,
            question=f"What about question {number}?",
            body="Words. " * 400,
            html="<p>Words.</p>" * 400,
            origin="human",
            author=author,
            source_count=0,
            renderer="bench",
        )
        for number, (article, author) in enumerate(zip(articles, authors, strict=True))
    ]
    for draft in drafts:
        draft.digest = draft.text([]).digest()
    return Revision.objects.bulk_create(drafts, batch_size=1000)
