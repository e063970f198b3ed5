"""What a registrar notes about a licence."""

from typing import Any, ClassVar

from django import forms

from accounts.forms import VerbForm
from articles import text

from ..models import Credential, CredentialCheck


class CredentialField(forms.ModelChoiceField[Credential]):
    """A credential, with the name of the person it belongs to."""

    def label_from_instance(self, obj: Credential) -> str:
        """The reviewer first."""
        return f"{obj.reviewer}: {obj}"


class CheckForm(VerbForm, forms.ModelForm[CredentialCheck]):
    """A check of a credential, or its revocation."""

    credential = CredentialField(queryset=Credential.objects.select_related("reviewer"))

    class Meta:
        model = CredentialCheck
        fields: ClassVar[list[str]] = ["credential", "checked_on", "valid_from", "valid_until", "revoked", "why"]

    def clean(self) -> dict[str, Any]:
        """A check has an end, a revocation has none."""
        fields = super().clean() or {}
        if not fields.get("revoked") and fields.get("valid_until") is None:
            self.add_error("valid_until", "Say until when the licence is valid, or tick “revoked”.")
        if fields.get("revoked") and fields.get("valid_until") is not None:
            self.add_error("valid_until", "Leave this empty for a revocation.")
        return fields

    def perform(self) -> CredentialCheck:
        """Record the check or the revocation."""
        fields = self.cleaned_data
        credential = fields["credential"]
        why = text.normalise(fields["why"])
        if fields["revoked"]:
            self.instance = credential.revoke(by=self.by, from_day=fields["valid_from"], why=why)
        else:
            self.instance = credential.record_check(
                by=self.by,
                checked_on=fields["checked_on"],
                valid_from=fields["valid_from"],
                valid_until=fields["valid_until"],
                why=why,
            )
        row: CredentialCheck = self.instance
        return row
