"""`make run`: sets up what is missing, then serves the demonstration with its jobs beside it until Ctrl-C.

HOST and PORT say where, DATABASE_URL on which database (by default SQLite in var/, or in the folder ROUNDS_VAR).
Passwords are the published ones only on loopback; on any other HOST they are random and printed once.
"""

import base64
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError

ROOT = Path(__file__).resolve().parent.parent
VAR = Path(os.environ.get("ROUNDS_VAR") or ROOT / "var")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


def environment(host: str, port: str) -> dict[str, str]:
    """The settings of the demonstration; whatever is set outside wins. Its keys are made once and kept in var/."""
    keys = VAR / "demonstration-keys"
    if not keys.exists():
        keys.touch(mode=0o600)
        keys.write_text(f"{secrets.token_urlsafe(50)}\n{base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()}\n")
    secret, second_factor = keys.read_text().split()
    shown = f"[{host}]" if ":" in host else host
    return {
        "SECRET_KEY": secret,
        "SECOND_FACTOR_KEYS": second_factor,
        "DATABASE_URL": f"sqlite:///{VAR / 'rounds.sqlite3'}",
        "EMAIL_URL": f"filemail:///{VAR / 'letters'}",
        "SITE_URL": f"http://{'localhost' if host in LOOPBACK else shown}:{port}",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]" if host in LOOPBACK else "*",
        "STATIC_ROOT": str(VAR / "static"),
        "HTTPS": "0",
        "ROUNDS_DEMO": "1",
        **os.environ,
    }


def prepare(*, loopback: bool) -> None:
    """Migrate, collect the static files if one changed, and make the demonstration if it is not there."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    static = hashlib.sha256()
    for path in sorted([*(ROOT / "static").rglob("*"), ROOT / "requirements.lock"]):
        static.update(f"{path}{path.stat().st_mtime_ns}".encode())
    stamp = VAR / "static.stamp"
    if not stamp.exists() or stamp.read_text() != static.hexdigest():
        call_command("collectstatic", interactive=False, clear=True, verbosity=0)
        stamp.write_text(static.hexdigest())
    call_command("demo", passwords="known" if loopback else "random")


def announce(site: str, *, loopback: bool) -> None:
    """Print where to look and whom to be."""
    from pages.management.commands.demo import DOMAIN, KNOWN_PASSWORD, PEOPLE

    print(
        f"\n  Readers   {site}/\n  A page    {site}/conditions/poems-syndrome/prognosis/\n  The desk  {site}/admin/\n"
    )
    for name in [*(row[0] for row in PEOPLE), "admin"]:
        print(f"  {name}@{DOMAIN}")
    print(f"\n  Password of each: {KNOWN_PASSWORD}" if loopback else "\n  Passwords were printed when they were made.")
    print("  Ctrl-C stops everything. Letters are kept in var/letters/.\n", flush=True)


def serve(host: str, port: str) -> int:
    """Run the web server and, once a minute, the jobs that are due; stop both on Ctrl-C."""
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    web = subprocess.Popen(
        [
            *(sys.executable, "-m", "gunicorn", "config.wsgi", "--config", "python:config.server"),
            *("--bind", bind, "--log-level", "warning"),
        ],
        cwd=ROOT,
        start_new_session=True,
    )
    jobs: subprocess.Popen[bytes] | None = None
    while web.poll() is None and not stopped.is_set():
        if jobs is None or jobs.poll() is not None:
            jobs = subprocess.Popen(
                [sys.executable, "manage.py", "run_due"], cwd=ROOT, start_new_session=True, stdout=subprocess.DEVNULL
            )
        for _ in range(60):
            if web.poll() is not None or stopped.wait(1):
                break
    for process in (web, jobs):
        if process is not None and process.poll() is None:
            process.terminate()
            process.wait(20)
    print("Stopped.")
    return 0 if stopped.is_set() else 1


def main() -> int:
    """Set up and serve."""
    host, port = os.environ.get("HOST") or "localhost", os.environ.get("PORT") or "8000"
    VAR.mkdir(parents=True, exist_ok=True)
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except (OSError, ValueError, OverflowError) as error:
            print(f"Cannot serve on {host}:{port}: {error}. Choose another with: make run PORT=8001", file=sys.stderr)
            return 1
    os.environ.update(environment(host, port), DJANGO_SETTINGS_MODULE="config.settings")
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))
    try:
        prepare(loopback=host in LOOPBACK)
    except (CommandError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    announce(os.environ["SITE_URL"], loopback=host in LOOPBACK)
    return serve(host, port)


if __name__ == "__main__":
    sys.exit(main())
