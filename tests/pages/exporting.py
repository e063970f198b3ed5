"""The command that exports, and what it leaves in its folder."""

import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from django.core.management import CommandError, call_command


@dataclass(frozen=True)
class Said:
    """What a run of the command printed, and the error it ended with."""

    out: str
    err: str
    failure: str


def export(path: Path, **options: Any) -> Said:
    """Export to a path."""
    out, err, failure = io.StringIO(), io.StringIO(), ""
    try:
        call_command("export_articles", str(path), stdout=out, stderr=err, **options)
    except CommandError as error:
        failure = str(error)
    return Said(out.getvalue(), err.getvalue(), failure)


def exported(path: Path, **options: Any) -> dict[str, bytes]:
    """What an export without a fault left."""
    said = export(path, **options)
    assert (said.err, said.failure) == ("", "")
    return tree(path)


def tree(path: Path) -> dict[str, bytes]:
    """Every file below a folder, by its name there."""
    return {file.relative_to(path).as_posix(): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def without_manifest(files: dict[str, bytes]) -> dict[str, bytes]:
    """All that tells of no day."""
    return {name: content for name, content in files.items() if name != "manifest.json"}


def records(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    """The records of a file."""
    return [json.loads(line) for line in files[f"{name}.jsonl"].decode().split("\n")[:-1]]


def front_matter(content: bytes) -> dict[str, Any]:
    """The front matter of a page, as any program that knows YAML reads it."""
    found = yaml.safe_load(content.decode().split("\n---\n")[0])
    assert isinstance(found, dict)
    return found
