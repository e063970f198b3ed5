"""Eight people's worth of processes do random acts, lawful and forged; after each, every page keeps the promise.

`pytest tests/walk --steps 1000000 --seed 7` walks further, or elsewhere.
"""

import json
import logging
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
    monkeypatch.setattr(logging.root.manager, "disable", logging.CRITICAL)
    monkeypatch.setattr(settings, "ROUNDS_DEMO", True)  # the second factor has its own tests
    warm = min(200, steps // 4)
    done = walk(seed, 0, warm)  # what is made once a process is made before they part
    assert isinstance(done, Counter), done
    walkers = [
        Child(partial(walk, seed * 1000 + number, number % WARDS, (steps - warm) // PROCESSES))
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


def walk(seed: int, ward: int, steps: int) -> object:
    """One process: so many steps; what it did, or where it broke."""
    # What a power cut does has its own tests; here nobody waits for the disk.
    database.sql("PRAGMA synchronous=OFF" if database.sqlite() else "SET synchronous_commit = off")
    walker = Walker(seed, ward)
    try:
        for _ in range(steps):
            walker.step()
    except Exception:  # noqa: BLE001  told to the parent, whatever it is
        return traceback.format_exc()
    return walker.done
