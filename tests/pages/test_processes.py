"""Several processes serve the site: none of them goes on showing what another one replaced or withdrew."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.db import connection

from tests import make, people
from tests.faults.server import Server
from tests.test_run import until

ROOT = Path(__file__).resolve().parent.parent.parent
SERVE = """
import re, sys, django
django.setup()
from django.test import Client
client = Client()
for address in sys.stdin:
    answer = client.get(address.strip())
    print(answer.status_code, re.search("<h1>(.*?)</h1>", answer.content.decode())[1], flush=True)
"""


class Process:
    """A process of its own that answers one request at a time."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.child = child

    def get(self, address: str) -> str:
        """Status and heading of a page."""
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        print(address, file=self.child.stdin, flush=True)
        return self.child.stdout.readline().strip()


def database_url() -> str:
    """The address of the database of this very test."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@pytest.fixture
def processes(transactional_db: None) -> Iterator[list[Process]]:
    """Two processes on one database."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings", "DATABASE_URL": database_url()}
    with ExitStack() as stack:
        children = [
            subprocess.Popen(
                [sys.executable, "-c", SERVE],
                cwd=ROOT,
                env=environment,
                text=True,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        for child in children:
            stack.enter_context(child)
            stack.callback(child.kill)
        yield [Process(child) for child in children]


@pytest.mark.django_db(transaction=True)
def test_no_process_shows_what_another_one_replaced_or_withdrew(processes: list[Process]) -> None:
    # ways 15 and 16
    first = make.publication(make.review(make.revision(question="Is it the first?")))
    address = first.article.get_absolute_url()

    def shown() -> set[str]:
        return {process.get(address) for process in processes * 3}

    assert shown() == {"200 Is it the first?"}
    second = make.publication(make.review(make.revision(first.article, question="Is it the second?")))
    assert shown() == {"200 Is it the second?"}
    second.withdraw(by=people.publisher(), why="A figure was wrong.")
    assert shown() == {"410 Is it the second?"}


def gone(server: Server, address: str) -> bool:
    """Whether a server says that a page was taken down."""
    return server.ask(address).status == 410


@pytest.mark.django_db(transaction=True)
def test_two_servers_that_keep_pages_show_none_after_it_was_withdrawn() -> None:
    # ways 15 and 16: each has the page in its memory, and holds what it knows of the record for a second
    page = make.publication()
    address = page.article.get_absolute_url()
    make.community(members=11)
    with ExitStack() as stack:
        servers = [stack.enter_context(Server(database_url(), settings="tests.faults.holding")) for _ in range(2)]
        tags = {answer.headers["ETag"] for server in servers * 3 if (answer := server.ask(address)).status == 200}
        assert len(tags) == 1, "the version of a page is the same in every process"
        page.withdraw(by=people.publisher(), why="A figure was wrong.")
        for server in servers:
            until(partial(gone, server, address))
        answers = [servers[number % 2].ask(address) for number in range(100)]
        assert {answer.status for answer in answers} == {410}
        assert len({answer.headers["ETag"] for answer in answers}) == 1
