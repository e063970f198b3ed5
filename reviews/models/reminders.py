"""What people were reminded of, so that nobody is told the same twice."""

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class ReminderManager(models.Manager["Reminder"]):
    """What was told."""

    def told(self, keys: "list[str]") -> set[str]:
        """Those of these keys that somebody was told already."""
        return set(self.filter(key__in=keys).values_list("key", flat=True))


class Reminder(models.Model):
    """One person was told one stage of one thing; written together with the letter that told it."""

    key = models.CharField(max_length=200, unique=True, help_text="The thing, the stage and the person.")
    told_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ReminderManager] = ReminderManager()

    def __str__(self) -> str:
        return self.key
