"""What axe-core, a narrow window and the dark find wrong with the page that is open in a browser.

All rules are asked in the light, in a wide window and on a telephone. In the dark only colours differ, so only the
rules about colours are asked again.
"""

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

WIDTHS = (1280, 360)
# What a screen of 1280 px shows that is enlarged to 400 % (WCAG 2.2, 1.4.10).
NARROWEST = 320
# Best practice is among what axe-core looks for by itself; the size of targets, which WCAG 2.2 asks for, is not.
ALL = '{resultTypes: ["violations"], rules: {"target-size": {enabled: true}}}'
# The filters of Django's own lists are small.
BUT_SIZES = '{resultTypes: ["violations"]}'
COLOURS = '{resultTypes: ["violations"], runOnly: ["color-contrast", "link-in-text-block"]}'
RUN = "axe.run(%s).then(found => found.violations.map(one => [one.id, one.nodes.map(node => node.html)]))"
WIDTH = "document.documentElement.scrollWidth"


def seen(page: Page, width: int, scheme: str, rules: str = ALL) -> list[object]:
    """What is wrong in one window, by day ("light") or by night ("dark")."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    if not page.evaluate("Boolean(window.axe)"):
        page.evaluate(AXE_SCRIPT)
    return [(width, scheme, *found) for found in page.evaluate(RUN % rules)] + scrolls(page, width)


def scrolls(page: Page, *widths: int) -> list[object]:
    """In which of these windows one must scroll sideways."""
    wrong: list[object] = []
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        if (wide := page.evaluate(WIDTH)) > width:
            wrong.append(f"{wide} px at {width} px")
    return wrong


def faults(page: Page) -> list[object]:
    """What is wrong in any window, by day or by night."""
    wrong: list[object] = []
    for width in WIDTHS:
        wrong += seen(page, width, "light")
        wrong += seen(page, width, "dark", COLOURS)
    return wrong + scrolls(page, NARROWEST)
