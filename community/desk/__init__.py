"""The moderators' screens inside the admin."""

from . import links, today

__all__ = ["links", "today"]
