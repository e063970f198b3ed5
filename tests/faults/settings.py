"""The settings of the tests, for a site that is really served, with the desk open without a second factor."""

from tests.settings import *  # noqa: F403

ROUNDS_DEMO = True
