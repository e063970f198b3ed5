"""A file to import, the command that imports it, and what it says."""

import io
from dataclasses import dataclass
from pathlib import Path

from django.apps import apps
from django.core.management import CommandError, call_command

from articles.models import Article, Revision
from tests import people

FILE = """\
---
condition: POEMS syndrome
topic: outlook
language: en
slug: prognosis
question: What determines the outlook?
short_answer: How early it is found.
sources:
  - title: A sample cohort. Sample Journal, 2024.
    pmid: "12456500"
last_updated: 2026-04-07
origin: machine
---
An opening.

## What shapes it

Treatment early on [1](#source-1).
"""
BODY = range(14, 19)
SOURCES = range(8, 11)


@dataclass(frozen=True)
class Said:
    """What a run of the command printed, and the error it ended with."""

    out: str
    err: str
    failure: str

    def lines(self, path: Path) -> list[tuple[int, str]]:
        """The problems named for a file, as (line, message)."""
        found = [line.removeprefix(f"{path}:") for line in self.err.splitlines() if line.startswith(f"{path}:")]
        return [(int(number), message.strip()) for number, _, message in (row.partition(":") for row in found)]


def run(path: Path, *, author: str = "ada@example.org", **options: bool) -> Said:
    """Import a path as an author who is there."""
    people.author()
    out, err, failure = io.StringIO(), io.StringIO(), ""
    try:
        call_command("import_articles", str(path), author=author, stdout=out, stderr=err, **options)
    except CommandError as error:
        failure = str(error)
    return Said(out.getvalue(), err.getvalue(), failure)


def rows() -> dict[str, int]:
    """How many rows each table holds."""
    people.author()
    return {model._meta.label: model._base_manager.count() for model in apps.get_models()}


def refused(path: Path, line: int | range, *words: str) -> None:
    """The file is refused for one reason, at this line or within these, with these words; no row is written."""
    before = rows()
    said = run(path)
    assert rows() == before
    assert said.failure == "1 of 1 files were not imported; see above."
    assert "made" not in said.out
    ((number, message),) = said.lines(path)
    assert number in (line if isinstance(line, range) else [line]), f"line {number}: {message}"
    for word in words:
        assert word in message


def newest() -> Revision:
    """The newest version of the one page."""
    revision = Article.objects.get().newest()
    assert revision is not None
    return revision


def rename(slug: str) -> None:
    """Give the one page another address, as the admin does."""
    article = Article.objects.get()
    article.slug = slug
    article.full_clean()
    article.save()
