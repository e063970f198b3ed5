"""The letters about links, one function each: plain text, to the outbox, inside the verb's transaction.

No subject and no word of ours names the condition: where somebody suggests a link says something about their health.
Nobody confirms the address that they leave, so a letter may reach a stranger: it holds no word of whoever suggested or
reported, no address that moderators did not accept, and there are few of them.
"""

import datetime as dt
import logging
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts import clock
from accounts.models import Letter

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    from .models import Link, LinkDecision, LinkReport

# What the keys of these letters begin with.
OURS = "link-"
# So many go to one address within a day. What was decided beyond them is told to nobody.
LETTERS_A_DAY, DAY = 10, dt.timedelta(days=1)

logger = logging.getLogger(__name__)


def decided(link: "Link", decision: "LinkDecision") -> None:
    """To whoever suggested a link and left an address: what was decided, and why."""
    if not link.suggested_email or decision.act == decision.Act.EDIT:
        return
    act = decision.Act(decision.act)
    # A link that waited for long may have been found broken on too many days already.
    later = "Readers see it as soon as it answers: it has not for some days."
    seen = later if link.is_hidden else "Readers see it now."
    said = {
        decision.Act.ACCEPT: f"A moderator looked at it and accepted it. {seen}",
        decision.Act.RESTORE: f"A moderator looked at it again. {seen}",
        decision.Act.REFUSE: "A moderator looked at it and decided not to show it.",
        decision.Act.DOWN: "A moderator looked at it again and took it down. Readers do not see it any more.",
    }[act]
    address = f" It is this one:\n{link.url}" if act.shows else ""
    _post(
        f"{OURS}decision-{decision.pk}",
        link.suggested_email,
        "The link that you suggested",
        f"You suggested a link on {link.suggested_at:%-d %B %Y at %H:%M} UTC.{address}\n\n{said}",
        "" if decision.act == decision.Act.ACCEPT else decision.why,
    )


def report_handled(report: "LinkReport") -> None:
    """To whoever reported a link and left an address: what became of it, and why."""
    if report.email:
        _post(
            f"{OURS}report-{report.pk}",
            report.email,
            "The link that you reported",
            f"You reported this link:\n{report.link.url}\n\nA moderator looked at it. {report.get_outcome_display()}.",
            report.answer,
        )


def erase_old(before: "Combinable") -> None:
    """Erase the letters about links of before a moment: they name an address, and what it asked about.

    One that never went out, to a mistyped address for instance, counts from when it was written.
    """
    never = Q(sent_at__isnull=True, written_at__lte=before)
    Letter.objects.filter(never | Q(sent_at__lte=before), key__startswith=OURS).delete()


def erase_for(address: str) -> None:
    """Erase the letters about links to one address, because its owner asks for it."""
    Letter.objects.filter(key__startswith=OURS, to=address).delete()


def _post(key: str, to: str, subject: str, said: str, why: str) -> None:
    if Letter.objects.filter(key__startswith=OURS, to=to, written_at__gt=clock.read() - DAY).count() >= LETTERS_A_DAY:
        logger.info("No letter is written about %s: its address has %s of a day", key, LETTERS_A_DAY)
        return
    reason = f"\n\nThe reason:\n\n{why}" if why else ""
    contact = f"{settings.SITE_URL}{reverse('how-we-review')}"
    Letter.objects.post(
        key=key,
        to=to,
        subject=subject,
        body=f"{said}{reason}\n\nA person decided this, no program. If you think it is wrong, write to us; how is "
        f"said here:\n{contact}\n\nYour address is erased from our list in {settings.FEEDBACK_EMAIL_DAYS} days.\n",
    )
