"""The site's cache: limits on tries and codes that were used, in the database, so that all processes share them.

It holds plain values only (JSON): a row that somebody forged makes no object. Where the database cannot work
it says so, as everything else does; nobody is told that they tried too often when nothing could be counted.
"""

import datetime as dt
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.db import IntegrityError, transaction
from django.utils import timezone

# Old rows go with the next one written, so many at a time.
SWEPT = 100


class SharedTallies(BaseCache):
    """A cache in the table of Tally."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """What is kept under a key and still counts."""
        from .models import Tally

        row = Tally.objects.filter(pk=self._key(key, version), until__gt=timezone.now()).first()
        return default if row is None else row.value

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value unless there is one; of many who add at once one is told True."""
        from .models import Tally

        name = self._key(key, version)
        Tally.objects.filter(pk=name, until__lte=timezone.now()).delete()
        try:
            with transaction.atomic():
                Tally.objects.create(pk=name, value=value, until=self._until(timeout))
        except IntegrityError:
            return False
        return True

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value, in the place of any that is there."""
        from .models import Tally

        Tally.objects.bulk_create(
            [Tally(pk=self._key(key, version), value=value, until=self._until(timeout))],
            update_conflicts=True,
            unique_fields=["key"],
            update_fields=["value", "until"],
        )
        Tally.objects.sweep(SWEPT)

    def delete(self, key: str, version: int | None = None) -> bool:
        """Forget one; True if it was there."""
        from .models import Tally

        return bool(Tally.objects.filter(pk=self._key(key, version)).delete()[0])

    def clear(self) -> None:
        """Forget all."""
        from .models import Tally

        Tally.objects.all().delete()

    def _key(self, key: str, version: int | None) -> str:
        return self.make_and_validate_key(key, version=version)

    def _until(self, timeout: Any) -> dt.datetime:
        seconds: float = (self.default_timeout if timeout is DEFAULT_TIMEOUT else timeout) or 0
        until: dt.datetime = timezone.now() + dt.timedelta(seconds=seconds)
        return until
