"""Finds what answers a request: the public pages of the conditions that bear a code, or whose name was given."""

import hashlib
import json
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from django.db import models

from accounts.prepared import Prepared
from articles import codes, names
from articles.codes import Match
from articles.models import ConditionCode, Language, Topic, preferred_name
from articles.names import Fit
from reviews.models import Publication

from .. import changes, reading, retired, search
from ..changes import Change
from .asking import Asked, Criterion, Said

if TYPE_CHECKING:
    from ..reading import Shown

logger = logging.getLogger(__name__)

# How much a condition is what was asked for, by how exactly the code means it or how well the name fits.
EXACTNESS = {Match.EXACT: 1.0, Match.CLOSE: 0.9, Match.NARROW: 0.7, Match.BROAD: 0.6, Match.UNSTATED: 0.5}
RELATED = 0.3
FITS = {Fit.EXACT: 0.9, Fit.BEGINS: 0.5, Fit.WORDS: 0.4}
# Where the question that was asked for has no page, the other pages of the condition are worth so much of it.
INSTEAD = 0.5
FEWEST_LETTERS = 3
# So many names are looked up for a request: that costs more than all else of it.
MOST_NAMES = 3
# What SNOMED CT writes behind a name to tell it from others.
KIND_OF_TERM = re.compile(r" \((disorder|disease|finding)\)$", re.IGNORECASE)
MOST_CONDITIONS, MOST_PAGES = 100, 30

MESH, SNOMED = "MeSH", "SNOMED CT"
# Each subTopic of the standard by its code: those of our topics, and others that belong to one.
TOPICS = {(MESH, topic.mesh): topic for topic in Topic if topic.mesh} | {
    (MESH, "Q000009"): Topic.TREATMENT,  # adverse effects
    (MESH, "Q000744"): Topic.TREATMENT,  # contraindications
    (MESH, "Q000145"): Topic.OVERVIEW,  # classification
    (SNOMED, "47965005"): Topic.DIAGNOSIS,  # differential diagnosis
}
ORDER: list[str] = list(Topic.values)

Code = tuple[str, str]  # the name of a system, and a code in the form that is kept


@dataclass(frozen=True)
class Page:
    """A public page that answers, its text the approved one."""

    change: Change
    score: float

    @property
    def row(self) -> "Shown":
        """The publication with all that is shown of it."""
        return cast("Shown", self.change.publication)


@dataclass
class Found:
    """What answers a request, the most fitting first."""

    language: str = Language.ENGLISH
    pages: list[Page] = field(default_factory=list)
    used: list[Said] = field(default_factory=list)  # the parameters by which it was found
    missed: set[Code] = field(default_factory=set)  # codes that lead to no public page
    names: int = 0  # how many were looked up

    @property
    def key(self) -> str:
        """The same for the same parameters in whatever order; nothing can be read from it."""
        said = sorted((each.name, each.value) for each in self.used)
        return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Line:
    """A public page before its text was read."""

    article: int
    condition: int
    topic: str
    slug: str


def find(asked: Asked) -> Found:
    """The answer to a request; five queries at most, one for each name, and some where a condition was given up."""
    found = Found()
    scores, wanted = _conditions(asked.criteria, found)
    lines = _lines(scores)
    public = {line.condition for line in lines}
    found.missed = {code for code, bearers in wanted.items() if not bearers & public}
    lines, worth = _about(asked.topics, lines, found)
    found.language = _language(asked.languages, found)
    lines.sort(key=lambda line: (-scores[line.condition], line.condition, ORDER.index(line.topic), line.slug))
    chosen = {line.article: scores[line.condition] * worth for line in lines[:MOST_PAGES]}
    found.pages = list(_pages(chosen, found.language))
    return found


# Conditions


def _conditions(criteria: list[Criterion], found: Found) -> tuple[dict[int, float], dict[Code, set[int]]]:
    """Conditions with what they are worth, and who bears each code that was asked for and can be one."""
    read = [_code(criterion) for criterion in criteria]
    wanted: dict[Code, set[int]] = {code: set() for code in read if code}
    worth: dict[Code, dict[int, float]] = {code: {} for code in wanted}
    for condition, system, code, match in _bearers(wanted):
        wanted[system, code].add(condition)
        worth[system, code][condition] = EXACTNESS.get(Match(match), RELATED)
    scores: dict[int, float] = {}
    for criterion, key in zip(criteria, read, strict=True):
        if key and criterion.code:
            found.used += criterion.code
        fitting = (worth[key] if key else {}) or _named(criterion, found)
        for condition, score in fitting.items():
            scores[condition] = max(score, scores.get(condition, 0))
    scores, wanted = _shown(scores, wanted)
    best = sorted(scores, key=lambda condition: (-scores[condition], condition))[:MOST_CONDITIONS]
    return {condition: scores[condition] for condition in best}, wanted


