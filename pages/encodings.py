"""How a page travels: as it is, or compressed, as the reader's browser asks for it."""

import gzip
from collections.abc import Callable
from functools import lru_cache

import brotli

# The best first. The same bytes are compressed to the same bytes always: their ETag says so.
COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "br": lambda plain: brotli.compress(plain, mode=brotli.MODE_TEXT, quality=4),
    "gzip": lambda plain: gzip.compress(plain, 6, mtime=0),
}
PLAIN = ""


@lru_cache(maxsize=256)
def chosen(accepted: str) -> str:
    """The encoding for an Accept-Encoding header (RFC 9110, 12.5.3): `br`, `gzip` or PLAIN, which always may be."""
    weights = dict(_weights(accepted))
    everything = weights.get("*", 0.0)
    plain = weights.get("identity", 0.0)
    best, weight = PLAIN, 0.0
    for name in COMPRESS:
        asked = weights.get(name, everything)
        if asked > weight and asked >= plain:
            best, weight = name, asked
    return best


def _weights(accepted: str) -> list[tuple[str, float]]:
    """What a header names, with its weight; 0 refuses, and so does what cannot be read."""
    found = []
    for part in accepted[:1000].split(","):
        name, _, parameter = part.partition(";")
        key, _, value = parameter.replace(" ", "").partition("=")
        try:
            weight = float(value) if key.lower() == "q" else 1.0
        except ValueError:
            weight = 0.0
        found.append((name.strip().lower(), weight if 0 <= weight <= 1 else 0.0))
    return found
