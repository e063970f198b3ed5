"""An approval is of one text: whatever is written after it changes nothing for readers until it is published."""

from typing import Any

import pytest
from django.test import Client

from articles.digest import Source
from reviews.models import ReviewRequest
from tests import make, people

from . import dom, site

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/prognosis/"
NEW: dict[str, Any] = {
    "question": "What is new about the outlook?",
    "short_answer": "A new short answer.",
    "body": "A new opening.\n\n## A new section\n\nNew words.",
    "sources": (Source(title="A new source.", pmid="1"),),
    "change_note": "A new note.",
}
ELSEWHERE = ["/", "/conditions/", "/conditions/poems-syndrome/", "/reviewers/clara/"]


def everything(client: Client) -> dict[str, bytes]:
    """The bytes of the page and of every other page that could tell of it."""
    return {address: client.get(address).content for address in [ADDRESS, *ELSEWHERE]}


def test_an_edit_of_a_public_page_leaves_it_byte_for_byte(client: Client) -> None:
    # way 1
    publication = make.publication()
    before = everything(client)
    make.revision(publication.article, **NEW)
    assert everything(client) == before


def test_an_edit_after_the_approval_does_not_ride_along_with_its_publication(client: Client) -> None:
    # way 1 and way 2
    review = make.review()
    make.revision(review.revision.article, **NEW)
    make.publication(review)
    root = dom.read(client, ADDRESS)
    assert dom.words(dom.first(root, "h1")) == "What determines the outlook?"
    assert dom.facts(dom.only(root, "review-stamp"))["Version"] == "1, what changed"
    assert "new" not in dom.words(root).lower().split()


def test_asking_claiming_and_approving_leave_the_page_byte_for_byte(client: Client) -> None:
    # way 1: only a publication changes what readers see
    publication = make.publication()
    before = everything(client)
    clinician = people.clinician("Cleo").user
    asked = ReviewRequest.objects.ask(make.revision(publication.article, **NEW), by=people.author())
    assert everything(client) == before
    asked.claim(by=clinician)
    assert everything(client) == before
    review = asked.approve(by=clinician, digest=asked.revision.digest)
    assert everything(client) == before
    make.publication(review)
    root = dom.read(client, ADDRESS)
    assert dom.words(dom.first(root, "h1")) == "What is new about the outlook?"
    assert "What determines the outlook?" not in dom.words(root)


def test_a_request_for_changes_leaves_the_page_byte_for_byte(client: Client) -> None:
    publication = make.publication()
    before = everything(client)
    asked = ReviewRequest.objects.ask(make.revision(publication.article, **NEW), by=people.author())
    asked.ask_for_changes(by=people.clinician("Cleo").user, digest=asked.revision.digest, reason="Too new.")
    assert everything(client) == before


def test_an_older_approved_text_is_shown_by_a_publication_of_its_own_alone(client: Client) -> None:
    # way 13: an older text comes back as a publication of its own approval, and as what it is
    first = make.publication()
    make.publication(make.review(make.revision(first.article, **NEW), by=people.clinician("Cleo")))
    make.publication(first.review)
    stamp = dom.only(dom.read(client, ADDRESS), "review-stamp")
    assert dom.facts(stamp)["Version"] == "1, what changed"
    assert "Clara Test" in dom.words(stamp)


def test_the_page_of_another_article_stays_what_it_was(client: Client) -> None:
    # way 7
    site.live(make.condition(), "prognosis")
    other = make.article("treatment")
    before = client.get(ADDRESS).content
    make.review(make.revision(other, **NEW), by=people.clinician("Cleo"))
    assert client.get(ADDRESS).content == before
    assert client.get(other.get_absolute_url()).status_code == 404
