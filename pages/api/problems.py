"""What a program is told when it cannot have what it asked for (RFC 9457): what is wrong, and what to do."""

import json
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from ..jsonld import absolute

PROBLEM = "application/problem+json"

# By the last part of its address, under which the description tells of it: status and title.
KINDS: dict[str, tuple[int, str]] = {
    "bad-parameter": (400, "A parameter cannot be read"),
    "not-found": (404, "There is nothing at this address"),
    "no-such-page": (404, "The list has no such page"),
    "unknown-cursor": (404, "The cursor is not of this record"),
    "read-only": (405, "This can only be read"),
    "withdrawn": (410, "This page was withdrawn"),
    "too-many-requests": (429, "Too many requests"),
    "tampered": (503, "The stored text is not the approved one"),
    "unavailable": (503, "This cannot be answered now"),
}


class Problem(Exception):
    """A request that is not answered as it was asked; `more` are members that stand beside the usual ones."""

    def __init__(self, kind: str, detail: str, *, headers: dict[str, str] | None = None, **more: Any) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.headers, self.more = kind, detail, headers or {}, more

    def answer(self) -> HttpResponse:
        """The answer that says so."""
        status, title = KINDS[self.kind]
        said = {
            "type": f"{absolute(reverse('api'))}#{self.kind}",
            "title": title,
            "status": status,
            "detail": self.detail,
            **self.more,
        }
        response = HttpResponse(json.dumps(said, ensure_ascii=False), content_type=PROBLEM, status=status)
        for name, value in self.headers.items():
            response.headers[name] = value
        return response
