"""A reader reports a mistake, an author has it reviewed, the clinician sees why: in a browser, without JavaScript."""

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from accounts import open_forms
from reviews.models import Feedback

from . import round as desk
from . import sight
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

QUESTION = "/conditions/poems-syndrome/prognosis/"
WORDS = "Under “Blood” the second figure belongs to another study."


@pytest.fixture(autouse=True)
def _quick_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that is driven is quicker than people are."""
    monkeypatch.setattr(open_forms, "QUICKEST", dt.timedelta())


@pytest.fixture
def reader(demonstration: None, browser: Browser, live_server: object) -> Iterator[Visitor]:
    """Somebody at a phone, without JavaScript."""
    visitor = Visitor(browser, live_server.url, width=360, script=False)  # type: ignore[attr-defined]
    yield visitor
    visitor.context.close()


def report(visitor: Visitor) -> None:
    """Read the page, and say that something on it is wrong."""
    page = visitor.page
    page.goto(QUESTION)
    assert visitor.context.cookies() == []
    page.get_by_role("link", name="Report a mistake").click()
    expect(page.get_by_role("radio", name="There is a mistake on this page")).to_be_checked()
    desk.press(page, "Send")
    desk.said(page, "Say what is wrong, and where on the page it stands.")
    page.get_by_label("What is wrong, missing or hard to follow?").fill(WORDS)
    page.get_by_label("Your e-mail address").fill("rosa@example.org")
    desk.press(page, "Send")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It has arrived.")
    page.get_by_role("link", name="Back to the page").click()
    assert page.url.endswith(QUESTION)
    assert WORDS not in page.inner_text("body")


def test_a_readers_report_becomes_a_review(reader: Visitor) -> None:
    page = reader.page
    report(reader)
    desk.enter(reader, "author")
    page.get_by_role("link", name="1 mistake reported").click()
    page.get_by_role("link", name="A mistake").click()
    assert WORDS in page.inner_text("main")
    assert "This very version" in page.inner_text("main")
    desk.press(page, "Start a review request")
    desk.said(page, "A review was asked for.")
    assert "Nothing fits these filters" in page.inner_text("main") or "Nothing waits" in page.inner_text("main")

    desk.enter(reader, "clinician")
    page.goto("/admin/reviews/reviewrequest/")
    request = Feedback.objects.get().request
    assert request is not None
    page.get_by_role("link", name=request.revision.question).first.click()
    assert "Started from a reader’s message of" in page.inner_text("main")
    assert WORDS in page.inner_text("main")
    assert "rosa@example.org" not in page.inner_text("body")
    assert reader.complaints == []


def test_axe_finds_nothing_on_the_form_the_refusal_the_thanks_and_the_desk(
    demonstration: None, browser: Browser, live_server: object
) -> None:
    visitor = Visitor(browser, live_server.url)  # type: ignore[attr-defined]
    page, found = visitor.page, {}

    def look(at: str) -> None:
        if wrong := sight.faults(page):
            found[at] = wrong

    page.goto(f"{QUESTION}feedback/?about=mistake")
    look("form")
    page.get_by_label("Your e-mail address").fill("rosa")
    desk.press(page, "Send")
    look("refused")
    page.get_by_label("Your e-mail address").fill("")
    page.get_by_label("What is wrong, missing or hard to follow?").fill("w" * 3000)
    desk.press(page, "Send")
    look("thanks")
    desk.enter(visitor, "publisher")
    page.goto("/admin/reviews/feedback/")
    look("list")
    page.get_by_role("link", name="A mistake").click()
    look("one of it")
    desk.press(page, "Close it")
    look("refused at the desk")
    assert found == {}
    assert visitor.complaints == []
    visitor.context.close()


def test_it_is_sent_with_the_keyboard_alone(demonstration: None, browser: Browser, live_server: object) -> None:
    visitor = Visitor(browser, live_server.url)  # type: ignore[attr-defined]
    page = visitor.page
    page.goto(f"{QUESTION}feedback/?about=no")
    page.get_by_role("radio", name="No, this page was not useful").focus()
    page.keyboard.press("Tab")
    page.keyboard.type("Too many figures.")
    for _ in range(2):  # past the e-mail address, and not into the box that people do not see
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you. It has arrived.")
    assert Feedback.objects.get().words == "Too many figures."
    visitor.context.close()
