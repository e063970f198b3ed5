"""The public history of a page: what readers saw, on whose word; nothing that never was public, nothing taken down."""

import datetime as dt
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from articles.models import Article
from reviews.models import Publication, Review
from tests import make, people
from tests.conftest import Clock
from tests.database import tamper

from . import dom, site

pytestmark = pytest.mark.django_db

HISTORY = "/conditions/poems-syndrome/prognosis/history/"
DAY = dt.timedelta(1)


def first(**decision: Any) -> Publication:
    """A public page."""
    return make.publication(make.review(make.revision(body="First words, kept words."), **decision))


def next_version(of: Publication, words: str, **decision: Any) -> Publication:
    """Another version of it, public too."""
    body = f"{words.title()} words, kept words."
    return make.publication(make.review(make.revision(of.article, body=body), **decision))


def entries(client: Client, address: str = HISTORY) -> list[Element]:
    """What readers saw, newest first."""
    return list(dom.only(dom.read(client, address), "timeline"))


def change(client: Client, version: int | None = None) -> str:
    """The part about one version, in words."""
    root = dom.read(client, HISTORY if version is None else f"{HISTORY}?version={version}")
    return dom.words(next(part for part in root.iter("section") if part.get("aria-labelledby") == "diff-title"))


def test_it_tells_who_approved_what_when_and_for_how_long(client: Client) -> None:
    paper = make.today() - 40 * DAY
    publication = first(signed_on=paper, public_note="Matches the cohort.", conflicts="Paid by Sample Ltd.")
    cleo = people.clinician("Cleo")
    second = next_version(publication, "second", by=cleo, scope=Review.Scope.CHANGES_ONLY, evidence_to=make.today())
    root = dom.read(client, HISTORY)
    assert dom.words(dom.first(root, "h1")) == "What determines the outlook?"
    today = dom.spelled(make.today())
    assert f"Published 2 times since {today}. Approved by 2 clinicians." in dom.words(dom.only(root, "lead"))
    newer, older = (dom.words(entry) for entry in dom.only(root, "timeline"))
    assert newer.startswith("Version 2 The version readers see")
    due = publication.review.next_due
    assert due is not None
    assert f"The review is good until {dom.spelled(due)}." in newer
    assert f"Approved by Cleo Test, MD on {today}. Only what changed was read" in newer
    assert older.startswith(f"Version 1 Public from {today}, replaced after less than a day.")
    assert f"Approved by Clara Test, MD on {dom.spelled(paper)}, recorded on {today}." in older
    assert f"The whole page, until {dom.spelled(due)}." in older
    assert "Reviewer’s note: “Matches the cohort.”" in older
    assert len(dom.having(root, "tag")) == 1
    facts = dom.facts(root)
    assert facts["Approved by"] == "Cleo Test, MD, Haematologist, Test Hospital"
    assert facts["Approved text"] == "Fingerprint " + " ".join(second.review.digest[at : at + 4] for at in (0, 4, 8))
    assert facts["Evidence searched up to"] == today
    assert dom.facts(dom.read(client, f"{HISTORY}?version=1"))["Conflicts of interest"] == "Paid by Sample Ltd."


def test_it_shows_what_changed_between_one_public_version_and_the_next(client: Client) -> None:
    publication = first()
    make.revision(publication.article, body="Marzipan words, kept words.", question="Is it marzipan?")
    next_version(publication, "second")
    next_version(publication, "third")
    assert "Compared with version 3. 1 change; everything else" in change(client)
    newest = dom.read(client, HISTORY)
    assert [dom.words(each) for each in newest.iter("del")][1:] == ["Removed: Second. End of change."]
    assert [dom.words(each) for each in newest.iter("ins")][1:] == ["Added: Third. End of change."]
    middle = change(client, 3)
    assert "What changed in version 3 Compared with version 1." in middle
    assert "Removed: First. End of change. Added: Second. End of change. words, kept words." in middle
    assert "The first version that readers saw." in change(client, 1)
    for version in (1, 3, 4):
        assert b"arzipan" not in client.get(f"{HISTORY}?version={version}").content


def test_a_version_that_never_was_public_is_not_there(client: Client) -> None:
    publication = first()
    make.revision(publication.article, body="Draft.")
    next_version(publication, "third")
    for number in ["2", "5", "0", "-1", "01", "1.0", "", "x", "٣", "1%00", "9" * 30]:
        assert client.get(f"{HISTORY}?version={number}").status_code == 404, number


