"""Nothing that is not public is found, by none of its words; what is public is, however much around it is not."""

import datetime as dt
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from articles.models import Condition, Revision
from pages.search import CANDIDATES
from reviews import matching
from reviews.models import Publication
from tests import make, people
from tests.conftest import Clock
from tests.database import tamper

from . import dom, site
from .test_search import CANARY, build, said, titles

pytestmark = pytest.mark.django_db


def hidden(state: str) -> dict[str, str]:
    """A text with a canary of its own in each field that is searched, one letter from a word that is public."""
    return {
        "question": f"Is {CANARY}{state} asked?",
        "short_answer": f"The stieglitz{state}.",
        "body": f"The kleiber{state} opening.\n\n## Amsel{state}\n\nWords.",
    }


def words_of(state: str) -> list[str]:
    """Those canaries, and what somebody may type by mistake."""
    found = [f"{bird}{state}" for bird in (CANARY, "stieglitz", "kleiber", "amsel")]
    return [*found, *(word[:-1] for word in found), *(word[:3] + word[4:] for word in found), f"poems {found[0]}"]


def tells_nothing(client: Client, state: str) -> None:
    """Nothing is found for any of the canaries: no result, count, suggestion or other word."""
    for word in words_of(state):
        answer = client.get(f"/search/?q={quote(word)}").content.decode()
        assert "Nothing found for" in answer, word
        assert not set(words_of(state)) & set(answer.replace(word, "").split()), word
        assert client.get(f"/search/suggestions/?q={quote(word)}").json() == {"suggestions": []}, word
    # Neither do the results for what is public.
    for word in ("poems", "words", "opening", "asked"):
        for address in (f"/search/?q={word}", f"/search/suggestions/?q={word}"):
            answer = client.get(address).content.decode().lower()
            assert not any(bird in answer for bird in (CANARY, "stieglitz", "kleiber", "amsel")), address


def test_no_text_that_is_not_public_is_found_by_any_of_its_words(client: Client) -> None:
    # way 27
    build()
    draft = make.revision(make.article("draft"), **hidden("draft"))
    waiting = make.revision(make.article("waiting"), **hidden("waiting"))
    make.request(waiting)
    make.review(make.revision(make.article("approved"), **hidden("approved")))
    tomorrow = dt.datetime.now(dt.UTC) + dt.timedelta(1)
    make.publication(make.review(make.revision(make.article("later"), **hidden("later"))), live_from=tomorrow)
    cancelled = make.publication(
        make.review(make.revision(make.article("cancelled"), **hidden("cancelled"))), live_from=tomorrow
    )
    cancelled.withdraw(by=people.publisher(), why="Not yet.")
    make.review(make.revision(draft.article, **hidden("newer")))
    for state in ("draft", "waiting", "approved", "later", "cancelled", "newer"):
        tells_nothing(client, state)


def test_a_text_is_found_until_it_is_withdrawn(client: Client) -> None:
    # way 27, way 15
    build()
    publication = make.publication(make.review(make.revision(make.article("gone"), **hidden("gone"))))
    for word in words_of("gone")[:4]:
        assert titles(client, word) == [f"Is {CANARY}gone asked?"], word
    assert client.get(f"/search/suggestions/?q={CANARY}g").json()["suggestions"]
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    tells_nothing(client, "gone")


def test_a_text_is_found_until_its_approval_counts_no_more(client: Client) -> None:
    # way 27, way 6
    build()
    revision = make.revision(make.article("void"), **hidden("void"))
    make.publication(make.review(revision, by=people.clinician("Vera"), signed_on=make.today() - dt.timedelta(30)))
    assert titles(client, "kleibervoid") == [f"Is {CANARY}void asked?"]
    site.revoke(people.clinician("Vera"), from_day=make.today() - dt.timedelta(60))
    tells_nothing(client, "void")


