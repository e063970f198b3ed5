"""Forms that end in one verb: what the verb refuses is said in the form, and no typed word is lost."""

from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.forms import ResetPasswordForm
from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.db import transaction

from . import mailed_codes
from .models import LONGEST_ADDRESS, User, canonical_email
from .refusals import Refusal

if TYPE_CHECKING:
    from .second_factor import Confirmation


class VerbForm(forms.BaseForm):
    """Mix-in: once every field is clean, `perform()` runs the verb; its refusal becomes the form's error.

    So `is_valid()` means that the act is done, all of it, and its result stands in `result`. A form that signs
    acts only after a second factor given lately: its view sets `confirmation`, and without one nothing works.
    """

    signs: ClassVar[bool] = False
    confirmation: "Confirmation | None" = None
    by: User
    result: Any = None

    def perform(self) -> Any:
        """Run the verb with the cleaned fields, by `self.by`."""
        raise NotImplementedError

    def full_clean(self) -> None:
        """Check the fields, then act."""
        super().full_clean()
        if not self.is_bound:
            return
        if self.signs and self.confirmation is None:
            raise ImproperlyConfigured(f"{type(self).__name__} signs: set its confirmation before it is checked.")
        if self.confirmation is not None and not self.confirmation.given():
            self.add_error(None, self.confirmation.error)
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.result = self.perform()
        except Refusal as refusal:
            self.add_error(None, str(refusal))
        except ValidationError as invalid:
            self.add_error(None, invalid)


class AddressField(forms.EmailField):
    """An e-mail address in its stored form. What is wrong with it is said alike to everybody."""

    default_error_messages = {
        "required": "Enter your e-mail address.",
        "invalid": "Enter the whole address, for example name@example.org.",
    }

    def __init__(self, **options: Any) -> None:
        options.setdefault("widget", forms.EmailInput(attrs={"autocomplete": "email"}))
        super().__init__(max_length=None, **options)

    def clean(self, value: Any) -> str:
        """The address; the stored form is checked too, it may be longer than what was typed."""
        address = canonical_email(super().clean(value))
        if not address:
            return address
        try:
            validate_email(address)
        except ValidationError:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from None
        if len(address) > LONGEST_ADDRESS:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return address


class AskCodeForm(forms.Form):
    """Where a code is to be sent."""

    email = AddressField(label="E-mail address")


class CodeForm(VerbForm, forms.Form):
    """The code of a letter, typed. Its result is the owner of the address."""

    code = forms.CharField(
        label="The code from the letter",
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": "Type the eight digits of the code."},
    )
    asked: mailed_codes.Asked
    joins: ClassVar[bool] = False

    def clean_code(self) -> str:
        """Check the code; each try counts, also where the form is refused."""
        code: str = self.cleaned_data["code"]
        try:
            mailed_codes.check(self.asked, code)
        except Refusal as refusal:
            raise ValidationError(str(refusal)) from None
        return code

    def perform(self) -> Any:
        """Whose address it is."""
        return mailed_codes.spend(self.asked, joins=self.joins)


class NewPasswordForm(ResetPasswordForm):
    """Ask for a new password: whoever has none, as members do not, gets none by letter either."""

    def clean_email(self) -> str:
        """The address; those who sign in with a password are the accounts that count."""
        # In one form, by which letters are counted, and to which they go.
        self.cleaned_data["email"] = canonical_email(self.cleaned_data["email"])
        email: str = super().clean_email()
        self.users = [user for user in self.users if user.is_staff or user.has_usable_password()]
        return email
