"""How django-allauth fits in: letters through the outbox, second-factor secrets encrypted with keys of their own."""

import logging
from typing import Any, cast

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter, get_adapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.urls import reverse

from . import emails, mailed_codes
from .models import LONGEST_ADDRESS, Letter, Session, User, canonical_email

logger = logging.getLogger(__name__)


class AccountAdapter(DefaultAccountAdapter):
    """Accounts of colleagues are made by an administrator; letters go through the outbox."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up with a password. Members get an account with their first code (accounts/mailed_codes.py)."""
        return False

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        """Try a password; tries are counted for the address, in whatever form it was typed."""
        for name in credentials.keys() & {"email", "username"}:
            credentials[name] = canonical_email(credentials[name])
        return super().authenticate(request, **credentials)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note where a wrong password came from; never the address that was typed."""
        logger.warning("Sign-in failed, from %s", self.get_client_ip(request))

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        """Sign in, and note which colleague by number, and for themselves in which browser.

        Of members nothing but that one came: the line before it in a log may say which page was read a moment ago.
        """
        super().login(request, user)
        mailed_codes.forget(request)
        Session.objects.sweep(cast("User", user))
        request.session["browser"] = request.headers.get("User-Agent", "")[:300]
        if getattr(user, "is_staff", False):
            logger.info("Sign-in of account %s, from %s", user.pk, self.get_client_ip(request))
        else:
            logger.info("Sign-in of a member")

    def get_login_redirect_url(self, request: HttpRequest) -> str:
        """Colleagues go to the desk, everybody else to what is theirs."""
        return reverse("admin:index") if getattr(request.user, "is_staff", False) else reverse("me")

    def get_reauthentication_methods(self, user: AbstractBaseUser | AnonymousUser) -> list[dict[str, Any]]:
        """How somebody says once more who they are: with their second factor, if they have one.

        Else a stolen password and a browser left open would be enough to add a second factor, and to sign with it.
        """
        methods = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        if (
            len(factors) > 1
            and isinstance(user, AbstractBaseUser)
            and not get_adapter().is_mfa_enabled(user, types=[Authenticator.Type.TOTP])
        ):
            factors.reverse()  # the key first: the codes beside it are for emergencies
        if factors and isinstance(user, User) and _reads_letters_only(user):
            again = {"id": "code", "description": "Use a code from a letter", "url": reverse("account_code_again")}
            factors.append(again)
        return factors or methods

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Ask whoever reads an address that was typed; whose account wants it is not for them to know."""
        address = emailconfirmation.email_address.email
        if mailed_codes.has_room(request, address):
            emails.confirm_address(address, reverse("account_confirm_email", args=[emailconfirmation.key]))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Write the letter to the outbox instead of sending it inside the request; to an address that one can have."""
        if len(email) > LONGEST_ADDRESS:
            return
        site = {"name": settings.SITE_NAME, "domain": settings.SITE_URL.split("://")[1]}
        message = self.render_mail(template_prefix, email, {**context, "current_site": site})
        Letter.objects.post(to=email, subject=str(message.subject), body=str(message.body))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Stores authenticator secrets encrypted; the first key encrypts, every key decrypts."""

    def encrypt(self, text: str) -> str:
        """The text as a token that only the second-factor keys open."""
        return _fernet().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The text behind a token."""
        return _fernet().decrypt(encrypted_text.encode()).decode()


def _reads_letters_only(user: User) -> bool:
    """Whether somebody is a member whose letters open the account: no password, and no app that is asked for too."""
    has_app = get_adapter().is_mfa_enabled(user, types=[Authenticator.Type.TOTP])
    return not (user.is_staff or user.has_usable_password() or has_app)


def _fernet() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.SECOND_FACTOR_KEYS])
