"""The description is true: schemathesis tries the API with what it allows and with what it does not."""

import subprocess
import sys
import time

import pytest
from django.core.management import call_command
from pytest_django.live_server_helper import LiveServer

from pages.api import table

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.once]


def tried(server: LiveServer, *options: str) -> subprocess.CompletedProcess[str]:
    """One run against a live server."""
    address = f"{server.url}/api/v1"
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", "--url", address]
    return subprocess.run([*command, *options], capture_output=True, text=True, check=False)


def test_x(live_server, settings, monkeypatch) -> None:
    monkeypatch.setattr(table, "PER_MINUTE", 1_000_000)
    settings.ROUNDS_DEMO = True
    call_command("demo", passwords="known", verbosity=0)
    for n in ("5",):
        t = time.time()
        done = tried(live_server, "--seed", "1", "-n", n, "--no-color", "--generation-database", "none")
        print(time.time() - t, done.stdout[-9000:], done.stderr[-2000:])
