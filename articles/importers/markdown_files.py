"""Articles from Markdown files with YAML front matter, into drafts; docs/authors.md shows the format."""

import codecs
import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.refusals import Refusal

from ..digest import Source, Text
from ..models import Article, Condition, Language, Origin, Topic, compose, tidy_note, tidy_source
from ..text import TextRefused

if TYPE_CHECKING:
    from accounts.models import User

# Under `exported` stands what was so elsewhere (pages/export.py), its review among it, which becomes none here.
KEYS = [
    *("condition", "topic", "language", "slug", "question", "short_answer", "sources", "last_updated", "origin"),
    "exported",
]
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
    sources: tuple[Source, ...] = ()
    problems: tuple[Problem, ...] = ()

    @property
    def exported(self) -> dict[str, str]:
        """What the file says of the page that it was exported from; empty where an author wrote it."""
        said = self.values.get("exported")
        return {key: text for key, text in said.items() if isinstance(text, str)} if isinstance(said, dict) else {}

    def problem(self, key: str, message: str) -> Problem:
        """A problem with the value of a key."""
        return Problem(self.path, self.lines.get(key, 1), message)


def find(path: Path) -> list[Path]:
    """The Markdown files at a path: itself, or every .md file below a folder, in order."""
    return sorted(path.rglob("*.md")) if path.is_dir() else [path]


def read(path: Path) -> ArticleFile:
    """One file, with every problem of its form. Raises FileRefused where it cannot be read at all."""
    text = _decode(path)
    match = re.match(r"---\n(.*?)^---[ \t]*(?:\n|\Z)(.*)", text, re.DOTALL | re.MULTILINE)
    if match is None:
        raise FileRefused([Problem(path, 1, "The file does not begin with front matter between two lines of ---.")])
    values, lines = _front_matter(path, match[1])
    blank = len(list(takewhile(lambda line: not line.strip(), match[2].split("\n")))) if match[2].strip() else 0
    found = ArticleFile(path, values, lines, match[2], text.count("\n", 0, match.start(2)) + 1 + blank)
    problems = list(_check(found))
    sources = tuple(_sources(found, problems))
    return replace(found, sources=sources, problems=tuple(problems))


def _decode(path: Path) -> str:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise FileRefused([Problem(path, 1, f"It cannot be read: {error.strerror}.")]) from error
    data = data.removeprefix(codecs.BOM_UTF8)
    try:
        return data.decode("utf-8").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = f"Byte {error.start} is not UTF-8. Save the file as UTF-8."
        raise FileRefused([Problem(path, line, message)]) from error


