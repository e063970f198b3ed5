"""A browser for the tests: Debian's Chromium, driven by Playwright, with the site served as a person meets it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from accounts.models import User
from tests import people

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="session")
def playwright_driver() -> Iterator[Playwright]:
    """The driver of every browser."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """One Chromium for the whole run."""
    chromium = playwright_driver.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
    yield chromium
    chromium.close()


@pytest.fixture
def large_text_browser(playwright_driver: Playwright) -> Iterator[Browser]:
    """A Chromium whose owner reads text at twice the usual size."""
    larger = "--blink-settings=defaultFontSize=32,defaultFixedFontSize=26"
    chromium = playwright_driver.chromium.launch(executable_path="/usr/bin/chromium", args=[*ARGUMENTS, larger])
    yield chromium
    chromium.close()


class Visitor:
    """Somebody at a browser window of a certain kind, who notes each request and each complaint of the console."""

    def __init__(
        self, browser: Browser, site: str, *, width: int = 1280, scheme: str = "light", script: bool = True
    ) -> None:
        self.context = browser.new_context(
            base_url=site,
            viewport={"width": width, "height": 900},
            color_scheme=scheme,  # type: ignore[arg-type]
            java_script_enabled=script,
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.asked: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.complaints: list[str] = []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _note(self, message: object) -> None:
        kind, words = message.type, message.text  # type: ignore[attr-defined]
        # A page that answers 404 or 410 is said so in the console; that is no complaint about the page.
        if kind in {"error", "warning"} and "Failed to load resource" not in words:
            self.complaints.append(words)

    def sign_in(self, person: User, password: str = people.PASSWORD) -> None:
        """Sign in as a person would."""
        self.page.goto("/accounts/login/?next=/admin/")
        self.page.fill("[name=login]", person.email)
        self.page.fill("[name=password]", password)
        self.page.click("button:has-text('Sign in') >> nth=0")
        self.page.wait_for_url("**/admin/")

    def sign_out(self) -> None:
        """Let the next person sit down."""
        self.page.goto("about:blank")  # what the last page still fetches would be refused without the cookies
        self.context.clear_cookies()


@pytest.fixture
def visitor(browser: Browser, live_server: object) -> Iterator[Visitor]:
    """Somebody at a wide window, by day."""
    visitor = Visitor(browser, live_server.url)  # type: ignore[attr-defined]
    yield visitor
    visitor.context.close()


@pytest.fixture
def demonstration(settings: object, transactional_db: None) -> None:
    """The demonstration site, with the accounts and pages that `make run` shows."""
    from django.core.management import call_command

    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]
    call_command("demo", passwords="known", verbosity=0)
