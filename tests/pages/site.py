"""A small public site with a page in every state, for the tests that walk over all of them."""

import datetime as dt
from typing import Any

from accounts.models import User
from articles.models import Article, Condition, ConditionCode
from pages.links import A_PART
from reviews.models import Credential, Publication, Reviewer
from tests import make, people

ADDRESSES = {
    "home": "/",
    "all conditions": "/conditions/",
    "letter": "/a-z/p/",
    "hub": "/conditions/poems-syndrome/",
    "hub without pages": "/conditions/castleman-disease/",
    "question in date": "/conditions/poems-syndrome/prognosis/",
    "question overdue": "/conditions/poems-syndrome/symptoms/",
    "question with a revoked credential": "/conditions/poems-syndrome/causes/",
    "withdrawn question": "/conditions/poems-syndrome/treatment/",
    "question that is approved no more": "/conditions/poems-syndrome/research/",
    "history": "/conditions/poems-syndrome/prognosis/history/",
    "history of a withdrawn question": "/conditions/poems-syndrome/treatment/history/",
    "history of what is approved no more": "/conditions/poems-syndrome/research/history/",
    "overview": "/conditions/poems-syndrome/overview/",
    "community": "/conditions/poems-syndrome/community/",
    "small community": "/conditions/castleman-disease/community/",
    "more links": "/conditions/castleman-disease/community/links/2/",
    "reviewer": "/reviewers/clara/",
    "reviewer with a revoked credential": "/reviewers/rex/",
    "reviewers": "/reviewers/",
    "how we review": "/how-we-review/",
    "accessibility": "/accessibility/",
    "privacy": "/privacy/",
    "content API": "/api/v1/",
    "no page": "/conditions/poems-syndrome/never-was/",
}
# What is no page for people.
MACHINES = {
    "feed": "/feed/",
    "feed of a condition": "/conditions/poems-syndrome/feed/",
    "feed without pages": "/conditions/castleman-disease/feed/",
    "sitemap": "/sitemap.xml",
    "sitemap of the site": "/sitemap/site.xml",
    "sitemap of reviewers": "/sitemap/reviewers.xml",
    "sitemap of conditions": "/sitemap/conditions-1.xml",
    "sitemap of questions": "/sitemap/questions-1.xml",
    "robots": "/robots.txt",
    "API description": "/api/v1/openapi.json",
    "API conditions": "/api/v1/conditions",
    "API condition": "/api/v1/conditions/poems-syndrome",
    "API articles": "/api/v1/articles",
    "API article": "/api/v1/articles/poems-syndrome/prognosis",
    "API withdrawn": "/api/v1/articles/poems-syndrome/treatment",
    "API reviewers": "/api/v1/reviewers",
    "API reviewer": "/api/v1/reviewers/clara",
    "API changes": "/api/v1/changes",
}
STATUS = {"withdrawn question": 410, "API withdrawn": 410, "question that is approved no more": 410, "no page": 404}


def build() -> None:
    """Make the site behind ADDRESSES."""
    poems = make.condition("poems-syndrome", "POEMS syndrome", "Crow-Fukase syndrome")
    castleman = make.condition("castleman-disease", "Castleman disease")
    ConditionCode.objects.create(condition=poems, system="MeSH", code="D016878")
    make.community(poems, members=12)
    make.community(castleman, members=2)
    make.shown_link(poems, description="They know the condition.", language="es", country="ES")
    for number in range(A_PART + 1):
        make.shown_link(castleman, url=f"https://{number}.example.org/", title=f"Sample {number}", kind="peers")
    today = make.today()
    live(poems, "prognosis", "outlook")
    live(poems, "overview", "overview")
    live(poems, "symptoms", "symptoms", signed_on=today - dt.timedelta(400))
    live(poems, "causes", "causes", by=people.clinician("Rex"), signed_on=today - dt.timedelta(30))
    live(poems, "research", "research", by=people.clinician("Vera"), signed_on=today - dt.timedelta(30))
    revoke(people.clinician("Rex"), from_day=today)
    revoke(people.clinician("Vera"), from_day=today - dt.timedelta(60))
    withdrawn = live(poems, "treatment", "treatment")
    withdrawn.withdraw(
        by=people.publisher(), why="A figure was wrong.", instead=Article.objects.get(condition=poems, slug="prognosis")
    )


def live(
    of: Condition,
    slug: str,
    topic: str = "outlook",
    *,
    by: Reviewer | None = None,
    signed_on: dt.date | None = None,
    months: int = 12,
    **text: Any,
) -> Publication:
    """A public page of a condition; its question names the slug."""
    revision = make.revision(make.article(slug, of=of, topic=topic), **{"question": f"What about {slug}?", **text})
    return make.publication(make.review(revision, by=by, signed_on=signed_on, months=months))


def revoke(reviewer: Reviewer, *, from_day: dt.date) -> None:
    """Take a reviewer's credential away from a day on."""
    credential = Credential.objects.get(reviewer=reviewer)
    credential.revoke(by=people.registrar(), from_day=from_day, why="Struck off the register.")


def everybody() -> list[User]:
    """One person of each kind that can sign in."""
    return [
        people.reader(),
        people.author(),
        people.clinician().user,
        people.publisher(),
        people.registrar(),
        people.moderator(),
        people.superuser(),
    ]


def rename(row: Article | Condition, slug: str) -> None:
    """Give a page another address, as the admin does."""
    row.slug = slug
    row.full_clean()
    row.save()
