"""HL7's knowledge response for Infobutton as the site uses it: who asks, what each element must hold, and its JSON.

Whoever adds an element enters it here first, from the standard (URL-based implementation guide, 2014; Atom, RFC 4287).
"""

import datetime as dt
import json
import re
from typing import Any
from urllib.parse import urlencode
from xml.etree.ElementTree import Element, fromstring

from django.http import HttpResponse
from django.test import Client

ADDRESS = "/infobutton"
ATOM = "{http://www.w3.org/2005/Atom}"
XML = "{http://www.w3.org/XML/1998/namespace}"
OIDS = {
    name: f"2.16.840.1.113883.{rest}"
    for name, rest in {
        "ICD-10-CM": "6.90",
        "ICD-10": "6.3",
        "ICD-9-CM": "6.103",
        "SNOMED CT": "6.96",
        "MeSH": "6.177",
        "OMIM": "6.174",
        "MONDO": "3.9216",
    }.items()
}
PROGNOSIS = {"subTopic.v.c": "D011379", "subTopic.v.cs": OIDS["MeSH"]}
# Each element: how often the ones in it stand there (at least, at most), and which attributes it may have.
ONCE, MAYBE, ANY, SOME = (1, 1), (0, 1), (0, 999), (1, 999)
CHILDREN: dict[str, dict[str, tuple[int, int]]] = {
    "feed": {
        "id": ONCE,
        "title": ONCE,
        "subtitle": MAYBE,
        "updated": ONCE,
        "author": SOME,
        "category": ANY,
        "icon": MAYBE,
        "entry": ANY,
    },
    "author": {"name": ONCE, "uri": MAYBE},
    "entry": {
        "id": ONCE,
        "title": ONCE,
        "link": SOME,
        "updated": ONCE,
        "published": MAYBE,
        "summary": MAYBE,
        "category": ANY,
        "author": ANY,
        "rights": MAYBE,
    },
}
ATTRIBUTES: dict[str, set[str]] = {
    "feed": {f"{XML}lang", f"{XML}base"},
    "entry": {f"{XML}lang"},
    "title": {"type"},
    "subtitle": {"type"},
    "summary": {"type"},
    "link": {"href", "rel", "type", "hreflang", "title"},
    "category": {"scheme", "term", "label"},
}
REQUIRED: dict[str, set[str]] = {
    "feed": {f"{XML}lang"},
    "entry": {f"{XML}lang"},
    "link": {"href", "rel", "hreflang"},
    "category": {"scheme", "term"},
}
SEVERAL = {"feed": ["author", "category", "entry"], "entry": ["link", "category"]}
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
TAG = re.compile(r"tag:[a-z.]+,\d{4}(-\d\d-\d\d)?:[\w/-]+")
ECHO = re.compile(r"(mainSearchCriteria|subTopic)\.[vc]\.(c|cs|dn|ot)\d*|\w+\.languageCode\.c", re.ASCII)


def code(code: str, system: str, number: str = "") -> dict[str, str]:
    """The parameters of a code."""
    return {f"mainSearchCriteria.v.c{number}": code, f"mainSearchCriteria.v.cs{number}": OIDS.get(system, system)}


def address(sent: dict[str, str], kind: str = "text/xml") -> str:
    """The address of a request."""
    return f"{ADDRESS}?{urlencode({**sent, 'knowledgeResponseType': kind})}"


def feed(client: Client, sent: dict[str, str]) -> Element:
    """The answer to a request as a feed, which is whole."""
    response = client.get(address(sent))
    assert response.status_code == 200, response.content
    assert response.headers["Content-Type"] == "text/xml; charset=utf-8"
    root: Element = fromstring(response.content)  # noqa: S314  our own answer
    assert faults(root) == []
    return root


def pages(client: Client, sent: dict[str, str]) -> list[str]:
    """The last part of the address of each page that answers, in order."""
    return [link.get("href", "").split("/")[-2] for link in feed(client, sent).iter(f"{ATOM}link")]


