"""A reader's way from the first page to the one who answers for an answer: at both widths, with and without script."""

import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

QUESTION = "What determines the long-term prognosis for POEMS syndrome?"
WATCH = """
window.shifts = [];
const watch = new PerformanceObserver(list => shifts.push(...list.getEntries().map(entry => entry.value)));
watch.observe({type: "layout-shift", buffered: true});
"""
# Two frames later whatever moved is known.
SHIFTS = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(shifts)))))"
PUSH = "document.querySelector('main').prepend(Object.assign(document.createElement('p'), {textContent: 'Late.'}))"


def find(page: Page, *, script: bool) -> None:
    """Search by another name of a condition, and choose it."""
    page.goto("/")
    if script:
        page.get_by_role("combobox").press_sequentially("takat")
        page.get_by_role("option", name="POEMS syndrome").click()
    else:
        page.get_by_label("Which condition, or what do you want to know?").fill("takatsuki")
        page.get_by_role("button", name="Search").click()
        expect(page).to_have_title("Search: takatsuki | Rounds")
        page.get_by_role("link", name="POEMS syndrome", exact=True).click()
    page.wait_for_url("**/conditions/poems-syndrome/")


def moved(page: Page) -> list[float]:
    """By how much anything moved while the page was loaded and read to its end."""
    page.wait_for_load_state("networkidle")
    page.keyboard.press("End")
    shifts: list[float] = page.evaluate(SHIFTS)
    return shifts


def walk(page: Page, *, script: bool) -> None:
    """From the first page by search to a condition, a question, its history, and the reviewer."""
    heading = page.get_by_role("heading", level=1)
    find(page, script=script)
    expect(heading).to_have_text("POEMS syndrome")
    page.get_by_role("link", name=QUESTION).click()
    expect(heading).to_have_text(QUESTION)
    expect(page.get_by_role("region", name="Review of this page")).to_contain_text("Medically reviewed, in date")
    if script:
        assert moved(page) == []
    page.get_by_role("link", name="what changed").click()
    expect(page.locator(".kicker")).to_have_text("Review and change history")
    expect(heading).to_have_text(QUESTION)
    page.get_by_role("main").get_by_role("link", name="Clara Sample, MD").first.click()
    expect(heading).to_have_text("Clara Sample, MD")
    expect(page.get_by_role("link", name=QUESTION)).to_be_visible()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_from_the_first_page_to_the_reviewer(
    demonstration: None, browser: Browser, live_server: object, script: bool
) -> None:
    site: str = live_server.url  # type: ignore[attr-defined]
    for width in (360, 1280):
        visitor = Visitor(browser, site, width=width, script=script)
        visitor.page.add_init_script(WATCH)
        walk(visitor.page, script=script)
        assert visitor.complaints == []
        assert visitor.context.cookies() == []
        assert [address for address in visitor.asked if not address.startswith(f"{site}/")] == []
        visitor.context.close()


def test_the_measure_notices_what_moves(demonstration: None, visitor: Visitor) -> None:
    visitor.page.add_init_script(WATCH)
    visitor.page.goto("/conditions/poems-syndrome/prognosis/")
    assert visitor.page.evaluate(SHIFTS) == []
    visitor.page.evaluate(PUSH)
    assert visitor.page.evaluate(SHIFTS) != []
