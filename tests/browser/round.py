"""What authors, clinicians and publishers do at the desk, one function an act, as their hands do it in a browser.

A screen that changes is followed here and nowhere else. Nothing here needs JavaScript but `write` where it is told so.
"""

import datetime as dt

from playwright.sync_api import Locator, Page, expect

from accounts.models import User
from pages.management.commands.demo import KNOWN_PASSWORD

from .conftest import Visitor

ADDRESS = "/conditions/behcet-disease/daily-life/"
QUESTION = "What helps in daily life with Behçet disease?"
BODY = "Small habits add up.\n\n## Mouth care\n\nA soft brush hurts less [1](#source-1)."
SOURCES = "A sample study of mouth care. Sample Journal, 2024. | pmid:12456500"


def enter(visitor: Visitor, name: str) -> None:
    """Sit down as another of the demonstration's people."""
    visitor.sign_out()
    visitor.sign_in(User.objects.get(email=f"{name}@rounds.example"), KNOWN_PASSWORD)


def press(page: Page | Locator, button: str) -> None:
    """Press the button that is called exactly so."""
    page.get_by_role("button", name=button, exact=True).click()


def said(page: Page, words: str) -> None:
    """The site says these words after an act, at the desk or in the stock admin."""
    expect(
        page.locator(".messagelist, [role=status], [role=alert], .errorlist, .notice").filter(has_text=words)
    ).not_to_have_count(0)


# The author


def start(page: Page, *, script: bool) -> None:
    """Open the form of a new page; without JavaScript by way of the condition."""
    page.goto("/admin/articles/article/add/")
    if script:
        page.get_by_role("combobox", name="Condition").click()
        page.click(".select2-results__option:has-text('Behçet disease')")
    else:
        page.get_by_role("link", name="Choose the condition first").click()
        page.locator("#result_list").get_by_role("link", name="Behçet disease").click()
        page.get_by_role("link", name="Write a question page about it").click()


def write(page: Page, *, script: bool) -> None:
    """Write a page, be told what is wrong with it, and mend that."""
    start(page, script=script)
    page.select_option("[name=topic]", "living")
    page.fill("[name=slug]", "daily-life")
    page.fill("[name=question]", QUESTION)
    page.fill("[name=body]", BODY)
    page.fill("[name=sources]", SOURCES.replace("pmid:12456500", "nonsense"))
    page.click("[name=_continue]")
    said(page, "Line 1: “nonsense” is none of")
    assert "Small habits add up." in page.input_value("[name=body]")
    page.fill("[name=sources]", SOURCES)
    page.click("[name=_continue]")


def revise(page: Page, **text: str) -> None:
    """Change some fields of the page that is open, and save."""
    for name, words in text.items():
        page.fill(f"[name={name}]", words)
    page.click("[name=_continue]")


def ask(page: Page, *, note: str = "", refused: str = "") -> None:
    """Ask for a review of the version at the top of the open page, or be told what is missing and go back."""
    page.get_by_role("link", name="Ask for a review").first.click()
    page.fill("[name=note]", note)
    press(page, "Ask for a review")
    if refused:
        said(page, refused)
        page.get_by_role("link", name="Back without doing it").click()
    else:
        said(page, "waits for a clinician")


def open_article(page: Page) -> None:
    """Find the page by a word of its address."""
    page.goto("/admin/articles/article/?q=daily-life")
    page.locator("#result_list").get_by_role("link", name="behcet-disease/daily-life").click()


def open_draft(page: Page, words: str) -> None:
    """Find the page on the first page, with what the clinician asked for."""
    page.goto("/admin/")
    expect(page.locator("li").filter(has_text=QUESTION)).to_contain_text(words)
    page.get_by_role("link", name=QUESTION).click()


# The clinician


def open_request(page: Page) -> None:
    """Find the request in the queue and open the desk."""
    page.goto("/admin/reviews/reviewrequest/")
    page.get_by_role("link", name=QUESTION).first.click()


def claim(page: Page) -> None:
    """Take the open request."""
    press(page, "Claim it")
    expect(page.get_by_role("button", name="Hand this review back")).to_be_visible()


def decide(page: Page, button: str, **fields: str) -> None:
    """Fill the form of the decision, tick whatever is to be ticked, and press the button."""
    form = page.locator("form").filter(has=page.get_by_role("button", name=button, exact=True))
    if "signed_on" in fields:
        form.locator("summary").click()
    for name, words in fields.items():
        form.locator(f"[name={name}]").fill(words)
    for box in form.get_by_role("checkbox").all():
        box.check()
    form.locator("[name=scope]").first.check()
    press(form, button)


# The publisher


def publish(page: Page) -> None:
    """Publish what the first page says is approved."""
    page.goto("/admin/")
    page.get_by_role("link", name=QUESTION).click()
    press(page, "Publish")
    said(page, "is published")
    assert "Readers see this version." in page.inner_text("#content")


def withdraw(page: Page, why: str) -> None:
    """Take the page down."""
    open_article(page)
    page.locator("#content").get_by_role("link", name="Withdraw", exact=True).click()
    page.fill("[name=why]", why)
    press(page, "Withdraw now")
    said(page, "The page is withdrawn.")


def restore(page: Page) -> None:
    """Publish the approval that is still in date once more."""
    open_article(page)
    page.locator("#content").get_by_role("link", name="Restore", exact=True).first.click()
    press(page, "Restore")
    said(page, "is published")


# The reader


def read(visitor: Visitor, status: int = 200) -> str:
    """What a stranger finds at the page's address; the browser is left without a cookie.

    Asked for anew: a browser that was there a moment ago still has the page of that moment, for some seconds.
    """
    visitor.sign_out()
    visitor.page.goto(ADDRESS)
    answer = visitor.page.reload()
    assert answer is not None
    assert answer.status == status
    assert visitor.context.cookies() == []
    return visitor.page.inner_text("main")


def day(moment: dt.date) -> str:
    """A day as the site writes it."""
    return f"{moment:%-d %B %Y}"
