"""Eight people's worth of processes do random acts, lawful and forged; after each, every page keeps the promise.

`pytest tests/walk --steps 1000000 --seed 7` walks further, or elsewhere.
"""

import json
import logging
import multiprocessing
import traceback
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connections

from reviews import record
from tests import make
from tests.walk.acts import BODIES, Walker, populate

PROCESSES = 8


@pytest.mark.django_db(transaction=True)
def test_whatever_is_done_readers_see_only_what_was_lawfully_approved(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    steps, seed = int(request.config.getoption("--steps")), int(request.config.getoption("--seed"))
    populate()
    condition = make.condition()
    make.community(condition, members=15)
    for body in BODIES:  # each text is rendered once, here
        make.revision(make.article(f"first-{BODIES.index(body)}", of=condition), body=body)
    Walker(0).look(condition.articles.first())  # what is made once a process is made before they part
    connections.close_all()
    fork = multiprocessing.get_context("fork")
    walkers = [
        fork.Process(target=walk, args=(seed * 1000 + number, steps // PROCESSES, tmp_path / f"{number}.json"))
        for number in range(PROCESSES)
    ]
    for walker in walkers:
        walker.start()
    for walker in walkers:
        walker.join()
    told = [json.loads(path.read_text()) for path in sorted(tmp_path.glob("*.json"))]
    assert [problem for _, problem in told if problem] == []
    done = Counter[str]()
    for counts, _ in told:
        done.update(counts)
    print(json.dumps(dict(sorted(done.items())), indent=1))  # noqa: T201  shown with -s
    assert len(told) == PROCESSES
    # It did walk: every act was done and was refused, and every kind of page was compared.
    assert all(done[name] for name in ("approve", "publish", "withdraw", "looked 200", "looked 404", "looked 410"))
    assert done["compared"] > steps / 4
    assert list(record.faults()) == []


def walk(seed: int, steps: int, report: Path) -> None:
    """One process: so many steps, then what it did, or where it broke."""
    logging.disable()
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    walker, problem = Walker(seed), ""
    try:
        for _ in range(steps):
            walker.step()
    except Exception:  # noqa: BLE001  told to the parent, whatever it is
        problem = traceback.format_exc()
    finally:
        connections.close_all()
        report.write_text(json.dumps([walker.done, problem]))
