"""A folder of exported files, put in place only when all of it is written.

What is new is written to a folder of its own, inside the one it is for, or beside it where there is none yet, and
moved into place at the end, so a full disk or an interruption leaves the earlier export as it was. A file whose bytes
are the same is not touched, one that is gone is removed, and what is not of the export stays: a repository of exports
shows what changed and nothing else.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from accounts.refusals import Refusal
from articles.importers.export_folders import FORM, MANIFEST, SUMS, is_name, manifest, sums

Record = Mapping[str, Any]
UNFINISHED, REPLACED = ".unfinished-export", ".replaced"


class NoExport(Refusal):
    """A path at which no export can be written; the message says why, and what to do."""


def as_line(record: Record) -> str:
    """A record as one line of JSON, the same for the same record always."""
    return json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"


def as_text(record: Record) -> str:
    """A record as JSON for people."""
    return json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


class ExportFolder:
    """What an export writes to, and what became of each file: new, changed, unchanged or removed."""

    def __init__(self, path: Path, stage: Path, holds: str, *, dry_run: bool) -> None:
        self.path, self.stage, self.dry_run = path, stage, dry_run
        # For the manifest, which alone differs from one export to the next.
        self.about: dict[str, Any] = {"holds": holds}
        self.sums: dict[str, str] = {}
        self.staged: list[str] = []
        self.new = self.changed = self.unchanged = self.removed = 0
        self._taken: set[str] = set()

    def has_room_for(self, *parts: str) -> bool:
        """Whether a file can stand in these folders under this name: on some disks “A” and “a” are the same."""
        name = "/".join(parts)
        return is_name(name) and name.count("/") == len(parts) - 1 and name.lower() not in self._taken

    def write(self, name: str, text: str) -> None:
        """A file of this text."""
        with self._file(name) as write:
            write(text.encode())

    @contextmanager
    def records(self, name: str) -> Iterator[Callable[[Record], None]]:
        """A file of records, one a line, written as they come."""
        with self._file(name) as write:
            yield lambda record: write(as_line(record).encode())

    @contextmanager
    def _file(self, name: str) -> Iterator[Callable[[bytes], None]]:
        if not self.has_room_for(*name.split("/")):
            raise ValueError(f"“{name}” is no name for a file of an export.")
        self._taken.add(name.lower())
        written, staged = hashlib.sha256(), self.stage / name
        if self.dry_run:
            yield written.update
        else:
            staged.parent.mkdir(parents=True, exist_ok=True)
            with staged.open("wb") as file:

                def write(some: bytes) -> None:
                    written.update(some)
                    file.write(some)

                yield write
        self.sums[name] = written.hexdigest()
        self._compare(name)

    def _compare(self, name: str) -> None:
        """Keep what was written only where it is another file than the one that is there."""
        there = self.path / name
        same = there.is_file() and _digest(there) == self.sums[name]
        if same:
            self.unchanged += 1
            if not self.dry_run:
                (self.stage / name).unlink()
        else:
            self.staged.append(name)
            self.changed += there.exists()
            self.new += not there.exists()

    def is_out_of_place(self) -> bool:
        """Whether nothing of it is in place, so that it can be thrown away."""
        replaced = any(file.is_file() for file in (self.stage / REPLACED).rglob("*"))
        return not replaced and all((self.stage / name).exists() for name in self.staged)

    def finish(self, *, earlier: set[str]) -> None:
        """Put everything in place; `earlier` names the files of the export that was there before."""
        gone = sorted(name for name in earlier - set(self.sums) if (self.path / name).exists())
        self.removed = len(gone)
        if self.dry_run:
            return
        listed = "".join(f"{digest}  {name}\n" for name, digest in sorted(self.sums.items())).encode()
        about = {**self.about, "form": FORM, "sums": hashlib.sha256(listed).hexdigest()}
        if not (self.path / SUMS).is_file() or (self.path / SUMS).read_bytes() != listed:
            (self.stage / SUMS).write_bytes(listed)
            self.staged.append(SUMS)
        (self.stage / MANIFEST).write_text(as_text(about), encoding="utf-8")
        if self.path.exists():
            _move_in(self.path, self.stage, [*self.staged, MANIFEST], gone)
        else:
            self.stage.rename(self.path)


@contextmanager
def writing(path: Path, *, holds: str, private: bool, dry_run: bool) -> Iterator[ExportFolder]:
    """A folder to write an export to; in place when the block ends, and not at all where it raises.

    `holds` says in words what is exported; `private`, that nobody else on the machine may read it. Raises NoExport
    where the path is no place for it, or one for other things; OSError as it comes.
    """
    path = path.resolve()
    stage = path / UNFINISHED if path.is_dir() else path.with_name(f".{path.name}{UNFINISHED}")
    _check_place(path, holds)
    if dry_run:
        folder = ExportFolder(path, stage, holds, dry_run=True)
        yield folder
        folder.finish(earlier=set(sums(path)))
        return
    with _alone(path, stage, mode=0o700 if private else 0o777):
        _complete(path, stage, holds)
        folder = ExportFolder(path, stage, holds, dry_run=False)
        try:
            yield folder
            folder.finish(earlier=set(sums(path)))
        except BaseException:
            if folder.is_out_of_place():
                shutil.rmtree(stage, ignore_errors=True)
            raise
        shutil.rmtree(stage, ignore_errors=True)


def _check_place(path: Path, holds: str) -> None:
    if path.exists() and not path.is_dir():
        raise NoExport(f"{path} is a file. Name a folder.")
    if not path.parent.is_dir():
        raise NoExport(f"{path.parent} is not there. Make that folder first.")
    there = set(os.listdir(path)) - {UNFINISHED} if path.is_dir() else set()
    said = manifest(path) or manifest(path / UNFINISHED)
    if there and said is None:
        raise NoExport(f"{path} holds other files. Name a new folder, or one that holds an earlier export.")
    if there and said is not None and said.get("holds") != holds:
        raise NoExport(
            f"{path} holds an export of {said.get('holds')}, and this is one of {holds}. Name another folder, so that "
            "nothing private gets among what is public."
        )


@contextmanager
def _alone(path: Path, stage: Path, *, mode: int) -> Iterator[None]:
    """Hold the folder in which an export is made, against another one to the same path."""
    stage.mkdir(mode=mode, exist_ok=True)
    held = os.open(stage, os.O_RDONLY)
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.stat(stage).st_ino == os.fstat(held).st_ino
        except (BlockingIOError, FileNotFoundError):
            mine = False
        if not mine:
            raise NoExport(f"Another export to {path} is under way. Wait for its end.")
        yield
    finally:
        os.close(held)


def _complete(path: Path, stage: Path, holds: str) -> None:
    """Clear the way: put in place what was cut off while it was put in place, throw away what was not all written."""
    said = manifest(stage) if stage.parent == path else None
    if said is not None and said.get("holds") == holds:
        left = [file.relative_to(stage).as_posix() for file in sorted(stage.rglob("*")) if file.is_file()]
        left = [name for name in left if not name.startswith(REPLACED) and name not in {SUMS, MANIFEST}]
        lists = [name for name in (SUMS, MANIFEST) if (stage / name).exists()]
        gone = set(sums(path)) - set(sums(stage)) if (stage / SUMS).exists() else set()
        _move_in(path, stage, [*left, *lists], sorted(name for name in gone if (path / name).exists()))
    for entry in stage.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _move_in(path: Path, stage: Path, names: list[str], gone: list[str]) -> None:
    """Exchange files for those that are staged, in this order; undo it all where one cannot be moved."""
    kept = stage / REPLACED
    done: list[tuple[Path, Path]] = []

    def move(source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        source.replace(target)
        done.append((source, target))

    try:
        for name in gone:
            move(path / name, kept / name)
        for name in names:
            if (path / name).exists():
                move(path / name, kept / name)
            move(stage / name, path / name)
    except BaseException:
        for source, target in reversed(done):
            target.replace(source)
        raise
    for folder in sorted({parent for name in gone for parent in (path / name).parents}, reverse=True):
        if folder != path and folder.is_relative_to(path):
            with suppress(OSError):
                folder.rmdir()  # unless something is in it


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