def test_a_text_is_found_until_a_newer_one_takes_its_place(client: Client) -> None:
    # way 27
    build()
    article = make.article("page")
    make.publication(make.review(make.revision(article, **hidden("old"))))
    assert titles(client, "kleiberold") == [f"Is {CANARY}old asked?"]
    make.publication(make.review(make.revision(article, question="What is new?")))
    tells_nothing(client, "old")
    assert titles(client, "what is new") == ["What is new?"]


def test_a_scheduled_text_is_found_from_its_hour_on_without_a_write(client: Client, moved_clock: Clock) -> None:
    # way 27, way 22
    build()
    now = dt.datetime.now(dt.UTC)
    make.publication(
        make.review(make.revision(make.article("later"), **hidden("later"))), live_from=now + dt.timedelta(hours=6)
    )
    moved_clock.move(now + dt.timedelta(hours=5, minutes=59))
    tells_nothing(client, "later")
    moved_clock.move(now + dt.timedelta(hours=6, minutes=1))
    assert titles(client, "kleiberlater") == [f"Is {CANARY}later asked?"]
    assert "Did you mean kleiberlater?" not in said(client, "kleiberlater")
    assert titles(client, f"{CANARY}latr") == [f"Is {CANARY}later asked?"]


def test_the_words_to_choose_from_are_those_that_are_public_now(client: Client) -> None:
    # way 27: a withdrawn word is no longer what somebody may have meant, so another one is
    build()
    site.live(Condition.objects.get(slug="poems-syndrome"), "one", question="What of zeisigs today?")
    publication = site.live(Condition.objects.get(slug="poems-syndrome"), "two", question="What of zeiszigs today?")
    assert titles(client, "zeiszzigs") == ["What of zeiszigs today?"]
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    assert titles(client, "zeiszzigs") == ["What of zeisigs today?"]


@pytest.mark.owner
def test_a_text_that_is_not_the_approved_one_is_never_shown_in_a_snippet(client: Client) -> None:
    # way 34
    build()
    assert "A rare disorder of plasma cells" in said(client, "poems syndrome")
    tamper("UPDATE articles_revision SET short_answer = 'Take kleiber.' WHERE question = 'What is POEMS syndrome?'")
    assert "What is POEMS syndrome?" not in titles(client, "poems syndrome")
    assert "kleiber" not in said(client, "poems syndrome")
    hub = next(li for li in dom.read(client, "/search/?q=poems").iter("li") if "Condition," in dom.words(li))
    assert not dom.having(hub, "review-mark")


@pytest.mark.owner
def test_nor_is_one_whose_digest_was_tampered_with_too(client: Client) -> None:
    # way 34
    build()
    revision = Revision.objects.get(question="What shapes the outlook?")
    revision.short_answer = "Take kleiber."
    values = [revision.short_answer, revision.text().digest(), revision.pk]
    tamper(("UPDATE articles_revision SET short_answer = %s, digest = %s WHERE id = %s", values))
    assert client.get("/conditions/poems-syndrome/prognosis/").status_code == 503
    assert "What shapes the outlook?" not in titles(client, "outlook")
    assert "kleiber" not in said(client, "outlook")


def test_too_many_candidates_that_are_not_public_any_more_hide_none_that_is(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pages.search.CANDIDATES", 2)
    build()
    article = make.article("page")
    for number in range(4):
        make.publication(make.review(make.revision(article, question=f"Kleiber kleiber kleiber {number}")))
    site.live(Condition.objects.get(slug="wilson-disease"), "found", body="A long text with one kleiber in it.")
    assert titles(client, "kleiber") == ["Kleiber kleiber kleiber 3", "What about found?"]
    assert Publication.objects.live().count() == 6


def test_what_no_text_holds_is_not_looked_for_again(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    build()
    asked, statement = [], matching.statement

    def noted(vendor: str, what: matching.Asked, most: int) -> tuple[str, list[Any]]:
        asked.append(most)
        return statement(vendor, what, most)

    monkeypatch.setattr(matching, "statement", noted)
    assert titles(client, "kleiber") == []
    assert set(asked) == {CANDIDATES}
