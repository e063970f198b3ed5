"""Accessibility and layout of the reader's pages, as axe-core, a narrow window and somebody without a mouse find it."""

from collections.abc import Callable
from pprint import pformat

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from community.models import Link
from pages import kept, reading
from tests.pages import crawl

from . import keyboard, sight
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/conditions/",
    "/a-z/p/",
    "/conditions/poems-syndrome/",
    "/conditions/behcet-disease/",
    "/conditions/poems-syndrome/prognosis/",
    "/conditions/poems-syndrome/what-is-it/",
    "/conditions/wilson-disease/before-symptoms/",
    "/conditions/wilson-disease/diet/",
    "/conditions/poems-syndrome/community/",
    "/conditions/wilson-disease/community/",
    "/conditions/poems-syndrome/prognosis/history/",
    "/conditions/wilson-disease/diet/history/?version=1",
    "/conditions/poems-syndrome/prognosis/feedback/?version=1&about=no",
    "/reviewers/",
    "/reviewers/clara-sample/",
    "/search/",
    "/search/?q=poems",
    "/search/?q=wilsn",
    "/search/?q=blue+toe",
    "/conditions/poems-syndrome/community/suggest/",
    "/how-we-review/",
    "/accessibility/",
    "/privacy/",
    "/api/v1/",
    "/accounts/login/",
    "/accounts/code/",
    "/conditions/poems-syndrome/community/join/",
    "/me/",
    "/nowhere/",
]


def faults(page: Page) -> list[object]:
    """What is wrong with the page that is open, in any window, by day or by night."""
    wrong = sight.faults(page)
    if page.evaluate("[document.documentElement.lang, document.documentElement.dir].join()") != "en,ltr":
        wrong.append("no language, or no direction")
    return wrong


def with_suggestions(page: Page) -> None:
    """Type until there are suggestions, and go to the first one."""
    page.get_by_role("combobox").fill("wil")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")


def broken(*_: object) -> None:
    """Something breaks."""
    raise RuntimeError("broken")


def test_axe_finds_nothing_on_any_public_page_in_any_window(
    demonstration: None, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = [*PAGES, reverse("report-link", args=["poems-syndrome", Link.objects.earliest("pk").pk])]
    assert {crawl.route(address) for address in pages} >= crawl.ROUTES - crawl.MACHINES
    page, found = visitor.page, {}

    def look(address: str, doing: Callable[[Page], None] | None = None) -> None:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto(address)
        if doing is not None:
            doing(page)
        if wrong := faults(page):
            found[address, doing] = wrong

    for address in pages:
        look(address)
    for address in ("/", "/conditions/poems-syndrome/"):
        look(address, with_suggestions)
        expect(page.get_by_role("option").first).to_be_visible()
    kept.pages.clear()
    monkeypatch.setattr(reading, "lines_signed_lately", broken)
    look("/?anew")  # of the first page the browser has a copy
    assert page.inner_text("h1") == "Something broke on our side"
    assert not found, pformat(found)
    assert visitor.complaints == []


def test_nothing_scrolls_sideways_when_the_reader_has_set_text_twice_as_large(
    demonstration: None, large_text_browser: Browser, live_server: object
) -> None:
    visitor = Visitor(large_text_browser, live_server.url)  # type: ignore[attr-defined]
    for address in PAGES:
        visitor.page.goto(address)
        assert visitor.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 32
        for width in (640, 1280):
            visitor.page.set_viewport_size({"width": width, "height": 900})
            assert visitor.page.evaluate(sight.WIDTH) <= width, (address, width)
    visitor.context.close()


def test_the_keyboard_alone_reaches_everything_in_order_and_shows_where_it_is(
    demonstration: None, visitor: Visitor
) -> None:
    page, found = visitor.page, {}
    for address in (PAGES[0], PAGES[5], PAGES[13], PAGES[17]):
        page.goto(address)
        if wrong := keyboard.walk(page):
            found[address] = wrong
    assert not found, pformat(found)


def test_the_first_stop_is_seen_and_skips_to_the_content(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    for address in (PAGES[0], PAGES[5]):
        page.goto(address)
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        expect(page.get_by_role("link", name="Skip to the content")).to_be_in_viewport(ratio=1)
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('main') !== null"), address
