"""Joining a community, and changing what one said there: what is asked, and what each thing agreed to is for."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from accounts import callers
from accounts.forms import AddressField, CodeForm, VerbForm
from accounts.models import Tally, User
from accounts.refusals import Refusal

from . import consents
from .countries import COUNTRIES
from .models import Community, Member
from .models.communities import DAY

# So often one account joins in a day without another letter.
JOINS_A_DAY = 20
NO_COUNTRY = "Prefer not to say"
CHANGED = "These words have changed since you opened the page. Read them once more, and agree if you want to."


class SaidForm(forms.Form):
    """How somebody is concerned, and their country if they want it kept."""

    relation = forms.ChoiceField(
        label="How are you concerned?",
        choices=Member.Relation.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one of the three.", "invalid_choice": "Choose one of the three."},
    )
    country = forms.ChoiceField(
        label="Country, if you want to say",
        choices=[("", NO_COUNTRY), *COUNTRIES.items()],
        required=False,
        widget=forms.Select(attrs={"autocomplete": "country"}),
        error_messages={"invalid_choice": f"Choose a country from the list, or “{NO_COUNTRY}”."},
    )
    consent_country = forms.BooleanField(required=False)
    consent_version = forms.CharField(widget=forms.HiddenInput, initial=consents.CURRENT)

    def clean(self) -> dict[str, Any]:
        """A country is kept only by somebody who agreed to that, by the text that is asked for now."""
        cleaned = super().clean() or {}
        if cleaned.get("consent_version") != consents.CURRENT:
            self.data = {name: self.data[name] for name in self.data} | {"consent_version": consents.CURRENT}
            self.add_error(None, CHANGED)
        if cleaned.get("country") and not cleaned.get("consent_country"):
            self.add_error(
                "consent_country", f"You named a country. Tick this box to have it kept, or choose “{NO_COUNTRY}”."
            )
        return cleaned

    def said(self) -> dict[str, str]:
        """What the verbs take."""
        return {name: self.cleaned_data[name] for name in ("relation", "country", "consent_version")}


class JoinForm(SaidForm):
    """What whoever joins is asked, signed in or not."""

    consent_join = forms.BooleanField(
        error_messages={"required": "Without this nobody can be a member. Tick it if you agree."}
    )


class JoinByLetterForm(JoinForm):
    """The same for somebody who is not signed in: with the address to which the code goes."""

    email = AddressField(label="E-mail address", help_text="Never shown to anyone, members included.")


class JoinSignedInForm(VerbForm, JoinForm):
    """The same for somebody who is signed in: they join at once. The result says whether they are new."""

    community: Community
    caller: str

    def perform(self) -> bool:
        """Join. Raises Refusal for whoever goes in and out all day: each time counts for the day of the community."""
        account = callers.nameless(f"joins of account {self.by.pk}")
        if Tally.objects.count_one(f"joins-{account}", most=JOINS_A_DAY, within=DAY) is not None:
            raise Refusal(f"You have joined {JOINS_A_DAY} times today. Come back tomorrow.")
        return self.community.join(by=self.by, caller=self.caller, **self.said())


class JoinWithCodeForm(CodeForm):
    """The code of the letter: its owner joins, with an account that is made now if they have none."""

    joins: ClassVar[bool] = True
    community: Community
    caller: str
    is_new: bool

    def perform(self) -> User:
        """Make the account if there is none, and join."""
        person: User = super().perform()
        self.is_new = self.community.join(by=person, caller=self.caller, **self.asked.data["said"])
        return person


class ChangeForm(VerbForm, SaidForm):
    """Change what one said in a community."""

    member: Member

    def perform(self) -> None:
        """Change it."""
        self.member.change(by=self.by, **self.said())


class EraseMeForm(forms.Form):
    """The last question before everything is erased."""

    sure = forms.BooleanField(
        label="I understand that this cannot be undone",
        error_messages={"required": "Tick the box if that is what you want."},
    )


class StrikeOutForm(VerbForm, forms.Form):
    """Strike out memberships that no person stands behind."""

    numbers = forms.CharField(
        label="Numbers of the members", max_length=2000, help_text="As they stand in the list, separated by spaces."
    )
    why = forms.CharField(
        label="By what you tell that no person stands behind them",
        max_length=300,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="It is kept. Name no person and no condition.",
    )
    community: Community

    def clean_numbers(self) -> list[int]:
        """The numbers."""
        words = self.cleaned_data["numbers"].replace(",", " ").split()
        if not all(word.isascii() and word.isdecimal() and len(word) < 18 for word in words):
            raise ValidationError("Write numbers only, separated by spaces.")
        return sorted({int(word) for word in words})

    def perform(self) -> int:
        """Strike them out."""
        return self.community.strike_out(self.cleaned_data["numbers"], by=self.by, why=self.cleaned_data["why"])


class LookForm(VerbForm, forms.Form):
    """Look at who a member is."""

    number = forms.IntegerField(label="Number of the member", min_value=1, max_value=10**17)
    community: Community

    def perform(self) -> Member | None:
        """Look; that somebody did is recorded, also where nobody has the number."""
        return self.community.look_at(self.cleaned_data["number"], by=self.by)

    def full_clean(self) -> None:
        """Look, then say if there is nobody: a refusal by the verb would undo the record."""
        super().full_clean()
        if self.is_bound and not self.errors and self.result is None:
            self.add_error("number", "No member of this community has this number.")
