"""What every test stands on: closed sockets, guards that survive a flush, a clock that can be moved."""

import datetime as dt
import os
import socket
from collections.abc import Iterator

import pytest
import time_machine


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--without-guard NAME` takes one guard out, to see that a test notices (`dev/without_guards.py`)."""
    parser.addoption("--without-guard", default="", help="take one guard out of the database")


def pytest_configure(config: pytest.Config) -> None:
    """Take the named guard out."""
    from accounts import guards

    if name := config.getoption("--without-guard"):
        del guards._registered[name]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what this run cannot do; `dev/test.py` says so and runs it elsewhere."""
    from django.conf import settings

    postgresql = settings.DATABASES["default"]["ENGINE"].endswith("postgresql")
    left_out = [
        item
        for item in items
        if (item.get_closest_marker("postgresql") and not postgresql)
        or (item.get_closest_marker("sqlite") and postgresql)
        or (item.get_closest_marker("browser") and os.environ.get("ROUNDS_NO_BROWSER"))
    ]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]


@pytest.fixture(autouse=True)
def _closed_sockets(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to anything but this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: object) -> None:
        if self.family != socket.AF_UNIX and address[0] not in {"127.0.0.1", "::1", "localhost"}:  # type: ignore[index]
            raise RuntimeError(f"A test tried to reach {address}.")
        connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", guarded)


@pytest.fixture(autouse=True)
def _guards(request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests that commit end with a flush, which the guards rightly refuse: lift them for it; it installs them again."""
    marker = request.node.get_closest_marker("django_db")
    commits = (marker and marker.kwargs.get("transaction")) or {"transactional_db", "live_server"} & set(
        request.fixturenames
    )
    if not commits:
        yield
        return
    request.getfixturevalue("transactional_db")
    from accounts import guards

    guards.install()
    yield
    guards.drop()


class Clock:
    """Moves the time that everything sees: Python's clock and the database's."""

    def __init__(self) -> None:
        self.travel: time_machine.travel | None = None

    def move(self, moment: dt.datetime | dt.date) -> None:
        """Stop the clock at a moment; a date means noon UTC."""
        from accounts import clock

        if not isinstance(moment, dt.datetime):
            moment = dt.datetime.combine(moment, dt.time(12), dt.UTC)
        self.reset()
        self.travel = time_machine.travel(moment, tick=False)
        self.travel.start()
        clock.stopped_at = moment

    def reset(self) -> None:
        """Let the clock run again."""
        from accounts import clock

        clock.stopped_at = None
        if self.travel is not None:
            self.travel.stop()
            self.travel = None


@pytest.fixture
def moved_clock() -> Iterator[Clock]:
    """A clock to move; for reading only: the database's triggers keep their own time."""
    moved = Clock()
    yield moved
    moved.reset()
