"""The child process that renders keeps to its limits, and whatever becomes of it the text is refused or safe."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from articles import markdown_child, rendering
from articles.rendering import render
from articles.text import TextRefused, normalise
from tests.articles.reader import end, safe, spread

pytestmark = pytest.mark.once


@pytest.fixture(autouse=True)
def _nothing_remembered() -> Iterator[None]:
    render.cache_clear()
    yield
    render.cache_clear()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(spread("[", 10_000), id="brackets opened"),
        pytest.param("[" * 9_900 + "]" * 9_900, id="brackets nested"),
        pytest.param(spread("![a](", 10_000), id="images opened"),
        pytest.param(spread("> ", 10_000), id="quotes"),
        pytest.param(">" * 10_000 + " deep", id="quotes on one line"),
        pytest.param("*" * 9_000 + "deep" + "*" * 9_000, id="emphasis nested"),
        pytest.param(spread("*a **b", 10_000), id="emphasis opened"),
        pytest.param(spread("<a ", 10_000), id="tags opened"),
        pytest.param("\n".join(" " * 4 * depth + "- a" for depth in range(95)), id="lists inside lists"),
        pytest.param("|" * 500 + "\n" + "|".join(["-"] * 500) + "\n" + "|\n" * 5_000, id="a table"),
        pytest.param("\n".join(f"[^{number}]: a" for number in range(1_500)), id="notes"),
        pytest.param("# a\n" * 4_000, id="headings"),
        pytest.param("a\n: b\n" * 3_000, id="meanings"),
    ],
)
def test_ten_thousand_nested_marks_end_in_safe_html_or_a_clear_refusal(body: str) -> None:
    html, refusal = end(body)
    if refusal:
        assert refusal.startswith("Text: ")
        assert len(refusal) < 300
    else:
        assert safe(html).seen.count("deep") == body.count("deep")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("a" * 1_000_000, id="one line"),
        pytest.param("\n\n".join(["## Part\n\n" + "a " * 8_000] * 62), id="in lawful sections"),
    ],
)
def test_a_body_of_a_megabyte_is_refused_with_the_limit(body: str) -> None:
    with pytest.raises(TextRefused, match="at most 100,000 fit"):
        render(body)


@pytest.mark.parametrize("length", [10, 15_000])
def test_a_definition_used_six_thousand_times_is_shown_or_refused(length: int) -> None:
    html, refusal = end(f"[x]: https://example.org/{'a' * length}\n\n" + spread("[x], ", 6_000))
    assert len(html) < 1_100_000
    assert "too long" in refusal or len(safe(html).links) in {0, 6_000}


# The child with its limits: way 29


def test_a_text_that_would_hang_is_refused() -> None:
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("[" * 19_000)


def test_a_child_that_does_not_end_by_itself_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    endless = tmp_path / "endless.py"
    endless.write_text("import signal\nsignal.pause()\n")
    monkeypatch.setattr(rendering, "CHILD", endless)
    monkeypatch.setattr(rendering, "PATIENCE_SECONDS", 0.2)
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("Words.")


@pytest.mark.parametrize("ending", ["raise MemoryError", "raise RecursionError", "import os; os.kill(os.getpid(), 9)"])
def test_a_child_that_breaks_refuses_the_text(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "broken.py"
    broken.write_text(ending)
    monkeypatch.setattr(rendering, "CHILD", broken)
    with pytest.raises(TextRefused, match="takes too long to turn into a page"):
        render("Words.")


def child(program: str) -> "subprocess.CompletedProcess[str]":
    """How a program ends that runs as the child does, with the child's module at hand."""
    folder = str(Path(markdown_child.__file__).parent)
    packages = [path for path in sys.path if path.endswith("-packages")]
    start = f"import sys; sys.path.insert(0, {folder!r}); import markdown_child, resource\n"
    return subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{start}{program}\nmarkdown_child.main()", *packages],
        input=json.dumps("Words."),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_child_works_inside_limits_of_time_and_memory() -> None:
    asked = child(
        "markdown_child.answer = lambda text: {'cpu': resource.getrlimit(resource.RLIMIT_CPU), "
        "'memory': resource.getrlimit(resource.RLIMIT_AS)}"
    )
    assert json.loads(asked.stdout) == {"cpu": [2, 2], "memory": [512 * 1024**2, 512 * 1024**2]}


def test_the_system_ends_a_child_that_computes_without_end() -> None:
    ended = child("def answer(text):\n    while True: pass\nmarkdown_child.answer = answer")
    assert ended.returncode in {-signal.SIGKILL, -signal.SIGXCPU}


def test_the_system_gives_a_child_no_more_memory_than_its_own() -> None:
    ended = child("markdown_child.answer = lambda text: {'html': 'a' * 2**30}")
    assert ended.returncode == 1
    assert "MemoryError" in ended.stderr


def test_output_out_of_all_proportion_is_refused() -> None:
    assert "<p>Words.</p>" in child("").stdout
    refused = json.loads(child("markdown_child.OUTPUT = 10").stdout)
    assert "becomes too long as a page" in refused["refused"]


def test_the_child_knows_no_secret_of_the_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    telling = tmp_path / "telling.py"
    telling.write_text("import json, os\nprint(json.dumps({'html': ' '.join(os.environ)}))\n")
    monkeypatch.setattr(rendering, "CHILD", telling)
    told = render("Words.").split()
    assert {"SECRET_KEY", "SECOND_FACTOR_KEYS", "DATABASE_URL", "EMAIL_URL"} & set(told) == set()


@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_text_gives_the_same_bytes_in_another_process(seed: str) -> None:
    body = normalise(
        "Opening with {{ members }} and <5 mg.\n\n## Dose\n\n## Dose\n\nKnown [1](#source-1) and[^1], "
        "<ada@example.org>.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\nTerm\n:   meaning\n\n!!! note\n    Words.\n\n"
        "[^1]: A note.\n"
    )
    program = (
        "import json, sys, django; django.setup()\n"
        "from articles.rendering import render\nsys.stdout.write(render(json.loads(sys.stdin.read())))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(body),
        capture_output=True,
        encoding="utf-8",
        check=True,
        env={**os.environ, "PYTHONHASHSEED": seed, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        cwd=Path(rendering.__file__).parent.parent,
    )
    assert there.stdout == render(body)


# What is read from the HTML


def test_a_crowd_is_rendered_two_at_a_time_so_that_no_plain_text_looks_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    both_inside, a_third_comes_in = threading.Barrier(2), []

    def child(*_: object, **__: object) -> subprocess.CompletedProcess[str]:
        both_inside.wait(60)
        a_third_comes_in.append(rendering.TURN.acquire(blocking=False))
        both_inside.wait(60)
        return subprocess.CompletedProcess([], 0, json.dumps({"html": "<p>Words.</p>"}))

    monkeypatch.setattr(subprocess, "run", child)
    threads = [threading.Thread(target=render, args=[f"Words {number}."]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert a_third_comes_in == [False] * 4
