"""Reads a request after HL7's Context-Aware Knowledge Retrieval, URL-based (2014): what is asked about.

What says something about a patient (age, sex, ids, place) is not read at all, so nothing can keep it or log it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, QueryDict

FORM = "application/x-www-form-urlencoded"
# element.attribute.component, the second of a kind with a 1 behind it; the attribute c is an older name of v.
NAME = re.compile(r"(mainSearchCriteria|subTopic)\.[vc]\.(cs|c|dn|ot)([1-9][0-9]?)?", re.ASCII)
LANGUAGES = ("informationRecipient.languageCode.c", "performer.languageCode.c")
MOST_CRITERIA = 20
LONGEST_VALUE = 1_000


class Unreadable(Exception):
    """A request that breaks the standard; the message tells whoever integrates the site what to mend."""


@dataclass(frozen=True)
class Said:
    """A parameter as it was sent."""

    name: str
    value: str


@dataclass(frozen=True)
class Criterion:
    """One thing that was asked for: by its code, by the name that was displayed, by the words that were typed."""

    c: Said | None = None
    cs: Said | None = None
    dn: Said | None = None
    ot: Said | None = None

    @property
    def code(self) -> tuple[Said, Said] | None:
        """The code with its system."""
        return (self.c, self.cs) if self.c and self.cs else None

    @property
    def words(self) -> list[Said]:
        """The names."""
        return [said for said in (self.dn, self.ot) if said]


@dataclass(frozen=True)
class Asked:
    """What a request asks for; everything else in it is left unread."""

    criteria: list[Criterion]
    topics: list[Criterion] = field(default_factory=list)
    languages: list[Said] = field(default_factory=list)


def parameters(request: HttpRequest) -> QueryDict:
    """What was sent: in the address, or by POST as a form. Raises Unreadable."""
    try:
        if request.method != "POST":
            return request.GET
        if request.content_type != FORM:
            raise Unreadable(f"Send the parameters of a POST in its body, as {FORM}.")
        return request.POST
    except (BadRequest, SuspiciousOperation, OSError) as problem:
        raise Unreadable("The parameters cannot be read: too many, too long, or not in UTF-8.") from problem


def one(sent: QueryDict, name: str) -> str:
    """The value of a parameter that stands once; empty where it is missing. Raises Unreadable."""
    values = [value for value in sent.getlist(name) if value.strip()]
    if len(values) > 1:
        raise Unreadable(f"{name} stands there {len(values)} times. Number the second one {name}1.")
    if len(value := values[0].strip() if values else "") > LONGEST_VALUE:
        raise Unreadable(f"{name} is longer than {LONGEST_VALUE:,} characters.")
    return value


def read(sent: QueryDict) -> Asked:
    """What is asked for. Raises Unreadable."""
    found: dict[str, dict[int, dict[str, Said]]] = {"mainSearchCriteria": {}, "subTopic": {}}
    for name, (element, component, number) in _named(sent):
        if value := one(sent, name):
            parts = found[element].setdefault(number, {})
            if component not in parts or ".v." in name:  # the newer name of the two wins
                parts[component] = Said(name, value)
    criteria, topics = (
        [_criterion(element, number, parts) for number, parts in sorted(numbered.items())]
        for element, numbered in found.items()
    )
    if not criteria:
        raise Unreadable(
            "Nothing is asked for. Send mainSearchCriteria.v.c with mainSearchCriteria.v.cs, "
            "or mainSearchCriteria.v.dn, or mainSearchCriteria.v.ot."
        )
    if len(criteria) > MOST_CRITERIA or len(topics) > MOST_CRITERIA:
        raise Unreadable(f"More than {MOST_CRITERIA} criteria are asked for at once. Send several requests.")
    languages = [Said(name, value) for name in LANGUAGES if (value := one(sent, name))]
    return Asked(criteria, topics, languages)


def _named(sent: QueryDict) -> Iterator[tuple[str, tuple[str, str, int]]]:
    """The parameters that ask for something, with what their names mean."""
    for name in sent:
        if (found := NAME.fullmatch(name)) is not None:
            element, component, number = found.groups()
            yield name, (element, component, int(number or 0))


def _criterion(element: str, number: int, parts: dict[str, Said]) -> Criterion:
    behind = str(number or "")
    code, system = (f"{element}.v.{component}{behind}" for component in ("c", "cs"))
    if "c" in parts and "cs" not in parts:
        raise Unreadable(f"{code} stands there without {system}. Name the system of the code, best by its OID.")
    if set(parts) == {"cs"}:
        raise Unreadable(f"{system} stands there without {code}.")
    return Criterion(**parts)
