"""The child process that asks for pages: it knows nothing, its time ends whatever hangs, and it is not believed."""

import ast
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from community.fetching import asking
from community.fetching.asking import CheckBroke, fetch
from community.fetching.outcomes import Answer, Outcome

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
# As it is, before the tests close it (tests/conftest.py).
START = asking.START
BEGIN = (
    "import sys, os, signal, json; sys.path.insert(0, sys.argv[1])\n"
    "from community.fetching import child\nfrom community.fetching.outside import Outside\nchild.GRACE = 0\n"
)
URL = "http://example.org/"


def child(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Another program in the place of the child's."""
    monkeypatch.setattr(asking, "START", BEGIN + program)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]"])
def test_the_child_as_it_is_asks_nobody_inside(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setattr(asking, "START", START)
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0)
        url = f"http://{host}:{door.getsockname()[1]}/"
        assert fetch(url) == Answer(Outcome.ADDRESS, url)
        with pytest.raises(BlockingIOError):
            door.accept()


def test_whatever_else_it_is_told_the_child_takes_an_address_and_a_name() -> None:
    told = {"url": "http://127.0.0.1/", "agent": "a", "outside": {}, "resolve": "x", "allow": True, "seconds": 0}
    for variables in ({}, {"OUTSIDE": "1", "PYTHONPATH": str(ROOT / "tests"), "http_proxy": "http://127.0.0.1:9"}):
        answer = subprocess.run(
            [sys.executable, "-I", "-S", "-c", START, str(ROOT), "--allow", "127.0.0.1"],
            input=json.dumps(told),
            capture_output=True,
            encoding="utf-8",
            env=variables,
            check=True,
        )
        assert json.loads(answer.stdout)["outcome"] == "address"


def test_a_resolver_that_hangs_is_ended_by_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "child.main(Outside(resolve=lambda host: signal.pause()), seconds=0.1)")
    assert fetch(URL) == Answer(Outcome.SLOW, URL)


def test_even_where_its_clock_was_held_back() -> None:
    held_back = (
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); signal.signal(signal.SIGALRM, signal.SIG_IGN)\n"
        "child.main(Outside(resolve=lambda host: signal.pause()), seconds=0.1)"
    )
    ended = subprocess.run(
        [sys.executable, "-I", "-S", "-c", BEGIN + held_back, str(ROOT)],
        input=json.dumps({"url": URL, "agent": "a"}),
        encoding="utf-8",
        env={},
        timeout=30,
        check=False,
    )
    assert ended.returncode == -signal.SIGALRM


def test_a_child_that_does_not_end_by_itself_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "signal.pause()")
    monkeypatch.setattr(asking, "PATIENCE_SECONDS", 0.2)
    assert fetch(URL) == Answer(Outcome.SLOW, URL)


def test_memory_out_of_all_proportion_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "child.main(Outside(resolve=lambda host: bytearray(2**30)))")
    assert fetch(URL) == Answer(Outcome.TOO_MUCH, URL)


@pytest.mark.parametrize("name", ["SIGXCPU", "SIGKILL"])
def test_a_child_that_the_kernel_ended_for_a_limit_found_too_much(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    child(monkeypatch, f"os.kill(os.getpid(), signal.{name})")
    assert fetch(URL) == Answer(Outcome.TOO_MUCH, URL)


def test_it_works_inside_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    child(
        monkeypatch,
        "import resource\ndef look(host):\n"
        "    raise SystemExit([resource.getrlimit(getattr(resource, f'RLIMIT_{each}'))[0] for each in\n"
        "        ('CPU', 'AS', 'FSIZE', 'CORE', 'NOFILE')] + [signal.getitimer(signal.ITIMER_REAL)[0] > 11])\n"
        "child.main(Outside(resolve=look))",
    )
    with pytest.raises(CheckBroke, match=r"\[5, 536870912, 0, 0, 64, True\]"):
        fetch(URL)


def test_it_knows_no_secret_no_database_and_no_framework(monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "raise SystemExit(json.dumps([sorted(os.environ), sorted(sys.modules), sys.path, os.getcwd()]))")
    with pytest.raises(CheckBroke) as told:
        fetch(URL)
    variables, modules, path, folder = json.loads(str(told.value))
    assert set(variables) <= {"LC_CTYPE"}
    assert {"SECRET_KEY", "DATABASE_URL"} <= set(os.environ)
    assert not {module.split(".")[0] for module in modules} & {"django", "config", "psycopg", "accounts", "sqlite3"}
    assert not any("site-packages" in each for each in path)
    assert folder == "/"


@pytest.mark.parametrize(
    "told",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"outcome": "works"',
        {"outcome": "splendid"},
        {"outcome": 7},
        {"final": "javascript:alert(1)"},
        {"final": "http://127.0.0.1/"},
        {"final": "http://example.org/\r\nX: y"},
        {"final": "HTTP://EXAMPLE.ORG/"},
        {"final": None},
        {"language": "<script>"},
        {"language": "en\n"},
        {"language": "a" * 20_000},
    ],
    ids=str,
)
def test_an_answer_that_is_none_is_not_believed(monkeypatch: pytest.MonkeyPatch, told: object) -> None:
    whole = {"outcome": "works", "final": "http://example.org/", "secure": False, "language": "en"}
    says = told if isinstance(told, str) else json.dumps({**whole, **told})  # type: ignore[dict-item]
    child(monkeypatch, f"sys.stdout.write({says!r})")
    with pytest.raises(CheckBroke):
        fetch(URL)


