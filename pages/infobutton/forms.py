"""How an answer is written: as Atom, as JSON, or as JSON in a call of a function. All are made from one document.

JSON follows the standard's rules: an element is an object, its words stand in `_value`, its attributes are members
without a namespace, and what may stand several times is a list, also where it stands once or not at all.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, tostring

from django.http import QueryDict

from . import asking
from .asking import Unreadable

XML, JSON, SCRIPT = "text/xml", "application/json", "application/javascript"
# What an Accept header may call them. A script is never a guess: its caller has to name a function.
ACCEPTED = {XML: XML, "application/xml": XML, "application/atom+xml": XML, JSON: JSON}
# A name of a function, or of one inside an object: nothing that could be a program.
CALLBACK = re.compile(r"[A-Za-z_$][\w$]*(\.[A-Za-z_$][\w$]*)*", re.ASCII)
LONGEST_CALLBACK = 100
# What may stand several times in which element.
SEVERAL = {"feed": ("author", "category", "entry"), "entry": ("link", "category")}
# Written as numbers, so that nothing in a text can end a script or begin a tag.
NUMBERED = {ord(character): f"\\u{ord(character):04x}" for character in "<>=&'"}


@dataclass(frozen=True)
class Form:
    """How one answer is written; `callback` is the function that a script calls."""

    kind: str = XML
    callback: str = ""

    @property
    def content_type(self) -> str:
        """The header."""
        return f"{self.kind}; charset=utf-8"

    def write(self, document: Element) -> bytes:
        """The bytes of a document."""
        if self.kind == XML:
            body: bytes = tostring(document, encoding="utf-8", xml_declaration=True)
            return body
        text = json.dumps({document.tag: _member(document)}, separators=(",", ":")).translate(NUMBERED)
        # The comment keeps the answer from being taken for anything that begins with what the caller chose.
        return (f"/**/{self.callback}({text});" if self.kind == SCRIPT else text).encode()


def wished(sent: QueryDict, accept: str) -> tuple[Form, Unreadable | None]:
    """How the answer is to be written, and what is wrong with the wish, which then is told in the nearest form."""
    try:
        kind = asking.one(sent, "knowledgeResponseType").lower()
        callback = asking.one(sent, "callback")
    except Unreadable as wrong:
        return Form(), wrong
    if not kind:
        return Form(_accepted(accept)), None
    if kind not in {XML, JSON, SCRIPT}:
        return Form(), Unreadable(f"knowledgeResponseType must be {XML}, {JSON} or {SCRIPT}.")
    if kind != SCRIPT:
        return Form(kind), None
    if len(callback) > LONGEST_CALLBACK or not CALLBACK.fullmatch(callback):
        return Form(JSON), Unreadable(
            f"knowledgeResponseType={SCRIPT} needs callback: the name of a function, of letters, digits, _, $ "
            f"and dots, at most {LONGEST_CALLBACK} characters long."
        )
    return Form(SCRIPT, callback), None


def _accepted(accept: str) -> str:
    """The first kind of ours that an Accept header names; Atom where it names none."""
    named = (part.partition(";")[0].strip().lower() for part in accept[:1000].split(","))
    return next((ACCEPTED[name] for name in named if name in ACCEPTED), XML)


def _member(element: Element) -> dict[str, Any]:
    """An element as a member of its parent."""
    found: dict[str, Any] = {
        name.removeprefix("xml:"): value for name, value in element.attrib.items() if name != "xmlns"
    }
    several = SEVERAL.get(element.tag, ())
    found.update((name, []) for name in several)
    for child in element:
        if child.tag in several:
            found[child.tag].append(_member(child))
        else:
            found[child.tag] = _member(child)
    if element.text is not None:
        found["_value"] = element.text
    return found
