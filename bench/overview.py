"""What an operator sees of the catalogue at the desk, with as many conditions, codes and pages as there may ever be."""

import time
from functools import partial

CONDITIONS = 12_000
CODES = 100_000
MISSES = 20_000
ROUNDS = 3
SCREENS = {
    "coverage": ("admin:desk_coverage", ""),
    "reviews falling due": ("admin:desk_falling_due", ""),
    "a month of them": ("admin:desk_falling_due", "?when=overdue"),
    "pages in date": ("admin:articles_article_changelist", "?standing=published"),
    "drafts": ("admin:articles_article_changelist", "?standing=draft"),
    "conditions without a page": ("admin:articles_condition_changelist", "?pages=0"),
    "codes asked for in vain": ("admin:pages_codemiss_changelist", ""),
    "those of a condition": ("admin:pages_codemiss_changelist", "?have=condition"),
    "all of them as a file": ("admin:desk_codes", ""),
}


def overview() -> None:
    """Wall time and queries of each screen, over the pages that are there."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts.models import User
    from articles.models import Article

    fill()
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(email__startswith="admin@"))
    pages = Article.objects.count()
    print(
        f"\nThe catalogue at the desk: {CONDITIONS:,} conditions, {pages:,} pages, {MISSES:,} codes asked for in vain;"
    )
    print(f"wall time, best of {ROUNDS}")
    for words, (name, query) in SCREENS.items():
        get = partial(client.get, reverse(name) + query)
        took, spent = [], 0
        for _ in range(ROUNDS):
            with CaptureQueriesContext(connection) as queries:
                start = time.perf_counter()
                assert get().status_code == 200
                took.append(time.perf_counter() - start)
            spent = len(queries.captured_queries)
        print(f"  {words:28} {1000 * min(took):8.0f} ms  {spent:4} queries")


def fill() -> None:
    """Conditions without a page, codes of them, and codes asked for in vain: every fourth is of a condition."""
    from accounts import clock
    from articles.models import Condition, ConditionCode, ConditionName
    from pages.models import CodeMiss

    today = clock.today()
    rows = Condition.objects.bulk_create(
        Condition(slug=f"without-{number}") for number in range(CONDITIONS - Condition.objects.count())
    )
    ConditionName.objects.bulk_create(
        ConditionName(condition=row, text=row.slug.title(), kind="preferred") for row in rows
    )
    ConditionCode.objects.bulk_create(
        ConditionCode(condition=rows[number % len(rows)], system="UMLS", code=f"C{number:07}")
        for number in range(CODES)
    )
    CodeMiss.objects.bulk_create(
        CodeMiss(
            system="UMLS" if number % 4 == 0 else "OMIM",
            code=f"C{number:07}" if number % 4 == 0 else f"{number:06}",
            times=1 + number * 7919 % 50,
            first_on=today,
            last_on=today,
        )
        for number in range(MISSES)
    )
