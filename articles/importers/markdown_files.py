"""Articles from Markdown files with YAML front matter, into drafts; docs/authors.md shows the format."""

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.refusals import Refusal

from ..digest import Source
from ..models import Article, Condition, Language, Origin, Topic, compose
from ..text import TextRefused

if TYPE_CHECKING:
    from accounts.models import User

KEYS = ["condition", "topic", "language", "slug", "question", "short_answer", "sources", "last_updated", "origin"]
NEEDED = ["condition", "topic", "slug", "question"]
SOURCE_KEYS = ["title", "url", "doi", "pmid"]


@dataclass(frozen=True)
class Problem:
    """What is wrong with a file, and in which line (counted from 1)."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class FileRefused(Refusal):
    """A file was not imported; `problems` has all of them."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__("\n".join(str(problem) for problem in problems))


@dataclass(frozen=True)
class ArticleFile:
    """One file as read: its values, the line each key stands in, and the line where the text begins."""

    path: Path
    values: dict[str, Any]
    lines: dict[str, int]
    body: str
    body_line: int
    sources: tuple[Source, ...] = field(default=())

    def problem(self, key: str, message: str) -> Problem:
        """A problem with the value of a key."""
        return Problem(self.path, self.lines.get(key, 1), message)


def find(path: Path) -> list[Path]:
    """The Markdown files at a path: itself, or every .md file below a folder, in order."""
    return sorted(path.rglob("*.md")) if path.is_dir() else [path]


def read(path: Path) -> ArticleFile:
    """One file. Raises FileRefused with every problem of its form."""
    text = _decode(path)
    match = re.match(r"---\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise FileRefused([Problem(path, 1, "The file does not begin with front matter between two lines of ---.")])
    values, lines = _front_matter(path, match[1])
    found = ArticleFile(path, values, lines, match[2], text.count("\n", 0, match.start(2)) + 1)
    problems = list(_check(found))
    sources = tuple(_sources(found, problems))
    if problems:
        raise FileRefused(sorted(problems, key=lambda problem: problem.line))
    return ArticleFile(path, values, lines, found.body, found.body_line, sources)


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error.strerror}.")]) from error
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"Byte {error.start} is not UTF-8. Save the file as UTF-8."
        raise FileRefused([Problem(path, line, message)]) from error


def _front_matter(path: Path, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The values, all of them text, and the file's line of each key."""
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(text, yaml.BaseLoader)):
            raise FileRefused([Problem(path, 1, "The front matter holds an alias (*name). Write the value out.")])
        node = yaml.compose(text, yaml.BaseLoader)
        values = yaml.load(text, yaml.BaseLoader)  # noqa: S506  the base loader makes text, lists and mappings only
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 2 if error.problem_mark else 1
        raise FileRefused([Problem(path, line, f"The front matter is not YAML: {error.problem}.")]) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise FileRefused([Problem(path, 1, "The front matter is not YAML that can be read.")]) from error
    if not isinstance(node, yaml.MappingNode):
        raise FileRefused([Problem(path, 2, "The front matter is not a list of “key: value” lines.")])
    lines: dict[str, int] = {}
    for key, _ in node.value:
        name, line = str(key.value), key.start_mark.line + 2
        if name in lines:
            raise FileRefused([Problem(path, line, f"“{name}” stands there twice. Keep one.")])
        lines[name] = line
    return values, lines


def _check(file: ArticleFile) -> Iterator[Problem]:
    for key in file.values:
        if key not in KEYS:
            yield file.problem(key, f"“{key}” is not a key. The keys are {', '.join(KEYS)}.")
        elif key != "sources" and not isinstance(file.values[key], str):
            yield file.problem(key, f"“{key}” holds one text, not a list or a mapping.")
    for key in NEEDED:
        if not file.values.get(key):
            yield file.problem(key, f"“{key}” is missing.")
    yield from _check_choice(file, "topic", Topic.values)
    yield from _check_choice(file, "origin", Origin.values)
    if (language := file.values.get("language", "en")) not in Language.values:
        yield file.problem("language", f"“{language}” is not possible yet. Pages can only be in English (en) for now.")
    if date := file.values.get("last_updated"):
        try:
            dt.date.fromisoformat(str(date))
        except ValueError:
            yield file.problem("last_updated", f"“{date}” is not a date. Write it as 2026-04-07.")
    if not file.body.strip():
        yield Problem(file.path, file.body_line, "There is no text below the front matter.")


