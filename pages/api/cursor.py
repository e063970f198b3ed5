"""A place in the record up to which somebody knows what changed, as one word.

It holds the number of the last ledger entry that told them something, the beginning of that entry's digest, and the
last scheduled publication whose hour they saw come. The word is encrypted: numbers would tell by their gaps how much
is decided about pages that nobody sees. The same place is always the same word, so that an answer in which nothing
changed has the same bytes. A word of another record, or of days that a backup did not bring back, is refused.
"""

import base64
import binascii
import datetime as dt
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings
from django.utils.crypto import salted_hmac

from reviews.models import LedgerEntry

from .problems import Problem

FORM = struct.Struct(">BQ8sqQ")
VERSION = 1
# How a cursor looks: the packed place and sixteen bytes that seal it, in the alphabet of addresses.
PATTERN = r"^[A-Za-z0-9_-]{66}$"
START_OF_TIME = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
MICROSECOND = dt.timedelta(microseconds=1)


@dataclass(frozen=True)
class Cursor:
    """A place in the record: ledger entry with its digest, and the hour and number of a scheduled publication."""

    entry: int = 0
    digest: str = ""
    hour: dt.datetime = START_OF_TIME
    publication: int = 0

    @property
    def word(self) -> str:
        """The place as one word."""
        since = (self.hour - START_OF_TIME) // MICROSECOND
        packed = FORM.pack(VERSION, self.entry, bytes.fromhex(self.digest[:16]), since, self.publication)
        sealed = next(_ciphers()).encrypt(packed, None)
        return base64.urlsafe_b64encode(sealed).decode().rstrip("=")

    @classmethod
    def read(cls, name: str, word: str) -> "Cursor":
        """The place that a word means; one small query. Raises Problem where it is none of this record."""
        opened = _opened(word)
        if opened is None:
            raise _unknown(name)
        _, entry, digest, since, publication = opened
        if entry:
            stands = LedgerEntry.objects.filter(pk=entry).values_list("digest", flat=True).first() or ""
            if stands[:16] != digest.hex():
                raise _unknown(name)
        return cls(entry, digest.hex() if entry else "", START_OF_TIME + since * MICROSECOND, publication)


START = Cursor()


def _ciphers() -> Iterator[AESSIV]:
    """The cipher of today's key, then those of the keys before it."""
    for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        yield AESSIV(salted_hmac("pages.api.cursor", "key", secret=secret, algorithm="sha512").digest())


def _opened(word: str) -> tuple[int, int, bytes, int, int] | None:
    for cipher in _ciphers():
        try:
            found: tuple[int, int, bytes, int, int] = FORM.unpack(
                cipher.decrypt(base64.b64decode(f"{word}==", b"-_", validate=True), None)
            )
        except (InvalidTag, binascii.Error, struct.error):
            continue
        return found if found[0] == VERSION else None
    return None


def _unknown(name: str) -> Problem:
    return Problem(
        "unknown-cursor",
        f"“{name}” is no cursor of this record: it is mistyped, of another site, or older than a restored backup. "
        f"Ask once more without “{name}”, and compare what you hold.",
        parameter=name,
    )
