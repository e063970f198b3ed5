"""What the tests of kept pages share: the process's own clock to move, and a short way to ask."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client

from pages import kept, state

ADDRESS = "/conditions/poems-syndrome/prognosis/"
HUB = "/conditions/poems-syndrome/"
COMMUNITY = "/conditions/poems-syndrome/community/"


class Waiting:
    """The process's own clock, which goes on when told to; the database's goes on as it is."""

    def __init__(self) -> None:
        self.stands_at = 1000.0

    def monotonic(self) -> float:
        """The clock of the process."""
        return self.stands_at

    def wait(self, seconds: float) -> None:
        """Let so many seconds go by."""
        self.stands_at += seconds


@contextmanager
def waiting(monkeypatch: pytest.MonkeyPatch) -> Iterator[Waiting]:
    """A clock to move, where pages are kept."""
    clock = Waiting()
    for module in (kept, state):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    yield clock


def etag(address: str = ADDRESS, **headers: str) -> str:
    """What the answer says it is."""
    return str(Client().get(address, headers=headers)["ETag"])


def quoting(tag: str, address: str = ADDRESS, **headers: str) -> Any:
    """The answer to somebody who has a copy."""
    return Client().get(address, headers={"If-None-Match": tag, **headers})
