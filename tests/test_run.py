"""`make run`: it serves the demonstration with its jobs, stops cleanly, loses nothing, and keeps strangers out."""

import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import urlencode

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
KNOWN = "rounds-demonstration"
STAFF = ["author", "clinician", "second-clinician", "publisher", "registrar", "moderator", "admin"]
PAGE = "/conditions/poems-syndrome/prognosis/"
PATIENCE = 60


def until(what: Callable[[], object]) -> object:
    """The first true answer; fails when it does not come."""
    pause, end = threading.Event(), time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := what():
            return answer
        pause.wait(0.05)
    raise AssertionError("It did not happen in time.")


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def environment(var: Path, **changed: str) -> dict[str, str]:
    """What `make run` finds set: nothing of the tests, and a folder and an SQLite database of its own."""
    return {
        "PATH": os.environ["PATH"],
        "ROUNDS_VAR": str(var),
        "STATIC_ROOT": str(var / "static"),
        "DATABASE_URL": f"sqlite:///{var}/rounds.sqlite3",
        **changed,
    }


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    body: str
    cookies: dict[str, str]


class Server:
    """`dev/run.py` as a process, and all that it and its children print."""

    def __init__(self, var: Path, **changed: str) -> None:
        self.port = free_port()
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "dev/run.py"],
            cwd=ROOT,
            env=environment(var, PORT=str(self.port), **changed),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # The web server and the jobs write to the same pipe: it ends when the last of them has ended.
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as printed:
            self.lines.extend(printed)

    @property
    def printed(self) -> str:
        """Everything printed so far."""
        return "".join(self.lines)

    def ask(self, path: str, form: dict[str, str] | None = None, cookies: dict[str, str] | None = None) -> Answer:
        """GET an address, or POST a form to it."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in (cookies or {}).items())}
        body = None
        if form is not None:
            body = urlencode(form)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            response = connection.getresponse()
            kept = SimpleCookie(", ".join(response.headers.get_all("Set-Cookie") or []))
            return Answer(response.status, response.read().decode(), {name: item.value for name, item in kept.items()})
        finally:
            connection.close()

    def answers(self) -> bool:
        """Whether the server answers already."""
        try:
            return self.ask("/healthz").status == 200
        except OSError:
            return False

    def ready(self) -> "Server":
        """Wait until it answers; if it ends instead, say what it printed."""

        def answers() -> bool:
            if self.process.poll() is not None:
                self.reader.join(PATIENCE)
                raise AssertionError(f"It ended with {self.process.returncode}:\n{self.printed}")
            return self.answers()

        until(answers)
        return self

    def signs_in(self, email: str, password: str) -> bool:
        """Whether somebody comes in with this address and password."""
        page = self.ask("/accounts/login/")
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
        assert token is not None
        form = {"csrfmiddlewaretoken": token[1], "login": email, "password": password}
        answer = self.ask("/accounts/login/", form, page.cookies)
        assert answer.status in {200, 302}
        return "sessionid" in answer.cookies

    def stop(self) -> int:
        """Press Ctrl-C, and wait until the process and all its children are gone."""
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(PATIENCE)
        self.reader.join(PATIENCE)
        assert not self.reader.is_alive(), "A child is left over."
        return code

    def kill(self) -> None:
        """Leave nothing behind, whatever the test came to."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)


@dataclass(frozen=True)
class First:
    """What the first start came to."""

    var: Path
    port: int
    before: str
    page: Answer
    style: Answer
    known: bool
    letters: bool
    code: int
    printed: str
    listens: bool


def letters(var: Path) -> bool:
    """Whether the jobs sent a letter."""
    return any(path.stat().st_size for path in (var / "letters").glob("*"))


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Iterator[First]:
    """The first start on an empty folder, looked at and stopped with Ctrl-C."""
    var = tmp_path_factory.mktemp("run") / "var"
    server = Server(var)
    try:
        server.ready()
        before, page = server.printed, server.ask(PAGE)
        sheet = re.search(r'<link rel="stylesheet" href="(/static/[^"]+)">', page.body)
        style = server.ask(sheet[1] if sheet else "/static/none.css")
        known = server.signs_in("author@rounds.example", KNOWN)
        sent = until(lambda: letters(var))
        code = server.stop()
        listens = server.answers()
        yield First(var, server.port, before, page, style, known, bool(sent), code, server.printed, listens)
    finally:
        server.kill()


