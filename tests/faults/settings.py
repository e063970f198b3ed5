"""The settings of the tests, for a site that is really served, with the desk open without a second factor."""

from tests.settings import *  # noqa: F403

ROUNDS_DEMO = True

# Where the database is away, pages that are kept are given for a moment only, so that the tests get on.
STATE_HELD_SECONDS_WITHOUT_DATABASE = 1
