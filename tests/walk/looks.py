"""Looks at the public pages as readers get them, and compares them with what the raw rows allow."""

import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import clock
from articles.models import Article
from pages import reading, search, sitemaps
from pages.infobutton import finding
from pages.infobutton.asking import Asked, Criterion, Said
from reviews.standing import Stamp
from tests.walk.oracle import Due, Record, RevisionRow


class Broken(AssertionError):
    """A page showed what it must not, or an act ended otherwise than it may."""


class Looks:
    """The eyes of one process: what it saw last at each address, and what it compared.

    A page is a function of its rows, which are only ever added to, and of the hour. So where the rows of a page, read
    anew, are those of the last look and no hour came that turns it, the look is left out and counted as "unchanged".
    """

    def __init__(self, chance: random.Random | None = None) -> None:
        self.chance = chance or random.Random(0)  # noqa: S311  chance, not a secret
        self.reader = Client(raise_request_exception=True)
        self.done: Counter[str] = Counter()
        self.seen: dict[int, tuple[Record, Due]] = {}
        self.words: dict[tuple[int, int], tuple[str, str, str]] = {}

    def look_at_each(self, articles: Sequence[Article], *, anyway: bool) -> None:
        """Look at every one of these addresses that may show something else than at the last look, or anyway."""
        records = Record.of_each([article.pk for article in articles])
        self.seen = {pk: last for pk, last in self.seen.items() if pk in records}
        for article in articles:
            record = records[article.pk]
            if not anyway and self.seen.get(article.pk) == (record, record.due(record.read_at)):
                self.done["unchanged"] += 1
            else:
                self.look(article, record=record)

    def look(
        self,
        article: Article,
        *,
        ahead: dt.timedelta = dt.timedelta(),
        record: Record | None = None,
        whole: bool = False,
    ) -> None:
        """Compare what readers get at an address with what its rows say it must be, now or some days ahead.

        While others decide, the rows may be newer than the page; so look again, and in any case hold the promise.
        What is new there, and one look in ten, is the whole page through the whole site; else it is what the page is
        made of.
        """
        before = record or Record.of(article.pk)
        for _ in range(5):
            moment = before.read_at
            due = before.due(moment + ahead)
            last = self.seen.get(article.pk)
            whole = whole or (not ahead and (last is None or last[1] != due)) or self.chance.random() < 0.1
            clock.stopped_at = moment + ahead if ahead else None
            try:
                shown = self.page(article) if whole else self.text(article)
            finally:
                clock.stopped_at = None
            after = Record.of(article.pk)
            if shown.status == 200 and (reason := after.broken_promise(shown.version)):
                raise Broken(f"{article} shows version {shown.version}: {reason}")
            if after == before and after.due(after.read_at + ahead) == due:
                if shown != due:
                    raise Broken(f"{article} is {shown} and must be {due}")
                self.done[f"compared {shown.status}"] += 1
                self.done["whole pages"] += whole
                if not ahead:
                    self.seen[article.pk] = after, due
                return
            before = after
        self.done["never quiet"] += 1
        self.seen.pop(article.pk, None)

    def text(self, article: Article) -> Due:
        """What the page is made of: its status, its words as the reader gets them, its stamp."""
        at = article.condition.slug, article.slug
        shown = reading.live_at(*at)
        if shown is None:
            return Due(404 if reading.current_at(*at) is None else 410)
        revision, stamp = shown.review.revision, Stamp.of(shown)
        if (revision.question, revision.short_answer, revision.html) != self.written(article.pk, revision.number):
            raise Broken(f"{article} shows other words than those of version {revision.number}")
        if stamp.in_date != (stamp.today < stamp.lapses_on):
            raise Broken(f"The badge of {article} does not agree with its dates: {stamp}")
        return Due(200, revision.number, stamp.signed_on, stamp.lapses_on)

    def page(self, article: Article) -> Due:
        """What the whole page shows: the version whose text stands there byte for byte, and its stamp."""
        answer = self.reader.get(article.get_absolute_url())
        if answer.status_code not in {200, 404, 410}:
            raise Broken(f"{article} answered {answer.status_code}")
        if answer.status_code != 200:
            return Due(answer.status_code)
        page = answer.content.decode()
        number = int(re.findall(r"<dt>Version</dt><dd>(\d+)\b", page)[0])
        question, short_answer, html = self.written(article.pk, number)
        for words in (question, short_answer, *html.split("{{ members }}")):
            if words not in page:
                raise Broken(f"{article} says it is version {number} and does not show “{words}”")
        facts = re.findall(r'<div><dt>([^<]+)</dt><dd><time datetime="([\d-]+)">', page)
        days = {name: dt.date.fromisoformat(day) for name, day in facts}
        lapsed = "Last reviewed" in days
        ends = [days[name] for name in ("Next review due", "Lapsed", "Review was due") if name in days]
        signed = days["Last reviewed" if lapsed else "Reviewed"]
        badge = "Medically reviewed, " in page
        if badge == lapsed or (ends[0] <= clock.today() and not lapsed and not clock.stopped_at):
            raise Broken(f"The badge of {article} does not agree with its dates: {days}")
        return Due(200, number, signed, ends[0])

    def written(self, article: int, number: int) -> tuple[str, str, str]:
        """The words of a version as its row holds them; they never change, so each is read once."""
        if (article, number) not in self.words:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT question, short_answer, html FROM articles_revision WHERE article_id = %s AND number = %s",
                    [article, number],
                )
                self.words[article, number] = cursor.fetchone()
        return self.words[article, number]

    def look_at_lists(self, articles: Sequence[Article]) -> None:
        """The lists, at times the sitemap and Infobutton, and a search show the pages that are live, and no other."""
        before = Record.of_each([row.pk for row in articles])
        shown = {
            line.url: line.version
            for condition in {row.condition for row in articles}
            for line in reading.lines(about=condition)
        }
        mapped = self.mapped(articles) if self.chance.random() < 0.2 else None
        answered = self.answered(articles) if self.chance.random() < 0.1 else None
        sought, found = self.sought(before.values())
        after = Record.of_each([row.pk for row in articles])
        for row in articles:
            due = after[row.pk].due(after[row.pk].read_at)
            if before[row.pk] != after[row.pk] or before[row.pk].due(before[row.pk].read_at) != due:
                continue
            if shown.get(row.get_absolute_url(), 0) != due.version:
                raise Broken(f"The lists show {shown.get(row.get_absolute_url())} of {row} and must show {due}")
            self.done["lists compared"] += 1
            if mapped is not None:
                if (row.get_absolute_url() in mapped) != (due.status == 200):
                    raise Broken(f"The sitemap does not agree about {row}, which must be {due}")
                self.done["sitemap compared"] += 1
            if answered is not None:
                if answered.get(row.pk, 0) != due.version:
                    raise Broken(f"Infobutton answers {answered.get(row.pk)} of {row} and must answer {due}")
                self.done["Infobutton compared"] += 1
            if sought is not None and sought.article == row.pk:
                if (sought.pk in found) != (due.version == sought.number):
                    raise Broken(f"A search finds {found} for {sought}, and {row} must be {due}")
                self.done["search compared, found" if sought.pk in found else "search compared, not public"] += 1

    def mapped(self, articles: Sequence[Article]) -> set[str]:
        """The paths in those parts of the sitemap where these articles belong."""
        found: set[str] = set()
        for part in {row.pk // sitemaps.QUESTIONS + 1 for row in articles}:
            answer = self.reader.get(reverse("sitemap-part", args=[f"questions-{part}"]))
            if answer.status_code not in {200, 404}:
                raise Broken(f"The sitemap answered {answer.status_code}")
            if answer.status_code == 200:
                found.update(urlsplit(url).path for url in re.findall(r"<loc>([^<]+)</loc>", answer.content.decode()))
        return found

    def answered(self, articles: Sequence[Article]) -> dict[int, int]:
        """The versions that clinicians' systems get when they ask for these conditions by name."""
        found: dict[int, int] = {}
        for name in {row.condition.name for row in articles}:
            asked = Asked([Criterion(dn=Said("mainSearchCriteria.v.dn", name))])
            found |= {page.row.article_id: page.row.review.revision.number for page in finding.find(asked).pages}
        return found

    def sought(self, records: Iterable[Record]) -> tuple[RevisionRow | None, set[int]]:
        """A version that has a number in its question, as no other has, and the versions that a search for it finds.

        One that is public as often as not.
        """
        public: list[RevisionRow] = []
        others: list[RevisionRow] = []
        for record in records:
            version = record.due(record.read_at).version
            for row in record.revisions.values():
                if re.search(r"\d", self.written(row.article, row.number)[0]):
                    (public if row.number == version else others).append(row)
        few = public if self.chance.random() < 0.5 else others
        if not few:
            return None, set()
        sought = self.chance.choice(few)
        question = self.written(sought.article, sought.number)[0]
        return sought, {hit.revision for hit in search.matches("".join(re.findall(r"\d", question))).hits}
