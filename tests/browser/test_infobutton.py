"""Infobutton from a page of another site: a browser lets it ask and read, and run what a script answers."""

import pytest
from playwright.sync_api import Route

from tests import knowledge
from tests.browser.conftest import Visitor
from tests.knowledge import code
from tests.pages import site

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

ELSEWHERE = "http://ehr.example/"
POEMS = code("D016878", "MeSH")
ASK = """([address, body]) => fetch(address, {method: "POST", headers: {"X-Requested-With": "EHR"}, body:
    new URLSearchParams(body)}).then(answer => answer.json()).then(found => found.feed.entry.length)"""
CALL = """(address) => new Promise((resolve, reject) => {
    window.found = (found) => resolve(found.feed.entry.length);
    document.head.append(Object.assign(document.createElement("script"), {src: address, onerror: reject}));
})"""


def test_a_page_of_another_site_asks_reads_and_is_called(visitor: Visitor, live_server: object) -> None:
    site.build()
    here: str = live_server.url  # type: ignore[attr-defined]

    def answer(route: Route) -> None:
        route.fulfill(body="<!doctype html><title>A record system</title>", content_type="text/html")

    visitor.page.route(f"{ELSEWHERE}**", answer)
    visitor.page.goto(ELSEWHERE)
    address = here + knowledge.address({**POEMS, "callback": "found"}, "application/javascript")
    assert visitor.page.evaluate(CALL, address) == 4
    body = {**POEMS, "knowledgeResponseType": "application/json"}
    assert visitor.page.evaluate(ASK, [here + knowledge.ADDRESS, body]) == 4
    assert visitor.complaints == []
    assert visitor.context.cookies() == []