def echoed(root: Element) -> dict[str, str]:
    """The parameters that the feed says were used."""
    return {each.get("scheme", ""): each.get("term", "") for each in root.findall(f"{ATOM}category")}


def text(element: Element, name: str) -> str:
    """The words of the one child of this name."""
    (child,) = element.findall(ATOM + name)
    return child.text or ""


def terms(entry: Element) -> dict[str, str]:
    """The categories of an entry by the last word of their scheme."""
    return {
        each.get("scheme", "").rsplit(":", 1)[-1]: each.get("term", "") for each in entry.findall(f"{ATOM}category")
    }


def entries(root: Element) -> list[Element]:
    """The entries of a feed."""
    return root.findall(f"{ATOM}entry")


def faults(root: Element) -> list[str]:
    """What is wrong with a feed; empty where nothing is."""
    found = [] if root.tag == f"{ATOM}feed" else [f"the root is {root.tag}"]
    for element in root.iter():
        found += _faults_of(element)
    names = [id_.text or "" for id_ in root.iter(f"{ATOM}id")]
    found += [f"id {name!r}" for name in names if not TAG.fullmatch(name)]
    found += ["an id stands twice"] * (len(set(names)) != len(names))
    found += [f"echo of {name}" for name in echoed(root) if not ECHO.fullmatch(name)]
    for entry in entries(root):
        language = entry.get(f"{XML}lang")
        links = entry.findall(f"{ATOM}link")
        found += ["links in another language"] * any(link.get("hreflang") != language for link in links)
        found += ["no alternate link"] * ([link.get("rel") for link in links].count("alternate") != 1)
        found += ["no score from 0 to 1"] * (not 0 <= float(terms(entry).get("relevanceScore", "-1")) <= 1)
    return found


def _faults_of(element: Element) -> list[str]:
    name = element.tag.removeprefix(ATOM)
    counts: dict[str, int] = {}
    for child in element:
        counts[child.tag.removeprefix(ATOM)] = counts.get(child.tag.removeprefix(ATOM), 0) + 1
    may = CHILDREN.get(name, {})
    found = [f"{other} in {name}" for other in counts if other not in may]
    found += [
        f"{counts.get(one, 0)} {one} in {name}" for one, (a, b) in may.items() if not a <= counts.get(one, 0) <= b
    ]
    found += [f"{one} on {name}" for one in set(element.attrib) - ATTRIBUTES.get(name, set())]
    found += [f"no {one} on {name}" for one in REQUIRED.get(name, set()) if not element.get(one)]
    if name in {"updated", "published"} and not MOMENT.fullmatch(element.text or ""):
        found.append(f"{name} is {element.text}")
    if name in {"title", "id", "name"} and not (element.text or "").strip():
        found.append(f"an empty {name}")
    return found


def moment(words: str) -> dt.datetime:
    """A moment as a feed tells it."""
    return dt.datetime.fromisoformat(words)


def as_json(element: Element) -> dict[str, Any]:
    """An element of a feed by the standard's rules for JSON, worked out here once more."""
    name = re.sub(r"\{.*?\}", "", element.tag)
    several = SEVERAL.get(name, [])
    found: dict[str, Any] = {one: [as_json(child) for child in element if child.tag == ATOM + one] for one in several}
    found |= {re.sub(r"\{.*?\}", "", key): value for key, value in element.attrib.items()}
    for child in element:
        single = re.sub(r"\{.*?\}", "", child.tag)
        if single not in several:
            found[single] = as_json(child)
    return found if len(element) else {**found, **({} if element.text is None else {"_value": element.text})}


def called(response: HttpResponse, callback: str) -> dict[str, Any]:
    """What a script calls its function with."""
    words = response.content.decode("ascii")
    assert words.startswith(f"/**/{callback}("), words[:80]
    assert words.endswith(");")
    found: dict[str, Any] = json.loads(words[len(f"/**/{callback}(") : -2])
    return found
