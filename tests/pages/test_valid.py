"""Every public page is valid, whole, and asks nobody else for anything."""

from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from xml.etree.ElementTree import Element

import pytest
from django.contrib.staticfiles import finders
from django.db import transaction
from django.test import Client
from pytest_django import DjangoDbBlocker, Settings

from . import dom, site

HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
LOADED = {"link": "href", "script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}

# Links in the head that name another address and load nothing.
NAMED = {"canonical", "alternate"}


def walk(client: Client) -> Iterator[tuple[str, Element]]:
    """The name and the tree of each page; the strict parser refuses what is not valid HTML."""
    site.build()
    for name, address in site.ADDRESSES.items():
        yield name, dom.read(client, address, status=site.STATUS.get(name, 200))


@pytest.fixture(scope="module")
def pages(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> dict[str, Element]:
    """Every page of the small site, read once; of the site itself nothing is left."""
    with django_db_blocker.unblock(), transaction.atomic():
        found = dict(walk(Client()))
        transaction.set_rollback(True)
    return found


def test_every_page_is_html_with_a_language_a_title_and_one_heading(pages: dict[str, Element]) -> None:
    titles = []
    for name, root in pages.items():
        assert (root.get("lang"), root.get("dir")) == ("en", "ltr"), name
        (heading,) = root.iter("h1")
        assert dom.words(heading), name
        (title,) = list(dom.first(root, "head").iter("title"))
        assert dom.words(title), name
        titles.append(dom.words(title))
        assert len(list(root.iter("main"))) == 1, name
    allowed_twice = {"Page withdrawn | Rounds"}
    assert not [title for title, times in Counter(titles).items() if times > 1 and title not in allowed_twice]


def test_no_heading_skips_a_level(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        levels = [int(element.tag[1]) for element in dom.first(root, "main").iter() if element.tag in HEADINGS]
        assert levels[0] == 1, name
        assert all(below <= above + 1 for above, below in pairwise(levels)), (name, levels)


def test_no_id_stands_twice_and_every_reference_finds_its_own(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        found = dom.ids(root)
        assert len(found) == len(set(found)), name
        for element in root.iter():
            for reference in ("aria-labelledby", "aria-describedby", "for"):
                assert set(element.get(reference, "").split()) <= set(found), (name, reference)
            target = element.get("href", "")
            if target.startswith("#"):
                assert target.removeprefix("#") in found, (name, target)


def test_nothing_inline_that_the_policy_would_stop(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        for element in root.iter():
            assert element.tag != "style", name
            assert element.get("style") is None, name
            assert not [attribute for attribute in element.keys() if attribute.startswith("on")], name  # noqa: SIM118
            assert not element.get("href", "").startswith("javascript:"), name
        inline = [script for script in root.iter("script") if script.get("src") is None]
        # A block of data is not run, so the policy lets it stand: tests/browser/test_structured_data.py.
        assert not [script for script in inline if script.get("type") != "application/ld+json"], name


def test_nothing_is_loaded_from_anybody_else(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        for element in root.iter():
            loaded = element.get(LOADED.get(element.tag, ""), "")
            if loaded and element.get("rel") not in NAMED:
                assert loaded.startswith("/static/"), (name, loaded)
                assert finders.find(loaded.removeprefix("/static/")), (name, loaded)
            assert element.tag != "base", name
            assert element.get("srcset") is None, name


def test_a_link_to_another_site_is_a_source_a_code_or_moderated_and_takes_no_trace_along(
    pages: dict[str, Element],
) -> None:
    outside = []
    for name, root in pages.items():
        sources = {id(link) for part in dom.having(root, "sources") for link in part.iter("a")}
        linked = [part for part in root.iter("section") if part.get("aria-labelledby") == "links-title"]
        moderated = {id(link) for part in linked for link in part.iter("a")}
        for link in root.iter("a"):
            address = link.get("href", "")
            if address.startswith(("/", "#")) and not address.startswith("//"):
                continue
            outside.append(address)
            of_a_code = [child.tag for child in link] == ["code"] and not (link.text or "").strip()
            assert id(link) in sources | moderated or of_a_code, (name, address)
            assert ({"ugc", "nofollow"} <= set(link.get("rel", "").split())) == (id(link) in moderated), (name, address)
            assert address.startswith("https://"), (name, address)
            assert {"noopener", "noreferrer"} <= set(link.get("rel", "").split()), (name, address)
    assert "https://pubmed.ncbi.nlm.nih.gov/12456500/" in outside


@pytest.mark.once
@pytest.mark.django_db
def test_every_link_within_the_site_is_answered(client: Client) -> None:
    links = {link for _, root in walk(client) for link in dom.links(root) if link.startswith("/")}
    assert len(links) > 10
    for link in links:
        page, _, target = link.partition("#")
        response = client.get(page)
        # The withdrawn ones are linked to from nowhere.
        assert response.status_code < 400, link
        if target:
            assert target in dom.ids(dom.tree(response.content)), link


def test_every_link_has_words(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        for link in root.iter("a"):
            assert dom.words(link) or link.get("aria-label"), (name, link.get("href"))


def test_every_list_of_terms_is_whole(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        for terms in root.iter("dl"):
            kinds = [element.tag for element in terms.iter() if element.tag in {"dt", "dd"}]
            assert kinds == ["dt", "dd"] * (len(kinds) // 2), name


def test_no_page_of_a_real_site_says_that_it_is_a_demonstration(pages: dict[str, Element]) -> None:
    for name, root in pages.items():
        assert not dom.having(root, "sample-note"), name
        assert "Demonstration" not in dom.words(root), name


@pytest.mark.once
@pytest.mark.django_db
def test_every_page_bears_the_name_of_the_site(client: Client, settings: Settings) -> None:
    settings.SITE_NAME = "Rare & Found"
    for name, root in walk(client):
        assert "Rare & Found" in dom.words(dom.only(root, "wordmark")), name
        assert "Rounds" not in dom.words(root), name
