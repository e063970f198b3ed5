"""The settings of the tests, for a site that holds what it knows of the record as long as a real one does."""

from tests.settings import *  # noqa: F403

STATE_HELD_SECONDS = 1
