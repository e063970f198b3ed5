"""Accessibility of the desk, as axe-core, a narrow window and somebody without a mouse find it."""

from collections.abc import Callable
from pprint import pformat

import pytest
from django.urls import reverse
from playwright.sync_api import Page

from articles.models import Article
from community.models import Link, LinkReport
from reviews.models import Publication, Review, ReviewRequest

from . import keyboard, sight
from . import round as desk
from .conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]


# Addresses of what a publisher sees of the catalogue: figures and charts, and the lists behind them.
CATALOGUE = [
    "/admin/pages/codemiss/",
    "/admin/pages/codemiss/coverage/",
    "/admin/pages/codemiss/falling-due/",
    "/admin/pages/codemiss/falling-due/?when=overdue",
]


def screens() -> dict[str, list[str]]:
    """The addresses of every screen of our own, by who works there."""
    draft = Article.objects.get(slug="flare")
    changed = ReviewRequest.objects.get(kind=ReviewRequest.Kind.CHANGE)
    links = [Link.objects.waiting().earliest("pk").pk, LinkReport.objects.get().link_id]
    public = Publication.objects.live().filter(article__slug="prognosis").get()
    return {
        "author": [
            reverse("admin:index"),
            reverse("admin:articles_article_changelist"),
            reverse("admin:articles_article_add"),
            reverse("admin:articles_article_change", args=[changed.revision.article_id]),
            reverse("admin:desk_ask", args=[draft.pk, 1]),
            reverse("admin:desk_preview", args=[draft.pk, 1]),
        ],
        "clinician": [
            reverse("admin:index"),
            reverse("admin:reviews_reviewrequest_changelist"),
            reverse("admin:reviews_reviewrequest_change", args=[changed.pk]),
            reverse("admin:reviews_review_changelist"),
        ],
        "publisher": [
            reverse("admin:index"),
            reverse("admin:articles_condition_change", args=[draft.condition_id]),
            reverse("admin:articles_article_change", args=[public.article_id]),
            reverse("admin:desk_publish", args=[changed.revision.article_id, public_review(changed)]),
            reverse("admin:desk_withdraw", args=[public.article_id, public.pk]),
            *CATALOGUE,
        ],
        "registrar": [
            reverse("admin:index"),
            reverse("admin:reviews_credentialcheck_add"),
            reverse("admin:desk_credentials"),
            reverse("admin:desk_falling_due"),
        ],
        "moderator": [
            reverse("admin:index"),
            reverse("admin:community_link_changelist"),
            *(reverse("admin:community_link_change", args=[row.pk]) for row in Link.objects.filter(pk__in=links)),
        ],
        "admin": [reverse("admin:index"), reverse("admin:accounts_letter_changelist")],
    }


def public_review(request: ReviewRequest) -> int:
    """The approval of the version that readers see of a page whose change waits."""
    return Review.objects.get(revision__article=request.revision.article_id).pk


def on_every_screen(visitor: Visitor, look: Callable[[Page], object], *who: str) -> dict[str, object]:
    """What was found on each screen, of these people or of all, where something was found."""
    found = {}
    for name, addresses in screens().items():
        if who and name not in who:
            continue
        desk.enter(visitor, name)
        for address in addresses:
            visitor.page.goto(address)
            if wrong := look(visitor.page):
                found[f"{name}: {address}"] = wrong
    return found


def test_axe_finds_nothing_on_any_screen_of_the_desk_and_nothing_scrolls_sideways(
    demonstration: None, visitor: Visitor
) -> None:
    windows = [(1280, "light"), (360, "dark")]  # in turns, so that each role has screens in both

    def look(page: Page) -> list[object]:
        width, scheme = windows[0]
        windows.reverse()
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.reload()  # the admin's colours fade over
        said = list(visitor.complaints)
        wrong = sight.seen(page, width, scheme, sight.BUT_SIZES)
        visitor.complaints[:] = said  # axe-core reads the admin's @import through a style of its own
        return wrong + sight.scrolls(page, 360)

    found = on_every_screen(visitor, look)
    assert not found, pformat(found)
    assert visitor.complaints == []


def test_the_keyboard_alone_reaches_everything_in_order_and_shows_where_it_is(
    demonstration: None, visitor: Visitor
) -> None:
    found = on_every_screen(visitor, keyboard.walk, "clinician")
    assert not found, pformat(found)


def test_the_keyboard_alone_follows_the_bars_of_a_chart(demonstration: None, visitor: Visitor) -> None:
    desk.enter(visitor, "publisher")
    for address in CATALOGUE[1:]:
        visitor.page.goto(address)
        assert keyboard.walk(visitor.page) == [], address


def test_the_first_stop_skips_to_the_content(demonstration: None, visitor: Visitor) -> None:
    desk.enter(visitor, "clinician")
    for address in (reverse("admin:index"), screens()["clinician"][2]):
        visitor.page.goto(address)
        visitor.page.keyboard.press("Tab")
        visitor.page.keyboard.press("Enter")
        visitor.page.keyboard.press("Tab")
        assert visitor.page.evaluate("document.activeElement.closest('main') !== null"), address
