"""A decision that is not sent yet, kept while something else is done."""

from django import forms

from .decisions import DecisionForm


class UnsentDecision(DecisionForm):
    """What a clinician has typed so far: nothing is signed by it, and nothing in it is called wrong yet."""

    @property
    def typed(self) -> bool:
        """Whether anything was filled in or chosen."""
        return any(name in self.data for name in {*self.changed_data} - {"digest", "seen"})

    def full_clean(self) -> None:
        """Read the fields, and neither act nor complain."""
        forms.Form.full_clean(self)
        self.errors.clear()