def _front_matter(path: Path, text: str) -> tuple[dict[str, Any], dict[str, int]]:
    """The values, all of them text, and the file's line of each key."""
    try:
        for event in yaml.parse(text, yaml.BaseLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 2 if event.start_mark else 1
                raise FileRefused(
                    [Problem(path, line, "The front matter holds an alias (*name). Write the value out.")]
                )
        node = yaml.compose(text, yaml.BaseLoader)
        values = yaml.load(text, yaml.BaseLoader)  # noqa: S506  the base loader makes text, lists and mappings only
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 2
        message = f"U+{error.character:04X} is a control character that YAML cannot hold. Delete it."
        raise FileRefused([Problem(path, line, message)]) from error
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
        elif key not in {"sources", "exported"} and not isinstance(file.values[key], str):
            yield file.problem(key, f"“{key}” holds one text, not a list or a mapping.")
    for key in NEEDED:
        if not file.values.get(key):
            yield file.problem(key, f"“{key}” is missing.")
    yield from _check_exported(file)
    yield from _check_choice(file, "topic", Topic.values)
    yield from _check_choice(file, "origin", Origin.values)
    if (language := file.values.get("language", "en")) not in Language.values:
        yield file.problem("language", f"“{language}” is not possible yet. Pages can only be in English (en) for now.")
    if date := file.values.get("last_updated"):
        try:
            dt.date.fromisoformat(str(date))
        except ValueError:
            yield file.problem("last_updated", f"“{date}” is not a date. Write it as 2026-04-07.")
    if not file.body.strip() and not file.exported:  # a draft that was exported may have none yet
        yield Problem(file.path, file.body_line, "There is no text below the front matter.")


def _check_exported(file: ArticleFile) -> Iterator[Problem]:
    said = file.values.get("exported", {})
    if not isinstance(said, dict) or len(said) != len(file.exported):
        yield file.problem("exported", "“exported” holds “key: value” lines, each with one text.")
    elif (digest := file.exported.get("digest")) and not re.fullmatch("[0-9a-f]{64}", digest):
        yield file.problem("exported", f"“{digest[:70]}” is not a digest. It has 64 digits and letters a to f.")


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


def load(file: ArticleFile, *, by: "User", again: bool = False) -> str:
    """Write a file as a draft, all of it or nothing, and say what became of it: made, revised or unchanged.

    A text that the page has or ever had is left alone, so a second run changes nothing and never undoes what an
    editor wrote since; `again` writes it all the same, unless it is the newest. Raises FileRefused.
    """
    if problems := [*file.problems, *_content_problems(file)]:
        raise FileRefused(sorted(problems, key=lambda problem: problem.line))
    try:
        with transaction.atomic():
            return _load(file, by, again=again)
    except ValidationError as invalid:
        raise FileRefused(_named(file, invalid)) from invalid
    except IntegrityError as error:
        message = "The page was written by somebody else at the same moment. Run the import again."
        raise FileRefused([Problem(file.path, 1, message)]) from error


def _content_problems(file: ArticleFile) -> Iterator[Problem]:
    """What is wrong with the values themselves: the text field by field, the condition, the address."""
    values = {key: value for key, value in file.values.items() if isinstance(value, str)}
    fields = {"question": "", "short_answer": "", "body": file.body}
    for key in fields:
        alone = {**dict.fromkeys(fields, ""), key: values.get(key, fields[key])}
        try:
            compose("en", Origin.HUMAN, **alone, sources=())
        except TextRefused as refusal:
            line = file.body_line + refusal.line - 1 if key == "body" else file.lines.get(key, 1)
            yield Problem(file.path, line, str(refusal))
    try:
        tidy_note(_note(file))
    except TextRefused as refusal:
        yield file.problem("exported", str(refusal))
    for number, source in enumerate(file.sources, start=1):
        try:
            tidy_source(number, source)
        except TextRefused as refusal:
            yield file.problem("sources", str(refusal))
    if values.get("condition"):
        yield from _address_problems(file, values)


def _address_problems(file: ArticleFile, values: dict[str, str]) -> Iterator[Problem]:
    """An unknown condition, or an address that is not free for this page."""
    try:
        condition = _condition(file)
    except FileRefused as refused:
        yield from refused.problems
        return
    slug, topic = values.get("slug", ""), values.get("topic", "")
    if not slug or topic not in Topic.values:
        return
    there = Article.objects.filter(condition=condition, slugs__slug=slug).first()
    if there is None:
        try:
            Article(condition=condition, topic=topic, slug=slug).full_clean()
        except ValidationError as invalid:
            yield from _named(file, invalid)
    elif there.topic != topic:
        message = (
            f"“{slug}” is or was the address of the page {there} on {there.get_topic_display().lower()}. "
            "Choose another slug, or correct the topic."
        )
        yield file.problem("slug", message)


def _named(file: ArticleFile, invalid: ValidationError) -> list[Problem]:
    """The problems of a row, at the lines of their keys."""
    return [
        file.problem(key if key in KEYS else "slug", message)
        for key, messages in invalid.message_dict.items()
        for message in messages
    ]


def _draft(file: ArticleFile) -> Text:
    """The text of a file in its stored form."""
    values = file.values
    origin = values.get("origin") or Origin.HUMAN
    said = (values["question"], values.get("short_answer", ""), file.body)
    return compose(values.get("language", "en"), origin, *said, file.sources)


def other_digest(file: ArticleFile) -> str:
    """Why a text has another digest here than the file says; empty where it has the same, or the file says none."""
    draft, said = _draft(file), file.exported
    if said.get("digest", "") in {"", draft.digest()}:
        return ""
    if said.get("renderer") != draft.renderer:
        return (
            f"Its digest differs: renderer {said.get('renderer', 'of another name')} made the page there, and "
            f"{draft.renderer} makes it here."
        )
    return "Its digest differs: the text is not the one that was exported, or another page is made of it here."


def _load(file: ArticleFile, by: "User", *, again: bool) -> str:
    values = file.values
    condition = _condition(file)
    article = Article.objects.filter(condition=condition, slugs__slug=values["slug"]).first()
    draft = _draft(file)
    if article is not None and not again and article.revisions.filter(digest=draft.digest()).exists():
        return "unchanged"
    made = article is None
    if article is None:
        article = Article.objects.start(condition=condition, topic=values["topic"], slug=values["slug"], by=by)
    before = article.newest()
    revision = article.revise(
        by=by,
        question=draft.question,
        short_answer=draft.short_answer,
        body=draft.body,
        sources=draft.sources,
        change_note=_note(file),
        origin=draft.origin,
    )
    if revision == before:
        return "unchanged"
    return "made" if made else "revised"


def _note(file: ArticleFile) -> str:
    """Where a version came from, for its editors."""
    note, said = f"Imported from {file.path.name}.", file.exported
    if said.get("address"):
        note += f" It was version {said.get('version', '')[:10]} of {said['address'][:500]}."
    if file.values.get("last_updated"):
        note += f" The file says: last updated {file.values['last_updated']}."
    return note


def _condition(file: ArticleFile) -> Condition:
    name = file.values["condition"]
    found = list(Condition.objects.called(name)[:3] or Condition.objects.filter(slugs__slug=name.strip()))
    if not found:
        message = f"No condition is called “{name}”. Add it in the admin under Conditions, or correct the name."
        raise FileRefused([file.problem("condition", message)])
    if len(found) > 1:
        slugs = ", ".join(row.slug for row in found)
        raise FileRefused([file.problem("condition", f"“{name}” can be {slugs}. Write the slug of one of them.")])
    return found[0]
