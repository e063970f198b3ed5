"""Search over as many conditions as a disease ontology names and ten thousand public pages: server time, queries."""

import datetime as dt
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from articles.models import Condition, Revision
    from reviews.models import Review

CONDITIONS = 3_458
PAGES = 10_000
ROUNDS = 20
# CPU of server and database, in milliseconds, that a search may take.
MOST = {"postgresql": 50, "sqlite": 100}
ASKED = {
    "a common word": "/search/?q=treatment",
    "a rare word": "/search/?q=zebrawort",
    "two words": "/search/?q=treatment+outlook",
    "a name": "/search/?q=Rarity+1234+syndrome",
    "a synonym": "/search/?q=Sample-Tester+1234",
    "a typo": "/search/?q=zebrawrot",
    "a typo in a name": "/search/?q=raritty+1234+syndrom",
    "a code": "/search/?q=RARE:001234",
    "only in date": "/search/?q=treatment&filter=1&kind=question&in_date=1",
    "nothing": "/search/?q=qqqq+xxxx",
    "a suggestion, one letter": "/search/suggestions/?q=r",
    "a suggestion": "/search/suggestions/?q=rarity+12",
    "a suggested question": "/search/suggestions/?q=what+about+trea",
}
SYLLABLES = [first + vowel + last for first in "bdfgklmnprstv" for vowel in "aeiou" for last in ("", "n", "r", "l")]
COMMON = ["treatment", "outlook", "heart", "kidney", "doctor", "hospital", "pain", "fever", "children", "review"]


def measured(act: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds of one act: its median wall time, and the CPU that this process and the database took for it."""
    walls, start = [], cpu()
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        walls.append(time.perf_counter() - begun)
    return 1000 * statistics.median(walls), 1000 * (cpu() - start) / ROUNDS


def cpu() -> float:
    """CPU seconds that this process has taken, and the PostgreSQL process behind it if it is on this machine."""
    from django.db import connection

    taken = time.process_time()
    if connection.vendor == "postgresql":
        process = Path(f"/proc/{connection.connection.info.backend_pid}/stat")
        if process.exists():
            user, system = process.read_text().rsplit(")", 1)[1].split()[11:13]
            taken += (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return taken


def search() -> None:
    """What a reader types, each address once to warm up and then some times more."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from articles import names

    fill()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    start = time.perf_counter()
    known = names.known()
    took = time.perf_counter() - start
    client = Client(raise_request_exception=True)
    size = f"{CONDITIONS:,} conditions, {len(known.names):,} names, {PAGES:,} pages, {connection.vendor}"
    print(f"\nSearch: {size}; wall time, median of {ROUNDS}, and CPU of the site and of the database")
    print(f"  {'names into memory':24} {1000 * took:8.0f} ms, once a process and change of a name")
    for name, address in ASKED.items():
        get = partial(client.get, address)
        get()
        with CaptureQueriesContext(connection) as queries:
            answer = get()
        assert answer.status_code == 200
        spent = len(queries)  # now: the next request empties the log
        wall, taken = measured(get)
        late = "" if taken < MOST[connection.vendor] else f"  over {MOST[connection.vendor]} ms"
        print(f"  {name:24} {wall:8.1f} ms {taken:8.1f} ms  {spent:4} queries  {len(answer.content):7,} bytes{late}")


def fill() -> None:
    """Conditions with names and codes, and public pages about them; lawful for every guard."""
    from accounts import clock
    from reviews.models import IndexedText, Publication

    today, chance = clock.today(), random.Random(1)  # noqa: S311  the same texts in every run
    written = list(_revisions(_conditions(), chance))
    reviews = _reviews(written, today)
    Publication.objects.bulk_create(
        Publication(article_id=review.revision.article_id, review=review, published_by_id=review.revision.author_id)
        for review in reviews
    )
    for _ in IndexedText.objects.mend():
        pass


def _conditions() -> "list[Condition]":
    """Each with two to four names and a code."""
    from articles.models import Condition, ConditionCode, ConditionName

    conditions = Condition.objects.bulk_create(Condition(slug=f"rarity-{number}") for number in range(CONDITIONS))
    named: list[Any] = []
    for number, condition in enumerate(conditions):
        first, second = (SYLLABLES[(number * step) % len(SYLLABLES)] for step in (7, 31))
        texts = [f"Rarity {number} syndrome", f"Sample-Tester {number}", f"{first}{second} dystrophy", f"{second}itis"]
        for place, text in enumerate(texts[: 2 + number % 3]):
            kind = "synonym" if place else "preferred"
            named.append(ConditionName(condition=condition, text=text, kind=kind))
    ConditionName.objects.bulk_create(named, batch_size=1000)
    ConditionCode.objects.bulk_create(
        ConditionCode(condition=condition, system="RARE", code=f"RARE:{number:06}")
        for number, condition in enumerate(conditions)
    )
    return conditions


def _revisions(conditions: "list[Condition]", chance: random.Random) -> "Iterator[Revision]":
    """One text of some four hundred words for each page."""
    from accounts.models import User
    from articles.models import Article, Revision, Topic

    author = User.objects.get(email__startswith="author@")
    articles = Article.objects.bulk_create(
        Article(condition=conditions[number % len(conditions)], topic=Topic.values[number % 8], slug=f"page-{number}")
        for number in range(PAGES)
    )
    drafts = []
    for number, article in enumerate(articles):
        words = ["".join(chance.choices(SYLLABLES, k=3)) for _ in range(350)] + chance.choices(COMMON, k=50)
        chance.shuffle(words)
        if number % 1000 == 0:
            words[5] = "zebrawort"
        drafts.append(
            Revision(
                article=article,
                number=1,
                question=f"What about {words[0]} {chance.choice(COMMON)} and {words[1]}?",
                short_answer=" ".join(words[:25]).capitalize() + ".",
                body=" ".join(words),
                html="".join(f"<p>{' '.join(words[start : start + 80])}</p>" for start in range(0, 400, 80)),
                origin="human",
                author=author,
                source_count=0,
                renderer="bench",
            )
        )
    for draft in drafts:
        draft.digest = draft.text([]).digest()
    yield from Revision.objects.bulk_create(drafts, batch_size=500)


def _reviews(written: "list[Revision]", today: dt.date) -> "list[Review]":
    """Each approved; one in ten has lapsed."""
    from approving import approve, check_of

    from reviews.models import Reviewer, ReviewRequest

    clinician = Reviewer.objects.order_by("pk")[0]
    check = check_of(clinician, today)
    requests = ReviewRequest.objects.bulk_create(
        (
            ReviewRequest(revision=revision, kind="new", asked_by_id=revision.author_id, due_on=today)
            for revision in written
        ),
        batch_size=1000,
    )
    due = (today + dt.timedelta(number * 7919 % 365 - 36) for number in range(len(requests)))
    return approve(requests, clinician, check, signed_on=today - dt.timedelta(300), due=due)
