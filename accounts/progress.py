"""How far a long command is."""

import time

from django.core.management.base import OutputWrapper

WIDTH = 30


class Progress:
    """A bar where somebody watches; elsewhere nothing, or a line each `every` seconds."""

    def __init__(self, out: OutputWrapper, unit: str = "", *, every: float | None = None) -> None:
        self.out, self.unit, self.every = out, f" {unit}" if unit else "", every
        self.watched = out.isatty()
        self.last = time.monotonic()
        self.length = 0

    def advance(self, done: int, total: int, name: str = "") -> None:
        """So many of so many are done, of what has this name."""
        said, now = f"{done:,} of {total:,}{self.unit}", time.monotonic()
        if self.watched:
            full = WIDTH * done // max(total, 1)
            self._write(f"\r{name}[{'#' * full}{'.' * (WIDTH - full)}] {said}")
            self.length = len(name) + WIDTH + len(said) + 3
        elif self.every is not None and now - self.last > self.every:
            self._write(f"{name}{said}\n")
            self.last = now

    def end(self) -> None:
        """Go on below the bar, which stays."""
        if self.length:
            self._write("\n")
            self.length = 0

    def clear(self) -> None:
        """Go on where the bar was."""
        if self.length:
            self._write(f"\r{' ' * self.length}\r")
            self.length = 0

    def _write(self, words: str) -> None:
        """As it is: errors have a colour, which this is none of."""
        self.out.write(words, str, "")
        self.out.flush()
