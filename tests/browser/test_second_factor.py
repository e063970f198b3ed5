"""A passkey in a browser: set up at the first sign-in, asked for again at signing, and a way in by itself."""

from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Letter, Session, User
from accounts.sessions import SessionStore
from reviews.models import Review
from tests import letters, make, people
from tests.browser import sight
from tests.browser.conftest import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.once, pytest.mark.django_db(transaction=True)]

RECORDS = "account_authentication_methods"
RESIDENT = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


class Device:
    """A device that keeps passkeys and whose owner always says yes, as one tab sees it."""

    def __init__(self, page: Page) -> None:
        self.tab = page.context.new_cdp_session(page)
        self.tab.send("WebAuthn.enable")
        self.known = self.tab.send("WebAuthn.addVirtualAuthenticator", {"options": RESIDENT})

    def seen_from(self, page: Page) -> None:
        """Let another tab see what is on it."""
        other = Device(page)
        for credential in self.tab.send("WebAuthn.getCredentials", self.known)["credentials"]:
            other.tab.send("WebAuthn.addCredential", {**other.known, "credential": credential})


def let_minutes_pass(person: User, minutes: int) -> None:
    """The second factor was given so much earlier."""
    session = SessionStore(Session.objects.get(user=person).session_key)
    session[RECORDS] = [{**record, "at": record["at"] - minutes * 60} for record in session[RECORDS]]
    session.save()


def sound(visitor: Visitor) -> None:
    """Nothing to complain of on this page."""
    assert not sight.seen(visitor.page, 1280, "light")


def test_a_clinician_sets_up_a_passkey_signs_with_it_and_comes_in_with_it_alone(visitor: Visitor) -> None:
    clara = people.clinician().user
    request, page = make.request(), visitor.page
    desk = f"/admin/reviews/reviewrequest/{request.pk}/change/"
    device = Device(page)
    page.goto(desk)
    page.fill("[name=login]", clara.email)
    page.fill("[name=password]", people.PASSWORD)
    page.click("button:has-text('Sign in') >> nth=0")
    sound(visitor)
    page.click("text=Add a passkey or key")
    page.fill("[name=password]", people.PASSWORD)
    page.click("main button[type=submit]")
    sound(visitor)
    page.check("[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/")
    sound(visitor)
    page.click("text=I have kept them")
    page.wait_for_url(f"**{desk}")
    assert not page.locator("[name=code]").count()

    let_minutes_pass(clara, 6)
    page.fill("[name=conflicts]", "A lecture in Leeds")
    page.check("[name=scope]")
    page.click("button:has-text('Approve')")
    assert "more than five minutes ago" in page.inner_text("[role=alert]")
    assert not Review.objects.exists()
    with visitor.context.expect_page() as opened:
        page.click("text=confirm with your passkey in a new tab")
    other = opened.value
    device.seen_from(other)
    other.click("#mfa_webauthn_reauthenticate")
    # The page before names this address in its query, which a pattern would take for it.
    other.wait_for_url(lambda address: urlsplit(address).path == "/accounts/confirmed/")
    other.close()
    assert page.input_value("[name=conflicts]") == "A lecture in Leeds"
    sound(visitor)
    page.click("button:has-text('Approve')")
    expect(page.locator("body")).to_contain_text("Recorded")  # the page before was much like it: wait for the next
    assert Review.objects.get().conflicts == "A lecture in Leeds"

    visitor.sign_out()
    page.goto(f"/accounts/login/?next={desk}")
    page.click("#passkey_login")
    page.wait_for_url("**/admin/**")
    assert visitor.complaints == []


def test_a_member_adds_a_passkey_and_comes_in_with_it_instead_of_a_letter(visitor: Visitor) -> None:
    mia, page = people.member(), visitor.page
    Device(page)
    page.goto("/me/")
    page.fill("[name=email]", mia.email)
    page.click("text=Send me the code")
    page.fill("[name=code]", letters.code(mia.email))
    page.click("main button[type=submit] >> nth=0")
    page.wait_for_url("**/me/")
    page.get_by_role("link", name="Passkeys").click()
    page.click("[href='/accounts/2fa/webauthn/add/']")
    sound(visitor)
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/recovery-codes/")
    page.goto("/me/")
    expect(page.locator("dt:text('Passkeys') + dd")).to_have_text("1")
    visitor.context.clear_cookies()
    written = Letter.objects.count()
    page.goto("/accounts/code/")
    page.click("#passkey_login")
    page.wait_for_url("**/me/")
    assert (Letter.objects.count(), visitor.complaints) == (written, [])
