"""A visit of every public address of a site: from some first ones along every link, sitemap and feed."""

from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin
from xml.etree.ElementTree import Element, fromstring

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import Resolver404, resolve

from config.urls import urlpatterns

from . import dom

# The routes that are ours; but for the second part of a list, which needs more rows than the demonstration has.
ROUTES = {name for pattern in urlpatterns if (name := getattr(pattern, "name", None))} - {
    *("conditions-part", "letter-part", "reviewer-part", "links-part"),
    # Where members alone get, and the step after a form.
    *("join-code", "me-export", "membership", "leave", "erase", "erased"),
}
# Those that no person looks at.
MACHINES = {"condition-feed", "feed", "sitemap", "sitemap-part", "robots", "suggestions", "healthz", "infobutton"} | {
    name for name in ROUTES if name.startswith("api-")
}

FIRST = [
    "/",
    "/robots.txt",
    "/sitemap.xml",
    "/healthz",
    "/search/?q=wilson",
    "/search/?q=wilsn",
    "/search/?q=blue+toe",
    "/search/suggestions/?q=wilson",
    "/infobutton?mainSearchCriteria.v.c=D016878&mainSearchCriteria.v.cs=2.16.840.1.113883.6.177",
    # Linked to from nowhere.
    "/conditions/wilson-disease/diet/",
    "/conditions/wilson-disease/diet/history/",
    "/conditions/poems-syndrome/prognosis/history/?version=1",
    "/conditions/no-such-page/",
    "/api/v1/",
    "/api/v1/no-such-thing",
    "/accounts/login/",
]


@dataclass(frozen=True)
class Visit:
    """What an address answered, as a tree where it is HTML or XML, and the addresses that it names, with fragments."""

    response: HttpResponse
    root: Element | None
    named: frozenset[str]

    @property
    def is_page(self) -> bool:
        """Whether people look at it."""
        return self.response.headers["Content-Type"].startswith("text/html")


def route(address: str) -> str:
    """The name of the route behind an address; empty where there is none."""
    try:
        return resolve(address.partition("?")[0]).url_name or ""
    except Resolver404:
        return ""


def visit(client: Client) -> dict[str, Visit]:
    """Every visit by its address; the strict parsers refuse what is not valid."""
    found: dict[str, Visit] = {}
    waiting = [*FIRST]
    while waiting:
        address = waiting.pop()
        if address not in found:
            found[address] = _visit(client, address)
            waiting += sorted(urldefrag(name).url for name in found[address].named)
    return found


def _visit(client: Client, address: str) -> Visit:
    response = client.get(address)
    kind = response.headers.get("Content-Type", "").partition(";")[0]
    if kind == "text/html" and response.content:
        root = dom.tree(response.content)
        named = _of_page(root)
    elif kind.endswith("xml"):
        root = fromstring(response.content)  # noqa: S314  our own answer
        named = _of_document(root)
    else:
        root = None
        named = [line.partition(": ")[2] for line in response.content.decode().splitlines() if "Sitemap: " in line]
    named += [response.headers["Location"]] if "Location" in response.headers else []
    whole = {urljoin(f"{settings.SITE_URL}{address}", name) for name in named}
    own = {name.removeprefix(settings.SITE_URL) for name in whole if name.startswith(f"{settings.SITE_URL}/")}
    return Visit(response, root, frozenset(own))  # type: ignore[arg-type]


def _of_page(root: Element) -> list[str]:
    linked = [element.get("href", "") for element in root.iter() if element.tag in {"a", "link"}]
    sent = [form.get("action", "") for form in root.iter("form") if form.get("method") != "post"]
    stated = [name for name in _words(dom.data(root)) if name.startswith(f"{settings.SITE_URL}/")]
    loaded = {link.get("href", "") for link in root.iter("link") if link.get("rel") in {"stylesheet", "icon"}}
    return [name for name in linked + sent + stated if name not in loaded]


def _of_document(root: Element) -> list[str]:
    texts = [element.text or "" for element in root.iter() if element.tag.endswith(("}loc", "}id", "}uri"))]
    return [text for text in texts if text.startswith("http")] + [
        element.get("href", "") for element in root.iter() if element.tag.endswith("}link")
    ]


def _words(value: object) -> list[str]:
    """Every word of some structured data that is a value; an @id is a name, and need lead nowhere."""
    if isinstance(value, dict):
        return [word for key, each in value.items() if key != "@id" for word in _words(each)]
    if isinstance(value, list):
        return [word for each in value for word in _words(each)]
    return [value] if isinstance(value, str) else []
