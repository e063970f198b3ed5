"""Atom feeds: whole after RFC 4287, each page once, moved by words and reviews alone, and true about both."""

import datetime as dt
import re
from dataclasses import dataclass
from itertools import pairwise
from xml.etree.ElementTree import Element, fromstring

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from articles.models import Article, Condition
from pages import changes, feeds, kept
from reviews.models import Publication, Review, Withdrawal
from tests import make, people
from tests.conftest import Clock

from . import site

pytestmark = pytest.mark.django_db

SITE = "/feed/"
POEMS = "/conditions/poems-syndrome/feed/"
HOST = "http://testserver"
ATOM = "{http://www.w3.org/2005/Atom}"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TAG = re.compile(r"tag:[a-z.]+,\d{4}(-\d\d-\d\d)?:[\w/-]+")
DAY = dt.timedelta(1)


@dataclass(frozen=True)
class Entry:
    """An entry as a feed reader sees it."""

    name: str
    title: str
    updated: dt.datetime
    published: dt.datetime
    summary: str
    address: str
    kind: str
    review: str
    instead: str


def document(client: Client, address: str = SITE) -> Element:
    """A feed, parsed."""
    response = client.get(address)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/atom+xml; charset=utf-8"
    root: Element = fromstring(response.content)  # noqa: S314  our own answer
    return root


def text(element: Element, name: str) -> str:
    """The words of the one child of this name."""
    (child,) = element.findall(ATOM + name)
    return child.text or ""


def entries(client: Client, address: str = SITE) -> list[Entry]:
    """The entries of a feed in order."""
    found = []
    for entry in document(client, address).findall(f"{ATOM}entry"):
        terms = {
            str(each.get("scheme")).split(":")[-1]: each.get("term", "") for each in entry.findall(f"{ATOM}category")
        }
        links = {str(link.get("rel")): link.get("href", "") for link in entry.findall(f"{ATOM}link")}
        found.append(
            Entry(
                name=text(entry, "id"),
                title=text(entry, "title"),
                updated=dt.datetime.fromisoformat(text(entry, "updated")),
                published=dt.datetime.fromisoformat(text(entry, "published")),
                summary=text(entry, "summary"),
                address=links["alternate"].removeprefix(HOST),
                kind=terms["changes"],
                review=terms.get("review", ""),
                instead=links.get("related", "").removeprefix(HOST),
            )
        )
    return found


def only(client: Client, address: str = SITE) -> Entry:
    """The one entry."""
    (entry,) = entries(client, address)
    return entry


def seconds(moment: dt.datetime) -> dt.datetime:
    """A moment as a feed tells it."""
    return moment.replace(microsecond=0)


def test_each_feed_is_whole_after_rfc_4287(client: Client) -> None:
    site.build()
    for address in (SITE, POEMS, "/conditions/castleman-disease/feed/"):
        feed = document(client, address)
        assert feed.tag == f"{ATOM}feed"
        names = [text(feed, "id")]
        assert text(feed, "title")
        assert MOMENT.fullmatch(text(feed, "updated"))
        (author,) = feed.findall(f"{ATOM}author")
        assert text(author, "name") == "Rounds"
        links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
        assert links["self"] == HOST + address
        assert client.get(str(links["alternate"]).removeprefix(HOST)).status_code == 200
        for entry in feed.findall(f"{ATOM}entry"):
            names.append(text(entry, "id"))
            assert text(entry, "title")
            assert text(entry, "summary")
            assert MOMENT.fullmatch(text(entry, "updated"))
            assert MOMENT.fullmatch(text(entry, "published"))
            assert [link.get("rel") for link in entry.findall(f"{ATOM}link")].count("alternate") == 1
            assert all(category.get("term") for category in entry.findall(f"{ATOM}category"))
            (summary,) = entry.findall(f"{ATOM}summary")
            assert summary.get("type") == "text"
        assert len(names) == len(set(names))
        assert all(TAG.fullmatch(name) for name in names), names


def test_it_has_every_page_that_was_public_once_newest_first(client: Client) -> None:
    site.build()
    found = entries(client)
    addresses = {entry.address for entry in found}
    assert addresses == {
        f"/conditions/poems-syndrome/{slug}/"
        for slug in ("prognosis", "overview", "symptoms", "causes", "research", "treatment")
    }
    assert all(above.updated >= below.updated for above, below in pairwise(found))
    newest = max(entry.updated for entry in found)
    assert text(document(client), "updated") == f"{newest:%Y-%m-%dT%H:%M:%SZ}"


