"""An address once published never dies; one that was never public is like any that never was."""

from types import SimpleNamespace

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.test import Client

from config import slashes
from reviews.models import ReviewRequest
from tests import make, people

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

NOW = "/conditions/poems/outlook/"
NEVER_WAS = "/conditions/poems-syndrome/never-was/"


def assert_one_step(client: Client, old: str, new: str) -> None:
    """The old address leads to the new one for ever, and that one answers."""
    for ask in (client.get, client.head):
        response = ask(old)
        assert (response.status_code, response.headers["Location"]) == (301, new)
    assert client.get(new).status_code == 200


def test_the_old_slug_of_a_question_leads_to_its_present_address(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    assert_one_step(client, "/conditions/poems-syndrome/prognosis/", "/conditions/poems-syndrome/outlook/")


def test_the_old_slug_of_a_condition_leads_to_the_present_address_of_its_pages(client: Client) -> None:
    make.community()
    publication = make.publication()
    site.rename(publication.article.condition, "poems")
    assert_one_step(client, "/conditions/poems-syndrome/prognosis/", "/conditions/poems/prognosis/")
    assert_one_step(client, "/conditions/poems-syndrome/", "/conditions/poems/")
    assert_one_step(client, "/conditions/poems-syndrome/community/", "/conditions/poems/community/")
    assert_one_step(client, "/conditions/poems-syndrome/feed/", "/conditions/poems/feed/")


def test_both_changed_lead_there_in_one_step(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    site.rename(article.condition, "poems")
    for condition in ("poems-syndrome", "poems"):
        for slug in ("prognosis", "outlook"):
            old = f"/conditions/{condition}/{slug}/"
            if old != NOW:
                assert_one_step(client, old, NOW)


def test_changed_twice_every_old_address_leads_there_in_one_step(client: Client) -> None:
    article = make.publication().article
    for slug in ("forecast", "outlook"):
        site.rename(article, slug)
    for slug in ("poems-disease", "poems"):
        site.rename(article.condition, slug)
    for condition in ("poems-syndrome", "poems-disease"):
        for slug in ("prognosis", "forecast"):
            assert_one_step(client, f"/conditions/{condition}/{slug}/", NOW)


def test_changed_back_the_first_address_is_the_present_one_again(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    site.rename(article, "prognosis")
    assert_one_step(client, "/conditions/poems-syndrome/outlook/", "/conditions/poems-syndrome/prognosis/")


def test_changed_to_and_fro_no_address_leads_in_a_circle(client: Client) -> None:
    make.community()
    article = make.publication().article
    for slug in ("outlook", "prognosis", "forecast", "prognosis", "outlook"):
        site.rename(article, slug)
    for slug in ("poems", "poems-syndrome", "poems-disease", "poems"):
        site.rename(article.condition, slug)
    names, slugs = ("poems", "poems-syndrome", "poems-disease"), ("prognosis", "forecast", "outlook")
    for name in names:
        for below in ("", "community/", "feed/"):
            if name != "poems":
                assert_one_step(client, f"/conditions/{name}/{below}", f"/conditions/poems/{below}")
        for slug in slugs:
            for below in ("", "history/"):
                old = f"/conditions/{name}/{slug}/{below}"
                if old != NOW + below:
                    assert_one_step(client, old, NOW + below)


def test_an_old_address_without_its_last_slash_leads_there_in_one_step_too(client: Client) -> None:
    make.community()
    article = make.publication().article
    site.rename(article, "outlook")
    site.rename(article.condition, "poems")
    for below in ("", "/community", "/feed"):
        assert_one_step(client, f"/conditions/poems-syndrome{below}", f"/conditions/poems{below}/")
    for below in ("", "/history"):
        assert_one_step(
            client, f"/conditions/poems-syndrome/prognosis{below}", f"{NOW}{below.strip('/')}{'/' if below else ''}"
        )
        assert_one_step(client, f"/conditions/poems/outlook{below}", f"{NOW}{below.strip('/')}{'/' if below else ''}")
    version = "/conditions/poems-syndrome/prognosis/history?version=1"
    assert_one_step(client, version, f"{NOW}history/?version=1")
    assert_one_step(client, "/conditions/poems/outlook?q=1", f"{NOW}?q=1")


def test_the_version_asked_for_is_kept_on_the_way(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    old, new = (f"/conditions/poems-syndrome/{slug}/history/?version=1" for slug in ("prognosis", "outlook"))
    assert_one_step(client, old, new)


def test_without_its_slash_a_hidden_address_tells_no_more(client: Client) -> None:
    # way 27
    article = make.revision().article
    site.rename(article, "outlook")
    for slug in ("prognosis", "outlook", "never-was"):
        response = client.get(f"/conditions/poems-syndrome/{slug}")
        assert (response.status_code, response.headers["Location"]) == (301, f"/conditions/poems-syndrome/{slug}/")


def test_a_withdrawn_page_without_its_slash_gets_it(client: Client) -> None:
    make.publication().withdraw(by=people.publisher(), why="Wrong.")
    response = client.get("/conditions/poems-syndrome/prognosis")
    assert (response.status_code, response.headers["Location"]) == (301, "/conditions/poems-syndrome/prognosis/")


def test_every_list_leads_to_the_present_address(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    site.rename(article.condition, "poems")
    for address in ("/", "/conditions/poems/", "/reviewers/clara/"):
        links = dom.links(dom.read(client, address))
        assert NOW in links, address
        assert not [link for link in links if "poems-syndrome" in link or "prognosis" in link], address


def test_the_old_address_of_a_withdrawn_page_says_that_it_is_gone(client: Client) -> None:
    publication = make.publication()
    site.rename(publication.article, "outlook")
    publication.withdraw(by=people.publisher(), why="A figure was wrong.")
    for slug in ("prognosis", "outlook"):
        response = client.get(f"/conditions/poems-syndrome/{slug}/", follow=True)
        assert response.status_code == 410
        assert "A figure was wrong." in response.content.decode()


@pytest.mark.parametrize("state", ["no text", "draft", "in review", "approved", "changes asked for"])
def test_old_and_new_slugs_of_a_page_that_is_not_public_are_like_one_that_never_was(client: Client, state: str) -> None:
    # way 27
    article = make.article()
    if state != "no text":
        make.revision(article)
    if state in {"in review", "approved", "changes asked for"}:
        asked = make.request(article.newest())
        if state == "approved":
            asked.approve(by=people.clinician().user, digest=asked.revision.digest)
        elif state == "changes asked for":
            asked.ask_for_changes(by=people.clinician().user, digest=asked.revision.digest, reason="Too short.")
    site.rename(article, "outlook")
    site.rename(article.condition, "poems")
    never_was = client.get(NEVER_WAS).content
    for condition in ("poems-syndrome", "poems"):
        for slug in ("prognosis", "outlook"):
            response = client.get(f"/conditions/{condition}/{slug}/")
            assert response.status_code == 404, (condition, slug)
            assert response.content == never_was, (condition, slug)


def test_a_draft_does_not_take_over_an_old_address(client: Client) -> None:
    article = make.publication().article
    site.rename(article, "outlook")
    draft = make.article("treatment")
    make.revision(draft)
    ReviewRequest.objects.ask(draft.revisions.get(), by=people.author())
    assert_one_step(client, "/conditions/poems-syndrome/prognosis/", "/conditions/poems-syndrome/outlook/")


def test_a_question_is_found_below_its_own_condition_only(client: Client) -> None:
    make.publication()
    make.condition("castleman-disease", "Castleman disease")
    assert client.get("/conditions/castleman-disease/prognosis/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/conditions/never-was/",
        "/conditions/never-was/community/",
        "/conditions/never-was/prognosis/",
        "/conditions/poems-syndrome/community/",
        "/conditions/poems-syndrome/PROGNOSIS/",
        "/conditions/poems-syndrome/prognosis/more/",
        "/reviewers/never-was/",
        "/conditions/poems%00syndrome/",
        "/es/conditions/poems-syndrome/prognosis/",  # way 20: no language but English, and no fallback
        "/conditions/poems-syndrome/prognosis/es/",
        f"/conditions/poems-syndrome/{'x' * 5000}/",
    ],
)
def test_an_address_that_never_was_answers_404(client: Client, address: str) -> None:
    make.publication()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("query", ["?page=99999999999999999999999", "?%00=%00", "?q=%ff%fe", "?" + "x=1&" * 500])
def test_words_behind_the_question_mark_change_nothing(client: Client, query: str) -> None:
    make.publication()
    address = "/conditions/poems-syndrome/prognosis/"
    response = client.get(address + query)
    assert response.status_code == 200
    assert response.content == client.get(address).content


@pytest.mark.parametrize("opened", [True, False])
def test_only_what_is_open_to_everybody_is_asked_where_it_stands(
    client: Client, monkeypatch: pytest.MonkeyPatch, opened: bool
) -> None:
    def somewhere(request: HttpRequest, condition: str) -> HttpResponse:
        return HttpResponsePermanentRedirect("/somewhere/")

    view = login_not_required(somewhere) if opened else somewhere
    found = SimpleNamespace(func=view, args=(), kwargs={"condition": "poems-syndrome"})
    monkeypatch.setattr(slashes, "resolve", lambda path: found)
    response = client.get("/conditions/poems-syndrome")
    leads_to = "/somewhere/" if opened else "/conditions/poems-syndrome/"
    assert (response.status_code, response.headers["Location"]) == (301, leads_to)