def _shown(scores: dict[int, float], wanted: dict[Code, set[int]]) -> tuple[dict[int, float], dict[Code, set[int]]]:
    """The same with each condition that was given up exchanged for the one that is shown in its place."""
    ends = retired.ends_of({*scores, *(each for bearers in wanted.values() for each in bearers)}) if scores else {}
    if not ends:
        return scores, wanted
    instead = {condition: end.pk for condition, end in ends.items()}
    moved: dict[int, float] = {}
    for condition, score in scores.items():
        shown = instead.get(condition, condition)
        moved[shown] = max(score, moved.get(shown, 0))
    return moved, {code: {instead.get(each, each) for each in bearers} for code, bearers in wanted.items()}


def _code(criterion: Criterion) -> Code | None:
    """The code of a criterion as rows hold it; None where there is none, or none of a system that we know."""
    if criterion.code is None:
        return None
    code, said = criterion.code
    system = codes.system_of(said.value)
    if system is None:
        return None
    try:
        return system.name, system.normalise(code.value)
    except ValueError:
        return None


def _bearers(wanted: Iterable[Code]) -> Iterable[tuple[int, str, str, str]]:
    """Condition, system, code and match of every row with one of these codes."""
    these = models.Q()
    for system, code in wanted:
        these |= models.Q(system=system, code=code)
    if not these:
        return []
    return ConditionCode.objects.filter(these).order_by().values_list("condition", "system", "code", "match")


def _named(criterion: Criterion, found: Found) -> dict[int, float]:
    """The conditions that the words of a criterion name, first the words that were displayed."""
    for said in criterion.words[: MOST_NAMES - found.names]:
        found.names += 1
        found.used.append(said)
        if fitting := _called(search.tidy(said.value)):
            return fitting
    return {}


def _called(words: str) -> dict[int, float]:
    """The conditions with this name, or else the one whose names alone hold all these words."""
    words = " ".join(dict.fromkeys(KIND_OF_TERM.sub("", words).split()))
    if len(words) < FEWEST_LETTERS:
        return {}
    fitting = [one for one in names.known().find(words, without=codes.hidden()) if one.fit in FITS]
    exact = [one for one in fitting if one.fit == Fit.EXACT]
    chosen = exact or (fitting if len(fitting) == 1 else [])
    return {one.condition: FITS[one.fit] for one in chosen}


# Pages

_public = Prepared(
    lambda **conditions: (
        Publication.objects.live()
        .filter(article__condition__in=conditions.values())
        .select_related("article")
        .only("article__condition", "article__topic", "article__slug")
        .order_by()
    )
)
_whole = Prepared(
    lambda **articles: (
        changes.with_facts(Publication.objects.live().annotate(cited=reading.cited()))
        .filter(article__in=articles.values())
        .select_related("article__condition", "review__revision__article", "withdrawal")
        .annotate(condition_name=preferred_name("article__condition"))
        .order_by()
    )
)


def _lines(conditions: Iterable[int]) -> list[Line]:
    """Every public page of some conditions."""
    rows = [row.article for row in _public.among(conditions)]
    return [Line(row.pk, row.condition_id, row.topic, row.slug) for row in rows]


def _about(topics: list[Criterion], lines: list[Line], found: Found) -> tuple[list[Line], float]:
    """The pages of the topics that were asked for; all where there is none of them, which are worth less then."""
    asked = {topic: said for each in topics if each.code and (topic := _topic(*each.code)) for said in [each.code]}
    if not asked:
        return lines, 1
    chosen = [line for line in lines if line.topic in asked]
    if not chosen:
        return lines, INSTEAD
    for said in asked.values():
        found.used += said
    return chosen, 1


def _topic(code: Said, said: Said) -> Topic | None:
    """Our topic for a subTopic of the standard."""
    system = codes.system_of(said.value)
    return TOPICS.get((system.name, code.value.upper())) if system else None


def _language(languages: list[Said], found: Found) -> str:
    """The language in which pages are given: the first one wished for that we have, or else the site's own."""
    for said in languages:
        language = said.value.partition("-")[0].lower()
        if language in Language.values:
            found.used.append(said)
            return language
    return Language.ENGLISH


def _pages(chosen: dict[int, float], language: str) -> Iterable[Page]:
    """These pages in this order; one whose text is not the approved one is left out, and the log names it."""
    rows = {row.article_id: row for row in _whole.among(chosen)} if chosen else {}
    for article, score in chosen.items():
        row = rows.get(article)
        if row is None or row.article.language != language:
            continue
        try:
            reading.checked(cast("Shown", row))
        except reading.Tampered as tampered:
            logger.critical("%s does not match its digest and is not shown. Run verify_record.", tampered)
            continue
        yield Page(Change.of(row), score)
