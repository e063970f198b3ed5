"""The settings of the site that is measured: those of the tests, with the middleware and static files of a real one."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

# isort: split
from config.settings import MIDDLEWARE as REAL
from config.settings import STORAGES as STORAGES

MIDDLEWARE = ["bench.bare.forgetting", *REAL]
ROOT_URLCONF = "bench.bare"
STATE_HELD_SECONDS = 1
ROUNDS_DEMO = True
STATIC_ROOT = Path(os.environ["STATIC_ROOT"])
