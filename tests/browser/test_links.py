"""A reader suggests a link, a moderator accepts it, everybody sees it, somebody reports it: without JavaScript too."""

import datetime as dt
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts import open_forms
from accounts.models import Letter
from community.models import Link, LinkReport

from . import round as desk
from . import sight
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

COMMUNITY = "/conditions/poems-syndrome/community/"
QUEUE = "/admin/community/link/"
WHY = "They run a telephone line and name centres that know the condition."


@pytest.fixture(autouse=True)
def _quick_hands(monkeypatch: pytest.MonkeyPatch) -> None:
    """A browser that is driven is quicker than people are."""
    monkeypatch.setattr(open_forms, "QUICKEST", dt.timedelta())


@pytest.fixture(params=[True, False], ids=["with JavaScript", "without JavaScript"])
def somebody(
    request: pytest.FixtureRequest, demonstration: None, browser: Browser, live_server: object
) -> Iterator[Visitor]:
    """Somebody at a phone."""
    visitor = Visitor(browser, live_server.url, width=360, script=request.param)  # type: ignore[attr-defined]
    yield visitor
    visitor.context.close()


def heading(page: Page, words: str) -> None:
    """The page that is open has this heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def test_a_link_is_suggested_accepted_seen_reported_and_taken_down(somebody: Visitor) -> None:
    page = somebody.page
    page.goto(COMMUNITY)
    page.get_by_role("link", name="Suggest a link").click()
    page.get_by_label("Web address").fill("https://10.0.0.1/")
    page.get_by_label("How does it help?").fill(WHY)
    page.get_by_label("Your e-mail address").fill("rosa@example.org")
    desk.press(page, "Send to a moderator")
    desk.said(page, "A web address needs a name, not a number")
    page.get_by_label("Web address").fill("https://line.example.org/poems")
    desk.press(page, "Send to a moderator")
    heading(page, "Thank you. It has arrived.")
    page.get_by_role("link", name="Back to the POEMS syndrome community").click()
    assert "line.example.org" not in page.inner_text("body")

    desk.enter(somebody, "moderator")
    page.get_by_role("link", name="3 links suggested").click()
    page.get_by_role("link", name="line.example.org").click()
    assert WHY in page.inner_text("main")
    assert "rosa@example.org" not in page.content()
    assert "Who is behind it is plain" in page.inner_text("main")
    form = page.get_by_role("region", name="Accept it")
    form.get_by_label("Title").fill("Sample telephone line")
    form.get_by_label("Kind").select_option("Service or help line")
    form.get_by_label("Language").select_option("Spanish")
    desk.press(page, "Accept and show it")
    desk.said(page, "Done.")
    assert "accepted it" in Letter.objects.get(to="rosa@example.org").body

    somebody.sign_out()
    page.goto(f"{COMMUNITY}?shown")  # of the page itself the browser has a copy for half a minute
    assert somebody.context.cookies() == []
    section = page.get_by_role("region", name="Links that people found useful")
    expect(section).to_contain_text("Not medically reviewed.")
    expect(section).to_contain_text("Service or help line, in Spanish.")
    link = section.get_by_role("link", name="Sample telephone line", exact=True)
    assert link.get_attribute("href") == "https://line.example.org/poems"
    assert link.get_attribute("rel") == "ugc nofollow noopener noreferrer"
    section.get_by_role("link", name="Report this link to Sample telephone line").click()
    page.get_by_role("radio", name="It sells something").check()
    page.get_by_label("What did you find, and where?").fill("Half of it is a shop.")
    desk.press(page, "Send to a moderator")
    heading(page, "Thank you. It has arrived.")

    desk.enter(somebody, "moderator")
    page.goto(f"{QUEUE}?state=reported")
    page.get_by_role("link", name="Sample telephone line").click()
    assert "Half of it is a shop." in page.inner_text("main")
    form = page.get_by_role("region", name="Take it down")
    form.get_by_label("Reason").select_option("It sells something to the people it is for, or hides who pays for it.")
    desk.press(page, "Take it down")
    desk.said(page, "Done.")
    assert LinkReport.objects.get(link__url="https://line.example.org/poems").outcome == "down"
    somebody.sign_out()
    page.goto(f"{COMMUNITY}?anew")
    assert "Sample telephone line" not in page.inner_text("body")
    assert somebody.complaints == []


def test_many_are_refused_at_once_and_what_was_not_done_is_listed(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    desk.enter(visitor, "moderator")
    page.goto(QUEUE)
    page.get_by_role("checkbox", name="diary.example.org").check()
    page.get_by_role("checkbox", name="cures.example.org").check()
    desk.press(page, "Accept the ticked")
    desk.said(page, "Not done. https://diary.example.org/: Give it a title")
    page.get_by_role("checkbox", name="cures.example.org").check()
    page.get_by_label("Reason, if you refuse or take down").select_option(
        label="It promises a cure, or tells people to stop or change a treatment."
    )
    desk.press(page, "Refuse the ticked")
    desk.said(page, "1 link was decided on.")
    assert Link.objects.get(url="https://cures.example.org/").decision == "refused"
    assert visitor.complaints == []


def test_axe_finds_nothing_on_refusals_and_thanks(demonstration: None, visitor: Visitor) -> None:
    page, found = visitor.page, {}

    def look(at: str) -> None:
        if wrong := sight.faults(page):
            found[at] = wrong

    page.goto(f"{COMMUNITY}suggest/")
    desk.press(page, "Send to a moderator")
    look("refused")
    page.get_by_label("Web address").fill(f"https://{'long.' * 20}example.org/{'a' * 300}")
    page.get_by_label("How does it help?").fill("w" * 900)
    desk.press(page, "Send to a moderator")
    look("thanks")
    page.goto(f"{COMMUNITY}suggest/")
    page.get_by_label("Web address").fill("https://forum.example.org/")
    page.get_by_label("How does it help?").fill(WHY)
    desk.press(page, "Send to a moderator")
    heading(page, "We know this address")
    look("known")
    desk.enter(visitor, "moderator")
    page.goto(QUEUE)
    look("queue with long words")
    page.get_by_role("link", name="long.long").click()
    look("long words")
    desk.press(page, "Refuse it")
    look("refused at the desk")
    assert found == {}
    assert visitor.complaints == []


def test_it_is_sent_with_the_keyboard_alone(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto(f"{COMMUNITY}suggest/")
    page.get_by_label("Web address").focus()
    page.keyboard.type("https://keys.example.org/")
    page.keyboard.press("Tab")
    page.keyboard.type(WHY)
    for _ in range(5):  # past name, kind, language and e-mail address, and not into the box that people do not see
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    heading(page, "Thank you. It has arrived.")
    assert Link.objects.get(url="https://keys.example.org/").why == WHY
