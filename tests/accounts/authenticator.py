"""An authenticator app for the tests, and browsers that gave its code some time ago."""

import time

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client, RequestFactory

from accounts.models import User


def code(secret: str, *, ahead: int = 0) -> str:
    """What the app shows now, or some half minutes from now."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + ahead))


def given_to(person: User) -> str:
    """Give a person an authenticator app, and return its secret."""
    secret = generate_totp_secret()
    TOTP.activate(person, secret)
    return secret


def browser(person: User, *, minutes_ago: float) -> Client:
    """Their browser, in which they gave the second factor so many minutes ago."""
    client = Client()
    client.force_login(person)
    request = RequestFactory().get("/")
    request.session = client.session
    record_authentication(request, person, "mfa", type="totp")
    records = request.session["account_authentication_methods"]
    records[-1]["at"] -= minutes_ago * 60
    request.session["account_authentication_methods"] = records
    request.session.save()
    return client
