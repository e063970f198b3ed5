"""Who else lives with it? Communities and their members; membership says something about a person's health."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.urls import reverse

from articles.models import Condition

if TYPE_CHECKING:
    from accounts.models import User


class Community(models.Model):
    """The people of one condition, and how many they are."""

    condition = models.OneToOneField(Condition, on_delete=models.PROTECT, related_name="+")
    member_count = models.PositiveIntegerField(
        default=0, editable=False, help_text="Kept by a trigger on the members; nothing else writes it."
    )

    class Meta:
        verbose_name_plural = "communities"
        constraints = [models.CheckConstraint(condition=models.Q(member_count__gte=0), name="members_are_not_negative")]

    def __str__(self) -> str:
        return f"The {self.condition} community"

    def get_absolute_url(self) -> str:
        """The community's page."""
        return reverse("community", args=[self.condition.slug])

    def join(self, *, by: "User", relation: str, consent_version: str, country: str = "") -> bool:
        """Add a person who consented; False if they are a member already."""
        try:
            with transaction.atomic():
                Member.objects.create(
                    community=self, user=by, relation=relation, country=country, consent_version=consent_version
                )
        except IntegrityError:
            if Member.objects.filter(community=self, user=by).exists():
                return False
            raise
        return True

    def leave(self, *, by: "User") -> bool:
        """Delete the person's membership, consent included; False if there was none."""
        deleted, _ = Member.objects.filter(community=self, user=by).delete()
        return deleted == 1


class Member(models.Model):
    """One person's membership of one community. Really deleted when they leave; in no log, on no public page."""

    class Relation(models.TextChoices):
        """Why the person is here."""

        LIVES_WITH_IT = "self", "I live with it"
        CARES = "family", "I care for someone who does"
        TREATS = "works", "I treat it or study it"

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    relation = models.CharField(max_length=6, choices=Relation.choices)
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code, where the person said so.")
    consent_version = models.CharField(max_length=20)
    consented_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "user"], name="member_once_a_community"),
            models.CheckConstraint(
                condition=models.Q(relation__in=["self", "family", "works"]), name="relation_is_known"
            ),
            models.CheckConstraint(condition=~models.Q(consent_version=""), name="member_has_consented"),
        ]

    def __str__(self) -> str:
        return f"Member {self.pk}"
