"""No line of a log holds the address of a reader, so none can hold it beside a condition."""

import logging
import re
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.test import Client
from gunicorn.config import Config
from gunicorn.http.errors import InvalidHeader, InvalidRequestLine
from gunicorn.workers.base import Worker
from pytest_django import Settings

from config import server
from pages import kept, reading
from pages.infobutton import finding
from pages.infobutton.missing import missing
from pages.models import CodeMiss
from reviews.models import Publication
from tests.feedback import address, send
from tests.pages import site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

READER, PROXIED = "192.0.2.77", "198.51.100.77"


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """Everything that was logged, with whatever hangs on a line."""
    form = logging.Formatter("{levelname} {name}: {message}", style="{")
    return "\n".join(form.format(record) for record in caplog.records)


def test_no_answer_to_a_reader_leaves_their_address_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    site.build()
    publication = Publication.objects.get(article__slug="prognosis")
    reader = Client(REMOTE_ADDR=READER, headers={"X-Forwarded-For": PROXIED}, raise_request_exception=False)
    for where in site.ADDRESSES.values():
        reader.get(where)
        reader.post(where)  # 405
    for _ in range(7):
        send(reader, publication, caller=READER)
    reader.get("/", headers={"Host": "evil.example"})  # 400
    reader.get("/admin/")
    strict = Client(enforce_csrf_checks=True, REMOTE_ADDR=READER)
    strict.post(address(publication))  # 403

    def broken(*_: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(reading, "live_at", broken)
    kept.pages.clear()
    assert reader.get("/conditions/poems-syndrome/prognosis/").status_code == 500
    lines = logged(caplog)
    for line in (
        "Not Found: ",
        "Gone: ",
        "Method Not Allowed",
        "Forbidden (",
        "Internal Server Error: ",
        "evil.example",
    ):
        assert line in lines, "the test sees what is logged"
    assert READER not in lines
    assert PROXIED not in lines
    assert not [vars(record) for record in caplog.records if READER in str(getattr(record, "args", ""))]


def test_nothing_that_a_clinicians_system_sends_stands_in_the_log(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    caplog.set_level(logging.DEBUG)
    settings.INFOBUTTON_A_MINUTE = 12
    site.build()
    caller = Client(REMOTE_ADDR=READER, raise_request_exception=False)
    patient = (
        "age.v.v=marzipan&patientPerson.administrativeGenderCode.c=marzipan&assignedAuthorizedPerson.id.root=marzipan"
    )
    asked = [
        f"mainSearchCriteria.v.dn=marzipan&{patient}",
        "mainSearchCriteria.v.c=D999999&mainSearchCriteria.v.cs=MeSH",
    ]
    for query in [*asked, "mainSearchCriteria.v.c=marzipan", f"knowledgeResponseType=marzipan&{patient}"]:
        caller.get(f"/infobutton?{query}")
        caller.post("/infobutton", query, content_type="application/x-www-form-urlencoded")
    caller.put(f"/infobutton?{asked[0]}")
    monkeypatch.setattr(CodeMiss.objects, "note", _raising(OperationalError("marzipan D999999")))
    missing.clear()
    caller.get(f"/infobutton?{asked[1]}")
    monkeypatch.setattr(finding, "find", _raising(OperationalError("marzipan")))
    caller.get(f"/infobutton?{asked[0]}")
    monkeypatch.setattr(finding, "find", _raising(RuntimeError("broken")))
    assert caller.get(f"/infobutton?{asked[0]}").status_code == 500
    while caller.get(f"/infobutton?{asked[0]}").status_code != 429:
        pass
    lines = logged(caplog)
    for line in (
        "Bad Request: /infobutton",
        "Method Not Allowed (PUT): /infobutton",
        "Service Unavailable: /infobutton",
        "were not written: OperationalError",
        "Internal Server Error: /infobutton",
        "Too Many Requests: /infobutton",
    ):
        assert line in lines, "the test sees what is logged"
    ours = "\n".join(line for line in lines.splitlines() if "django.db.backends" not in line)
    for secret in ("marzipan", "D999999", READER):
        assert secret not in ours


def _raising(error: Exception) -> Callable[..., None]:
    def broken(*_: object) -> None:
        raise error

    return broken


def test_a_line_that_tells_where_a_sign_in_came_from_tells_nothing_else(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    where = "/accounts/login/?next=/conditions/poems-syndrome/"
    Client().post(where, {"login": "a@example.org", "password": "wrong"}, REMOTE_ADDR=READER)
    lines = [line for line in logged(caplog).splitlines() if READER in line]
    assert lines
    assert not [line for line in lines if re.search(r"/|poems", line)]


@pytest.mark.parametrize(
    "error",
    [
        InvalidRequestLine("GET /poems-syndrome/ x"),  # type: ignore[no-untyped-call]
        InvalidHeader("Referer: /poems/ x"),  # type: ignore[no-untyped-call]
    ],
)
def test_what_the_server_cannot_read_is_logged_without_its_sender(
    error: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = Config()  # type: ignore[no-untyped-call]
    config.set("logger_class", server.logger_class)  # type: ignore[no-untyped-call]
    log = config.logger_class(config)
    monkeypatch.setattr(log.error_log, "propagate", True)
    monkeypatch.setattr("gunicorn.util.write_error", lambda *_: None)
    Worker.handle_error(SimpleNamespace(log=log), None, None, (READER, 1), error)  # type: ignore[no-untyped-call]
    assert "Invalid request: " in caplog.text
    assert READER not in caplog.text
    assert "poems" not in caplog.text


def test_a_log_of_requests_that_somebody_switches_on_holds_neither_address_nor_page() -> None:
    assert server.accesslog is None
    kept = set(re.findall(r"%\((.+?)\)", server.access_log_format))
    assert kept <= {"t", "m", "s", "b", "B", "M", "D", "L", "p"}
