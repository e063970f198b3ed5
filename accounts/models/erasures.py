"""What was erased, by number alone, so that it is erased again where an older backup brings it back."""

import datetime as dt
import logging
import re
from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from django.core.signing import BadSignature, Signer
from django.db import models, transaction
from django.db.models.functions import Now

from .. import clock

logger = logging.getLogger(__name__)

# As the log and the operators' letter say it; `apply_erasures` reads it from there. Signed: a log also holds what
# strangers wrote, such as the address of a page that is not there.
LINE = re.compile(r"(Erased (account|membership|country) (\d{1,18}) at (\S{1,40})) signed ([\w-]+)", re.ASCII)
SIGNED_FOR = "accounts.Erasure.line"
# Longer than backups are kept.
KEPT_IN_LETTERS = dt.timedelta(days=35)


class Line(NamedTuple):
    """One erasure as a line of text tells of it."""

    kind: str
    number: int
    at: dt.datetime


class ErasureManager(models.Manager["Erasure"]):
    """What was erased."""

    def note(self, kind: "Erasure.Kind", number: int) -> "Erasure":
        """Note an erasure inside the caller's transaction; the log tells of it once that is done."""
        row = self.create(kind=kind, number=number, at=clock.read())
        transaction.on_commit(lambda: logger.info("%s", row))
        return row

    def lately(self) -> "models.QuerySet[Erasure]":
        """Those that a backup could still bring back, the oldest first."""
        return self.filter(at__gte=clock.read() - KEPT_IN_LETTERS).order_by("at", "pk")

    def read(self, lines: Iterable[str]) -> Iterator[Line]:
        """The erasures in lines of a log or a letter that we wrote; whatever else stands there is passed over."""
        for line in lines:
            for said, kind, number, at, signature in LINE.findall(line):
                if _is_signed(said, signature):
                    yield Line(kind, int(number), dt.datetime.fromisoformat(at))


def _is_signed(said: str, signature: str) -> bool:
    """Whether a line is one of ours, by the key of now or one from before."""
    try:
        Signer(salt=SIGNED_FOR).unsign(f"{said}:{signature}")
    except BadSignature:
        return False
    return True


class Erasure(models.Model):
    """That an account, a membership or a country was erased, and when. It says nobody's name and no condition."""

    class Kind(models.TextChoices):
        """What was erased."""

        ACCOUNT = "account", "Account"
        MEMBERSHIP = "membership", "Membership"
        COUNTRY = "country", "Country of a membership"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    number = models.BigIntegerField()
    at = models.DateTimeField(db_default=Now())

    objects: ClassVar[ErasureManager] = ErasureManager()

    class Meta:
        indexes = [models.Index(fields=["at"], name="erasure_by_time")]

    def __str__(self) -> str:
        said = f"Erased {self.kind} {self.number} at {self.at.astimezone(dt.UTC).isoformat(timespec='microseconds')}"
        return f"{said} signed {Signer(salt=SIGNED_FOR).signature(said)}"