def _check_choice(file: ArticleFile, key: str, choices: list[str]) -> Iterator[Problem]:
    value = file.values.get(key)
    if value and value not in choices:
        yield file.problem(key, f"“{value}” is not a {key}. Use one of {', '.join(choices)}.")


def _sources(file: ArticleFile, problems: list[Problem]) -> Iterator[Source]:
    rows = file.values.get("sources") or []
    if not isinstance(rows, list):
        problems.append(file.problem("sources", "“sources” is a list; begin each source with “- title: …”."))
        return
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict) or not all(isinstance(value, str) for value in row.values()):
            problems.append(file.problem("sources", f"Source {number} is not a list of “key: value” lines."))
        elif unknown := [key for key in row if key not in SOURCE_KEYS]:
            message = f"Source {number}: “{unknown[0]}” is not a key. The keys are {', '.join(SOURCE_KEYS)}."
            problems.append(file.problem("sources", message))
        else:
            yield Source(**{"title": "", **row})


def load(file: ArticleFile, *, by: "User") -> str:
    """Write a file as a draft, all of it or nothing, and say what became of it: made, revised or unchanged.

    A text that the page has or ever had is left alone, so a second run changes nothing and never undoes what an
    editor wrote since. Raises FileRefused.
    """
    try:
        with transaction.atomic():
            return _load(file, by)
    except TextRefused as refusal:
        at_body = str(refusal).startswith("Text")
        line = file.body_line + refusal.line - 1 if at_body else file.lines.get(_key_of(str(refusal)), 1)
        raise FileRefused([Problem(file.path, line, str(refusal))]) from refusal
    except ValidationError as invalid:
        problems = [
            file.problem(key if key in KEYS else "slug", message)
            for key, messages in invalid.message_dict.items()
            for message in messages
        ]
        raise FileRefused(problems) from invalid
    except IntegrityError as error:
        message = "The page was written by somebody else at the same moment. Run the import again."
        raise FileRefused([Problem(file.path, 1, message)]) from error


def _key_of(message: str) -> str:
    """The key a refusal speaks of, by its first word."""
    return {"Question": "question", "Short": "short_answer", "Source": "sources", "Origin": "origin"}.get(
        message.split()[0].strip(","), "condition"
    )


def _load(file: ArticleFile, by: "User") -> str:
    values = file.values
    condition = _condition(file)
    article = Article.objects.filter(condition=condition, slugs__slug=values["slug"]).first()
    origin = values.get("origin") or Origin.HUMAN
    draft = compose(
        values.get("language", "en"),
        origin,
        values["question"],
        values.get("short_answer", ""),
        file.body,
        file.sources,
    )
    if article is not None and article.revisions.filter(digest=draft.digest()).exists():
        return "unchanged"
    made = article is None
    if article is None:
        article = Article.objects.start(condition=condition, topic=values["topic"], slug=values["slug"], by=by)
    note = f"Imported from {file.path.name}."
    if values.get("last_updated"):
        note += f" The file says: last updated {values['last_updated']}."
    article.revise(
        by=by,
        question=draft.question,
        short_answer=draft.short_answer,
        body=draft.body,
        sources=draft.sources,
        change_note=note,
        origin=origin,
    )
    return "made" if made else "revised"


def _condition(file: ArticleFile) -> Condition:
    name = file.values["condition"]
    found = list(Condition.objects.called(name)[:3])
    if not found:
        message = f"No condition is called “{name}”. Add it in the admin under Conditions, or correct the name."
        raise FileRefused([file.problem("condition", message)])
    if len(found) > 1:
        slugs = ", ".join(row.slug for row in found)
        raise FileRefused([file.problem("condition", f"“{name}” can be {slugs}. Write the slug of one of them.")])
    return found[0]