@pytest.fixture
def again(first: First, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Another start on a copy of what the first one left."""
    shutil.copytree(first.var, tmp_path / "var")
    servers: list[Server] = []

    def start(**changed: str) -> Server:
        servers.append(Server(tmp_path / "var", **changed))
        return servers[-1].ready()

    yield start
    for server in servers:
        server.kill()


def shell(var: Path, code: str) -> str:
    """What a line of Python prints that works on the same database as the server."""
    keys = (var / "demonstration-keys").read_text().split()
    done = subprocess.run(
        [sys.executable, "-c", f"import django; django.setup()\n{code}"],
        cwd=ROOT,
        env=environment(
            var,
            DJANGO_SETTINGS_MODULE="config.settings",
            SECRET_KEY=keys[0],
            SECOND_FACTOR_KEYS=keys[1],
            SITE_URL="http://localhost",
            ALLOWED_HOSTS="localhost",
            EMAIL_URL="memorymail://",
            ROUNDS_DEMO="1",
        ),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


WRITE = """
from accounts.models import User
from articles.models import Article, Condition
by = User.objects.get(email="author@rounds.example")
condition = Condition.objects.get(slug="poems-syndrome")
page = Article.objects.start(condition=condition, topic="research", slug="between-two-starts", by=by)
page.revise(by=by, question="Is this still here?", body="Yes.")
"""
SHOW = """
from django.apps import apps
from articles.models import Article
print(Article.objects.get(slug="between-two-starts").newest().question)
others = {"sessions.Session", "pages.Job"}
print({m._meta.label: m._base_manager.count() for m in apps.get_models() if m._meta.label not in others})
"""


def test_it_serves_a_reviewed_question_page(first: First) -> None:
    assert first.page.status == 200
    assert "Medically reviewed" in first.page.body
    assert "Every reviewer, review, date and member on this site is a sample." in first.page.body
    assert first.style.status == 200
    assert "{" in first.style.body


def test_it_prints_the_addresses_to_open_and_the_accounts(first: First) -> None:
    site = f"http://localhost:{first.port}"
    assert all(f"{site}{path}\n" in first.before for path in ("/", PAGE, "/admin/"))
    assert all(f"{name}@rounds.example\n" in first.before for name in STAFF)


def test_on_loopback_it_prints_the_known_password_which_works(first: First) -> None:
    assert f"Password of each: {KNOWN}\n" in first.before
    assert first.known


def test_its_jobs_send_the_letters(first: First) -> None:
    assert first.letters


def test_ctrl_c_ends_it_and_everything_it_started(first: First) -> None:
    assert first.code == 0
    assert first.printed.endswith("Stopped.\n")
    assert "Traceback" not in first.printed
    assert not first.listens


def test_its_keys_are_for_its_owner_alone(first: First) -> None:
    keys = first.var / "demonstration-keys"
    assert keys.stat().st_mode & 0o077 == 0
    assert not any(key in first.printed for key in keys.read_text().split())


def undated(body: str, port: int) -> str:
    """A page without what differs from start to start: where it is served, and when members were counted."""
    return re.sub(r'ounted <time datetime="[\d-]+">[\w ]+</time>', "", body.replace(str(port), ""))


def test_a_second_start_keeps_what_was_written(first: First, again: Callable[..., Server], tmp_path: Path) -> None:
    var = tmp_path / "var"
    before = shell(var, WRITE + SHOW)
    assert "Is this still here?" in before
    server = again()
    assert shell(var, SHOW) == before
    # The address of the page stands in it, and the day on which its community was counted.
    assert undated(server.ask(PAGE).body, server.port) == undated(first.page.body, first.port)
    assert server.signs_in("author@rounds.example", KNOWN)
    assert "The demonstration is ready." not in server.printed
    assert server.stop() == 0


def test_on_another_host_the_passwords_are_random_and_printed_once(again: Callable[..., Server]) -> None:
    server = again(HOST="0.0.0.0")  # noqa: S104  what is asked of it here
    printed = dict(re.findall(r"^  (\S+@rounds\.example)  (\S+)$", server.printed, re.MULTILINE))
    assert sorted(printed) == sorted(f"{name}@rounds.example" for name in STAFF)
    assert len(set(printed.values())) == len(STAFF)
    assert KNOWN not in server.printed
    assert server.signs_in("author@rounds.example", printed["author@rounds.example"])
    assert not server.signs_in("author@rounds.example", KNOWN)
    assert not server.signs_in("admin@rounds.example", KNOWN)
    assert server.stop() == 0
    second = again(HOST="0.0.0.0")  # noqa: S104
    assert not any(password in second.printed for password in printed.values())
    assert not re.search(r"@rounds\.example  \S", second.printed)
    assert second.signs_in("author@rounds.example", printed["author@rounds.example"])


def test_a_port_in_use_is_named_with_the_remedy(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = run(tmp_path / "var", PORT=str(port))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Cannot serve on localhost:{port}: ")
    assert line.endswith("Choose another with: make run PORT=8001")
    assert done.stdout == ""
    assert not (tmp_path / "var" / "rounds.sqlite3").exists()


@pytest.mark.parametrize("port", ["web", "70000", "-1"])
def test_a_port_that_is_none_is_named(tmp_path: Path, port: str) -> None:
    done = run(tmp_path / "var", PORT=port)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Cannot serve on localhost:{port}: ")


def test_what_the_demonstration_refuses_is_said_without_a_traceback(first: First, tmp_path: Path) -> None:
    shutil.copytree(first.var, tmp_path / "var")
    done = run(tmp_path / "var", PORT=str(free_port()), ROUNDS_DEMO="0")
    assert done.returncode == 1
    assert "This site is not a demonstration. Set ROUNDS_DEMO=1" in done.stderr
    assert "Traceback" not in done.stderr


def run(var: Path, **changed: str) -> subprocess.CompletedProcess[str]:
    """A start that ends by itself."""
    return subprocess.run(
        [sys.executable, "dev/run.py"],
        cwd=ROOT,
        env=environment(var, **changed),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
