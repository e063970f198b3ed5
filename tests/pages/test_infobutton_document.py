"""docs/infobutton.md: each of its requests does on the demonstration what stands below it."""

import io
import json
import re
import shlex
from urllib.parse import urlsplit
from xml.etree.ElementTree import fromstring

import pytest
from django.core.management import call_command
from django.http import HttpResponse
from django.test import Client
from pytest_django import Settings

from articles import codes
from tests import knowledge
from tests.documents import ROOT

pytestmark = [pytest.mark.django_db, pytest.mark.once]

DOCUMENT = (ROOT / "docs" / "infobutton.md").read_text()
REQUEST = re.compile(r"^    (curl .+)\n    # (\d{3})(.*)$", re.MULTILINE)
HOST = "http://localhost:8000"


def send(client: Client, line: str) -> HttpResponse:
    """What a line of curl sends."""
    words = shlex.split(line)[1:]
    address = words.pop().removeprefix(HOST)
    if words[:1] == ["-d"]:
        return client.post(address, words[1], content_type="application/x-www-form-urlencoded")  # type: ignore[return-value]
    assert words == []
    return client.get(address)  # type: ignore[return-value]


def links(response: HttpResponse) -> list[str]:
    """The addresses of the pages that an answer names, without their host."""
    kind, body = response.headers["Content-Type"].partition(";")[0], response.content.decode()
    if kind == "text/xml":
        root = fromstring(body)  # noqa: S314  our own answer
        assert knowledge.faults(root) == []
        found = [link.get("href", "") for link in root.iter(f"{knowledge.ATOM}link")]
    else:
        data = knowledge.called(response, "show") if kind == "application/javascript" else json.loads(body)
        found = [link["href"] for entry in data["feed"]["entry"] for link in entry["link"]]
    return [urlsplit(link).path for link in found]


def test_every_request_in_it_does_what_it_says(client: Client, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True
    call_command("demo", passwords="random", stdout=io.StringIO())
    requests = REQUEST.findall(DOCUMENT)
    assert len(requests) == DOCUMENT.count("    curl ") > 8
    for line, status, pages in requests:
        response = send(client, line)
        assert response.status_code == int(status), line
        if status == "200":
            assert links(response) == pages.split(), line
            assert b"demonstration" in response.content


def test_every_code_system_in_it_is_known_by_each_of_its_names() -> None:
    rows = re.findall(r"^\| ([\w -]+)(?: \(WHO\))? \| (\S+) \| `(http\S+)` \|$", DOCUMENT, re.MULTILINE)
    assert len(rows) == 7
    for name, oid, uri in rows:
        system = codes.system_of(name.strip())
        assert system is not None, name
        assert codes.system_of(uri) == system, uri
        assert (
            oid == "none" or codes.system_of(oid.strip("`")) == codes.system_of(f"urn:oid:{oid.strip('`')}") == system
        )
