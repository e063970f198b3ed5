"""Who is it? One noun a file."""

from .erasures import Erasure
from .letters import Letter
from .sessions import Session
from .tallies import Tally
from .users import LONGEST_ADDRESS, User, canonical_email

__all__ = ["LONGEST_ADDRESS", "Erasure", "Letter", "Session", "Tally", "User", "canonical_email"]