def test_a_condition_has_its_own(client: Client) -> None:
    site.live(make.condition(), "prognosis")
    site.live(make.condition("castleman-disease", "Castleman disease"), "treatment")
    assert len(entries(client)) == 2
    assert only(client, POEMS).address == "/conditions/poems-syndrome/prognosis/"
    assert text(document(client, POEMS), "title") == "Rounds: what changed about POEMS syndrome"


def test_without_a_page_it_is_empty_and_whole(client: Client) -> None:
    make.condition()
    assert entries(client) == entries(client, POEMS) == []
    assert text(document(client, POEMS), "updated") == "1970-01-01T00:00:00Z"


def test_a_new_page_is_a_change_with_the_clinicians_note(client: Client) -> None:
    review = make.review(public_note="Matches the cohort.", signed_on=make.today() - 3 * DAY)
    publication = make.publication(review)
    entry = only(client)
    assert (entry.kind, entry.review) == ("content-changed", "in-date")
    assert entry.updated == entry.published == seconds(publication.live_from)
    assert entry.title == "What determines the outlook?"
    assert "Reviewer’s note: “Matches the cohort.”" in entry.summary
    assert review.next_due is not None
    assert f"Reviewed on {make.today() - 3 * DAY:%-d %B %Y} by Clara Test, MD." in entry.summary
    assert f"Next review due on {review.next_due:%-d %B %Y}." in entry.summary


