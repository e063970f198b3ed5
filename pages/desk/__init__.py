"""What an operator looks at in the admin: how much there is, what is missing, and what falls due."""

from . import codes, coverage, falling_due

__all__ = ["codes", "coverage", "falling_due"]
