"""The one table of the content API: each resource, its parameters and what it answers.

The views read parameters by it, the descriptions for people and for programs are made from it, and
tests/pages/api/test_table.py holds it against the address map.
"""

from dataclasses import dataclass
from typing import Any

from . import cursor, index

PER_PAGE = 25
LAST_PAGE = 10_000

SLUG = r"^[-a-zA-Z0-9_]{1,100}$"


@dataclass(frozen=True)
class Parameter:
    """Something that may be asked for: in the query, or as a part of the path."""

    name: str
    schema: dict[str, Any]
    words: str
    remedy: str = ""  # what to send in place of what cannot be read

    @property
    def told(self) -> str:
        """What it is, in a sentence or two, with the words that it takes."""
        takes = f" One of {', '.join(self.schema['enum'])}." if "enum" in self.schema else ""
        default = self.schema.get("default")
        without = f" Without it: {str(default).lower()}." if default is not None else ""
        return f"{self.words}{takes}{without}"


@dataclass(frozen=True)
class Resource:
    """Something that may be read. `name` is that of the route, `shape` that of what it answers."""

    name: str
    path: str
    title: str
    words: str
    shape: str
    parameters: tuple[Parameter, ...] = ()
    places: tuple[Parameter, ...] = ()
    moves: bool = False  # an old address leads to the present one
    gone: bool = False  # what was taken down says so
    pages: bool = False  # a list in pages

    @property
    def asked(self) -> dict[str, Parameter]:
        """The parameters of its query by name."""
        return {parameter.name: parameter for parameter in self.parameters}


CATEGORY = Parameter(
    "category",
    {"type": "string", "pattern": "^([A-Za-z]|0-9)$"},
    "The letter of the alphabet under which the name of the condition stands; “0-9” for a digit or a sign.",
    "Send one letter, or 0-9.",
)
SYNONYMS = Parameter(
    "synonyms",
    {"type": "boolean", "default": False},
    "With “category”: also conditions of which another name stands under that letter.",
    "Send true or false.",
)
ORDER_BY = Parameter(
    "orderBy",
    {"type": "string", "enum": ["lastReviewed", "nextReview", "dateModified"]},
    "The date by which the list is put in order; without it, the order is that of the addresses.",
    "Send lastReviewed, nextReview or dateModified.",
)
ORDER = Parameter(
    "order",
    {"type": "string", "enum": ["newest", "oldest"], "default": "newest"},
    "Which date comes first, with “orderBy”.",
    "Send newest or oldest.",
)
START = Parameter(
    "startDate",
    {"type": "string", "format": "date"},
    "The first day of the date that “orderBy” names, or of “dateModified”.",
    "Send a day as YYYY-MM-DD.",
)
END = Parameter(
    "endDate", {"type": "string", "format": "date"}, "The last day of the same date.", "Send a day as YYYY-MM-DD."
)
STATE = Parameter(
    "reviewState",
    {"type": "string", "enum": [*index.STATES.values(), index.CHANGED]},
    "How the review stands today; “changed-since-review” finds texts of which only the changes were approved since "
    "the last review of the whole page.",
    f"Send {', '.join(index.STATES.values())} or {index.CHANGED}.",
)
CHANGED_SINCE = Parameter(
    "changedSince",
    {"type": "string", "pattern": cursor.PATTERN},
    "A cursor that “changes” gave: only what changed since.",
    "Send a cursor as “changes” gave it, or leave it out.",
)
REVIEWER = Parameter(
    "reviewer",
    {"type": "string", "pattern": SLUG},
    "The last part of a reviewer’s address: only pages whose review bears their name.",
    "Send the last part of a reviewer’s address.",
)
PAGE = Parameter(
    "page",
    {"type": "integer", "minimum": 1, "maximum": LAST_PAGE, "default": 1},
    f"Which page of the list; each holds {PER_PAGE}.",
    f"Send a whole number from 1 to {LAST_PAGE}.",
)
SINCE = Parameter(
    "since",
    {"type": "string", "pattern": cursor.PATTERN},
    "The cursor of the answer before; without it everything since the beginning.",
    "Send the cursor of an answer as it is, or leave it out.",
)
FILTERS = (CATEGORY, SYNONYMS, STATE, CHANGED_SINCE, START, END, ORDER_BY, ORDER, PAGE)


def _place(name: str, words: str) -> Parameter:
    return Parameter(name, {"type": "string", "pattern": SLUG}, words)


CONDITION = _place("condition", "The last part of the condition’s address.")
RESOURCES = (
    Resource(
        "api-conditions",
        "/conditions",
        "Conditions",
        "The conditions about which there is a page, with their names, codes elsewhere, and how their pages stand. "
        "A condition is in a state where one of its pages is. Its dates are the newest of its pages, and the "
        "nearest day on which a review is due.",
        "Conditions",
        parameters=FILTERS,
        pages=True,
    ),
    Resource(
        "api-condition",
        "/conditions/{condition}",
        "One condition",
        "Its names and codes, what is broader and narrower, and what took its place, of which none is reviewed; its "
        "community, and its pages with their reviews.",
        "Condition",
        places=(CONDITION,),
        moves=True,
    ),
    Resource(
        "api-articles",
        "/articles",
        "Articles",
        "The question pages that readers see, with their reviews, without their texts.",
        "Articles",
        parameters=(*FILTERS[:-1], REVIEWER, PAGE),
        pages=True,
    ),
    Resource(
        "api-article",
        "/articles/{condition}/{article}",
        "One article",
        "The whole text as it was approved, with everything that a badge beside it has to say. "
        "A page that was taken down answers 410 with the reason.",
        "Article",
        places=(CONDITION, _place("article", "The last part of the page’s address.")),
        moves=True,
        gone=True,
    ),
    Resource(
        "api-reviewers",
        "/reviewers",
        "Reviewers",
        "Everybody who reviews, and those who did and whose name still stands under a page or a history.",
        "Reviewers",
        parameters=(PAGE,),
        pages=True,
    ),
    Resource(
        "api-reviewer",
        "/reviewers/{reviewer}",
        "One reviewer",
        "Who it is, the licences as we found them, and how many public pages rest on their word.",
        "Reviewer",
        places=(_place("reviewer", "The last part of the reviewer’s address."),),
    ),
    Resource(
        "api-changes",
        "/changes",
        "Changes",
        "What changed since a cursor, in the order in which it was decided: other words, a new review, a withdrawal "
        "with its reason. Each change is told once; several of one page in one answer are one.",
        "Changes",
        parameters=(SINCE,),
    ),
)
BY_NAME = {resource.name: resource for resource in RESOURCES}