def test_nothing_that_is_not_public_yet_is_told(client: Client) -> None:
    # way 27: not a word, and not that there is something
    publication = first()
    before = client.get(HISTORY).content
    article = Article.objects.get(pk=publication.article_id)
    decision = {"public_note": "Marzipan.", "private_note": "Marzipan.", "conflicts": "Marzipan."}
    waiting = make.request(make.revision(article, body="Marzipan.", change_note="Marzipan."))
    waiting.ask_for_changes(by=people.clinician().user, digest=waiting.revision.digest, reason="Marzipan.")
    approved = make.review(make.revision(article, body="Marzipan again."), **decision)
    assert client.get(HISTORY).content == before
    pending = make.publication(approved, live_from=dt.datetime.now(dt.UTC) + DAY)
    assert client.get(HISTORY).content == before
    pending.withdraw(by=people.publisher(), why="Marzipan.")
    again = make.request(publication.review.revision)
    again.ask_for_changes(by=people.clinician().user, digest=again.revision.digest, reason="Marzipan.")
    assert client.get(HISTORY).content == before


def test_private_notes_change_notes_and_colleagues_are_not_told(client: Client) -> None:
    publication = make.publication(
        make.review(make.revision(change_note="Marzipan, as Ada knows."), private_note="Marzipan for Ada.")
    )
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    publication.review.publish(by=people.publisher())
    answer = client.get(HISTORY).content.decode()
    for private in ("arzipan", "Ada", "Petra", "Rita", "@example.org"):
        assert private not in answer


def test_a_check_that_changed_nothing_stands_under_the_version_that_was_checked(client: Client) -> None:
    publication = first(signed_on=make.today() - 30 * DAY)
    make.review(publication.review.revision, by=people.clinician("Cleo"), public_note="Still right.")
    (entry,) = entries(client)
    told = dom.words(entry)
    assert f"Checked by Cleo Test, MD on {dom.spelled(make.today())}: nothing changed." in told
    assert "Reviewer’s note: “Still right.”" in told
    assert told.index("Approved by Clara") < told.index("Checked by Cleo")
    # of one that readers no longer saw by then, nothing is told
    next_version(publication, "second")
    make.review(publication.review.revision, by=people.clinician("Dora"))
    assert "Dora" not in client.get(HISTORY).content.decode()


def test_a_lapsed_review_is_told_as_lapsed(client: Client, moved_clock: Clock) -> None:
    due = first().review.next_due
    assert due is not None
    moved_clock.move(due)
    (entry,) = entries(client)
    assert entry.get("class", "").startswith("is-lapsed")
    assert f"The review lapsed on {dom.spelled(due)}." in dom.words(entry)
    assert "good until" not in dom.words(entry)


def test_of_a_withdrawn_page_it_keeps_the_record_and_shows_no_word_but_its_question(client: Client) -> None:
    other = make.publication(make.review(make.revision(make.article("survival"), question="How long?")))
    publication = next_version(first(public_note="About kept words."), "second", public_note="On second words.")
    publication.withdraw(by=people.publisher(), why="A <b>figure</b> was wrong.", instead=other.article)
    root = dom.read(client, HISTORY)
    newer, older = (dom.words(entry) for entry in dom.only(root, "timeline"))
    assert dom.words(dom.first(root, "h1")) == "What determines the outlook?"
    assert newer.startswith("Version 2 Withdrawn")
    today = dom.spelled(make.today())
    assert f"Withdrawn on {today}. Reason: A <b>figure</b> was wrong." in newer
    assert "Read instead: How long?" in newer
    assert "Approved by Clara Test, MD" in newer
    assert "Approved by Clara Test, MD" in older
    assert "Readers do not see this page now." in dom.words(root)
    for address in (HISTORY, f"{HISTORY}?version=1", f"{HISTORY}?version=2"):
        assert b"words" not in client.get(address).content.replace(b"show words of a text", b""), address
    other.withdraw(by=people.publisher(), why="That too.")
    assert b"How long?" not in client.get(HISTORY).content


def test_no_difference_reaches_back_to_a_withdrawn_text_or_beyond(client: Client) -> None:
    # what was public before it shares its words
    publication = first(public_note="About kept words.")
    next_version(publication, "second")
    next_version(publication, "third").withdraw(by=people.publisher(), why="The kept words were wrong.")
    fourth = make.revision(publication.article, body="Fourth sentence.")
    make.publication(make.review(fourth))
    next_version(publication, "fifth", by=people.clinician("Cleo"))
    for version in (1, 2, 3, 4):
        told = change(client, version)
        assert "kept words" not in told
        assert version == 1 or "We do not show what changed here" in told
    assert "Removed: Fourth sentence." in change(client, 5)
    timeline = " ".join(dom.words(entry) for entry in entries(client))
    assert "About kept words." not in timeline
    assert "See what changed of version 5" in timeline
    assert "See what changed of version 4" not in timeline


def test_a_text_that_came_back_may_be_read_again(client: Client) -> None:
    publication = next_version(first(), "second", public_note="On second words.")
    publication.withdraw(by=people.publisher(), why="To be looked at.")
    publication.review.publish(by=people.publisher())
    again, gone, _ = (dom.words(entry) for entry in entries(client))
    assert again.startswith("Version 2 The version readers see Shown again on")
    assert "Reviewer’s note: “On second words.”" in again
    assert gone.startswith("Version 2 Withdrawn")
    assert "Reason: To be looked at." in gone
    assert "The same words as before, shown again." in change(client)


