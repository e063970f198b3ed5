"""Suggestions while typing, with the keyboard alone, and search without JavaScript."""

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


def chosen(page: Page) -> str | None:
    """The words of the option that is active, which the field names."""
    active = page.get_by_role("combobox").get_attribute("aria-activedescendant")
    if active is None:
        assert page.locator("[role=option][aria-selected=true]").count() == 0
        return None
    option = page.locator(f"[id='{active}'][role=option][aria-selected=true]")
    expect(option).to_have_count(1)
    return " ".join(option.inner_text().split())


def test_suggestions_are_used_with_the_keyboard_alone(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    field = page.get_by_role("combobox", name="Which condition, or what do you want to know?")
    expect(field).to_have_attribute("aria-expanded", "false")
    field.focus()
    page.keyboard.type("crow")
    expect(page.get_by_role("listbox")).to_be_visible()
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(field).to_have_attribute("aria-controls", page.get_by_role("listbox").get_attribute("id") or "")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text("2 suggestions")
    assert page.locator("[role=option] mark").all_inner_texts() == ["Crow", "crow"]
    assert chosen(page) is None
    first, last = "POEMS syndrome also called Crow–Fukase syndrome", "Search all pages for “crow”"
    for key, expected in [
        ("ArrowDown", first),
        ("ArrowDown", last),
        ("ArrowDown", None),
        ("ArrowUp", last),
        ("Home", first),
        ("End", last),
        ("ArrowUp", first),
        ("ArrowUp", None),
    ]:
        page.keyboard.press(key)
        assert chosen(page) == expected, key
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field).to_have_value("crow")
    expect(field).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/conditions/poems-syndrome/")
    assert visitor.complaints == []


def test_enter_without_a_choice_and_the_last_choice_search_all_pages(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/conditions/poems-syndrome/")
    field = page.get_by_role("combobox", name="Search conditions and questions")
    field.focus()
    page.keyboard.type("wilson")
    expect(page.get_by_role("option").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=wilson")
    assert page.locator(".line-title").first.inner_text() == "Wilson disease"
    large = page.get_by_role("combobox")
    large.fill("copper")
    expect(page.get_by_role("option", name="Search all pages for “copper”")).to_be_visible()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=copper")
    assert visitor.complaints == []


def test_the_list_goes_away_when_the_reader_does(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    field = page.get_by_role("combobox")
    field.focus()
    page.keyboard.type("poems")
    expect(page.get_by_role("listbox")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(page.get_by_role("button", name="Search")).to_be_focused()
    field.fill("wils")
    expect(page.get_by_role("option", name="Wilson disease").first).to_be_visible()
    field.fill("")
    expect(page.get_by_role("listbox")).to_be_hidden()
    field.fill("wils")
    page.get_by_role("option", name="Wilson disease").first.click()
    page.wait_for_url("**/conditions/wilson-disease/")


def test_an_answer_that_comes_too_late_is_not_shown(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    asked: list[str] = []
    waiting: list[Route] = []

    def hold(route: Route) -> None:
        asked.append(route.request.url.split("q=")[1])
        if asked[-1] == "poems":
            waiting.append(route)
        else:
            route.continue_()

    page.route("**/search/suggestions/**", hold)
    field = page.get_by_role("combobox")
    with page.expect_request("**/search/suggestions/**"):
        field.fill("poems")
    with page.expect_response("**/search/suggestions/?q=wilson"):
        field.fill("wilson")
    expect(page.get_by_role("option", name="Wilson disease").first).to_be_visible()
    for route in waiting:
        route.abort()
    expect(page.get_by_role("option", name="POEMS syndrome")).to_have_count(0)
    assert asked == ["poems", "wilson"]


def test_the_site_is_asked_when_the_reader_pauses_and_not_for_each_letter(
    demonstration: None, visitor: Visitor
) -> None:
    page = visitor.page
    page.clock.install()
    page.goto("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "suggestions" in request.url else None)
    page.get_by_role("combobox").press_sequentially("wilson")
    page.clock.run_for(100)
    assert asked == []
    with page.expect_response("**/search/suggestions/?q=wilson"):
        page.clock.run_for(100)
    assert len(asked) == 1


def test_where_the_site_cannot_be_reached_the_form_still_works(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    page.route("**/search/suggestions/**", lambda route: route.abort())
    field = page.get_by_role("combobox")
    with page.expect_event("requestfailed"):
        field.fill("takatsuki")
    expect(page.get_by_role("listbox")).to_be_hidden()
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/?q=takatsuki")


def test_words_that_look_like_code_stay_words(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    page.goto("/")
    page.get_by_role("combobox").fill("<img src=x onerror=alert(1)>")
    expect(page.get_by_role("option")).to_have_text(["Search all pages for “<img src=x onerror=alert(1)>”"])
    assert page.locator("main img").count() == 0
    assert visitor.complaints == []


def test_everything_works_without_javascript(demonstration: None, browser: Browser, live_server: object) -> None:
    visitor = Visitor(browser, live_server.url, script=False)  # type: ignore[attr-defined]
    page = visitor.page
    page.goto("/")
    assert page.get_by_role("combobox").count() == 0
    page.fill("#q", "wilsn disease")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/search/?q=wilsn+disease")
    page.get_by_role("link", name="Wilson disease", exact=True).first.click()
    assert page.locator(".line-title").first.inner_text() == "Wilson disease"
    page.get_by_label("Conditions (1)").uncheck()
    page.get_by_role("button", name="Update results").click()
    assert "Wilson disease" not in page.locator(".line-title").all_inner_texts()
    page.locator(".line-title").first.click()
    page.fill("#site-q", "takatsuki")
    page.locator(".site-search button").click()
    page.get_by_role("link", name="POEMS syndrome", exact=True).click()
    page.wait_for_url("**/conditions/poems-syndrome/")
    assert visitor.context.cookies() == []
    visitor.context.close()