def test_an_answer_is_taken_for_what_it_says_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    says = {"outcome": "works", "final": "https://example.org/x", "secure": "yes", "language": "pt-BR", "title": "T"}
    child(monkeypatch, f"sys.stdout.write({json.dumps(says)!r})")
    assert fetch(URL) == Answer(Outcome.WORKS, "https://example.org/x", secure=False, language="pt-BR")


def test_a_child_that_breaks_says_nothing_about_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    child(monkeypatch, "child.main(Outside(resolve=lambda host: 1 / 0))")
    with pytest.raises(CheckBroke, match="ZeroDivisionError"):
        fetch(URL)


def test_it_presents_itself_with_the_address_of_the_site(settings: Settings) -> None:
    settings.SITE_URL = "https://rounds.example.org"
    assert asking.agent() == "Rounds-LinkCheck/1 (+https://rounds.example.org/)"
    settings.SITE_URL = "https://rounds.example.org\r\nX-Evil: ü"
    assert asking.agent() == "Rounds-LinkCheck/1 (+https://rounds.example.orgX-Evil:/)"


def test_what_it_is_told_reaches_the_server(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    settings.SITE_URL = "https://rounds.example.org"
    program = (
        "import socket\ndef dial(address, port, seconds):\n"
        "    ours, theirs = socket.socketpair()\n"
        "    theirs.sendall(b'HTTP/1.1 200 OK\\r\\n\\r\\n'); theirs.shutdown(socket.SHUT_WR); heard.append(theirs)\n"
        "    return ours\nheard = []\nchild.main(Outside(resolve=lambda host: ['93.184.216.34'], dial=dial))\n"
        "raise SystemExit(heard[0].recv(1000).decode())"
    )
    child(monkeypatch, program)
    with pytest.raises(CheckBroke, match=r"User-Agent: Rounds-LinkCheck/1 \(\+https://rounds.example.org/\)"):
        fetch(URL)


# Never while somebody waits for a page


def test_no_module_of_the_web_process_names_it() -> None:
    naming = set()
    for path in ROOT.glob("[a-z]*/**/*.py"):
        inside = path.relative_to(ROOT)
        if inside.parts[0] in {"tests", "var"} or inside.parts[:2] == ("community", "fetching"):
            continue
        text = path.read_text(encoding="utf-8")
        if "fetching" not in text and "checking" not in text:
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Import | ast.ImportFrom):
                named = {getattr(node, "module", None) or "", *(name.name for name in node.names)}
                if any(set(each.split(".")) & {"fetching", "checking"} for each in named):
                    naming.add(inside.as_posix())
    assert naming == {
        "community/checking.py",
        "community/management/commands/check_links.py",
        "pages/management/commands/run_due.py",
    }


def test_the_web_process_does_not_load_it() -> None:
    program = (
        "import django, sys; django.setup()\nfrom django.urls import get_resolver\n"
        "from django.core.handlers.wsgi import WSGIHandler\nWSGIHandler(); list(get_resolver().url_patterns)\n"
        "import pages.views, community.models, reviews.desk\n"
        "print([name for name in sys.modules if 'fetching' in name or name == 'community.checking'])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert loaded.stdout == "[]\n"
