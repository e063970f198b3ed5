"""Lawful rows: everything is made by the verbs that people use."""

import datetime as dt
import secrets
from typing import Any

from accounts.models import User
from articles.digest import Source
from articles.models import Article, Condition, ConditionName, Revision
from community.models import Community, Link, LinkReport
from reviews.models import Feedback, Publication, Review, Reviewer, ReviewRequest

from . import people

SOURCES = (Source(title="A sample cohort. Sample Journal, 2024.", pmid="12456500"),)
TEXT = {
    "question": "What determines the outlook?",
    "short_answer": "How early it is found, and how far it has reached.",
    "body": "An opening.\n\n## What shapes it\n\nTreatment early on [1](#source-1), with {{ members }} to ask.",
    "sources": SOURCES,
}


def today() -> dt.date:
    """The day, in UTC."""
    return dt.datetime.now(dt.UTC).date()


def condition(slug: str = "poems-syndrome", name: str = "POEMS syndrome", *synonyms: str) -> Condition:
    """A condition with its preferred name."""
    row, made = Condition.objects.get_or_create(slug=slug)
    if made:
        ConditionName.objects.create(condition=row, text=name, kind=ConditionName.Kind.PREFERRED)
        for synonym in synonyms:
            ConditionName.objects.create(condition=row, text=synonym, kind=ConditionName.Kind.SYNONYM)
    return Condition.objects.get(pk=row.pk)


def article(slug: str = "prognosis", *, of: Condition | None = None, topic: str = "outlook") -> Article:
    """A question page without a text."""
    return Article.objects.start(condition=of or condition(), topic=topic, slug=slug, by=people.author())


def revision(of: Article | None = None, *, by: User | None = None, **text: Any) -> Revision:
    """A new version of a text."""
    return (of or article()).revise(by=by or people.author(), **{**TEXT, **text})


def request(of: Revision | None = None) -> ReviewRequest:
    """A version in the queue."""
    of = of or revision()
    return ReviewRequest.objects.ask(of, by=of.author)


def review(of: Revision | None = None, *, by: Reviewer | None = None, **decision: Any) -> Review:
    """An approval."""
    waiting = request(of)
    reviewer = by or people.clinician()
    return waiting.approve(by=reviewer.user, digest=waiting.revision.digest, **decision)


def publication(of: Review | None = None, *, live_from: dt.datetime | None = None) -> Publication:
    """A public page."""
    return (of or review()).publish(by=people.publisher(), live_from=live_from)


def feedback(about: Publication | None = None, *, words: str = "The second figure is wrong.", **said: Any) -> Feedback:
    """What a reader says about a public page: a mistake."""
    about = about or publication()
    key = secrets.token_hex(12)
    return Feedback.objects.give(about.review.revision, **{"kind": "mistake", "words": words, "key": key, **said})


def community(of: Condition | None = None, *, members: int = 0) -> Community:
    """A community with so many members."""
    row = Community.objects.create(condition=of or condition())
    for number in range(members):
        row.join(by=people.person(f"member{number}@example.org"), relation="self", consent_version="1")
    row.refresh_from_db()
    return row


def link(of: Condition | None = None, *, url: str = "https://example.org/", **said: str) -> Link:
    """A link that waits for a moderator."""
    said = {"why": "They know the condition.", "key": secrets.token_hex(12), **said}
    return Link.objects.suggest(of or condition(), url=url, **said)


def shown_link(of: Condition | None = None, *, url: str = "https://example.org/", **words: str) -> Link:
    """A link that readers see."""
    row = link(of, url=url)
    row.accept(by=people.moderator(), **{"title": "Sample foundation", "kind": "organisation", **words})
    return row


def link_report(about: Link | None = None, **said: str) -> LinkReport:
    """What a reader reports about a link."""
    said = {"kind": "sells", "words": "Half of it is a shop.", "key": secrets.token_hex(12), **said}
    return LinkReport.objects.give(about or shown_link(), **said)
