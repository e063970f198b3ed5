"""Somebody joins with a code from a letter, is counted, leaves and erases: in a browser, without script too."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from community.models import Community, Member
from tests import letters

from . import keyboard, sight
from . import round as desk
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

COMMUNITY = "/conditions/poems-syndrome/community/"
MIA = "mia@example.org"


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def visitor(demonstration: None, browser: Browser, live_server: Any, request: Any) -> Iterator[Visitor]:
    """Somebody at a phone."""
    visitor = Visitor(browser, live_server.url, width=360, script=request.param)
    yield visitor
    visitor.context.close()


def shown(browser: Browser, site: str) -> str:
    """The number as a stranger reads it on the public page."""
    stranger = Visitor(browser, site)
    stranger.page.goto(f"{COMMUNITY}?fresh")
    words = stranger.page.inner_text(".big-count")
    assert stranger.context.cookies() == []
    stranger.context.close()
    return words


def send(page: Page) -> None:
    """Go from the public page to the form, be told what is missing, and send it."""
    page.goto(COMMUNITY)
    page.get_by_role("link", name="Join the community").click()
    assert page.locator(":checked:not(option)").count() == 0
    page.get_by_role("textbox", name="E-mail address").fill("mia@")
    page.get_by_role("radio", name="I live with it").check()
    page.get_by_label("Country, if you want to say").select_option(label="Netherlands")
    desk.press(page, "Send me the code")
    for words in ("Enter the whole address", "Without this nobody can be a member", "Tick this box to have it kept"):
        expect(page.locator(".field-error").filter(has_text=words)).to_have_count(1)
    expect(page.get_by_role("radio", name="I live with it")).to_be_checked()
    page.get_by_role("textbox", name="E-mail address").fill(MIA)
    page.get_by_role("checkbox", name="Needed to join.").check()
    page.get_by_role("checkbox", name="Optional.").check()
    desk.press(page, "Send me the code")
    expect(page.get_by_role("heading", level=1)).to_have_text("Type your code")


def test_join_with_a_code_be_counted_leave_and_erase(visitor: Visitor, browser: Browser, live_server: Any) -> None:
    page, site = visitor.page, live_server.url
    assert shown(browser, site) == "59"
    send(page)
    assert shown(browser, site) == "59"
    expect(page.get_by_role("link", name="Back to the form")).to_have_attribute("href", f"{COMMUNITY}join/")
    page.get_by_label("The code from the letter").fill("0000 0000")
    desk.press(page, "Join")
    expect(page.locator(".field-error")).to_contain_text("not the code of the newest letter")
    page.get_by_label("The code from the letter").fill(letters.code(MIA))
    desk.press(page, "Join")
    desk.said(page, "You have joined.")
    assert "Netherlands" in page.inner_text("main")
    assert shown(browser, site) == "60"

    page.get_by_role("link", name="Change").click()
    page.get_by_label("Country, if you want to say").select_option(label="Prefer not to say")
    desk.press(page, "Keep it so")
    desk.said(page, "Changed.")
    assert "taken back" in page.inner_text("main")
    with page.expect_download() as file:
        page.get_by_role("link", name="Get all of it as a file").click()
    assert MIA in file.value.path().read_text()

    page.get_by_role("button", name="Leave").click()
    desk.said(page, "You have left.")
    assert shown(browser, site) == "59"
    page.get_by_role("link", name="Erase everything").click()
    page.get_by_role("checkbox", name="I understand that this cannot be undone").check()
    desk.press(page, "Erase everything")
    expect(page.get_by_role("heading", level=1)).to_have_text("Everything is erased")
    assert not User.objects.filter(email=MIA).exists()
    assert shown(browser, site) == "59"
    assert visitor.complaints == []


def test_a_member_comes_back_with_a_code_and_a_second_click_counts_once(visitor: Visitor) -> None:
    page = visitor.page
    send(page)
    page.get_by_label("The code from the letter").fill(letters.code(MIA))
    page.get_by_role("button", name="Join", exact=True).dblclick()
    # Without a script the second click may come to a code that was used, or to no code; it counts once all the same.
    come_to = page.locator("h1, .field-error").filter(has_text=re.compile("kept about you|used already|No code waits"))
    expect(come_to.first).to_be_visible()
    assert Member.objects.filter(user__email=MIA).count() == 1
    assert Community.objects.get(condition__slug="poems-syndrome").member_count == 60
    visitor.sign_out()
    page.goto(COMMUNITY)
    page.get_by_role("link", name="See and change what is kept about you").click()
    page.get_by_role("textbox", name="E-mail address").fill(MIA)
    desk.press(page, "Send me the code")
    page.get_by_label("The code from the letter").fill(letters.code(MIA))
    desk.press(page, "Sign in")
    expect(page.get_by_role("heading", level=1)).to_have_text("What is kept about you")
    assert "POEMS syndrome" in page.inner_text("main")


def test_axe_finds_nothing_on_any_page_of_a_member_or_of_the_moderator(
    demonstration: None, browser: Browser, live_server: Any
) -> None:
    visitor = Visitor(browser, live_server.url)
    page = visitor.page
    found: dict[str, object] = {}

    def look(at: str) -> None:
        if wrong := sight.faults(page):
            found[at] = wrong
        # Of radio buttons none of which is chosen it cannot tell which one is reached.
        unchosen = page.locator("[type=radio]").count() and not page.locator("[type=radio]:checked").count()
        if not unchosen and (unreached := keyboard.walk(page)):
            found[f"{at}, by keyboard"] = unreached

    page.goto("/join/code/")
    look("no code")
    page.goto("/conditions/poems-syndrome/community/join/")
    page.get_by_role("radio", name="I live with it").check()
    desk.press(page, "Send me the code")
    look("refused")
    send(page)
    look("code")
    page.get_by_label("The code from the letter").fill(letters.code(MIA))
    desk.press(page, "Join")
    look("me")
    page.get_by_role("link", name="Change").click()
    look("change")
    page.goto("/conditions/wilson-disease/community/join/")
    look("join, signed in")
    page.goto("/me/erase/")
    look("erase")
    page.goto("/erased/")
    look("erased")
    desk.enter(visitor, "moderator")
    page.goto("/admin/community/community/")
    page.get_by_role("link", name="held; members by number").first.click()
    look("members by number")
    assert found == {}
    assert visitor.complaints == []
    visitor.context.close()
