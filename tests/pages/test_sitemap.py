"""What search engines find: every page that readers see and no other, with the moment its words changed last."""

import datetime as dt
from xml.etree.ElementTree import fromstring

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from articles.models import Condition
from pages import sitemaps
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = pytest.mark.django_db

HOST = "http://testserver"
NAMES = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
PAGE = "/conditions/poems-syndrome/prognosis/"
HUB = "/conditions/poems-syndrome/"


def read(client: Client, address: str) -> dict[str, str]:
    """The addresses in one document, each with its last change."""
    response = client.get(address)
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/xml; charset=utf-8"), address
    root = fromstring(response.content)  # noqa: S314  our own answer
    assert root.tag in {f"{NAMES}urlset", f"{NAMES}sitemapindex"}
    found = {}
    for entry in root:
        values = {child.tag.removeprefix(NAMES): child.text or "" for child in entry}
        assert set(values) <= {"loc", "lastmod"}, "what search engines ignore is left out"
        assert values["loc"].startswith(HOST)
        found[values["loc"].removeprefix(HOST)] = values.get("lastmod", "")
    assert found, "an empty document is not valid"
    return found


def everything(client: Client) -> dict[str, str]:
    """Every address of every part."""
    parts = [read(client, part) for part in read(client, "/sitemap.xml")]
    assert sum(map(len, parts)) == len(set().union(*parts)), "no address stands twice"
    return {address: changed for part in parts for address, changed in part.items()}


def told(moment: dt.datetime) -> str:
    """A moment as the sitemap tells it."""
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def test_it_has_every_page_that_readers_see_and_no_other(client: Client) -> None:
    # way 27: nothing withdrawn, void, waiting, empty or hidden from search engines
    site.build()
    make.revision(make.article("draft"))
    make.publication(
        make.review(make.revision(make.article("later"))), live_from=dt.datetime.now(dt.UTC) + dt.timedelta(1)
    )
    found = everything(client)
    assert set(found) == {
        "/",
        "/conditions/",
        "/reviewers/",
        "/how-we-review/",
        "/accessibility/",
        "/privacy/",
        "/api/v1/",
        HUB,
        *(f"{HUB}{slug}/" for slug in ("prognosis", "overview", "symptoms", "causes")),
        *(f"/reviewers/{slug}/" for slug in ("clara", "rex", "vera")),
    }
    for address in found:
        head = dom.first(dom.read(client, address), "head")
        assert [link.get("href") for link in head.iter("link") if link.get("rel") == "canonical"] == [HOST + address]
        assert not [meta for meta in head.iter("meta") if meta.get("name") == "robots"], address


def test_before_anything_is_public_it_is_valid_too(client: Client) -> None:
    make.revision()
    assert read(client, "/sitemap.xml") == {"/sitemap/site.xml": ""}


def test_a_page_changes_with_its_words_and_a_hub_with_its_pages(client: Client, moved_clock: Clock) -> None:
    first = site.live(make.condition(), "prognosis")
    other = site.live(make.condition(), "treatment")
    before = everything(client)
    assert before[PAGE] == told(first.live_from)
    assert before[HUB] == told(other.live_from)
    hour = (dt.datetime.now(dt.UTC) + dt.timedelta(3)).replace(microsecond=0)
    make.publication(make.review(make.revision(first.article, body="Other words.")), live_from=hour)
    assert everything(client) == before
    moved_clock.move(hour)
    after = everything(client)
    assert (after[PAGE], after[HUB]) == (told(hour), told(hour))
    assert {address for address in before if before[address] != after[address]} == {PAGE, HUB}


def test_nothing_but_words_is_a_change(client: Client, moved_clock: Clock) -> None:
    # contracts of sitemaps: not a review, not a number, not a day, not another name
    publication = site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(40), months=2)
    community = make.community(members=12)
    before = everything(client)
    community.join(by=people.person("one.more@example.org"), relation="self", consent_version="1")
    make.revision(publication.article, body="A draft.")
    assert everything(client) == before
    make.review(publication.review.revision, by=people.clinician("Cleo"))
    make.request(make.revision(publication.article, body="Another draft."))
    after = {**before, "/reviewers/cleo/": ""}  # whose name stands under the page from now on
    assert everything(client) == after
    moved_clock.move(make.today() + dt.timedelta(300))
    assert everything(client) == after


