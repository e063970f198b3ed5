"""The description for people: what the API is, how to show the badge honestly, and each resource to try."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse

from ..jsonld import absolute
from ..models import SiteText
from . import index
from .cursor import START
from .problems import KINDS
from .shapes import SCHEMAS
from .table import PER_PAGE, RESOURCES, Parameter, Resource

# What stands in the links to try each list.
TRIED: dict[str, dict[str, str]] = {
    "api-conditions": {"orderBy": "lastReviewed"},
    "api-articles": {"reviewState": "current"},
}


@dataclass(frozen=True)
class Shown:
    """A resource as it stands on the page."""

    resource: Resource
    address: str  # with the places of its parts
    attempt: str  # an address to try; empty where this site has none
    members: list[tuple[str, str, str]]  # name, type, what it means

    @property
    def anchor(self) -> str:
        """Where it stands on the page."""
        return self.resource.name.removeprefix("api-")

    @property
    def parameters(self) -> list[Parameter]:
        """All of them, those of the path first."""
        return [*self.resource.places, *self.resource.parameters]


def examples() -> dict[str, str]:
    """Values of parameters that this site answers, taken from its first page; one query, or none."""
    found = {"since": START.word, "changedSince": START.word, "page": "1"}
    for page in index.live_pages()[:1]:
        found |= {"condition": page.condition_slug, "article": page.slug, "reviewer": page.reviewer}
        found["category"] = page.letter
    return found


def shown() -> dict[str, Any]:
    """What stands on the page."""
    some = examples()
    words = SiteText.objects.in_force().get(SiteText.Key.LICENCE)
    return {
        "resources": [_shown(resource, some) for resource in RESOURCES],
        "root": absolute(reverse("api")),
        "problems": [(kind, status, title) for kind, (status, title) in KINDS.items()],
        "licence": words,
        "per_minute": settings.API_A_MINUTE,
        "per_page": PER_PAGE,
    }


def _shown(resource: Resource, some: dict[str, str]) -> Shown:
    parts = {place.name: some[place.name] for place in resource.places if place.name in some}
    whole = len(parts) == len(resource.places)
    query = f"?{urlencode(TRIED[resource.name])}" if resource.name in TRIED else ""
    address = f"{reverse('api').rstrip('/')}{resource.path}"
    attempt = reverse(resource.name, kwargs=parts) + query if whole else ""
    return Shown(resource, address, attempt, _members(resource.shape))


def _members(name: str) -> list[tuple[str, str, str]]:
    """The members of a shape; of a list, those of what it lists."""
    shape = SCHEMAS[name]
    items = shape["properties"].get("items")
    if items is not None and "page" in shape["properties"]:
        shape = SCHEMAS[items["items"]["$ref"].rsplit("/")[-1]]
    return [(each, _kind(schema), schema.get("description", "")) for each, schema in shape["properties"].items()]


def _kind(schema: dict[str, Any]) -> str:
    """The type of a value in a word or two."""
    if "$ref" in schema:
        return f"object with {', '.join(SCHEMAS[schema['$ref'].rsplit('/')[-1]]['properties'])}"
    if "oneOf" in schema:
        return f"{_kind(schema['oneOf'][0])} or null"
    kind = schema["type"]
    if "enum" in schema and isinstance(kind, str):
        return f"one of {', '.join(str(each).lower() for each in schema['enum'] if each is not None)}"
    if isinstance(kind, list):
        return f"{_kind({**schema, 'type': kind[0]})} or null"
    if kind == "array":
        return f"list of {_kind(schema['items'])}"
    return {"date": "day", "date-time": "moment", "uri": "address"}.get(schema.get("format", ""), str(kind))
