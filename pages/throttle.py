"""Keeps one network from taking the answers of all: so many requests a minute from a block of addresses.

It stands in the memory of each process and asks nobody, so that it costs a reader nothing and works while the database
does not; with several processes a network gets as many times more. Limits on what is guessed or written, which must be
exact, are counted in the database instead (accounts/tallies.py).
"""

import hashlib
import math
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable

from django.http import HttpRequest

from accounts import callers

# So many blocks are told apart. The one that asked longest ago is forgotten first: mostly its bucket is full again.
MOST_BLOCKS = 10_000
# Of a token: what is lost in adding up parts of it.
ROUNDING = 1e-6


class Buckets:
    """A bucket for each block of addresses: a request takes a token, and a minute fills it."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic, most: int = MOST_BLOCKS) -> None:
        self._clock, self._most = clock, most
        self._salt = secrets.token_bytes(16)
        self._lock = threading.Lock()
        self._filled: OrderedDict[bytes, tuple[float, float]] = OrderedDict()  # tokens, and when they were counted

    def take(self, name: str, block: str, *, per_minute: int) -> int:
        """Take a token: 0, or in how many whole seconds there will be one."""
        key = hashlib.blake2b(f"{name} {block}".encode(), key=self._salt, digest_size=16).digest()
        each = per_minute / 60
        with self._lock:
            now = self._clock()
            tokens, counted_at = self._filled.pop(key, (float(per_minute), now))
            tokens = min(float(per_minute), tokens + (now - counted_at) * each)
            missing = 1 - tokens - ROUNDING
            wait = max(1, math.ceil(missing / each)) if missing > 0 else 0
            self._filled[key] = (tokens if wait else tokens - 1, now)
            while len(self._filled) > self._most:
                self._filled.popitem(last=False)
        return wait

    def __len__(self) -> int:
        return len(self._filled)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._filled.clear()


buckets = Buckets()


def spare(request: HttpRequest, name: str, *, per_minute: int) -> int:
    """Count a request to what is named: 0 where it may be answered, or the whole seconds to wait (Retry-After)."""
    return buckets.take(name, callers.network(request), per_minute=per_minute)
