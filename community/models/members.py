"""Who belongs to a community: it says something about a person's health."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.models import Erasure
from accounts.refusals import NotAllowed, Refusal

from ..countries import COUNTRIES

if TYPE_CHECKING:
    from accounts.models import User


class MemberQuerySet(models.QuerySet["Member"]):
    """Memberships; nothing here is for a public page."""

    def counted(self) -> "MemberQuerySet":
        """Those who count: all but the ones that wait for a moderator."""
        return self.filter(is_held=False)

    @transaction.atomic
    def leave(self, *, by: "User") -> int:
        """Delete those among these that are the person's own, what they agreed to included; how many there were.

        The communities are locked in the order of their numbers, so that two who leave the same ones at once wait for
        each other and never both.
        """
        return self.filter(user=by).end()

    @transaction.atomic
    def end(self) -> int:
        """Delete these, and note by number that they were there; how many there were."""
        from .communities import Community

        keys = list(self.values_list("pk", flat=True))
        communities = Community.objects.filter(members__in=keys).order_by("pk")
        list(communities.select_for_update(no_key=True, of=("self",)).values_list("pk", flat=True))
        # Who else deleted some of them meanwhile has let go of the lock: what is still here is ours.
        left = sorted(self.model.objects.filter(pk__in=keys).values_list("pk", flat=True))
        self.model.objects.filter(pk__in=left).delete()
        for key in left:
            Erasure.objects.note(Erasure.Kind.MEMBERSHIP, key)
        return len(left)


class Member(models.Model):
    """One person's membership of one community. Really deleted when they leave; in no log, on no public page."""

    class Relation(models.TextChoices):
        """Why the person is here."""

        LIVES_WITH_IT = "self", "I live with it"
        CARES = "family", "I care for someone who does"
        TREATS = "works", "I treat it or study it"

    community = models.ForeignKey("community.Community", on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    relation = models.CharField(max_length=6, choices=Relation.choices)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code, where the person said so.")
    consent_version = models.CharField(max_length=20)
    consented_at = models.DateTimeField(db_default=Now(), editable=False)
    is_held = models.BooleanField(db_default=False, help_text="Waits for a moderator, and is not counted until then.")

    objects = MemberQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "user"], name="member_once_a_community"),
            models.CheckConstraint(
                condition=models.Q(relation__in=["self", "family", "works"]), name="relation_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(consent_version=""), name="member_has_consented"),
        ]
        indexes = [
            # What the guard on the count compares with, without a look at the rows.
            models.Index(fields=["community", "is_held"], name="members_counted"),
        ]

    def __str__(self) -> str:
        return f"Member {self.pk}"

    @transaction.atomic
    def change(self, *, by: "User", relation: str, country: str, consent_version: str) -> None:
        """Say anew how one is concerned, and name a country or take it back. Raises NotAllowed or Refusal.

        Naming a country is agreeing, by the text of that version, that it is kept.
        """
        row = Member.objects.select_for_update().filter(pk=self.pk).first()
        if row is None:
            raise Refusal("You have left this community.")
        if row.user_id != by.pk:
            raise NotAllowed("Only a member changes what is kept about them.")
        self._agree(row.country, country_known(country), consent_version)
        Member.objects.filter(pk=self.pk).update(relation=relation, country=country)
        self.relation, self.country = relation, country

    def _agree(self, before: str, country: str, version: str) -> None:
        if before == country:
            return
        if before and not country:
            open_ = self.consents.filter(purpose=Consent.Purpose.COUNTRY, taken_back_at__isnull=True)
            open_.update(taken_back_at=clock.now())
            Erasure.objects.note(Erasure.Kind.COUNTRY, self.pk)
        elif not before:
            Consent.objects.create(member=self, purpose=Consent.Purpose.COUNTRY, version=version)


def country_known(code: str) -> str:
    """The code, or nothing where nothing was said. Raises Refusal for one that no country has."""
    if code and code not in COUNTRIES:
        raise Refusal("Choose a country from the list, or “Prefer not to say”.")
    return code


class Consent(models.Model):
    """Something optional that a member agreed to, by which text and when, and when they took it back.

    What is needed to be a member stands in the membership itself. All of it goes when they leave.
    """

    class Purpose(models.TextChoices):
        """What it is for."""

        COUNTRY = "country", "Keep my country"

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="consents")
    purpose = models.CharField(max_length=10, choices=Purpose.choices)
    version = models.CharField(max_length=20)
    agreed_at = models.DateTimeField(db_default=Now(), editable=False)
    taken_back_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "purpose"],
                condition=models.Q(taken_back_at__isnull=True),
                name="one_open_consent_a_purpose",
            ),
            models.CheckConstraint(condition=~models.Q(version=""), name="consent_names_its_text"),
            models.CheckConstraint(condition=models.Q(purpose__in=["country"]), name="purpose_is_known"),
        ]

    def __str__(self) -> str:
        return f"Consent {self.pk}"
