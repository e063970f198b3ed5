"""The page of a question that was taken down: it says so, when and why, and shows no word of the text."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client

from articles.models import Article
from reviews.models import Publication
from tests import make, people

from . import dom, site

pytestmark = pytest.mark.django_db

ADDRESS = "/conditions/poems-syndrome/prognosis/"
LISTS = ["/", "/conditions/poems-syndrome/", "/reviewers/clara/"]
TEXT: dict[str, Any] = {
    "short_answer": "Marzipan is the short answer.",
    "body": "Marzipan stands in the opening.\n\n## Marzipan\n\nAnd in a section.",
    "sources": (),
}


def public(slug: str = "prognosis", **decision: Any) -> Publication:
    """A public page whose text holds the word marzipan."""
    return site.live(make.condition(), slug, **{**TEXT, **decision})


def test_it_answers_410_with_the_day_and_the_reason_and_no_word_of_the_text(client: Client) -> None:
    withdrawal = public().withdraw(by=people.publisher(), why="Its sources do not support it.")
    response = client.get(ADDRESS)
    assert b"arzipan" not in response.content
    root = dom.read(client, ADDRESS, status=410)
    notice = dom.words(dom.only(root, "is-withdrawn"))
    assert f"We withdrew this page on {dom.spelled(withdrawal.at.date())}" in notice
    assert "Reason: Its sources do not support it." in notice
    assert not dom.having(root, "review-stamp")
    assert not dom.having(root, "prose")


def test_the_reason_is_shown_as_typed(client: Client) -> None:
    public().withdraw(by=people.publisher(), why='It said <5 mg. <section class="review-stamp">')
    root = dom.read(client, ADDRESS, status=410)
    assert 'Reason: It said <5 mg. <section class="review-stamp">' in dom.words(root)
    assert not dom.having(root, "review-stamp")


def test_it_keeps_the_record_of_who_approved_it(client: Client) -> None:
    publication = public()
    publication.withdraw(by=people.publisher(), why="Wrong.")
    root = dom.read(client, ADDRESS, status=410)
    facts = dom.facts(root)
    assert facts["Last approved by"] == f"Clara Test, MD, on {dom.spelled(publication.review.signed_on)}"
    day = dom.spelled(make.today())
    assert facts["Public from"] == f"{day} to {day}"


def test_it_names_the_page_to_read_instead(client: Client) -> None:
    other = public("treatment")
    public().withdraw(by=people.publisher(), why="Wrong.", instead=other.article)
    root = dom.read(client, ADDRESS, status=410)
    (row,) = dom.having(root, "question-row")
    assert "What about treatment?" in dom.words(row)
    assert "Reviewed " in dom.words(row)
    assert dom.links(row) == ["/conditions/poems-syndrome/treatment/"]


def test_a_page_to_read_instead_that_is_not_public_is_not_named(client: Client) -> None:
    # way 27
    draft = make.article("treatment")
    make.revision(draft, question="Is marzipan a treatment?")
    public().withdraw(by=people.publisher(), why="Wrong.", instead=draft)
    response = client.get(ADDRESS)
    assert b"arzipan" not in response.content
    assert b"treatment" not in response.content
    assert "/conditions/poems-syndrome/" in dom.links(dom.read(client, ADDRESS, status=410))


def test_it_is_in_no_list(client: Client) -> None:
    publication = public()
    for address in LISTS:
        assert ADDRESS in dom.links(dom.read(client, address)), address
    publication.withdraw(by=people.publisher(), why="Wrong.")
    for address in LISTS:
        assert ADDRESS not in dom.links(dom.read(client, address)), address
        assert b"prognosis" not in client.get(address).content, address


def test_it_asks_search_engines_to_forget_it(client: Client) -> None:
    public().withdraw(by=people.publisher(), why="Wrong.")
    root = dom.read(client, ADDRESS, status=410)
    assert [meta.get("content") for meta in root.iter("meta") if meta.get("name") == "robots"] == ["noindex"]


def test_an_older_text_is_never_shown_in_its_place(client: Client) -> None:
    # way 13
    first = public()
    second = make.review(make.revision(first.article, body="A newer text."), by=people.clinician("Cleo"))
    make.publication(second).withdraw(by=people.publisher(), why="The newer text was wrong.")
    root = dom.read(client, ADDRESS, status=410)
    assert "arzipan" not in dom.words(root)
    assert "The newer text was wrong." in dom.words(root)


def test_put_back_it_is_public_again(client: Client) -> None:
    publication = public()
    publication.withdraw(by=people.publisher(), why="To be looked at.")
    make.publication(publication.review)
    assert "Marzipan stands in the opening." in dom.words(dom.read(client, ADDRESS))


def test_a_clinician_can_take_a_page_down(client: Client) -> None:
    public().withdraw(by=people.clinician("Cleo").user, why="Dangerous.")
    assert "Reason: Dangerous." in dom.words(dom.read(client, ADDRESS, status=410))


def test_a_credential_revoked_before_the_signing_takes_the_page_down(client: Client) -> None:
    # way 6: the text was never approved, so not even its question is shown
    publication = public(signed_on=make.today() - dt.timedelta(10), question="Is marzipan good?")
    site.revoke(people.clinician(), from_day=publication.review.signed_on)
    response = client.get(ADDRESS)
    assert b"arzipan" not in response.content
    root = dom.read(client, ADDRESS, status=410)
    assert dom.words(dom.first(root, "h1")) == "This page is no longer shown"
    assert "the credential of the reviewer did not count on the day of the approval" in dom.words(root)
    assert not dom.having(root, "review-stamp")


def test_a_credential_revoked_from_the_day_after_the_signing_does_not(client: Client) -> None:
    # way 6: that review was signed while the credential counted; it lapses and stays on record
    publication = public(signed_on=make.today() - dt.timedelta(10))
    site.revoke(people.clinician(), from_day=publication.review.signed_on + dt.timedelta(1))
    assert "Review lapsed" in dom.words(dom.read(client, ADDRESS))


def test_what_a_revoked_credential_takes_down_is_in_no_list(client: Client) -> None:
    # way 6
    publication = public(signed_on=make.today() - dt.timedelta(10))
    site.live(make.condition(), "treatment", by=people.clinician("Cleo"))
    site.revoke(people.clinician(), from_day=publication.review.signed_on)
    for address in [*LISTS, "/conditions/poems-syndrome/treatment/"]:
        assert ADDRESS not in dom.links(dom.read(client, address)), address


def test_another_valid_approval_of_the_same_text_keeps_the_page_up(client: Client) -> None:
    # way 6
    publication = public(signed_on=make.today() - dt.timedelta(10))
    make.review(publication.review.revision, by=people.clinician("Cleo"), signed_on=make.today() - dt.timedelta(20))
    site.revoke(people.clinician(), from_day=publication.review.signed_on)
    stamp = dom.words(dom.only(dom.read(client, ADDRESS), "review-stamp"))
    assert "Cleo Test" in stamp
    assert "Clara Test" not in stamp


@pytest.mark.parametrize("revoked", ["Clara", "Cleo"])
def test_a_change_needs_both_its_own_approval_and_the_one_under_it(client: Client, revoked: str) -> None:
    # way 6 and way 31
    first = public(signed_on=make.today() - dt.timedelta(10))
    typo = make.revision(Article.objects.get(pk=first.article_id), body="Marzipan, corrected.")
    make.publication(
        make.review(typo, by=people.clinician("Cleo"), scope="changes", signed_on=make.today() - dt.timedelta(5))
    )
    assert client.get(ADDRESS).status_code == 200
    site.revoke(people.clinician(revoked), from_day=make.today() - dt.timedelta(20))
    response = client.get(ADDRESS)
    assert response.status_code == 410
    assert b"arzipan" not in response.content
