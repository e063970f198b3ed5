"""What a browser says a security key answered: whatever is no answer of a key is a wrong one, not a break-down."""

import struct
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as stock
from cryptography.exceptions import InvalidSignature
from django import forms

NO_ANSWER = (AttributeError, LookupError, TypeError, ValueError, struct.error, InvalidSignature)


class AnswerForm(forms.BaseForm):
    """Mix-in: an answer that cannot be read is an error of the form."""

    def full_clean(self) -> None:
        """Check the answer; the stock forms leave some ways open in which reading it breaks."""
        try:
            super().full_clean()
        except NO_ANSWER:
            self.add_error("credential", get_adapter().validation_error("incorrect_code"))


class AddForm(AnswerForm, stock.AddWebAuthnForm):
    """Add a key to one's account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A member has no password that a key could stand beside.
        self.initial.setdefault("passwordless", not self.user.has_usable_password())

    passwordless = forms.BooleanField(
        label="A passkey: it signs me in alone, without the password",
        required=False,
        help_text="The device then asks for a fingerprint, a face or a PIN.",
    )


class SignInForm(AnswerForm, stock.LoginWebAuthnForm):
    """Sign in with a passkey."""


class SecondFactorForm(AnswerForm, stock.AuthenticateWebAuthnForm):
    """Give the second factor with a key."""


class AgainForm(AnswerForm, stock.ReauthenticateWebAuthnForm):
    """Show the key again before something delicate."""
