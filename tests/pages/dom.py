"""A public page as a tree, read by a strict parser: the tests look at it as a browser would."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
from django.test import Client


def read(client: Client, path: str, status: int = 200) -> Element:
    """The page at an address, which answers with this status and is valid HTML."""
    response = client.get(path)
    assert response.status_code == status, f"{path} answers {response.status_code}"
    return tree(response.content)


def tree(content: bytes) -> Element:
    """The root of a page; the parser raises at the first thing that is not valid."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    root: Element = parser.parse(content.decode())
    return root


def words(element: Element) -> str:
    """All text inside that readers see, blanks made single."""
    return " ".join("".join(_texts(element)).split())


def _texts(element: Element) -> Iterator[str]:
    if element.tag != "script":
        yield element.text or ""
        for child in element:
            yield from _texts(child)
            yield child.tail or ""


def data(root: Element) -> dict[str, Any]:
    """The structured data of a page; empty where it has none."""
    found = [script for script in root.iter("script") if script.get("type") == "application/ld+json"]
    assert len(found) <= 1
    node: dict[str, Any] = json.loads(found[0].text or "") if found else {}
    return node


def having(root: Element, name: str) -> list[Element]:
    """The elements with this class."""
    return [element for element in root.iter() if name in element.get("class", "").split()]


def only(root: Element, name: str) -> Element:
    """The one element with this class."""
    (element,) = having(root, name)
    return element


def by_id(root: Element, name: str) -> Element:
    """The one element with this id."""
    (element,) = [element for element in root.iter() if element.get("id") == name]
    return element


def first(root: Element, tag: str) -> Element:
    """The first element with this tag."""
    return next(root.iter(tag))


def ids(root: Element) -> list[str]:
    """Every id, in order."""
    return [name for element in root.iter() if (name := element.get("id")) is not None]


def links(root: Element) -> list[str]:
    """Where the links lead, in order."""
    return [link.get("href", "") for link in root.iter("a")]


def facts(root: Element) -> dict[str, str]:
    """A list of terms and what is said of each."""
    pairs: Iterator[Element] = (element for element in root.iter() if element.tag in {"dt", "dd"})
    return {words(term): words(next(pairs)) for term in pairs}


def spelled(day: dt.date) -> str:
    """A day as readers see it."""
    return f"{day:%-d %B %Y}"