@pytest.mark.parametrize("cancelled", [False, True])
def test_a_reviewer_is_in_it_from_the_hour_on_in_which_readers_see_the_name(
    client: Client, moved_clock: Clock, cancelled: bool
) -> None:
    # way 27
    hour = (dt.datetime.now(dt.UTC) + dt.timedelta(3)).replace(microsecond=0)
    waiting = make.publication(make.review(), live_from=hour)
    if cancelled:
        waiting.withdraw(by=people.publisher(), why="Not now.")
    assert read(client, "/sitemap.xml") == {"/sitemap/site.xml": ""}
    moved_clock.move(hour)
    assert ("/reviewers/clara/" in everything(client)) == (not cancelled)


def test_a_text_put_back_after_a_withdrawal_has_not_changed(client: Client, moved_clock: Clock) -> None:
    first = site.live(make.condition(), "prognosis")
    first.withdraw(by=people.publisher(), why="To be looked at.")
    assert PAGE not in everything(client)
    back = (dt.datetime.now(dt.UTC) + dt.timedelta(3)).replace(microsecond=0)
    make.publication(first.review, live_from=back)
    moved_clock.move(back)
    assert everything(client)[PAGE] == told(first.live_from)


def test_the_moment_is_that_of_the_page_itself(client: Client) -> None:
    site.live(make.condition(), "prognosis")
    changed = everything(client)[PAGE]
    root = dom.read(client, PAGE)
    assert dom.data(root)["dateModified"] == changed
    assert f"Last updated {dom.spelled(dt.date.fromisoformat(changed[:10]))}" in dom.words(root)


def test_a_withdrawal_takes_a_page_out_and_a_hub_without_pages_too(client: Client) -> None:
    site.live(make.condition(), "prognosis").withdraw(by=people.publisher(), why="Wrong.")
    assert read(client, "/sitemap.xml") == {"/sitemap/site.xml": "", "/sitemap/reviewers.xml": ""}
    for part in ("questions-1", "conditions-1"):
        assert client.get(f"/sitemap/{part}.xml").status_code == 404


def test_it_names_present_addresses(client: Client) -> None:
    article = site.live(make.condition(), "prognosis").article
    site.rename(article, "outlook")
    site.rename(Condition.objects.get(), "poems")
    found = everything(client)
    assert {"/conditions/poems/", "/conditions/poems/outlook/"} <= set(found)
    assert not [address for address in found if "poems-syndrome" in address or "prognosis" in address]


def test_many_pages_are_in_ranges_and_no_range_is_empty(
    client: Client, monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    monkeypatch.setattr(sitemaps, "QUESTIONS", 3)
    monkeypatch.setattr(sitemaps, "CONDITIONS", 2)
    for number in range(5):
        condition = make.condition(f"condition-{number}", f"Condition {number}")
        for slug in ("prognosis", "treatment"):
            if number != 2:
                site.live(condition, slug)
            else:
                make.revision(make.article(slug, of=condition))
    found = everything(client)
    assert len([address for address in found if address.count("/") == 4]) == 8
    assert (
        len([address for address in found if address.startswith("/conditions/condition-") and address.count("/") == 3])
        == 4
    )
    parts = list(read(client, "/sitemap.xml"))
    assert len(parts) > 5
    for part in parts:
        with django_assert_max_num_queries(1):
            client.get(part)


NO_PARTS = """
questions-2 questions-0 questions-01 questions--1 questions-x questions site-1 reviewers-1 pages-1 questions-999999
questions-9999999999999999999999 conditions-%D9%A1 ..%2fsite
"""


@pytest.mark.parametrize("part", NO_PARTS.split())
def test_a_part_that_is_none_answers_404(client: Client, part: str) -> None:
    site.live(make.condition(), "prognosis")
    assert client.get(f"/sitemap/{part}.xml").status_code == 404


def test_robots_may_read_what_readers_read(client: Client) -> None:
    response = client.get("/robots.txt")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/plain; charset=utf-8")
    lines = response.content.decode().splitlines()
    assert lines[0] == "User-agent: *"
    assert lines[-1] == f"Sitemap: {HOST}/sitemap.xml"
    refused = {line.removeprefix("Disallow: ") for line in lines if line.startswith("Disallow: ")}
    assert {"/admin/", "/accounts/", "/me/", "/search/"} <= refused
    assert "/" not in refused
    site.build()
    for address in everything(client):
        assert not [path for path in refused if address.startswith(path)], address


def test_of_a_demonstration_they_read_nothing(client: Client, settings: Settings) -> None:
    # its reviewers and reviews are samples, and would be found as if they were none
    settings.ROUNDS_DEMO = True
    assert "Disallow: /\n" in client.get("/robots.txt").content.decode()
