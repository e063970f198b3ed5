"""Who belongs to a community: it says something about a person's health."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now


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
