"""Accessibility and layout of the reader's pages, in every state, as axe-core and a narrow window see them."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

PAGES = [
    "/",
    "/conditions/",
    "/conditions/poems-syndrome/",
    "/conditions/behcet-disease/",
    "/conditions/poems-syndrome/prognosis/",
    "/conditions/poems-syndrome/what-is-it/",
    "/conditions/wilson-disease/before-symptoms/",
    "/conditions/wilson-disease/diet/",
    "/conditions/wilson-disease/community/",
    "/conditions/poems-syndrome/prognosis/history/",
    "/conditions/wilson-disease/diet/history/",
    "/reviewers/clara-sample/",
    "/a-z/p/",
    "/reviewers/",
    "/how-we-review/",
    "/accessibility/",
    "/privacy/",
    "/accounts/login/",
    "/nowhere/",
]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (360, "dark")])
def test_axe_finds_nothing_on_any_page_of_the_demonstration(
    demonstration: None, browser: Browser, live_server: object, width: int, scheme: str
) -> None:
    visitor = Visitor(browser, live_server.url, width=width, scheme=scheme)  # type: ignore[attr-defined]
    found = {}
    for address in PAGES:
        visitor.page.goto(address)
        results = Axe().run(visitor.page)
        if results.violations_count:
            found[address] = results.generate_report()
        for narrow in (width, 320):
            visitor.page.set_viewport_size({"width": narrow, "height": 900})
            assert visitor.page.evaluate("document.documentElement.scrollWidth") <= narrow, (address, narrow)
        visitor.page.set_viewport_size({"width": width, "height": 900})
    assert found == {}
    assert visitor.complaints == []
    visitor.context.close()


def test_nothing_scrolls_sideways_when_the_reader_has_set_text_twice_as_large(
    demonstration: None, large_text_browser: Browser, live_server: object
) -> None:
    visitor = Visitor(large_text_browser, live_server.url)  # type: ignore[attr-defined]
    for address in PAGES:
        visitor.page.goto(address)
        assert visitor.page.evaluate("parseFloat(getComputedStyle(document.documentElement).fontSize)") == 32
        assert visitor.page.evaluate("document.documentElement.scrollWidth") <= 1280, address
    visitor.context.close()
