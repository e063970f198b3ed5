"""Very many public pages, lawful for every guard; they were made at once, so the ledger does not tell of them."""

import datetime as dt
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from accounts.models import User
    from articles.models import Revision

A_CONDITION = 30
AT_ONCE = 5_000


def fill(pages: int) -> None:
    """Add so many public pages, thirty to a condition."""
    from approving import approve, check_of

    from accounts import clock
    from accounts.models import User
    from reviews.models import Publication, Reviewer, ReviewRequest

    author, clinician = User.objects.get(email__startswith="author@"), Reviewer.objects.order_by("pk")[0]
    today = clock.today()
    check = check_of(clinician, today)
    for revisions in _texts(pages, author):
        requests = ReviewRequest.objects.bulk_create(
            ReviewRequest(revision=revision, kind="new", asked_by=author, due_on=today) for revision in revisions
        )
        due = (today + dt.timedelta(90 + request.revision.pk % 200) for request in requests)
        reviews = approve(requests, clinician, check, signed_on=today - dt.timedelta(30), due=due)
        Publication.objects.bulk_create(
            Publication(article=review.revision.article, review=review, published_by=author) for review in reviews
        )


def _texts(pages: int, author: "User") -> "Iterator[list[Revision]]":
    """Short texts, some thousands at once."""
    from articles.models import Article, Condition, ConditionName, Revision, Topic

    for first in range(0, pages, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, pages))
        slugs = sorted({f"many-{number // A_CONDITION}" for number in numbers})
        old = Condition.objects.in_bulk(slugs, field_name="slug")
        new = Condition.objects.bulk_create(Condition(slug=slug) for slug in slugs if slug not in old)
        ConditionName.objects.bulk_create(
            ConditionName(condition=row, text=row.slug.title(), kind="preferred") for row in new
        )
        about = {**old, **{row.slug: row for row in new}}
        articles = Article.objects.bulk_create(
            Article(
                condition=about[f"many-{number // A_CONDITION}"], topic=Topic.values[number % 8], slug=f"page-{number}"
            )
            for number in numbers
        )
        drafts = [
            Revision(
                article=article,
                number=1,
                question=f"What about {article.slug}?",
                short_answer="Words.",
                body="Words.",
                html="<p>Words.</p>" * 20,
                origin="human",
                author=author,
                source_count=0,
                renderer="bench",
            )
            for article in articles
        ]
        for draft in drafts:
            draft.digest = draft.text([]).digest()
        yield Revision.objects.bulk_create(drafts, batch_size=1000)
