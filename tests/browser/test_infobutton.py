"""Infobutton from a page of another site: a browser lets it ask and read, and run what a script answers."""

import pytest
from playwright.sync_api import Browser

from tests import knowledge
from tests.knowledge import code
from tests.pages import site

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

POEMS = code("D016878", "MeSH")
ASK = """([address, body]) => fetch(address, {method: "POST", headers: {"X-Requested-With": "EHR"}, body:
    new URLSearchParams(body)}).then(answer => answer.json()).then(found => found.feed.entry.length)"""
CALL = """(address) => new Promise((resolve) => {
    window.found = (found) => resolve(found.feed.entry.length);
    const script = document.createElement("script");
    document.head.append(Object.assign(script, {src: address, onerror: () => resolve("refused")}));
})"""
READ = """(address) => fetch(address).then(() => "read", () => "refused")"""


def test_a_page_of_another_site_asks_reads_and_is_called(browser: Browser, live_server: object) -> None:
    site.build()
    here: str = live_server.url  # type: ignore[attr-defined]
    # By another name it is another site to a browser, here one that allows itself to load from elsewhere.
    context = browser.new_context(base_url=here.replace("localhost", "127.0.0.1"), bypass_csp=True)
    page = context.new_page()
    page.goto("/accessibility/")
    for kind, allowed in (("application/javascript", True), ("text/xml", False)):
        address = here + knowledge.address({**POEMS, "callback": "found"}, kind)
        assert page.evaluate(CALL, address) == (4 if allowed else "refused")
    body = {**POEMS, "knowledgeResponseType": "application/json"}
    assert page.evaluate(ASK, [here + knowledge.ADDRESS, body]) == 4
    assert page.evaluate(READ, f"{here}/") == "refused", "what is not meant to be read elsewhere is not"
    assert context.cookies() == []
    context.close()
