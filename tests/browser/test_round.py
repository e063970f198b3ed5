"""The whole round in a browser with the accounts of the demonstration, with JavaScript and without."""

import datetime as dt

import pytest
from playwright.sync_api import Browser

from accounts import clock
from tests import make

from . import round as desk
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DAY = dt.timedelta(1)


@pytest.mark.parametrize(
    "script",
    [
        # Each database has the whole round once.
        pytest.param(True, id="with JavaScript", marks=pytest.mark.postgresql),
        pytest.param(False, id="without JavaScript", marks=pytest.mark.sqlite),
    ],
)
def test_the_whole_round_with_the_accounts_of_the_demonstration(
    demonstration: None, browser: Browser, live_server: object, script: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(browser, live_server.url, script=script)  # type: ignore[attr-defined]
    signed = make.today() - 330 * DAY
    until_published(visitor, signed, script=script)
    checked_and_nothing_changed(visitor, signed)
    lapsed_when_its_time_is_over(visitor, monkeypatch)
    withdrawn_and_restored(visitor)
    assert visitor.complaints == []
    visitor.context.close()


def until_published(visitor: Visitor, signed: dt.date, *, script: bool) -> None:
    """Written, sent back with a reason, revised, approved as on paper some months ago, published."""
    page = visitor.page
    desk.enter(visitor, "author")
    desk.write(page, script=script)
    desk.ask(page, refused="There is no short answer.")
    desk.revise(page, short_answer="Gentle mouth care, rest and early help with the eyes.")
    desk.ask(page, note="Please check the part about brushes.")
    desk.read(visitor, 404)

    desk.enter(visitor, "clinician")
    desk.open_request(page)
    assert "Please check the part about brushes." in page.inner_text("main")
    assert "A soft brush hurts less" in page.inner_text(".prose")
    desk.claim(page)
    desk.decide(page, "Ask for changes")
    desk.said(page, "Say what must change")
    desk.decide(page, "Ask for changes", private_note="Name how often.")
    desk.read(visitor, 404)

    desk.enter(visitor, "author")
    desk.open_draft(page, "Clara Sample, MD asks for changes: “Name how often.”")
    desk.revise(page, body=desk.BODY.replace("hurts less", "twice a day hurts less"), change_note="How often.")
    desk.ask(page)

    desk.enter(visitor, "clinician")
    desk.open_request(page)
    desk.claim(page)
    desk.decide(page, "Approve", public_note="First review.", signed_on=signed.isoformat())
    desk.said(page, "Recorded: Approved by Clara Sample, MD")
    desk.read(visitor, 404)

    desk.enter(visitor, "publisher")
    desk.publish(page)
    words = desk.read(visitor)
    assert "Medically reviewed, in date" in words
    assert "Clara Sample, MD" in words
    assert desk.day(signed) in words
    assert "A soft brush twice a day hurts less" in words


def checked_and_nothing_changed(visitor: Visitor, signed: dt.date) -> None:
    """The same text approved again moves the day of the review, and not that of the last update."""
    updated = visitor.page.inner_text("p:has-text('Last updated')")
    desk.enter(visitor, "author")
    desk.open_article(visitor.page)
    desk.ask(visitor.page, note="Due again, as it is.")
    desk.enter(visitor, "second-clinician")
    desk.open_request(visitor.page)
    desk.decide(visitor.page, "Checked, nothing changed", public_note="Nothing new was found.")
    words = desk.read(visitor)
    assert "Carl Sample, MD" in words
    assert desk.day(make.today()) in words
    assert desk.day(signed) not in words
    assert visitor.page.inner_text("p:has-text('Last updated')") == updated


def lapsed_when_its_time_is_over(visitor: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A year later the page says above the answer that its review has lapsed, and the desk that it is due."""
    later = dt.datetime.now(dt.UTC) + 400 * DAY
    with monkeypatch.context() as moved:
        moved.setattr(clock, "stopped_at", later)
        words = desk.read(visitor)
        assert "Review lapsed" in words
        assert "Medically reviewed" not in words
        desk.enter(visitor, "publisher")
        assert "pages whose review has lapsed" in visitor.page.inner_text("#content")
    assert "Medically reviewed, in date" in desk.read(visitor)


def withdrawn_and_restored(visitor: Visitor) -> None:
    """Taken down with a reason, and back by publishing the approval again."""
    desk.enter(visitor, "publisher")
    desk.withdraw(visitor.page, "The advice on brushes was misread.")
    words = desk.read(visitor, 410)
    assert "The advice on brushes was misread." in words
    assert "A soft brush" not in visitor.page.content()
    desk.enter(visitor, "publisher")
    desk.restore(visitor.page)
    words = desk.read(visitor)
    assert "A soft brush" in words
    assert "Medically reviewed, in date" in words
