"""A text that is not public is nowhere: not by address, in lists, titles, headers or errors."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from xml.etree.ElementTree import fromstring

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from articles.digest import Source
from articles.models import Article, Condition, Revision
from reviews.models import ReviewRequest
from tests import make, people

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

# A bird that no page speaks of.
CANARY = "zeisig"
NEVER_WAS = "/conditions/poems-syndrome/never-was/"
# Some are not built yet; they must not tell either, once they are. The parts of the sitemap are found by its index.
START = [
    *site.ADDRESSES.values(),
    "/conditions/poems-syndrome/feed/",
    "/feed/",
    "/sitemap.xml",
    "/robots.txt",
    "/search/",
    "/search/?q=outlook",
    "/infobutton",
    "/infobutton?mainSearchCriteria.v.c=D016878&mainSearchCriteria.v.cs=MeSH",
    "/infobutton?mainSearchCriteria.v.dn=POEMS+syndrome&knowledgeResponseType=application/json",
    "/api/v1/",
    "/healthz",
    "/accounts/login/",
    "/admin/",
    f"/{'x' * 30}/",
]


def canaries(state: str, number: int = 1) -> dict[str, Any]:
    """A text with the canary of a state in every field."""
    bird = f"{CANARY}-{state}"
    return {
        "question": f"Is the {bird} question {number} asked?",
        "short_answer": f"The {bird} short answer {number}.",
        "body": f"The {bird} opening {number}.\n\n## A {bird} section\n\nWords [1](#source-1).",
        "sources": (Source(title=f"A {bird} source.", url=f"https://{bird}.example.org/"),),
        "change_note": f"A {bird} note {number}.",
    }


def hidden(state: str) -> Revision:
    """A version full of canaries, at an address with a canary."""
    return make.revision(make.article(f"{CANARY}-{state}"), **canaries(state))


def asked(state: str, revision: Revision | None = None) -> ReviewRequest:
    """The same in the queue, with a canary in the note."""
    return ReviewRequest.objects.ask(revision or hidden(state), by=people.author(), note=f"A {CANARY}-{state} note.")


def clinician() -> User:
    """Decides about the canaries."""
    return people.clinician().user


def draft(state: str) -> None:
    """Written."""
    hidden(state)


def written_twice(state: str) -> None:
    """Written twice."""
    make.revision(hidden(state).article, **canaries(state, 2))


def in_review(state: str) -> None:
    """Waiting, claimed."""
    asked(state).claim(by=clinician())


def sent_back(state: str) -> None:
    """Changes asked for."""
    waiting = asked(state)
    waiting.ask_for_changes(by=clinician(), digest=waiting.revision.digest, reason=f"The {CANARY}-{state} is wrong.")


def approved(state: str) -> None:
    """Approved, and not published."""
    waiting = asked(state)
    waiting.approve(
        by=clinician(),
        digest=waiting.revision.digest,
        private_note=f"A {CANARY}-{state} private note.",
        public_note=f"A {CANARY}-{state} public note.",
        conflicts=f"Shares in {CANARY}-{state}.",
    )


def scheduled(state: str) -> None:
    """Approved, and public from tomorrow."""
    make.publication(make.review(hidden(state)), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))


def cancelled(state: str) -> None:
    """Scheduled, and cancelled before its hour, with the canary in the reason."""
    publication = make.publication(make.review(hidden(state)), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1))
    publication.withdraw(by=people.publisher(), why=f"A {CANARY}-{state} reason.")


def never_valid(state: str) -> None:
    """Approved with a credential that was revoked from before the signing."""
    make.review(hidden(state), by=people.clinician("Quack"))
    site.revoke(people.clinician("Quack"), from_day=make.today() - dt.timedelta(100))


NEVER_PUBLIC: dict[str, Callable[[str], None]] = {
    "draft": draft,
    "twice": written_twice,
    "waiting": in_review,
    "sent-back": sent_back,
    "approved": approved,
    "scheduled": scheduled,
    "cancelled": cancelled,
    "invalid": never_valid,
}


def build_with_everything_hidden() -> list[str]:
    """The small site and beside it a page in each state that is not public; the addresses of those."""
    site.build()
    for state, bring_about in NEVER_PUBLIC.items():
        bring_about(state)
    return [f"/conditions/poems-syndrome/{CANARY}-{state}/" for state in NEVER_PUBLIC]


def crawl(client: Client) -> Iterator[tuple[str, str]]:
    """Every public address that is known or linked to, with all that is answered there, headers too."""
    waiting = [*START]
    for article in Article.objects.select_related("condition"):
        here = article.get_absolute_url()
        waiting += [here, here.removesuffix("/"), f"{here}history/", f"{here}feedback/"]
    seen = set(waiting)
    while waiting:
        address = waiting.pop()
        response = client.get(address)
        headers = [f"{name}: {value}" for name, value in response.items()]
        yield address, "\n".join([*headers, response.content.decode()])
        for link in leads(response):
            page = link.removeprefix(settings.SITE_URL).split("#")[0]
            if page.startswith("/") and page not in seen:
                seen.add(page)
                waiting.append(page)


def leads(response: HttpResponse) -> list[str]:
    """Every address that an answer names: links of a page and in its head, of a feed and of a sitemap."""
    kind = response.headers.get("Content-Type", "")
    if not response.content or not kind.startswith(("text/html", "application/xml", "application/atom+xml")):
        return []
    root = dom.tree(response.content) if kind.startswith("text/html") else fromstring(response.content)  # noqa: S314
    named = [element.text or "" for element in root.iter() if element.tag.endswith("}loc")]
    return named + [element.get("href", "") for element in root.iter() if element.tag.split("}")[-1] in {"a", "link"}]


def told(client: Client) -> list[str]:
    """The addresses whose answer holds a canary; a redirect that only adds a slash repeats what was asked."""
    return [
        address for address, answer in crawl(client) if CANARY in answer.lower().replace(f"location: {address}/", "")
    ]


def test_no_public_answer_holds_a_word_of_a_text_that_never_was_public(client: Client) -> None:
    # way 27
    build_with_everything_hidden()
    assert told(client) == []


def test_its_address_answers_like_one_that_never_was(client: Client) -> None:
    # way 27: byte for byte, header for header, and with as many questions to the database
    addresses = build_with_everything_hidden()
    with CaptureQueriesContext(connection) as queries:
        never_was = client.get(NEVER_WAS)
    assert never_was.status_code == 404
    expected = len(queries)
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(address)
        assert response.status_code == 404, address
        assert response.content == never_was.content, address
        assert dict(response.headers) == dict(never_was.headers), address
        assert len(queries) == expected, address


def test_nobody_sees_more_at_a_public_address_for_being_signed_in() -> None:
    # way 26 and way 27: there is no preview on the public side
    addresses = build_with_everything_hidden()
    never_was = Client().get(NEVER_WAS).content
    for person in site.everybody():
        client = Client()
        client.force_login(person)
        for address in addresses:
            response = client.get(f"{address}?preview=1&version=1&draft")
            assert (response.status_code, response.content) == (404, never_was), (person, address)


def test_no_public_answer_holds_a_word_of_a_newer_version_of_a_public_page(client: Client) -> None:
    # way 27, way 1
    site.build()
    public = Article.objects.get(slug="prognosis")
    waiting = asked("newer", make.revision(public, **canaries("newer")))
    waiting.approve(by=clinician(), digest=waiting.revision.digest)
    make.revision(public, **canaries("newest"))
    assert told(client) == []


def test_no_public_answer_holds_a_word_of_an_older_version_of_a_public_page(client: Client) -> None:
    site.build()
    public = Article.objects.get(slug="prognosis")
    make.publication(make.review(make.revision(public, **canaries("older"))))
    make.publication(make.review(make.revision(public, question="What about prognosis?")))
    # A page's history may tell of what was public once.
    assert [address for address in told(client) if "/history/" not in address] == []


def test_of_a_withdrawn_text_no_word_but_its_question_is_left(client: Client) -> None:
    # way 27
    site.build()
    revision = make.revision(make.article("gone"), **{**canaries("gone"), "question": "What is gone?"})
    make.publication(make.review(revision)).withdraw(by=people.publisher(), why="A figure was wrong.")
    assert told(client) == []
    assert client.get("/conditions/poems-syndrome/gone/").status_code == 410


def test_the_crawl_finds_a_canary_on_every_page_that_may_show_it(client: Client) -> None:
    # the tests above would be worth nothing if it did not
    site.build()
    make.publication(make.review(hidden("public")))
    assert {
        "/",
        "/conditions/poems-syndrome/",
        "/conditions/poems-syndrome/prognosis/",
        f"/conditions/poems-syndrome/{CANARY}-public/",
        "/reviewers/clara/",
        "/feed/",
        "/conditions/poems-syndrome/feed/",
        "/sitemap/questions-1.xml",
        "/infobutton?mainSearchCriteria.v.c=D016878&mainSearchCriteria.v.cs=MeSH",
        "/infobutton?mainSearchCriteria.v.dn=POEMS+syndrome&knowledgeResponseType=application/json",
    } <= set(told(client))


def test_the_definition_and_origin_of_a_condition_are_for_editors(client: Client) -> None:
    site.build()
    condition = Condition.objects.get(slug="poems-syndrome")
    condition.definition, condition.origin = f"A {CANARY} definition.", f"{CANARY}:14039"
    condition.save()
    assert told(client) == []


def test_no_public_answer_holds_the_address_or_the_relation_of_a_person(client: Client) -> None:
    site.build()
    for address, answer in crawl(client):
        # The form to join offers the words to everybody.
        offered = {"I live with it"} if address.endswith("/join/") else set()
        for private in {"@example.org", "member0", "Member0", "I live with it", "Petra", "Rita"} - offered:
            assert private not in answer, (address, private)


def test_the_page_for_what_is_not_there_does_not_repeat_the_address(client: Client) -> None:
    response = client.get(f"/conditions/{CANARY}/{CANARY}/?q={CANARY}")
    assert response.status_code == 404
    assert CANARY not in response.content.decode()
