"""The demonstration, visited along every link: each address answers, is whole and safe, and leads somewhere."""

from collections import defaultdict
from urllib.parse import urldefrag
from xml.etree.ElementTree import Element

import brotli
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import transaction
from django.test import Client, override_settings
from pytest_django import DjangoDbBlocker

from articles.models import Article

from . import crawl, dom
from .crawl import Visit
from .test_headers import assert_safe

pytestmark = [pytest.mark.django_db, pytest.mark.once]

STATUS = {
    "/conditions/wilson-disease/diet/": 410,
    "/conditions/no-such-page/": 404,
    "/api/v1/no-such-thing": 404,
    "/me/": 302,
}
SAMPLE = "Every reviewer, review, date and member on this site is a sample."
# Where something is sent, there is a token.
FORMS = {"feedback", "suggest", "report-link", "join", "account_code", "account_login", "account_reset_password"}


@pytest.fixture(scope="module")
def made(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> tuple[dict[str, Visit], set[str]]:
    """Every visit, and the questions that wait; of the demonstration itself nothing is left."""
    with django_db_blocker.unblock(), transaction.atomic(), override_settings(ROUNDS_DEMO=True):
        call_command("demo", passwords="known", verbosity=0)
        waiting = {
            revision.question
            for article in Article.objects.filter(condition__slug="behcet-disease")
            if (revision := article.newest()) is not None
        }
        visits = crawl.visit(Client())
        transaction.set_rollback(True)
    return visits, waiting


@pytest.fixture
def visits(made: tuple[dict[str, Visit], set[str]]) -> dict[str, Visit]:
    """Every visit."""
    return made[0]


@pytest.fixture
def pages(visits: dict[str, Visit]) -> dict[str, Element]:
    """What people look at."""
    return {address: visit.root for address, visit in visits.items() if visit.is_page and visit.root is not None}


def title(root: Element) -> str:
    """What a tab of the browser says."""
    (found,) = dom.first(root, "head").iter("title")
    return dom.words(found)


def test_every_kind_of_public_address_is_visited(visits: dict[str, Visit]) -> None:
    assert {crawl.route(address) for address in visits} >= crawl.ROUTES
    assert len(visits) > 50


def test_every_address_answers_and_is_safe(visits: dict[str, Visit]) -> None:
    for address, visit in visits.items():
        assert visit.response.status_code == STATUS.get(address, 200), address
        assert_safe(visit.response.headers)


def test_every_link_leads_to_what_it_names(visits: dict[str, Visit]) -> None:
    for address, visit in visits.items():
        for page, target in map(urldefrag, sorted(visit.named)):
            root = visits[page].root
            if target and visits[page].is_page:
                assert root is not None
                assert target in dom.ids(root), (address, page, target)


def test_every_page_has_one_heading_one_main_part_and_a_title_of_its_own(pages: dict[str, Element]) -> None:
    titled = defaultdict(set)
    for address, root in pages.items():
        assert (root.get("lang"), root.get("dir")) == ("en", "ltr"), address
        (heading,) = root.iter("h1")
        assert dom.words(heading), address
        (main,) = root.iter("main")
        assert heading in list(main.iter()), address
        assert title(root).endswith("| Rounds") or address == "/", address
        titled[title(root)].add(address.partition("?")[0])
    assert [shared for shared in titled.items() if len(shared[1]) > 1] == []


def test_a_page_for_search_engines_names_its_own_address_and_no_other_names_any(pages: dict[str, Element]) -> None:
    listed = set()
    for address, root in pages.items():
        robots = [meta.get("content") for meta in root.iter("meta") if meta.get("name") == "robots"]
        canonical = [link.get("href") for link in root.iter("link") if link.get("rel") == "canonical"]
        assert (robots, canonical) in [(["noindex"], []), ([], [f"{settings.SITE_URL}{address}"])], address
        listed |= {address} if canonical else set()
    assert len(listed) > 15
    assert not [address for address in listed if "?" in address]


def test_the_sitemap_has_pages_for_search_engines_only(visits: dict[str, Visit]) -> None:
    parts = [visit.named for address, visit in visits.items() if address.startswith("/sitemap/")]
    addresses = set().union(*parts)
    assert len(addresses) > 10
    for address in addresses:
        assert b'rel="canonical"' in visits[address].response.content, address


def test_no_cookie_is_set_but_where_something_is_sent(visits: dict[str, Visit]) -> None:
    for address, visit in visits.items():
        may = crawl.route(address) in FORMS if visit.response.status_code == 200 else False
        assert set(visit.response.cookies) == ({settings.CSRF_COOKIE_NAME} if may else set()), address
        assert ('method="post"' in visit.response.content.decode()) == may, address


def test_nothing_inline_runs_and_nothing_comes_from_anybody_else(pages: dict[str, Element]) -> None:
    for address, root in pages.items():
        for element in root.iter():
            assert element.tag not in {"style", "base", "iframe", "object", "embed", "img"}, address
            assert "style" not in element.keys(), address  # noqa: SIM118
            assert not [name for name in element.keys() if name.startswith("on")], address  # noqa: SIM118
            loaded = element.get("src") or (element.get("href", "") if is_loading(element) else "")
            assert not loaded or loaded.startswith("/static/"), (address, loaded)
            if element.tag == "script" and element.get("src") is None:
                assert element.get("type") in {"application/ld+json", "application/json"}, address


def is_loading(element: Element) -> bool:
    """Whether a browser fetches what this names without being asked."""
    return element.tag == "link" and element.get("rel") not in {"canonical", "alternate"}


def test_every_page_says_that_it_is_a_sample(pages: dict[str, Element]) -> None:
    assert [address for address, root in pages.items() if SAMPLE not in dom.words(dom.only(root, "sample-note"))] == []


def test_no_page_shows_a_draft(made: tuple[dict[str, Visit], set[str]]) -> None:
    # way 27
    visits, waiting = made
    hidden = {*waiting, "Write down your questions before each visit"}
    assert len(hidden) == 3
    for address, visit in visits.items():
        assert not [words for words in hidden if words in visit.response.content.decode()], address


def test_every_question_page_is_light(visits: dict[str, Visit]) -> None:
    static = settings.BASE_DIR / "static"
    beside = [(static / name).read_bytes() for name in ("rounds.css", "search.js", "icon.svg")]
    found = [address for address in visits if crawl.route(address) == "question" and address not in STATUS]
    assert len(found) == 5
    for address in found:
        whole = [visits[address].response.content, *beside]
        assert sum(map(len, whole)) < 60_000, address
        assert sum(len(brotli.compress(part)) for part in whole) < 15_000, address
