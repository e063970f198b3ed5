"""Eight people's worth of processes do random acts, lawful and forged; after each, every page keeps the promise.

`pytest tests/walk --steps 1000000 --seed 7` walks further, or elsewhere.
"""

import datetime as dt
import gc
import json
import logging
import sys
import traceback
from collections import Counter
from functools import partial

import pytest
from django.conf import settings

from articles.models import Article, Topic
from reviews import record
from tests import database, make
from tests.crowd import Child
from tests.walk.acts import BODIES, PLAYED, Walker, populate
from tests.walk.looks import Looks

PROCESSES = 8
WARDS = 4
TOLD = 50_000  # a long walk tells how far it is after so many steps
COMPARED = ("compared 200", "compared 404", "compared 410")


@pytest.mark.django_db(transaction=True)
def test_whatever_is_done_readers_see_only_what_was_lawfully_approved(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps, seed = int(request.config.getoption("--steps")), int(request.config.getoption("--seed"))
    populate()
    condition = make.condition()
    make.community(condition, members=15)
    for ward in range(WARDS):
        for body in BODIES[:PLAYED] if ward % 2 else BODIES[PLAYED:]:  # each text is rendered once, here
            slug = f"first-{ward}-{BODIES.index(body)}"
            make.revision(make.article(slug, of=condition, topic=Topic.values[ward]), body=body)
    request.addfinalizer(partial(logging.disable, logging.root.manager.disable))
    logging.disable()
    monkeypatch.setattr(settings, "ROUNDS_DEMO", True)  # the second factor has its own tests
    warm = min(200, steps // 4)
    done = walk(seed, 0, warm)  # what is made once a process is made before they part
    assert isinstance(done, Counter), done
    walkers = [
        Child(partial(walk, seed * 1000 + number, number % WARDS, (steps - warm) // PROCESSES, tells=number == 0))
        for number in range(PROCESSES)
    ]
    told = [walker.outcome() for walker in walkers]
    assert [problem for problem in told if not isinstance(problem, Counter)] == []
    for counts in told:
        assert isinstance(counts, Counter)
        done.update(counts)
    print(json.dumps(dict(sorted(done.items())), indent=1))  # noqa: T201  shown with -s
    # It did walk: every act was done and was refused, and every kind of page was compared.
    assert all(done[name] for name in ("approve", "publish", "withdraw", *COMPARED)), done
    # Now that nobody acts, every page once more.
    looks = Looks()
    for article in Article.objects.select_related("condition"):
        looks.look(article, whole=True)
    assert list(record.faults()) == []


def walk(seed: int, ward: int, steps: int, *, tells: bool = False) -> object:
    """One process: so many steps; what it did, or where it broke. In a long walk one of them tells how far it is."""
    # What a power cut does has its own tests; here nobody waits for the disk.
    database.sql("PRAGMA synchronous=OFF" if database.sqlite() else "SET synchronous_commit = off")
    gc.freeze()  # what was made before is not looked through again and again
    gc.set_threshold(20_000, 20, 50)
    walker = Walker(seed, ward)
    try:
        for step in range(1, steps + 1):
            walker.step()
            if tells and step * PROCESSES % TOLD < PROCESSES:
                _tell(f"{step * PROCESSES:,} steps")
    except Exception:  # noqa: BLE001  told to the parent, whatever it is
        broken = f"Step {walker.steps} of seed {seed}\n{traceback.format_exc()}"
        _tell(broken)
        return broken
    return walker.done


def _tell(words: str) -> None:
    """At once, with `-s`: the others may walk for hours yet."""
    print(f"{dt.datetime.now(dt.UTC):%H:%M:%S} {words}", file=sys.stderr, flush=True)  # noqa: T201
