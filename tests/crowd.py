"""Many people at once: threads on PostgreSQL, processes on SQLite, as the site is served there."""

import multiprocessing
import os
import pickle
import signal
import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from django.db import connection, connections

PATIENCE = 300
Act = Callable[[], object]

# How many people a race has: as many threads or processes.
PEOPLE = 30 if connection.vendor == "postgresql" else 8


class Killed:
    """What an act came to whose process was killed."""


def _result(act: Act) -> object:
    """What an act came to: its value, or what it raised."""
    try:
        return act()
    except BaseException as problem:  # noqa: BLE001  the test looks at it
        return problem


class Somebody(Protocol):
    """Somebody who does one act."""

    def working(self) -> bool:
        """Whether the act is still going on."""

    def outcome(self) -> object:
        """Wait for what the act came to."""


class Child:
    """A forked process that does one act. It costs milliseconds and may be killed in the middle."""

    def __init__(self, act: Act) -> None:
        connections.close_all()  # a connection is not for two processes
        reading, writing = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the threads of the test runner do not matter here
            self.pid = os.fork()
        if self.pid == 0:
            try:
                with os.fdopen(writing, "wb") as answer:
                    pickle.dump(_result(act), answer)
            finally:
                os._exit(0)
        os.close(writing)
        self.answer = os.fdopen(reading, "rb")

    def working(self) -> bool:
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def outcome(self) -> Any:
        """What the act came to, or Killed."""
        with self.answer:
            answer = self.answer.read()
        _, status = os.waitpid(self.pid, 0)
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            return Killed()
        return pickle.loads(answer)  # noqa: S301  our own child


class Thread:
    """A thread that does one act."""

    def __init__(self, act: Act) -> None:
        self.result: object = None
        self.thread = threading.Thread(target=self._run, args=[act])
        self.thread.start()

    def _run(self, act: Act) -> None:
        try:
            self.result = _result(act)
        finally:
            connections.close_all()

    def working(self) -> bool:
        return self.thread.is_alive()

    def outcome(self) -> object:
        self.thread.join(PATIENCE)
        assert not self.working()
        return self.result


class Crowd:
    """Acts that begin together. As a context it ends with the last of them."""

    def __init__(self, acts: Sequence[Act]) -> None:
        start: threading.Barrier
        somebody: type[Child | Thread]
        if connection.vendor == "postgresql":
            start, somebody = threading.Barrier(len(acts)), Thread
        else:
            start, somebody = multiprocessing.get_context("fork").Barrier(len(acts)), Child  # type: ignore[assignment]
        self.people: list[Somebody] = [somebody(self._after(start, act)) for act in acts]
        self.results: list[object] | None = None

    @staticmethod
    def _after(start: threading.Barrier, act: Act) -> Act:
        def wait_and_act() -> object:
            start.wait(PATIENCE)
            return act()

        return wait_and_act

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *problem: object) -> None:
        self.outcome()

    def working(self) -> bool:
        """Whether anybody still acts."""
        return self.results is None and any(somebody.working() for somebody in self.people)

    def outcome(self) -> list[object]:
        """What each act came to."""
        if self.results is None:
            self.results = [somebody.outcome() for somebody in self.people]
        return self.results


def together(acts: Sequence[Act]) -> list[object]:
    """What acts came to that began at the same time."""
    return Crowd(acts).outcome()
