"""How a list at the desk is narrowed: by condition, and by whatever else it says."""

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from django import forms


class ListFilter(forms.Form):
    """What a list is narrowed to, sent with GET; a choice that does not exist is as if there were none."""

    anything: ClassVar[str] = "All conditions"

    def __init__(self, data: Any, *, conditions: Sequence[tuple[str, str]]) -> None:
        super().__init__(data)
        cast("forms.ChoiceField", self.fields["condition"]).choices = [("", self.anything), *conditions]

    def chosen(self) -> dict[str, str]:
        """Each filter with its lawful value; empty where it leaves nothing out."""
        self.full_clean()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}
