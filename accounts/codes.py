"""Codes of authenticator apps and recovery codes: each counts once, and a wrong one leaves a line in the log."""

import hashlib
import logging
from typing import Any

from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.internal.cryptokit import normalize_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as stock
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.cache import cache

logger = logging.getLogger(__name__)


def _remember(user: Any, code: str) -> bool:
    """Note that a code was used, for as long as an app may show it; False if it was used before.

    The stock note lasts one period, but with a tolerance a code is good for several.
    """
    return cache.add(_name(user, code), True, timeout=app_settings.TOTP_PERIOD * (2 * app_settings.TOTP_TOLERANCE + 1))


def _name(user: Any, code: str) -> str:
    return f"code-used-{user.pk}-{hashlib.sha256(normalize_user_code(code).encode()).hexdigest()}"


class OnceForm(forms.BaseForm):
    """Mix-in: a code that was used already is a wrong one, and counts as a try."""

    user: Any

    def clean_code(self) -> str:
        """Check the code, whose tries are limited."""
        code = self.cleaned_data["code"]
        if cache.get(_name(self.user, code)):
            check_rate_limit(self.user)
            self._refuse()
        code = super().clean_code()  # type: ignore[misc]  # of the form it is mixed into
        if not _remember(self.user, code):
            self._refuse()
        return str(code)

    def _refuse(self) -> None:
        _log(self.user)
        raise get_adapter().validation_error("incorrect_code")

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        _log(self.user)
        super()._emit_authentication_failed(authenticator)  # type: ignore[misc]  # of the form it is mixed into


class SignInForm(OnceForm, stock.AuthenticateForm):
    """The code after the password."""


class AgainForm(OnceForm, stock.ReauthenticateForm):
    """A code before something delicate."""


class SetUpForm(ActivateTOTPForm):
    """The first code of a new authenticator app."""

    def clean_code(self) -> str:
        """Check it; it signs nothing afterwards."""
        code: str = super().clean_code()
        _remember(self.user, code)
        return code


def _log(user: Any) -> None:
    address = get_account_adapter().get_client_ip(context.request)
    logger.warning("Second factor of account %s refused, from %s", user.pk, address)
