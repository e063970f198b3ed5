"""A page on paper: short, with the stamp, and with what a copy that does not update must say."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


# A lapsed page says more before the answer, and this one has a table of six rows.
LONG = "/conditions/wilson-disease/before-symptoms/"
PAGES = {
    "/conditions/poems-syndrome/prognosis/": "This copy does not update",
    "/conditions/poems-syndrome/what-is-it/": "This copy does not update",
    "/conditions/poems-syndrome/diagnosis/": "This copy does not update",
    "/conditions/wilson-disease/what-is-it/": "This copy does not update",
    LONG: "The review of this page lapsed on",
}


def test_a_question_page_fits_two_sheets_of_a4_and_a_lapsed_one_with_a_long_table_three(
    demonstration: None, browser: Browser, live_server: object
) -> None:
    visitor = Visitor(browser, live_server.url, scheme="dark")  # type: ignore[attr-defined]
    page = visitor.page
    for address, says in PAGES.items():
        page.goto(address)
        sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True)))
        assert 1 <= sheets <= (3 if address == LONG else 2), address
        page.emulate_media(media="print")
        assert says in page.locator("main").inner_text()
        assert page.locator(".review-stamp").is_visible()
        for hidden in (".site-footer", ".site-header nav", ".site-search", ".contents", ".breadcrumb", ".panel"):
            assert not page.locator(hidden).first.is_visible(), (address, hidden)
        page.emulate_media(media="null")
    visitor.context.close()
