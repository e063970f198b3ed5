"""Taking a page down at once, with a reason."""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import Letter
from accounts.refusals import NotAllowed, Refusal
from articles.models import Article
from pages import reading
from reviews.models import Publication, Withdrawal
from reviews.refusals import Moved
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(1)


def later_version(article: Article, *, live_from: dt.datetime | None = None) -> Publication:
    """A second text of the page, approved and published."""
    return make.publication(
        make.review(make.revision(article, body="Second words [1](#source-1).")), live_from=live_from
    )


def in_days(days: int) -> dt.datetime:
    return clock.read() + days * DAY


# It works


def test_a_withdrawal_is_a_row_that_names_who_when_and_why() -> None:
    publication = make.publication()
    withdrawal = publication.withdraw(by=people.publisher(), why="  A source was retracted. ")
    withdrawal.refresh_from_db()
    assert (withdrawal.publication, withdrawal.by) == (publication, people.publisher())
    assert (withdrawal.why, withdrawal.instead) == ("A source was retracted.", None)
    assert withdrawal.at >= publication.live_from
    assert not Publication.objects.live().exists()


@pytest.mark.parametrize("character", ["\u202e", "\u200b", "\x00", "&#x202e;"])
def test_a_reason_that_hides_or_reorders_words_is_refused_with_the_place(character: str) -> None:
    # readers see it, and so do feeds: a character could turn round what stands beside it
    publication = make.publication()
    with pytest.raises(Refusal, match=r"^Reason, line 1, column 3: "):
        publication.withdraw(by=people.publisher(), why=f"A {character}figure was wrong.")
    assert not Withdrawal.objects.exists()


def test_author_and_reviewer_get_the_reason_in_one_letter_each() -> None:
    withdrawal = make.publication().withdraw(by=people.publisher(), why="A source was retracted.")
    letters = Letter.objects.filter(key__startswith=f"withdrawn-{withdrawal.pk}-")
    assert sorted(letter.to for letter in letters) == ["ada@example.org", "clara@example.org"]
    assert all("Petra withdrew the page:\n\nA source was retracted." in letter.body for letter in letters)


def test_a_clinician_withdraws_too() -> None:
    clara = people.clinician().user
    assert make.publication().withdraw(by=clara, why="It is wrong.").by == clara


def test_a_clinician_whose_credential_lapsed_may_still_withdraw_from_the_desk(settings: object) -> None:
    # to take a page down is always safe
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    publication = make.publication()
    lars = people.clinician("Lars")
    lars.credentials.get().revoke(by=people.registrar(), from_day=make.today() - 9 * DAY, why="Retired.")
    link = reverse("admin:desk_withdraw", args=[publication.article_id, publication.pk])
    page = reverse("admin:articles_article_change", args=[publication.article_id])
    client = Client()
    client.force_login(people.author())
    assert link not in client.get(page).content.decode()
    client.force_login(lars.user)
    assert f'<a href="{link}">Withdraw</a>' in client.get(page).content.decode()
    assert client.post(link, {"why": "It is dangerous."}).status_code == 302
    assert Withdrawal.objects.get().by == lars.user
    assert not Publication.objects.live().exists()


def test_readers_are_sent_to_the_page_to_read_instead(client: Client) -> None:
    other = make.publication(make.review(make.revision(make.article("survival"), question="How long?")))
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is told better there.", instead=other.article)
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 410
    assert f'href="{other.article.get_absolute_url()}">How long?' in page.content.decode()


def test_a_page_to_read_instead_that_is_no_longer_public_is_not_named(client: Client) -> None:
    other = make.publication(make.review(make.revision(make.article("survival"), question="How long?")))
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is told better there.", instead=other.article)
    other.withdraw(by=people.publisher(), why="That was wrong too.")
    assert "How long?" not in client.get(publication.article.get_absolute_url()).content.decode()


def test_after_a_withdrawal_no_older_text_is_shown(client: Client) -> None:
    article = make.publication().article
    later_version(article).withdraw(by=people.publisher(), why="It is wrong.")
    page = client.get(article.get_absolute_url())
    assert page.status_code == 410
    assert "It is wrong." in page.content.decode()
    assert "An opening" not in page.content.decode()
    assert not Publication.objects.live().exists()


# Before its hour


def test_a_publication_withdrawn_before_its_hour_never_counts(client: Client, moved_clock: Clock) -> None:
    publication = make.publication(live_from=in_days(2))
    publication.withdraw(by=people.publisher(), why="Not yet.")
    address = publication.article.get_absolute_url()
    assert client.get(address).status_code == 404
    moved_clock.move(in_days(3))
    assert client.get(address).status_code == 404
    assert not Publication.objects.counted().exists()


