"""Reviewers, what they are licensed for, and who checked that, when and until when."""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Now
from django.urls import reverse

from accounts import clock
from accounts.refusals import NotAllowed, Refusal
from articles import text
from articles.models import Article, Revision

from .ledger import LedgerEntry

if TYPE_CHECKING:
    from accounts.models import User


class MayNotReview(Refusal):
    """A reviewer may not decide about a text; the message says why."""


class Reviewer(models.Model):
    """A clinician whose name readers see. A name that has signed stays, even when the account is closed."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=100, unique=True, help_text="The last part of the public page's address.")
    suffix = models.CharField(max_length=40, blank=True, help_text="Such as MD.")
    specialty = models.CharField(max_length=200, help_text="Such as: Haematologist, Sample University Hospital.")
    bio = models.TextField(blank=True)
    since = models.DateField(help_text="Reviewer for this site since.")

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.signature

    def clean(self) -> None:
        """Refuse characters that hide or reorder words: the name stands in the stamp."""
        super().clean()
        typed = {"name": self.name, "suffix": self.suffix, "specialty": self.specialty, "bio": self.bio}
        if faults := text.hidden(typed):
            raise ValidationError(faults)

    def get_absolute_url(self) -> str:
        """The public page."""
        return reverse("reviewer", args=[self.slug])

    @property
    def signature(self) -> str:
        """The name as it stands under a review."""
        return f"{self.name}, {self.suffix}" if self.suffix else self.name

    @staticmethod
    def of(user: "User") -> "Reviewer":
        """The reviewer behind an account. Raises MayNotReview where there is none."""
        reviewer = Reviewer.objects.filter(user=user).first()
        if reviewer is None:
            raise MayNotReview(
                f"{user} is not a reviewer. A registrar first enters the reviewer, the credential and a check of it."
            )
        reviewer.user = user
        return reviewer

    def may_review(self, revision: Revision, *, on: dt.date) -> "CredentialCheck":
        """The credential check that lets this reviewer sign this text on that day.

        Raises MayNotReview: for an author of any change since the last text that was approved as a whole page,
        for a closed account, and without a check valid on that day.
        """
        from .reviews import contributors

        if not self.user.is_active:
            raise MayNotReview(f"The account of {self} is closed.")
        if self.user_id in contributors(revision):
            raise MayNotReview(
                f"{self} wrote a part of this text since it was last approved. Nobody approves their own words: "
                "another clinician must review it."
            )
        checks = CredentialCheck.objects.valid_on(on).filter(credential__reviewer=self)
        check = checks.select_related("credential").order_by("-pk").first()
        if check is None:
            raise MayNotReview(
                f"No credential of {self} is checked as valid on {on:%-d %B %Y}. Ask a registrar to check it."
            )
        return check


class CredentialManager(models.Manager["Credential"]):
    """Licences."""

    def lock(self, *which: models.Q, **fields: object) -> None:
        """Hold some credentials until the transaction ends: nobody signs or publishes on them while one is revoked."""
        list(
            self.select_for_update(of=("self",), no_key=True).filter(*which, **fields).order_by("pk").values_list("pk")
        )


class Credential(models.Model):
    """A licence in a public register. One person a number: it is unique by register and number."""

    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="credentials")
    profession = models.CharField(max_length=100, help_text="Such as Physician.")
    register = models.CharField(max_length=200, help_text="The register that lists it.")
    number = models.CharField(max_length=60, help_text="Capitals and digits, without blanks.")
    register_url = models.URLField("address in the register", blank=True)

    objects: ClassVar[CredentialManager] = CredentialManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                models.functions.Lower("register"),
                models.functions.Upper("number"),
                name="one_person_a_credential_number",
                violation_error_message="This number is already entered for a reviewer. One number is one person.",
            ),
            models.CheckConstraint(
                condition=models.Q(number__regex=r"^[^\s]+$"),
                name="credential_number_has_no_blanks",
                violation_error_message="Write the number without blanks.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.register}, no. {self.number}"

    def clean(self) -> None:
        """Refuse characters that hide or reorder words, or make one number two."""
        super().clean()
        if faults := text.hidden({"profession": self.profession, "register": self.register, "number": self.number}):
            raise ValidationError(faults)

    @transaction.atomic
    def record_check(
        self, *, by: "User", valid_from: dt.date, valid_until: dt.date, checked_on: dt.date | None = None, why: str = ""
    ) -> "CredentialCheck":
        """Note that somebody looked the licence up and found it valid from one day to another, both included."""
        today = clock.today()
        checked_on = checked_on or today
        if checked_on > today:
            raise Refusal(f"The day of the check, {checked_on:%-d %B %Y}, has not come yet.")
        if valid_until < valid_from:
            raise Refusal("“Valid until” lies before “valid from”. Exchange them.")
        return self._add_row(by=by, checked_on=checked_on, valid_from=valid_from, valid_until=valid_until, why=why)

    @transaction.atomic
    def revoke(self, *, by: "User", from_day: dt.date, why: str) -> "CredentialCheck":
        """Note that the licence does not count from a day on.

        Reviews signed on or after that day no longer count, so pages that rest on them are taken down; reviews
        signed before lapse at once. So are pages whose other reviewer had written a part that was approved by nobody
        else.
        """
        from .publications import Publication
        from .reviews import Review

        if not why.strip():
            raise Refusal("Say why the credential is revoked.")
        void = Review.objects.filter(credential_check__credential=self, signed_on__gte=from_day)
        pages = sorted(set(void.values_list("revision__article", flat=True)))
        for page in pages:
            Article.objects.lock(page)
        row = self._add_row(by=by, checked_on=clock.today(), valid_from=from_day, valid_until=None, why=why)
        Publication.objects.withdraw_own_words(pages, by=by)
        return row

    def _add_row(
        self, *, by: "User", checked_on: dt.date, valid_from: dt.date, valid_until: dt.date | None, why: str
    ) -> "CredentialCheck":
        if not by.has_perm("reviews.add_credentialcheck"):
            raise NotAllowed(f"{by} may not check credentials. Registrars do.")
        if by.pk == self.reviewer.user_id:
            raise NotAllowed("Nobody checks their own credential. Ask another registrar.")
        latest = clock.today().year + 100
        for name, day in (("Checked on", checked_on), ("Valid from", valid_from), ("Valid until", valid_until)):
            if day is not None and not 1900 <= day.year <= latest:
                raise Refusal(f"“{name}” is {day:%-d %B %Y}. Write a day of the years 1900 to {latest}.")
        Credential.objects.lock(pk=self.pk)
        check = CredentialCheck.objects.create(
            credential=self,
            checked_by=by,
            checked_on=checked_on,
            valid_from=valid_from,
            valid_until=valid_until,
            revoked=valid_until is None,
            why=why,
        )
        LedgerEntry.objects.enter(check)
        return check


class CredentialCheckQuerySet(models.QuerySet["CredentialCheck"]):
    """Checks by what they say about a day."""

    def valid_on(self, day: dt.date) -> "CredentialCheckQuerySet":
        """Checks that find the licence valid on a day and that no later row revokes for it."""
        revoked = CredentialCheck.objects.filter(
            credential=models.OuterRef("credential"), pk__gt=models.OuterRef("pk"), revoked=True, valid_from__lte=day
        )
        return self.filter(revoked=False, valid_from__lte=day, valid_until__gte=day).exclude(models.Exists(revoked))


class CredentialCheck(models.Model):
    """Somebody looked a licence up; never changed: a renewal or a revocation is a new row."""

    credential = models.ForeignKey(Credential, on_delete=models.PROTECT, related_name="checks")
    checked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    checked_on = models.DateField()
    valid_from = models.DateField(help_text="For a revocation: the day from which it does not count.")
    valid_until = models.DateField(null=True, blank=True)
    revoked = models.BooleanField(default=False)
    why = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = CredentialCheckQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(revoked=True, valid_until__isnull=True)
                | models.Q(revoked=False, valid_until__isnull=False, valid_until__gte=models.F("valid_from")),
                name="check_has_dates_or_revokes",
            ),
        ]

    def __str__(self) -> str:
        if self.valid_until is None:
            return f"{self.credential}: revoked from {self.valid_from:%-d %B %Y}"
        return f"{self.credential}: valid {self.valid_from:%-d %B %Y} to {self.valid_until:%-d %B %Y}"
