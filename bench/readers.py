"""The reader's pages: what each costs beside a bare view that returns the same bytes, and whether that grows."""

import json
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path

from server import Served

ROUNDS = 11
EACH = 10
QUESTION = "/conditions/poems-syndrome/prognosis/"
INFOBUTTON = "/infobutton?mainSearchCriteria.v.c=D016878&mainSearchCriteria.v.cs=2.16.840.1.113883.6.177"
OTHERS = {"hub": "/conditions/poems-syndrome/", "first page": "/", "withdrawn": "/conditions/wilson-disease/diet/"}
ARTICLE = "/api/v1/articles/poems-syndrome/prognosis"
BY_REVIEW = "/api/v1/articles?orderBy=nextReview"


def readers(folder: Path, *, pages: int) -> None:
    """Take the acts in turn, a few requests of each, on the site as it is served."""
    with Served(folder) as site:
        _, headers, same_bytes = site.get(QUESTION)
        (folder / "same-bytes").write_bytes(same_bytes)
        tag = headers["ETag"]
        page = partial(site.get, QUESTION)
        acts: dict[str, tuple[Callable[[], object], float | None]] = {
            "bare view, same bytes": (partial(site.get, "/bare/"), None),
            "known version": (page, 1.0),
            "known version, brotli": (partial(page, Accept_Encoding="br"), 1.0),
            "known version, 304": (partial(page, If_None_Match=tag), 1.0),
            "state asked": (partial(page, X_Forget="state"), 2.0),
            "state asked, 304": (partial(page, X_Forget="state", If_None_Match=tag), 2.0),
            "cold": (partial(page, X_Forget="pages"), 10.0),
            "cold, brotli": (partial(page, X_Forget="pages", Accept_Encoding="br"), 10.0),
            "Infobutton, 3 pages": (partial(site.get, INFOBUTTON), None),
            **{f"cold, {name}": (partial(site.get, at, X_Forget="pages"), None) for name, at in OTHERS.items()},
            **_of_the_api(site),
        }
        figures = dict(_in_turn(site, {name: act for name, (act, _) in acts.items()}))
    bare = figures["bare view, same bytes"]
    print(f"\nReaders, {pages:,} pages: CPU of site and database a request, median of {ROUNDS} x {EACH}", flush=True)
    for name, figure in figures.items():
        limit = acts[name][1]
        aim = "" if limit is None else f"  at most {limit:4.1f} x{'' if figure <= limit * bare else '  MISSED'}"
        print(f"  {name:24} {figure:8.2f} ms  {figure / bare:6.2f} x{aim}", flush=True)


def _of_the_api(site: Served) -> dict[str, tuple[Callable[[], object], None]]:
    """What partners ask for: an article, and whether something changed; a list, with and without its index."""
    cursor, more = "", True
    while more:
        asked_with = f"?since={cursor}" if cursor else ""
        found = json.loads(site.get(f"/api/v1/changes{asked_with}")[2])
        cursor, more = found["cursor"], found["more"]
    poll = f"/api/v1/changes?since={cursor}"
    acts: dict[str, Callable[[], object]] = {
        "API article, known": partial(site.get, ARTICLE),
        "API article, cold": partial(site.get, ARTICLE, X_Forget="pages"),
        "API changes, known": partial(site.get, poll),
        "API changes, cold": partial(site.get, poll, X_Forget="pages"),
        "API list, cold": partial(site.get, BY_REVIEW, X_Forget="pages"),
        "API list, no index": partial(site.get, BY_REVIEW, X_Forget="index"),
    }
    return {name: (act, None) for name, act in acts.items()}


def _in_turn(site: Served, acts: dict[str, Callable[[], object]]) -> list[tuple[str, float]]:
    """Milliseconds of CPU of one request of each act, so that a busy moment hits them all."""
    taken: dict[str, list[float]] = {name: [] for name in acts}
    for _ in range(ROUNDS):
        for name, act in acts.items():
            act()
            before = site.cpu()
            for _ in range(EACH):
                act()
            taken[name].append((site.cpu() - before) / EACH)
    return [(name, statistics.median(times)) for name, times in taken.items()]