class Page:
    """A page whose days go by."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self.client, self.clock = client, clock
        self.publication = make.publication(make.review(signed_on=make.today() - 100 * DAY))
        self.first = entry = only(client)
        self.name, self.published = entry.name, entry.published

    def later(self, review: Review, days: int) -> Entry:
        """What the feed says after a publication of so many days later."""
        self.clock.reset()
        hour = seconds(dt.datetime.now(dt.UTC)) + days * DAY
        self.publication = make.publication(review, live_from=hour)
        self.clock.move(hour + dt.timedelta(hours=1))
        entry = only(self.client)
        assert (entry.name, entry.published) == (self.name, self.published), "for ever the same"
        assert entry.updated == hour
        self.clock.reset()
        return entry


def test_other_words_move_it_and_its_name_and_first_day_stay(client: Client, moved_clock: Clock) -> None:
    page = Page(client, moved_clock)
    typo = make.review(make.revision(page.publication.article, body="Mended."), scope="changes", public_note="A typo.")
    entry = page.later(typo, 10)
    assert (entry.kind, entry.review) == ("content-changed", "in-date")
    assert "Reviewer’s note: “A typo.”" in entry.summary
    assert f"Reviewed on {make.today() - 100 * DAY:%-d %B %Y}" in entry.summary, "the stamp is that of the whole page"


def test_a_review_without_a_change_moves_it(client: Client) -> None:
    publication = make.publication(make.review(signed_on=make.today() - 100 * DAY, public_note="First."))
    before = only(client)
    again = make.review(publication.review.revision, by=people.clinician("Cleo"), public_note="Still right.")
    entry = only(client)
    assert entry.kind == "reviewed-unchanged"
    assert entry.updated == seconds(again.recorded_at) >= before.updated
    assert (entry.name, entry.published) == (before.name, before.published)
    assert "nothing changed. Reviewer’s note: “Still right.” Reviewed on" in entry.summary
    assert "by Cleo Test, MD" in entry.summary
    assert "First." not in entry.summary


def test_a_withdrawn_page_stays_with_its_reason(client: Client) -> None:
    site.live(make.condition(), "treatment")
    publication = make.publication(make.review(public_note="Do take 500 mg."))
    before = {entry.address: entry for entry in entries(client)}[publication.article.get_absolute_url()]
    gone = publication.withdraw(
        by=people.publisher(), why="A figure was wrong.", instead=Article.objects.get(slug="treatment")
    )
    entry = entries(client)[0]
    assert (entry.name, entry.published, entry.title) == (before.name, before.published, before.title)
    assert (entry.kind, entry.review) == ("withdrawn", "")
    assert entry.updated == seconds(gone.at)
    assert entry.summary == f"Withdrawn on {make.today():%-d %B %Y}. Reason: A figure was wrong."
    assert entry.instead == "/conditions/poems-syndrome/treatment/"
    assert b"500 mg" not in client.get(SITE).content
    assert client.get(entry.address).status_code == 410


def test_a_page_to_read_instead_that_is_down_too_is_not_named(client: Client) -> None:
    other = site.live(make.condition(), "treatment")
    make.publication().withdraw(by=people.publisher(), why="Wrong.", instead=other.article)
    other.withdraw(by=people.publisher(), why="Wrong too.")
    assert [entry.instead for entry in entries(client)] == ["", ""]


def test_other_words_after_a_withdrawal_are_a_correction(client: Client) -> None:
    wrong = make.publication()
    wrong.withdraw(by=people.publisher(), why="A figure was wrong.")
    make.publication(make.review(make.revision(wrong.article, body="Right.")))
    entry = only(client)
    assert (entry.kind, entry.review) == ("correction", "in-date")
    assert "corrected after a withdrawal" in entry.summary
    make.publication(make.review(make.revision(wrong.article, body="Right, and more.")))
    assert only(client).kind == "content-changed"


def test_the_same_words_that_come_back_are_no_correction(client: Client, moved_clock: Clock) -> None:
    page = Page(client, moved_clock)
    page.publication.withdraw(by=people.publisher(), why="To be looked at.")
    assert page.later(page.publication.review, 5).kind == "content-changed"


def test_an_approval_that_turns_out_void_is_a_withdrawal_without_a_word_of_it(client: Client) -> None:
    # way 6
    publication = make.publication(make.review(signed_on=make.today() - 30 * DAY, public_note="Marzipan."))
    name = only(client).name
    site.revoke(people.clinician(), from_day=make.today() - 60 * DAY)
    entry = only(client)
    assert (entry.name, entry.kind, entry.title) == (name, "withdrawn", "This page is no longer shown")
    assert "the credential of the reviewer did not count" in entry.summary
    assert entry.updated >= seconds(publication.live_from)
    for word in (b"Marzipan", b"outlook?", b"Clara"):
        assert word not in client.get(SITE).content, word


def test_on_the_day_of_the_lapse_it_says_so_and_no_job_ran(client: Client, moved_clock: Clock) -> None:
    # way 23
    publication = make.publication(make.review(signed_on=make.today() - 40 * DAY, months=2))
    due = publication.review.next_due
    assert due is not None
    for address in (SITE, POEMS):
        moved_clock.move(dt.datetime.combine(due, dt.time(), dt.UTC) - dt.timedelta(microseconds=1))
        before = only(client, address)
        assert before.review == "in-date"
        moved_clock.move(dt.datetime.combine(due, dt.time(), dt.UTC))
        entry = only(client, address)
        assert entry.review == "overdue"
        assert entry.title == "What determines the outlook? (review lapsed)"
        assert f"The review lapsed on {due:%-d %B %Y}." in entry.summary
        assert "Clara" not in entry.summary
        assert "Reviewed on" not in entry.summary
        assert (entry.name, entry.updated, entry.kind) == (before.name, before.updated, before.kind)


def test_a_revocation_moves_it_and_lapses_it(client: Client) -> None:
    make.publication(make.review(signed_on=make.today() - 40 * DAY))
    site.revoke(people.clinician(), from_day=make.today())
    entry = only(client)
    assert (entry.kind, entry.review) == ("content-changed", "overdue")
    assert f"The review lapsed on {make.today():%-d %B %Y}." in entry.summary


def test_members_names_and_addresses_of_others_do_not_move_it(client: Client) -> None:
    community = make.community(members=12)
    publication = make.publication()
    before = client.get(SITE).content
    community.join(by=people.person("one.more@example.org"), relation="self", consent_version="1")
    make.request(make.revision(publication.article, body="A draft."))
    make.article("treatment")
    reviewer = publication.review.reviewer
    reviewer.bio = "Another."
    reviewer.save()
    assert client.get(SITE).content == before


def test_another_address_moves_nothing_but_the_link(client: Client) -> None:
    publication = make.publication()
    before = only(client)
    site.rename(publication.article, "outlook")
    site.rename(Condition.objects.get(), "poems")
    kept.pages.clear()  # an address is not decided: it shows within a minute
    entry = only(client)
    assert entry.address == "/conditions/poems/outlook/"
    assert (entry.name, entry.updated, entry.published) == (before.name, before.updated, before.published)
    assert "prognosis" not in entry.name


def test_what_is_to_come_is_not_told(client: Client) -> None:
    # way 27
    publication = make.publication()
    before = client.get(SITE).content
    waiting = make.review(make.revision(publication.article, body="Marzipan.", question="Marzipan?"))
    pending = make.publication(waiting, live_from=dt.datetime.now(dt.UTC) + DAY)
    assert client.get(SITE).content == before
    pending.withdraw(by=people.publisher(), why="Marzipan.")
    assert client.get(SITE).content == before


def test_a_name_tells_no_number_of_a_row(client: Client) -> None:
    # way 27: a gap in the numbers would say that there are pages nobody sees
    make.article("draft")
    publication = make.publication()
    name = only(client).name.rpartition("/")[2]
    assert re.fullmatch("[0-9a-f]{32}", name)
    assert name != str(publication.article_id)


@pytest.mark.parametrize("words", ["\x08\x0b\x0c\x1f", "\ufffe\uffff", "]]> & <x>", "é 𝔘 \x85"])
def test_no_character_breaks_it(client: Client, words: str) -> None:
    publication = site.live(make.condition("poems-syndrome", f"A {words} name"), "prognosis")
    # The verb refuses some of them now; rows of an older release may hold them.
    Withdrawal.objects.record(publication, by=people.publisher(), why=f"A {words} reason.")
    for address in (SITE, POEMS):
        assert " reason." in only(client, address).summary
    (label,) = [
        category.get("label")
        for category in document(client).iter(f"{ATOM}category")
        if str(category.get("scheme")).endswith(":conditions")
    ]
    assert str(label).startswith("A ")
    assert str(label).endswith(" name")


def test_its_names_are_those_of_the_site_without_its_port(client: Client, settings: Settings) -> None:
    settings.SITE_URL = "https://rounds.example.org:8443"
    make.publication()
    feed = document(client)
    assert text(feed, "id") == "tag:rounds.example.org,2026:feed"
    assert b"testserver" not in client.get(SITE).content


def test_it_has_the_newest_alone_with_few_queries(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    poems = make.condition()
    shown = [site.live(poems, f"question-{number}", signed_on=make.today() - 9 * DAY) for number in range(8)]
    make.review(shown[0].review.revision, by=people.clinician("Cleo"))
    shown[1].withdraw(by=people.publisher(), why="Wrong.", instead=shown[5].article)
    monkeypatch.setattr(feeds, "NEWEST", 4)
    for address in (SITE, POEMS):
        with django_assert_max_num_queries(7):
            found = [entry.address.split("/")[-2] for entry in entries(client, address)]
        assert found == ["question-1", "question-0", "question-7", "question-6"]


def test_the_quick_way_to_the_newest_finds_those_that_are(client: Client) -> None:
    # every kind of change, and whatever is no change, in the way
    site.build()
    poems = Condition.objects.get(slug="poems-syndrome")
    for number in range(4):
        publication = site.live(poems, f"more-{number}", signed_on=make.today() - 9 * DAY)
        make.review(make.revision(publication.article, body="Waits."), by=people.clinician("Cleo"))
        typo = make.review(
            make.revision(publication.article, body="Mended."), by=people.clinician("Cleo"), scope="changes"
        )
        if number % 2:
            make.publication(typo)
    make.review(Publication.objects.earliest("pk").review.revision, by=people.clinician("Dora"))
    site.revoke(people.clinician("Cleo"), from_day=make.today())
    everything = changes.newest(99, about=poems.pk)
    assert len(everything) == 10
    for count in range(1, 11):
        quick = [(each.publication.pk, each.updated) for each in changes.newest(count)]
        assert quick == [(each.publication.pk, each.updated) for each in everything[:count]], count


def test_an_old_address_leads_to_the_present_one(client: Client) -> None:
    site.rename(make.publication().article.condition, "poems")
    response = client.get(POEMS)
    assert (response.status_code, response.headers["Location"]) == (301, "/conditions/poems/feed/")
    assert client.get("/conditions/never-was/feed/").status_code == 404


def test_a_page_names_its_feeds(client: Client) -> None:
    make.publication()
    content = client.get("/conditions/poems-syndrome/prognosis/").content.decode()
    found = re.findall(r'<link rel="alternate" type="application/atom\+xml" title="[^"]+" href="([^"]+)">', content)
    assert found == [POEMS, SITE]
