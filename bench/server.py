"""The site as it is served, one process of gunicorn on loopback, and the CPU it takes with its database."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    """A port on loopback that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Served:
    """Gunicorn with one process; `get` keeps its connection, as a proxy does."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "bench.served",
            "STATIC_ROOT": str(folder / "static"),
            "BENCH_BYTES": str(folder / "same-bytes"),
        }
        subprocess.run(
            [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"],
            cwd=ROOT,
            env=self.environment,
            check=True,
        )
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "config.wsgi", "--bind", f"127.0.0.1:{self.port}"),
                *("--config", "python:config.server", "--workers", "1", "--log-level", "error"),
            ],
            cwd=ROOT,
            env=self.environment,
            stderr=subprocess.DEVNULL,
        )
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def __enter__(self) -> "Served":
        for _ in range(600):
            try:
                if self.get("/healthz")[0] == 200:
                    return self
            except OSError:
                self.connection.close()
            time.sleep(0.05)
        self.__exit__()
        raise RuntimeError("The site does not start.")

    def __exit__(self, *problem: object) -> None:
        self.connection.close()
        self.process.terminate()
        self.process.wait(30)

    def get(self, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and bytes of a page."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.connection.request("GET", path, headers={"Host": "localhost", **named})
        answer = self.connection.getresponse()
        return answer.status, answer.headers, answer.read()

    def cpu(self) -> float:
        """Milliseconds of CPU that the site's processes and their connections to the database have taken."""
        return sum(map(taken, [*children(self.process.pid), *backends()]))


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for path in tasks for child in path.read_text().split()]


def backends() -> list[int]:
    """The processes of PostgreSQL that serve others than this process."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
            "AND datname = current_database() AND pid <> pg_backend_pid()"
        )
        return [pid for (pid,) in cursor.fetchall()]


def taken(pid: int) -> float:
    """Milliseconds of CPU of all threads of a process, as Linux counts them; 0 where it is not seen from here."""
    nanoseconds = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        nanoseconds += int(path.read_text().split()[0])
    return nanoseconds / 1e6
