"""XML for machines, which nothing that somebody typed can break."""

import datetime as dt
import re
from xml.etree.ElementTree import Element, SubElement, tostring

from django.http import HttpResponse

# What XML 1.0 cannot hold, not even as a number (https://www.w3.org/TR/xml/#charsets).
IMPOSSIBLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def root(name: str, **attributes: str) -> Element:
    """The outermost element of a document."""
    return Element(name, attributes)


def add(parent: Element, name: str, words: str | None = None, **attributes: str) -> Element:
    """One more element, with words in it; a character that XML cannot hold is shown as one that is missing."""
    element = SubElement(parent, name, {key: _possible(value) for key, value in attributes.items()})
    element.text = None if words is None else _possible(words)
    return element


def _possible(words: str) -> str:
    return IMPOSSIBLE.sub("\ufffd", words)


def moment(at: dt.datetime) -> str:
    """A moment as RFC 3339 and W3C write it, in UTC."""
    return at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def answer(document: Element, content_type: str) -> HttpResponse:
    """A document as the answer to a request."""
    body: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
    return HttpResponse(body, content_type=f"{content_type}; charset=utf-8")
