"""Structured data in a browser: it is there to be read, nothing in it runs, and the policy has nothing against it."""

import pytest

from tests import make
from tests.browser.conftest import Visitor
from tests.pages import site

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

QUESTION = "Is </script><script>window.ran = true</script><!-- <script> safe & sound?"
READ = "JSON.parse(document.querySelector('script[type=\"application/ld+json\"]').textContent)"
INLINE = "document.head.append(Object.assign(document.createElement('script'), {textContent: 'window.ran = true'}))"


def test_the_block_stands_and_nothing_in_it_runs(visitor: Visitor) -> None:
    site.live(make.condition(), "prognosis", question=QUESTION, short_answer=QUESTION)
    for address in ("/conditions/poems-syndrome/prognosis/", "/conditions/poems-syndrome/", "/reviewers/clara/", "/"):
        visitor.page.goto(address)
        assert visitor.page.evaluate(READ)["@context"] == "https://schema.org", address
        assert visitor.page.evaluate("window.ran") is None, address
    visitor.page.goto("/conditions/poems-syndrome/prognosis/")
    assert visitor.page.evaluate(READ)["mainEntity"]["acceptedAnswer"]["text"] == QUESTION
    assert visitor.complaints == []
    # Were it a script, the policy would have stopped it and said so.
    visitor.page.evaluate(INLINE)
    assert visitor.page.evaluate("window.ran") is None
    assert any("Content Security Policy" in complaint for complaint in visitor.complaints)
