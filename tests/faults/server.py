"""The site as operators serve it: gunicorn with threads, on loopback."""

import http.client
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlencode

from tests.test_run import ROOT, free_port, until


@dataclass(frozen=True)
class Answer:
    """What the server answered."""

    status: int
    headers: Message
    body: str


class Server:
    """Gunicorn on a database; `within` is a command that runs it, where it needs a world of its own."""

    def __init__(
        self, database_url: str, *, within: tuple[str, ...] = (), settings: str = "tests.faults.settings"
    ) -> None:
        self.port = free_port()
        self.process = subprocess.Popen(
            [
                *within,
                *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}"),
                *("--config", "python:config.server", "--log-level", "warning"),
            ],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": settings, "DATABASE_URL": database_url},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def ask(self, path: str, form: dict[str, object] | None = None, session: str = "") -> Answer:
        """GET an address, or POST a form to it, with a session and the form's token."""
        headers, body = {}, None
        if session:
            headers["Cookie"] = f"sessionid={session}; csrftoken={'t' * 32}"
        if form is not None:
            body = urlencode({**form, "csrfmiddlewaretoken": "t" * 32})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request("GET" if form is None else "POST", path, body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read().decode())
        finally:
            connection.close()

    def __enter__(self) -> "Server":
        try:
            until(self._answers)
        except AssertionError:
            self.stop()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it, and wait until it has."""
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)

    def _answers(self) -> bool:
        assert self.process.poll() is None, "The server ended by itself."
        try:
            return self.ask("/healthz").status == 200
        except OSError:
            return False


def prepare(script: str, database_url: str) -> str:
    """Run a script of the tests on a database, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", f"import django\ndjango.setup()\n{script}"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
