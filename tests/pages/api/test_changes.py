"""What changed since a cursor: each change once, none missed, whatever commits when, and nothing of what is hidden."""

import datetime as dt
import random
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from articles.models import Article, Condition
from pages.api import changed, index
from pages.api.cursor import Cursor
from reviews.models import LedgerEntry, Publication, Reviewer
from tests import make, people
from tests.conftest import Clock
from tests.crowd import PATIENCE
from tests.pages import site

from .asking import Partner, ask, slug

pytestmark = pytest.mark.django_db


def tomorrow(hour: int = 12) -> dt.datetime:
    """An hour of tomorrow."""
    return dt.datetime.combine(make.today() + dt.timedelta(1), dt.time(hour), dt.UTC)


@pytest.fixture
def partner() -> Partner:
    """Somebody with an empty copy."""
    return Partner()


# What is told


def test_from_the_beginning_every_page_that_is_or_was_public_is_told_once(partner: Partner) -> None:
    site.build()
    told = partner.poll()
    assert sorted(told) == [
        "causes: content-changed",
        "overview: content-changed",
        "prognosis: content-changed",
        "research: withdrawn",
        "symptoms: content-changed",
        "treatment: withdrawn",
    ]
    assert partner.poll() == []


def test_while_nothing_changed_the_answer_is_the_same_to_the_byte(client: Client) -> None:
    make.publication()
    cursor = ask("/changes")["cursor"]
    address = f"/api/v1/changes?since={cursor}"
    first = client.get(address)
    assert first.json() == {
        "items": [],
        "cursor": cursor,
        "more": False,
        "next": f"http://testserver/api/v1/changes?since={cursor}",
    }
    assert client.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_each_kind_of_change_is_told_when_it_is_decided(partner: Partner) -> None:
    first = make.publication()
    assert partner.poll() == ["prognosis: content-changed"]
    make.review(first.review.revision, by=people.clinician("Cleo"))
    assert partner.poll() == ["prognosis: reviewed-unchanged"]
    assert partner.told[0]["article"]["reviewer"]["name"] == "Cleo Test, MD"
    second = make.publication(make.review(make.revision(first.article, body="Other words.")))
    assert partner.poll() == ["prognosis: content-changed"]
    second.withdraw(by=people.publisher(), why="A figure was wrong.")
    assert partner.poll() == ["prognosis: withdrawn"]
    assert partner.told[0]["withdrawn"]["reason"] == "A figure was wrong."
    make.publication(make.review(make.revision(first.article, body="The right words.")))
    assert partner.poll() == ["prognosis: correction"]
    assert partner.poll() == []
    assert len(partner.copy) == 1


def test_a_revocation_is_told_of_every_page_that_rests_on_it(partner: Partner) -> None:
    poems, today = make.condition(), make.today()
    rex, vera = people.clinician("Rex"), people.clinician("Vera")
    for slug_of, topic, by in (("causes", "causes", rex), ("living", "living", rex), ("research", "research", vera)):
        site.live(poems, slug_of, topic, by=by, signed_on=today - dt.timedelta(30))
    base = site.live(poems, "outlook", "outlook", by=rex, signed_on=today - dt.timedelta(30))
    changes = make.request(make.revision(base.article, question="What about outlook?", body="A comma, moved."))
    clara = people.clinician()
    make.publication(changes.approve(by=clara.user, digest=changes.revision.digest, scope="changes"))
    partner.poll()
    site.revoke(rex, from_day=today)
    assert sorted(partner.poll()) == [
        "causes: content-changed",
        "living: content-changed",
        "outlook: content-changed",
    ]
    assert {each["article"]["reviewState"] for each in partner.told} == {"overdue"}
    site.revoke(vera, from_day=today - dt.timedelta(60))
    assert partner.poll() == ["research: withdrawn"]
    assert partner.told[0]["withdrawn"]["question"] == "This page is no longer shown"
    assert partner.poll() == []


def test_the_page_to_read_instead_is_named_while_it_is_live(partner: Partner) -> None:
    site.build()
    partner.poll()
    (gone,) = [each["withdrawn"] for each in partner.told if slug(each) == "treatment"]
    assert gone["successor"] == {
        "url": "http://testserver/conditions/poems-syndrome/prognosis/",
        "api": "http://testserver/api/v1/articles/poems-syndrome/prognosis",
    }
    Publication.objects.get(article__slug="prognosis").withdraw(by=people.publisher(), why="Wrong too.")
    (gone,) = [each["withdrawn"] for each in ask("/changes")["items"] if slug(each) == "treatment"]
    assert gone["successor"] is None


# Later hours


