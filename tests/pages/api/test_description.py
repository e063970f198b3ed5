"""The descriptions are true: schemathesis tries the API with what its own description allows and does not."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import resolve
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from config.urls import urlpatterns
from pages.api import shapes, table
from pages.api.problems import KINDS
from tests import make
from tests.documents import ROOT
from tests.pages import dom, site

from .asking import ask

pytestmark = [pytest.mark.django_db, pytest.mark.once]

OTHERS = {"api", "api-openapi", "api-nothing"}


def test_every_address_is_in_the_table_and_every_row_has_its_address() -> None:
    ours = {pattern.name for pattern in urlpatterns if str(getattr(pattern, "name", "")).startswith("api")}
    assert ours - OTHERS == set(table.BY_NAME)
    for resource in table.RESOURCES:
        path = resource.path.format(condition="some", article="page", reviewer="somebody")
        assert resolve(f"/api/v1{path}").url_name == resource.name
    described = ask("/openapi.json")["paths"]
    assert set(described) == {resource.path for resource in table.RESOURCES}


def test_every_shape_is_exact() -> None:
    def objects(schema: Any) -> Any:
        if isinstance(schema, dict):
            if schema.get("type") == "object":
                yield schema
            for each in schema.values():
                yield from objects(each)
        elif isinstance(schema, list):
            for each in schema:
                yield from objects(each)

    found = list(objects(ask("/openapi.json")))
    assert len(found) > 30
    for each in found:
        assert each["additionalProperties"] is False
        assert set(each["required"]) >= set(each["properties"]) - {"parameter"}
    assert set(shapes.SCHEMAS) == set(ask("/openapi.json")["components"]["schemas"])


def test_every_example_is_one_that_this_site_answers() -> None:
    site.build()
    for path, methods in ask("/openapi.json")["paths"].items():
        sent: dict[str, dict[str, Any]] = {"path": {}, "query": {}}
        for parameter in methods["get"]["parameters"]:
            if "example" in parameter:
                sent[parameter["in"]][parameter["name"]] = parameter["example"]
        assert ask(path.format(**sent["path"]), **sent["query"])


def test_people_read_of_everything_that_there_is() -> None:
    site.build()
    page = dom.read(Client(), "/api/v1/")
    said = dom.words(page)
    for resource in table.RESOURCES:
        assert f"GET /api/v1{resource.path}" in said
        assert resource.words in said
        found = shapes.SCHEMAS[resource.shape]
        listed = [found["properties"]["items"]["items"]["$ref"].rsplit("/")[-1]] if resource.pages else []
        for name in (
            *resource.asked,
            *found["properties"],
            *(shapes.SCHEMAS[listed[0]]["properties"] if listed else ()),
        ):
            assert name in said, (resource.name, name)
    assert set(KINDS) < set(dom.ids(page))


def test_the_document_for_partners_names_everything_too() -> None:
    words = (ROOT / "docs" / "api.md").read_text()
    for resource in table.RESOURCES:
        assert f"`/api/v1{resource.path}`" in words
        assert not [name for name in resource.asked if f"`{name}" not in words]
    assert not [kind for kind in KINDS if f"`{kind}`" not in words]


def test_every_request_in_the_document_for_partners_works_on_the_demonstration(settings: Settings) -> None:
    settings.ROUNDS_DEMO = True
    call_command("demo", passwords="known", verbosity=0)
    words = (ROOT / "docs" / "api.md").read_text()
    sent = re.findall(r"^    curl .*?http://localhost:8000(/[^\s']*)'?(?: +# (\d+))?$", words, re.MULTILINE)
    assert len(sent) > 10
    for address, status in sent:
        response = Client().get(address)
        assert response.status_code == int(status or 200), address
        assert response.json().get("items") != [], address


def tried(server: LiveServer, folder: Path, *options: str) -> str:
    """What schemathesis finds on a live server; empty where it finds nothing. It leaves notes in the folder."""
    address = f"{server.url}/api/v1"
    fixed = ["--url", address, "--seed", "1", "--generation-database", "none", "--no-color", "--checks", "all"]
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{address}/openapi.json", *fixed, *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        assert "No issues found" in done.stdout
        return ""
    return f"{done.stdout}\n{done.stderr}"


@pytest.fixture
def unlimited(settings: Settings) -> None:
    """Somebody who may ask as fast as they can."""
    settings.API_A_MINUTE = 1_000_000


@pytest.mark.django_db(transaction=True)
def test_schemathesis_finds_nothing_on_the_demonstration(
    live_server: LiveServer, unlimited: None, settings: Settings, tmp_path: Path
) -> None:
    settings.ROUNDS_DEMO = True
    call_command("demo", passwords="known", verbosity=0)
    assert tried(live_server, tmp_path, "--phases", "examples,fuzzing,stateful", "-n", "15") == ""


@pytest.mark.django_db(transaction=True)
def test_schemathesis_finds_nothing_on_a_site_with_a_page_in_every_state(
    live_server: LiveServer, unlimited: None, tmp_path: Path
) -> None:
    site.build()
    assert tried(live_server, tmp_path, "--phases", "examples,coverage") == ""


@pytest.mark.django_db(transaction=True)
def test_schemathesis_finds_a_member_that_the_description_does_not_name(
    live_server: LiveServer, unlimited: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.publication()
    plain = shapes.SCHEMAS["ReviewerSummary"]
    named = {name: each for name, each in plain["properties"].items() if name != "suffix"}
    monkeypatch.setitem(shapes.SCHEMAS, "ReviewerSummary", shapes.exactly(**named))
    assert "suffix" in tried(live_server, tmp_path, "--phases", "fuzzing", "-n", "3", "--include-path", "/reviewers")
