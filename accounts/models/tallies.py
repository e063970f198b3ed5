"""How often something was tried: what limits remember, and forget."""

import datetime as dt
from typing import ClassVar

from django.db import models, transaction
from django.utils import timezone


class TallyManager(models.Manager["Tally"]):
    """What the limits on tries remember."""

    def sweep(self, most: int) -> int:
        """Forget some that count no more, and say how many; another process may be at it too."""
        old = self.filter(until__lte=timezone.now()).select_for_update(skip_locked=True)
        with transaction.atomic():
            if keys := list(old.values_list("pk", flat=True)[:most]):
                return self.filter(pk__in=keys, until__lte=timezone.now()).delete()[0]
        return 0

    @transaction.atomic(savepoint=False)
    def count_one(self, key: str, *, most: int, within: dt.timedelta) -> dt.datetime | None:
        """Count one more under a key; where that is more than `most` within this time, count nothing and say till when.

        The entry is held to the end of the caller's transaction, so of many who count at once each is counted, and
        none whose transaction is undone.
        """
        now = timezone.now()
        row = self.select_for_update().filter(pk=key).first()
        if row is None or row.until <= now:
            self.filter(pk=key, until__lte=now).delete()
            row, _ = self.select_for_update().get_or_create(pk=key, defaults={"value": 0, "until": now + within})
        if row.value >= most:
            return row.until
        self.filter(pk=key).update(value=row.value + 1)
        return None


class Tally(models.Model):
    """How often something was tried, or that a code was used: one entry of the cache that all processes share."""

    key = models.CharField(primary_key=True, max_length=250)
    value = models.JSONField()
    until = models.DateTimeField(db_index=True)

    objects: ClassVar[TallyManager] = TallyManager()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return self.key
