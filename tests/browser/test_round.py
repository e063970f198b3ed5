"""The whole round, in a browser, with the accounts of the demonstration: write, approve, publish, read, withdraw."""

import pytest

from accounts.models import User
from pages.management.commands.demo import KNOWN_PASSWORD
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ADDRESS = "/conditions/behcet-disease/daily-life/"


def enter(visitor: Visitor, name: str) -> None:
    """Sit down as another of the demonstration's people."""
    visitor.sign_out()
    visitor.sign_in(User.objects.get(email=f"{name}@rounds.example"), KNOWN_PASSWORD)


def write(visitor: Visitor) -> None:
    """The author writes a page, is told what is missing, mends it and asks for a review."""
    page = visitor.page
    page.goto("/admin/articles/article/add/")
    page.click(".select2-selection")
    page.click(".select2-results__option:has-text('Behçet disease')")
    page.select_option("[name=topic]", "living")
    page.fill("[name=slug]", "daily-life")
    page.fill("[name=question]", "What helps in daily life with Behçet disease?")
    page.fill("[name=body]", "Small habits add up.\n\n## Mouth care\n\nA soft brush hurts less [1](#source-1).")
    page.fill("[name=sources]", "A sample study of mouth care. Sample Journal, 2024. | nonsense")
    page.click("[name=_continue]")
    assert "Line 1: “nonsense” is none of" in page.inner_text(".errorlist")
    assert "Small habits add up." in page.input_value("[name=body]")
    page.fill("[name=sources]", "A sample study of mouth care. Sample Journal, 2024. | pmid:12456500")
    page.click("[name=_continue]")
    page.click("text=Ask for a review")
    page.click("button:has-text('Ask for a review')")
    assert "There is no short answer." in page.inner_text("main")
    page.click("text=Back without doing it")
    page.fill("[name=short_answer]", "Gentle mouth care, rest and early help with the eyes.")
    page.click("[name=_continue]")
    page.click("text=Ask for a review")
    page.fill("[name=note]", "Please check the part about brushes.")
    page.click("button:has-text('Ask for a review')")
    assert "waits for a clinician" in page.inner_text(".messagelist")


def approve(visitor: Visitor) -> None:
    """The clinician reads the page as readers will get it, and signs."""
    page = visitor.page
    page.goto("/admin/reviews/reviewrequest/")
    page.click("a:has-text('What helps in daily life')")
    assert "A soft brush hurts less" in page.inner_text(".prose")
    page.click("button:has-text('Ask for changes')")
    assert "Say what must change" in page.inner_text("[role=alert]")
    page.fill("[name=public_note]", "First review.")
    page.click("button:has-text('Claim it')")
    page.fill("[name=public_note]", "First review.")
    for point in page.locator("[name=ticked]").all():
        point.check()
    page.check("[name=scope]")
    page.click("button:has-text('Approve')")
    assert "Recorded: Approved by Clara Sample, MD" in page.inner_text(".messagelist")


def test_the_whole_round_with_the_accounts_of_the_demonstration(demonstration: None, visitor: Visitor) -> None:
    page = visitor.page
    enter(visitor, "author")
    write(visitor)
    assert page.goto(ADDRESS).status == 404  # type: ignore[union-attr]

    enter(visitor, "clinician")
    approve(visitor)
    assert page.goto(ADDRESS).status == 404  # type: ignore[union-attr]

    enter(visitor, "publisher")
    page.goto("/admin/articles/article/?standing=reviewed")
    page.click("a:has-text('behcet-disease/daily-life')")
    page.click("#content table >> text=Publish")
    page.click("button:has-text('Publish')")
    assert "Readers see this version." in page.inner_text("#content")

    visitor.sign_out()
    assert page.goto(ADDRESS).status == 200  # type: ignore[union-attr]
    assert "Medically reviewed, in date" in page.inner_text(".review-stamp")
    assert "Clara Sample, MD" in page.inner_text(".review-stamp")
    assert "Every reviewer, review, date and member on this site is a sample." in page.inner_text(".sample-note")
    assert visitor.context.cookies() == []

    enter(visitor, "publisher")
    page.goto("/admin/articles/article/?q=daily-life")
    page.click("a:has-text('behcet-disease/daily-life')")
    page.click("#content table >> text=Withdraw")
    page.fill("[name=why]", "The advice on brushes was misread.")
    page.click("button:has-text('Withdraw now')")

    visitor.sign_out()
    assert page.goto(ADDRESS).status == 410  # type: ignore[union-attr]
    assert "The advice on brushes was misread." in page.inner_text("main")
    assert "A soft brush" not in page.content()
    assert visitor.complaints == []
