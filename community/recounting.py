"""Whether each community's number is the number of its members, and who hears of one that is not."""

import logging

from accounts import clock

from . import emails
from .models import Community, Drift

logger = logging.getLogger(__name__)


def recount(*, mend: bool = True) -> list[Drift]:
    """Every number that was wrong, set right; the log and the operators are told of each."""
    found = Community.objects.recount(mend=mend)
    for drift in found:
        logger.critical("count_members: %s", drift)
    if found and mend:
        emails.count_drifted(found, on=clock.today())
    return found
