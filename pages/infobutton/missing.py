"""Counts the codes that were asked for in vain, so that no answer waits for it, or fails by it.

A stranger's GET thus writes. So it is counted in memory, bounded, and written after an answer has gone out, at most
once in ten seconds a process, by a transaction that gives up at once where the database is busy, full or read-only.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import Error, connection, transaction

from ..models import CodeMiss

logger = logging.getLogger(__name__)

# Seconds between two writes, and after one that failed.
EVERY, AFTER_FAILURE = 10, 60
# So many codes are kept until they are written, and so many written at once; further ones are not counted.
MOST_WAITING, MOST_AT_ONCE = 1_000, 100
# How long the database may be busy with another's write, in milliseconds.
PATIENCE = 100


class Missing:
    """The codes that wait to be written, and how often each was asked for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._waiting: dict[tuple[str, str], int] = {}
        self._next = float("-inf")

    def note(self, codes: Iterable[tuple[str, str]], times: int = 1) -> None:
        """Count codes: the name of each system, and the code in the form that is kept."""
        with self._lock:
            for key in codes:
                if key in self._waiting or len(self._waiting) < MOST_WAITING:
                    self._waiting[key] = self._waiting.get(key, 0) + times

    def write(self) -> None:
        """Write some of what waits, if it is time; what cannot be written waits on."""
        some = self._some()
        if not some:
            return
        try:
            with _impatiently(), transaction.atomic():
                _wait_for_no_lock()
                for (system, code), times in sorted(some.items()):
                    CodeMiss.objects.note(system, code, times)
        except Error as problem:
            # Not the words of the error: they may hold values.
            logger.warning("Codes asked for in vain were not written: %s", type(problem).__name__)
            for key, times in some.items():
                self.note([key], times)
            self._next = self._clock() + AFTER_FAILURE

    def _some(self) -> dict[tuple[str, str], int]:
        """Take out what is to be written now; of many threads one gets it."""
        with self._lock:
            now = self._clock()
            if not self._waiting or now < self._next:
                return {}
            self._next = now + EVERY
            keys = list(self._waiting)[:MOST_AT_ONCE]
            return {key: self._waiting.pop(key) for key in keys}

    def __len__(self) -> int:
        return len(self._waiting)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._waiting.clear()
            self._next = float("-inf")


@contextmanager
def _impatiently() -> Iterator[None]:
    """SQLite waits for another's write no longer than PATIENCE meanwhile."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout")
        (before,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA busy_timeout = {before}")


def _wait_for_no_lock() -> None:
    """PostgreSQL waits for another's row no longer than PATIENCE in this transaction."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE}")


missing = Missing()
