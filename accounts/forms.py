"""Forms that end in one verb: what the verb refuses is said in the form, and no typed word is lost."""

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import transaction

from .refusals import Refusal

if TYPE_CHECKING:
    from .models import User
    from .second_factor import Confirmation


class VerbForm(forms.BaseForm):
    """Mix-in: once every field is clean, `perform()` runs the verb; its refusal becomes the form's error.

    So `is_valid()` means that the act is done, all of it, and its result stands in `result`. A form that signs
    acts only after a second factor given lately: its view sets `confirmation`, and without one nothing works.
    """

    signs: ClassVar[bool] = False
    confirmation: "Confirmation | None" = None
    by: "User"
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
