"""The people of one condition, and how many they are."""

from typing import TYPE_CHECKING

from django.db import IntegrityError, models, transaction
from django.urls import reverse

from articles.models import Condition

from .members import Member

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