def test_words_whose_approval_is_void_are_not_shown(client: Client) -> None:
    # way 6
    vera = people.clinician("Vera")
    publication = first(signed_on=make.today() - 9 * DAY)
    make.review(publication.review.revision, by=vera, signed_on=make.today() - 3 * DAY, public_note="Marzipan.")
    next_version(publication, "second", by=vera, public_note="Marzipan.")
    next_version(publication, "third", signed_on=make.today())
    next_version(publication, "fourth")
    assert "Added: Second" in change(client, 2)
    site.revoke(vera, from_day=make.today() - 5 * DAY)
    told = [dom.words(entry) for entry in entries(client)]
    for entry in told[2:]:
        assert "The credential did not count on that day, so this approval is void." in entry
    assert "No approval of this version counts any more." in told[2]
    assert "Marzipan" not in " ".join(told)
    for version in (2, 3):
        assert "We do not show what changed here" in change(client, version)
        assert b"econd words" not in client.get(f"{HISTORY}?version={version}").content
    assert "Added: Fourth" in change(client, 4)


def test_of_a_page_that_is_approved_no_more_not_even_the_question_is_told(client: Client) -> None:
    # way 6: nor what changed before, as the page shows no older text either
    cleo = people.clinician("Cleo")
    publication = first(by=cleo)
    next_version(publication, "second", by=cleo)
    next_version(publication, "third", signed_on=make.today() - 3 * DAY)
    site.revoke(people.clinician(), from_day=make.today() - 4 * DAY)
    root = dom.read(client, HISTORY)
    assert dom.words(dom.first(root, "h1")) == "This page is no longer shown"
    assert publication.review.revision.question not in dom.words(root)
    for version in (1, 2, 3):
        assert "kept" not in change(client, version)


def test_a_page_that_never_was_public_has_no_history_like_one_that_never_was(client: Client) -> None:
    # way 27
    make.publication()
    make.review(make.revision(make.article("draft")))
    make.publication(make.review(make.revision(make.article("later"))), live_from=dt.datetime.now(dt.UTC) + DAY)
    answers = []
    for slug in ("never-was", "draft", "later"):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(f"/conditions/poems-syndrome/{slug}/history/?version=1")
        answers.append((response.status_code, response.content, dict(response.headers), len(queries)))
    assert answers[0][0] == 404
    assert answers[1] == answers[2] == answers[0]


def test_old_addresses_lead_to_it_and_the_page_and_its_withdrawal_link_to_it(client: Client) -> None:
    publication = first()
    assert HISTORY in dom.links(dom.read(client, publication.article.get_absolute_url()))
    site.rename(publication.article, "outlook")
    site.rename(publication.article.condition, "poems")
    now = "/conditions/poems/outlook/history/"
    for query in ("", "?version=1"):
        response = client.get(HISTORY + query)
        assert (response.status_code, response.headers["Location"]) == (301, now + query)
    publication.withdraw(by=people.publisher(), why="Wrong.")
    assert now in dom.links(dom.read(client, "/conditions/poems/outlook/", status=410))
    assert client.get(now).status_code == 200


def test_marks_that_only_the_page_needs_are_left_out_of_what_changed(client: Client) -> None:
    publication = first()
    body = "## What **shapes** it\n\nTreatment [1](#source-1), with {{ members }} to ask. <b>5 & 6</b>"
    make.publication(make.review(make.revision(publication.article, body=body)))
    told = change(client)
    assert "What shapes it" in told
    assert "Treatment [1], with members to ask. <b>5 & 6</b>" in told


@pytest.mark.owner
def test_a_text_that_does_not_match_its_digest_is_not_compared(client: Client) -> None:
    next_version(first(), "second")
    tamper("UPDATE articles_revision SET body = 'Marzipan.' WHERE number = 1")
    response = client.get(HISTORY)
    assert response.status_code == 503
    assert b"arzipan" not in response.content


@pytest.mark.owner
def test_a_question_that_does_not_match_its_digest_is_no_heading_even_where_nothing_is_compared(client: Client) -> None:
    publication = next_version(first(), "second")
    tamper("UPDATE articles_revision SET question = 'Marzipan?' WHERE number = 2")
    first_version = client.get(f"{HISTORY}?version=1")
    publication.withdraw(by=people.publisher(), why="Wrong.")
    for response in (first_version, client.get(HISTORY)):
        assert response.status_code == 503
        assert b"arzipan" not in response.content


def test_it_needs_few_questions_to_the_database_however_long_it_is(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    publication = first()
    for words in ("second", "third", "fourth"):
        next_version(publication, words)
    for address in (HISTORY, f"{HISTORY}?version=1"):
        with django_assert_max_num_queries(5):
            assert client.get(address).status_code == 200