def test_a_page_for_a_later_hour_is_told_at_its_hour_and_once(partner: Partner, moved_clock: Clock) -> None:
    make.publication(live_from=tomorrow())
    assert partner.poll() == []
    moved_clock.move(tomorrow() - dt.timedelta(seconds=1))
    assert partner.poll() == []
    moved_clock.move(tomorrow())
    assert partner.poll() == ["prognosis: content-changed"]
    moved_clock.move(tomorrow() + dt.timedelta(1))
    assert partner.poll() == []


def test_whoever_begins_after_the_hour_is_told_once_too(partner: Partner, moved_clock: Clock) -> None:
    make.publication(live_from=tomorrow())
    moved_clock.move(tomorrow(13))
    assert partner.poll() == ["prognosis: content-changed"]
    assert partner.poll() == []


def test_many_pages_of_one_hour_come_in_parts_and_none_is_left_out(
    partner: Partner, moved_clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    poems = make.condition()
    for number in range(5):
        text = make.revision(make.article(f"page-{number}", of=poems), question=f"What about {number}?")
        make.publication(make.review(text), live_from=tomorrow())
    moved_clock.move(tomorrow())
    since = changed.since
    monkeypatch.setattr(changed, "since", lambda cursor: since(cursor, limit=2))
    assert partner.poll() == [f"page-{number}: content-changed" for number in range(5)]


def test_what_is_cancelled_before_its_hour_is_never_told(partner: Partner, moved_clock: Clock) -> None:
    waiting = make.publication(live_from=tomorrow())
    waiting.withdraw(by=people.publisher(), why="Not yet.")
    cursor = ask("/changes")["cursor"]
    moved_clock.move(tomorrow(13))
    assert partner.poll() == []
    assert partner.cursor == cursor


@pytest.mark.django_db(transaction=True)
def test_an_hour_that_passes_before_its_transaction_ends_is_told_afterwards(
    partner: Partner, moved_clock: Clock
) -> None:
    poems = make.condition()
    slow = make.review(make.revision(make.article("slow", of=poems), question="Slow?"))
    quick = make.review(make.revision(make.article("quick", of=poems), question="Quick?"))
    make.publication(quick, live_from=tomorrow(12))
    publisher, written, may_end = people.publisher(), threading.Event(), threading.Event()

    def publish_slowly() -> None:
        try:
            with transaction.atomic():
                slow.publish(by=publisher, live_from=tomorrow(11))
                written.set()
                may_end.wait(PATIENCE)
        finally:
            connection.close()

    thread = threading.Thread(target=publish_slowly)
    thread.start()
    assert written.wait(PATIENCE)
    moved_clock.move(tomorrow(13))
    assert partner.poll() == ["quick: content-changed"]
    may_end.set()
    thread.join(PATIENCE)
    assert partner.poll() == ["slow: content-changed"]
    assert partner.poll() == []


@pytest.mark.django_db(transaction=True)
def test_what_is_not_committed_yet_is_told_once_it_is(partner: Partner) -> None:
    review = make.review()
    publisher, written, may_end = people.publisher(), threading.Event(), threading.Event()

    def publish_slowly() -> None:
        try:
            with transaction.atomic():
                review.publish(by=publisher)
                written.set()
                may_end.wait(PATIENCE)
        finally:
            connection.close()

    thread = threading.Thread(target=publish_slowly)
    thread.start()
    assert written.wait(PATIENCE)
    assert partner.poll() == []
    may_end.set()
    thread.join(PATIENCE)
    assert partner.poll() == ["prognosis: content-changed"]


# What is hidden


def test_what_is_decided_about_pages_that_nobody_sees_moves_nothing(client: Client) -> None:
    # way 27
    shown = make.publication()
    before = client.get("/api/v1/changes")
    newer = make.revision(shown.article, body="Words that wait.")
    waiting = make.request(make.revision(make.article("hidden"), question="Hidden?"))
    waiting.ask_for_changes(by=people.clinician().user, digest=waiting.revision.digest, reason="Name the dose.")
    make.review(newer)
    make.publication(make.review(make.revision(make.article("later"), question="Later?")), live_from=tomorrow())
    cleo = people.clinician("Cleo")
    make.review(make.revision(make.article("cleos"), question="Of Cleo?"), by=cleo)
    site.revoke(cleo, from_day=make.today())
    after = client.get("/api/v1/changes")
    assert after.content == before.content
    assert after["ETag"] == before["ETag"]


def test_a_cursor_tells_no_number_and_is_forged_by_nobody(client: Client) -> None:
    make.publication()
    cursor = ask("/changes")["cursor"]
    number = LedgerEntry.objects.latest("pk").pk
    assert Cursor.read("since", cursor).entry == number
    for wrong in (cursor[:-3] + "AAA", "A" * 66, cursor[::-1]):
        problem = ask("/changes", 404, since=wrong)
        assert problem["type"].endswith("#unknown-cursor")
        assert problem["parameter"] == "since"
    assert ask("/changes", 400, since="short")["parameter"] == "since"


def test_a_cursor_of_days_that_a_backup_did_not_bring_back_is_refused(partner: Partner) -> None:
    with transaction.atomic():
        make.publication()
        partner.poll()
        transaction.set_rollback(True)
    assert ask("/changes", 404, since=partner.cursor)["type"].endswith("#unknown-cursor")
    make.publication()  # takes the same numbers
    assert ask("/changes", 404, since=partner.cursor)["type"].endswith("#unknown-cursor")


def test_a_cursor_outlives_a_new_key(partner: Partner, settings: Settings) -> None:
    make.publication()
    partner.poll()
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-" * 12
    assert partner.poll() == []
    assert ask("/changes", since=partner.cursor)["items"] == []


# How much it takes


def test_it_takes_as_many_queries_for_many_pages_as_for_few(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    poems = make.condition()
    for number in range(3):
        site.live(poems, f"page-{number}")
    with django_assert_max_num_queries(6):  # the state, entries, hours, pages, those to read instead
        assert len(client.get("/api/v1/changes").json()["items"]) == 3
    for number in range(3, 12):
        site.live(poems, f"page-{number}")
    site.revoke(people.clinician(), from_day=make.today())
    with django_assert_max_num_queries(7):  # and what rests on a revoked credential
        assert len(client.get("/api/v1/changes").json()["items"]) == 12


def test_many_changes_come_in_parts(partner: Partner, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    poems = make.condition()
    for number in range(5):
        site.live(poems, f"page-{number}")
    since = changed.since
    monkeypatch.setattr(changed, "since", lambda cursor: since(cursor, limit=3))
    first = client.get("/api/v1/changes")
    assert first.json()["more"]
    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    assert partner.poll() == [f"page-{number}: content-changed" for number in range(5)]


# Whatever happens


@pytest.mark.parametrize("seed", range(3))
def test_whoever_polls_now_and_then_has_the_same_copy_as_whoever_begins_anew(
    partner: Partner, moved_clock: Clock, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  no secret
    poems = make.condition()
    for number in range(4):
        site.live(poems, f"page-{number}")
    partner.poll()
    changed_since: set[str] = set()
    for step in range(40):
        changed_since |= something(chance, poems, step)
        if chance.random() < 0.4:
            listed = {slug(each) for each in narrowed(partner)}
            partner.poll()
            assert listed == {slug(each) for each in partner.told if each["article"]}
            assert {slug(each) for each in partner.told} == changed_since
            assert partner.poll() == []
            changed_since = set()
    moved_clock.move(tomorrow(13))
    listed = {slug(each) for each in narrowed(partner)}
    partner.poll()
    assert listed == {slug(each) for each in partner.told if each["article"]}
    anew = Partner()
    anew.poll()
    assert partner.pages == anew.pages


def narrowed(partner: Partner) -> list[dict[str, Any]]:
    """What the list of articles says changed since a partner asked last, in whichever way it is found."""
    index.clear()
    here, cursor = index.current(), Cursor.read("since", partner.cursor)
    live, few = {page.article for page in here.pages}, here.touched(cursor)
    assert here.latest.behind(cursor, 0) is False
    assert here.touched(cursor) == few & live
    items = ask("/articles", changedSince=partner.cursor)["items"]
    return [{"article": each} for each in items]


def something(chance: random.Random, poems: Condition, step: int) -> set[str]:
    """One act of anybody, on pages that are public or not; the page of which readers get something else since."""
    article = chance.choice(list(Article.objects.filter(condition=poems)))
    live = Publication.objects.live().filter(article=article).first()
    match chance.choice(["draft", "publish", "publish", "later", "check", "withdraw", "revoke"]):
        case "publish":
            make.publication(make.review(make.revision(article, question=f"Step {step}?"), by=clinician(chance)))
        case "check" if live is not None:
            make.review(live.review.revision, by=clinician(chance))
        case "withdraw" if live is not None:
            live.withdraw(by=people.publisher(), why=f"Step {step}.")
        case "revoke":
            rex = people.clinician(f"Rex{step}")
            make.publication(make.review(make.revision(article, question=f"Of Rex {step}?"), by=rex))
            site.revoke(rex, from_day=make.today())
        case "later":
            hour = tomorrow(chance.choice([9, 10, 11])) + dt.timedelta(seconds=step)
            make.publication(make.review(make.revision(article, question=f"Later {step}?")), live_from=hour)
            return set()
        case _:
            make.revision(article, question=f"Draft {step}?")
            return set()
    return {article.slug}


def clinician(chance: random.Random) -> Reviewer:
    """One of two."""
    return people.clinician(chance.choice(["Clara", "Cleo"]))