def test_cancelling_a_later_version_leaves_the_present_one(client: Client, moved_clock: Clock) -> None:
    article = make.publication().article
    later_version(article, live_from=in_days(2)).withdraw(by=people.publisher(), why="Not yet.")
    for day in (0, 3):
        moved_clock.move(in_days(day))
        page = client.get(article.get_absolute_url())
        assert page.status_code == 200
        assert "An opening" in page.content.decode()


def test_withdrawing_a_page_cancels_its_later_version(client: Client, moved_clock: Clock) -> None:
    publication = make.publication()
    pending = later_version(publication.article, live_from=in_days(2))
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    assert pending.withdrawal.why == "Cancelled when the page was withdrawn."
    moved_clock.move(in_days(3))
    page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 410
    assert "It is wrong." in page.content.decode()
    assert "Second words" not in page.content.decode()


def test_other_pages_keep_their_later_versions() -> None:
    other = make.publication(make.review(make.revision(make.article("survival"))), live_from=in_days(2))
    make.publication().withdraw(by=people.publisher(), why="It is wrong.")
    assert list(Publication.objects.pending()) == [other]


# It refuses


def test_a_withdrawn_publication_is_not_withdrawn_again() -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    with pytest.raises(Moved, match=r"This publication was withdrawn already\."):
        publication.withdraw(by=people.publisher(), why="Again.")
    assert Withdrawal.objects.count() == 1
    assert Letter.objects.filter(key__startswith="withdrawn-").count() == 2


def test_a_superseded_publication_is_not_withdrawn(client: Client) -> None:
    first = make.publication()
    later_version(first.article)
    with pytest.raises(Moved, match="A newer publication has replaced this one; withdraw that one"):
        first.withdraw(by=people.publisher(), why="It is wrong.")
    assert not Withdrawal.objects.exists()
    assert client.get(first.article.get_absolute_url()).status_code == 200


@pytest.mark.parametrize("why", ["", " \n "])
def test_a_reason_is_needed(why: str) -> None:
    publication = make.publication()
    with pytest.raises(Refusal, match="Say why the page is withdrawn; readers see the reason"):
        publication.withdraw(by=people.publisher(), why=why)
    assert not Withdrawal.objects.exists()


def test_a_page_is_not_read_instead_of_itself() -> None:
    publication = make.publication()
    with pytest.raises(Refusal, match="A page cannot be read instead of itself"):
        publication.withdraw(by=people.publisher(), why="It is wrong.", instead=publication.article)
    assert not Withdrawal.objects.exists()


@pytest.mark.parametrize("who", ["author", "registrar", "moderator", "reader"])
def test_only_publishers_and_clinicians_withdraw(who: str) -> None:
    publication = make.publication()
    with pytest.raises(NotAllowed, match=r"may not withdraw pages\. Publishers and clinicians do\."):
        publication.withdraw(by=getattr(people, who)(), why="It is wrong.")
    assert not Withdrawal.objects.exists()
    assert Publication.objects.live().exists()


# Between two looks of one answer


@contextmanager
def after_the_first_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> Iterator[None]:
    """Let something happen right after a view has looked for the live page for the first time."""
    look, acts = reading.live_at, [act]

    def looked(condition: str, article: str) -> Publication | None:
        found = look(condition, article)
        if acts:
            acts.pop()()
        return found

    monkeypatch.setattr(reading, "live_at", looked)
    yield
    monkeypatch.setattr(reading, "live_at", look)


def test_a_page_that_returns_while_its_withdrawal_is_being_shown_gives_no_false_reason(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = make.publication()
    publication.withdraw(by=people.publisher(), why="It is wrong.")
    with after_the_first_look(monkeypatch, lambda: publication.review.publish(by=people.publisher())):
        page = client.get(publication.article.get_absolute_url())
    assert "the credential of the reviewer did not count" not in page.content.decode()
    assert page.status_code == 200 or "It is wrong." in page.content.decode()


def test_a_page_withdrawn_while_it_is_being_read_is_shown_in_full(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    publication = make.publication()
    with after_the_first_look(monkeypatch, lambda: publication.withdraw(by=people.publisher(), why="It is wrong.")):
        page = client.get(publication.article.get_absolute_url())
    assert page.status_code == 200
    assert "An opening" in page.content.decode()
    assert client.get(publication.article.get_absolute_url()).status_code == 410
