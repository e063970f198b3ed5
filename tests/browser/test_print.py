"""A page on paper: short, with the stamp, and with what a copy that does not update must say."""

import re

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(
    ("address", "most", "says"),
    [
        ("/conditions/poems-syndrome/prognosis/", 2, "This copy does not update"),
        ("/conditions/wilson-disease/before-symptoms/", 3, "The review of this page lapsed on"),
    ],
)
def test_a_question_page_fits_two_sheets_of_a4_and_one_with_a_long_table_three(
    demonstration: None, browser: Browser, live_server: object, address: str, most: int, says: str
) -> None:
    visitor = Visitor(browser, live_server.url, width=1280, scheme="dark")  # type: ignore[attr-defined]
    page = visitor.page
    page.goto(address)
    sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4", prefer_css_page_size=True)))
    assert 1 <= sheets <= most
    page.emulate_media(media="print")
    assert says in page.locator("main").inner_text()
    assert page.locator(".review-stamp").is_visible()
    for hidden in (".site-footer", ".site-header nav", ".contents", ".breadcrumb"):
        assert not page.locator(hidden).first.is_visible(), hidden
    visitor.context.close()
