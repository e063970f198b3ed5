"""Did you mean: what a query that finds nothing may have meant, from names of conditions and public pages alone."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Max

from accounts import clock
from articles import folding
from articles.names import Names
from articles.spelling import Spelling
from reviews.models import CredentialCheck, Publication, Withdrawal

from . import search


def matches(query: str, known: Names) -> search.Matches | None:
    """What is found for the first thing that may have been meant and is there; None if nothing is."""
    for meant in _candidates(query, known):
        found = search.matches(meant, known)
        if found:
            return found
    return None


def _candidates(query: str, known: Names) -> Iterator[str]:
    """Each mistyped word exchanged for the nearest one that is known; then the name that resembles the whole."""
    public = _public_words()
    mended = []
    for word in folding.words(query)[: search.MOST_WORDS]:
        if known.holders(word) or folding.key(word) in public.counts or folding.key(word) in public.keys:
            mended.append(word)
            continue
        near = [found for spelling in (known.spelling, public) if (found := spelling.nearest(word)) is not None]
        mended.append(min(near)[2] if near else word)
    if mended and mended != folding.words(query)[: search.MOST_WORDS]:
        yield known.named(" ".join(mended))
    resembling = known.resembling(query)
    if resembling is not None:
        yield resembling.text


class PublicWords(Spelling):
    """The words of the questions and short answers that are public, and their keys."""

    def __init__(self, counts: Counter[str]) -> None:
        super().__init__(counts)
        self.keys = {folding.key(word) for word in counts}


_lock = threading.Lock()
_kept: tuple[Any, PublicWords] | None = None


def _public_words() -> PublicWords:
    """As of now: made again whenever something was published, withdrawn, checked or revoked, or an hour came."""
    global _kept
    newest = _newest()
    kept = _kept
    if kept is None or kept[0] != newest:
        with _lock:
            if _kept is None or _kept[0] != newest:
                _kept = (newest, _read())
            kept = _kept
    return kept[1]


def _newest() -> tuple[object, ...]:
    """What differs whenever what is public may differ."""
    come = Publication.objects.filter(live_from__lte=clock.now()).aggregate(rows=Count("pk"), last=Max("live_from"))
    down = Withdrawal.objects.aggregate(rows=Count("pk"), last=Max("at"))
    checked = CredentialCheck.objects.aggregate(rows=Count("pk"), last=Max("recorded_at"))
    return tuple(told[name] for told in (come, down, checked) for name in ("rows", "last"))


def _read() -> PublicWords:
    texts = Publication.objects.live().values_list("review__revision__question", "review__revision__short_answer")
    counts: Counter[str] = Counter()
    for question, short_answer in texts.order_by():
        counts.update(set(folding.words(f"{question} {short_answer}")))
    return PublicWords(counts)
