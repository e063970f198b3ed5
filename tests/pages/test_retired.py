"""A condition whose place another took leads there in one step, unless it has public pages or a community."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from articles.models import BroaderCondition, Condition, ConditionCode
from pages import retired
from tests import knowledge, make, people
from tests.pages import dom, keeping, site

pytestmark = pytest.mark.django_db

OLD, NEW = "/conditions/old-name/", "/conditions/new-name/"


@pytest.fixture
def old() -> Condition:
    """The condition that was given up, its place taken by another."""
    row = make.condition("old-name", "Former sample disease", "Bygone ailment")
    row.successor = make.condition("new-name", "New sample disease")
    row.full_clean()
    row.save()
    return row


def leads(client: Client, address: str = OLD) -> str:
    """Where an address leads, in one step and for good; empty where the page is shown."""
    answer = client.get(address)
    if answer.status_code == 200:
        return ""
    assert answer.status_code == 301
    assert client.get(answer["Location"]).status_code == 200
    return str(answer["Location"])


def test_it_leads_to_its_successor(client: Client, old: Condition) -> None:
    assert leads(client) == NEW


def test_an_older_address_leads_there_in_one_step_too(client: Client, old: Condition) -> None:
    site.rename(old, "older-name")
    assert leads(client) == leads(client, "/conditions/older-name/") == NEW


def test_a_row_of_successors_is_one_step(client: Client, old: Condition) -> None:
    new = Condition.objects.get(slug="new-name")
    new.successor = make.condition("newest-name", "Newest sample disease")
    new.save()
    assert leads(client) == leads(client, NEW) == "/conditions/newest-name/"


def _published(old: Condition) -> None:
    site.live(old, "prognosis")


def _withdrawn(old: Condition) -> None:
    site.live(old, "prognosis").withdraw(by=people.publisher(), why="A figure was wrong.")


def _community(old: Condition) -> None:
    make.community(old, members=1)


@pytest.mark.parametrize("keep", [_published, _withdrawn, _community])
def test_with_a_public_page_or_a_community_it_stays_and_names_the_other(
    client: Client, old: Condition, keep: Callable[[Condition], None]
) -> None:
    keep(old)
    root = dom.read(client, OLD)
    assert "Elsewhere this is now called New sample disease" in dom.words(root)
    assert NEW in dom.links(root)


def test_its_pages_and_their_lists_stay_where_they_are(client: Client, old: Condition) -> None:
    site.live(old, "prognosis")
    assert client.get(f"{OLD}prognosis/").status_code == 200
    assert OLD in dom.links(dom.read(client, OLD[:-1] + "/prognosis/"))
    assert OLD in dom.links(dom.read(client, "/conditions/"))
    assert OLD in dom.links(dom.read(client, "/a-z/f/"))
    assert OLD.encode() in client.get("/sitemap/conditions-1.xml").content
    assert f"{OLD}prognosis/".encode() in client.get("/sitemap/questions-1.xml").content


def test_a_reader_is_not_sent_away_from_the_community_they_belong_to(client: Client, old: Condition) -> None:
    make.community(old, members=12)
    assert client.get(f"{OLD}community/").status_code == 200
    assert f"{OLD}community/" in dom.links(dom.read(client, OLD))


@pytest.mark.parametrize("hidden", ["draft", "approved", "scheduled", "cancelled"])
def test_nothing_that_readers_never_saw_keeps_it(client: Client, old: Condition, hidden: str) -> None:
    # way 27: or the page would tell of it
    later = dt.datetime.now(dt.UTC) + dt.timedelta(1)
    revision = make.revision(make.article(of=old))
    if hidden != "draft":
        review = make.review(revision)
        if hidden != "approved":
            publication = make.publication(review, live_from=later)
            if hidden == "cancelled":
                publication.withdraw(by=people.publisher(), why="Not yet.")
    assert leads(client) == NEW


def test_it_comes_back_with_its_first_public_page(client: Client, old: Condition) -> None:
    assert leads(client) == NEW
    site.live(old, "prognosis")
    assert leads(client) == ""


def test_one_that_leads_away_stands_in_no_list(client: Client, old: Condition) -> None:
    BroaderCondition.objects.create(condition=old, broader=make.condition("kind", "A kind"))
    for address in ("/", "/conditions/", "/conditions/kind/"):
        assert "Former sample disease" not in dom.words(dom.read(client, address))
    assert client.get("/a-z/f/").status_code == 404


def test_search_by_its_names_and_codes_finds_the_successor_once(client: Client, old: Condition) -> None:
    old.codes.create(system="OMIM", code="277900")
    for typed in ("Former sample disease", "bygone ailment", "MIM:277900", "sample disease"):
        links = dom.links(dom.read(client, f"/search/?q={typed}"))
        assert links.count(NEW) == 1, typed
        assert OLD not in links
    told = client.get("/search/suggestions/", {"q": "bygone"}).content.decode()
    assert NEW in told
    assert OLD not in told


def test_search_finds_itself_while_it_stays(client: Client, old: Condition) -> None:
    site.live(old, "prognosis")
    assert OLD in dom.links(dom.read(client, "/search/?q=Former+sample+disease"))


def test_it_leads_away_from_a_kept_page_within_a_minute(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    site.live(make.condition(), "prognosis")
    old, new = make.condition("old-name", "Former"), make.condition("new-name", "New")
    with keeping.waiting(monkeypatch) as clock:
        assert leads(client) == ""
        Condition.objects.filter(pk=old.pk).update(successor=new)
        clock.wait(60)
        assert leads(client) == NEW


def test_successors_in_a_circle_are_refused_and_break_no_page(client: Client, old: Condition) -> None:
    new = Condition.objects.get(slug="new-name")
    new.successor = old
    with pytest.raises(ValidationError) as refused:
        new.full_clean()
    assert refused.value.message_dict["successor"] == [
        "Former sample disease leads back to this condition. Choose another."
    ]
    Condition.objects.filter(pk=new.pk).update(successor=old)
    assert leads(client) == leads(client, NEW) == ""
    assert retired.end_of(old.pk) is None
    assert "Elsewhere" not in dom.words(dom.read(client, OLD))


def test_a_clinicians_system_that_asks_for_it_gets_the_pages_of_the_successor(client: Client, old: Condition) -> None:
    ConditionCode.objects.create(condition=old, system="ORPHA", code="774")
    asked = knowledge.code("774", "ORPHA")
    assert knowledge.pages(client, asked) == []
    site.live(Condition.objects.get(slug="new-name"), "what", "overview")
    assert knowledge.pages(client, asked) == ["what"]
    assert knowledge.pages(client, {"mainSearchCriteria.v.dn": "Bygone ailment"}) == ["what"]
    site.live(old, "then", "overview")
    assert knowledge.pages(client, asked) == ["then"]


def test_the_content_api_leads_to_the_successor_as_the_page_does(client: Client, old: Condition) -> None:
    answer = client.get("/api/v1/conditions/old-name")
    assert (answer.status_code, answer["Location"]) == (301, "/api/v1/conditions/new-name")
    site.live(old, "what", "overview")
    assert client.get("/api/v1/conditions/old-name").json()["slug"] == "old-name"
