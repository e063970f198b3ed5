"""`make bench`: the project's own figures, side by side in one run, so that only their ratios need be believed.

Everything runs on a fresh SQLite file (or the PostgreSQL named by DATABASE_URL, which it fills):
the turning of Markdown into a page, joining a community through its verb, then part after part, each in a module of its
own name here, first with few public pages and then with many: `make bench PAGES=100000`.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# So many public pages are there in the end; a site may have five times as many, which takes some minutes to fill.
MANY = int(os.environ.get("PAGES") or 20_000)


def seconds(act: Callable[[], object]) -> float:
    """CPU seconds of this process for one act."""
    start = time.process_time()
    act()
    return time.process_time() - start


def interleaved(acts: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The median CPU milliseconds of each act, the acts taken in turn so that a busy moment hits them all."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(rounds):
        for name, act in acts.items():
            taken[name].append(seconds(act))
    return {name: 1000 * statistics.median(times) for name, times in taken.items()}


def texts() -> None:
    """One save of a text: the child process, its wall time."""
    from articles.models import Revision
    from articles.rendering import render

    body = Revision.objects.get(article__slug="prognosis").body
    print(f"\nMarkdown to page: wall time of one child, {len(body):,} characters and ten times as many")
    for times in (1, 10):
        text = "\n\n".join(body for _ in range(times))
        start = time.perf_counter()
        render.__wrapped__(text)
        print(f"  {len(text):8,} characters  {1000 * (time.perf_counter() - start):8.0f} ms")


def desk() -> None:
    """The clinician's desk for a text of twenty thousand words, a word changed in each of its paragraphs."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    from accounts.models import User
    from articles.digest import Source
    from articles.models import Article, Condition
    from reviews.models import ReviewRequest

    author, clinician = (User.objects.get(email=f"{name}@rounds.example") for name in ("author", "second-clinician"))
    article = Article.objects.start(
        condition=Condition.objects.earliest("pk"), topic="research", slug="bench", by=author
    )
    words = [f"{first}{second}{third}" for first in "bdfgklm" for second in "aeiou" for third in "nprst"]
    lines = [" ".join(words[(7 * line + 3 * word) % len(words)] for word in range(100)) for line in range(200)]
    for line in range(0, 200, 20):
        lines[line] = f"## Part {line}\n\n{lines[line]}"
    revise = partial(
        article.revise,
        by=author,
        question="How long?",
        short_answer="Long.",
        sources=(Source(title="A sample", pmid="12456500"),),
    )
    old = revise(body="\n\n".join(lines))
    ReviewRequest.objects.ask(old, by=author).approve(by=clinician, digest=old.digest, ticked=(1, 2, 3, 4, 5))
    newer = revise(body="\n\n".join(f"{line} new" for line in lines))
    address = reverse("admin:reviews_reviewrequest_change", args=[ReviewRequest.objects.ask(newer, by=author).pk])
    client = Client(raise_request_exception=True)
    client.force_login(clinician)
    client.get(address)
    with CaptureQueriesContext(connection) as asked_for:
        answer = client.get(address)
    spent = len(asked_for)  # now: the next request empties the log
    took = interleaved({"desk": partial(client.get, address)}, 10)["desk"]
    print(f"\nDesk: {len(newer.body.split()):,} words, 200 paragraphs changed, {len(answer.content):,} bytes")
    print(f"  {took:8.0f} ms of CPU, median of 10; {spent} queries")


def joins() -> None:
    """Joining one community through the verb, one process."""
    from accounts.models import User
    from articles.models import Condition
    from community.models import Community

    community = Community.objects.create(condition=Condition.objects.create(slug="bench"))
    people = User.objects.bulk_create([User(email=f"bench-{number}@rounds.example") for number in range(500)])
    start = time.perf_counter()
    for person in people:
        community.join(by=person, relation="self", consent_version="bench")
    took = time.perf_counter() - start
    community.refresh_from_db()
    print(f"\nJoining one community: {len(people) / took:,.0f} a second; count {community.member_count}, right")
    assert community.member_count == len(people)


def main() -> None:
    """Fill a demonstration and measure."""
    with tempfile.TemporaryDirectory(prefix="rounds-bench-") as folder:
        os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/bench.sqlite3")
        measure(Path(folder))


def measure(folder: Path) -> None:
    """Measure everything, the reader's pages at last, because they need so many."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    import django

    django.setup()
    from catalogue import catalogue
    from django.conf import settings
    from django.core.management import call_command
    from exporting import exporting
    from many_pages import fill
    from overview import overview
    from proxy import proxy
    from readers import readers
    from review_queue import queue
    from search import search

    settings.ROUNDS_DEMO = True
    settings.MEMBERS_A_DAY = 10_000  # else most of those who join in `joins` would be held
    call_command("migrate", verbosity=0)
    call_command("demo", passwords="known")
    readers(folder, pages=6)
    proxy(folder)
    texts()
    desk()
    joins()
    queue()
    search()
    exporting()
    catalogue(folder)
    fill(MANY)
    readers(folder, pages=MANY)
    overview()


if __name__ == "__main__":
    main()
