"""The letters about links, one function each: plain text, to the outbox, inside the verb's transaction.

No subject and no word of ours names the condition: where somebody suggests a link says something about their health.
"""

from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from accounts.models import Letter

if TYPE_CHECKING:
    from django.db.models.expressions import Combinable

    from .models import Link, LinkDecision, LinkReport

# What the keys of these letters begin with.
OURS = "link-"


def decided(link: "Link", decision: "LinkDecision") -> None:
    """To whoever suggested a link and left an address: what was decided, and why."""
    if not link.suggested_email or decision.act == decision.Act.EDIT:
        return
    # A link that waited for long may have been found broken on too many days already.
    later = "Readers see it as soon as it answers: it has not for some days."
    seen = later if link.is_hidden else "Readers see it now."
    said = {
        decision.Act.ACCEPT: f"A moderator looked at it and accepted it. {seen}",
        decision.Act.RESTORE: f"A moderator looked at it again. {seen}",
        decision.Act.REFUSE: "A moderator looked at it and decided not to show it.",
        decision.Act.DOWN: "A moderator looked at it again and took it down. Readers do not see it any more.",
    }[decision.Act(decision.act)]
    _post(
        f"{OURS}decision-{decision.pk}",
        link.suggested_email,
        "The link that you suggested",
        f"You suggested this link:\n{link.url}\n\n{said}",
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
    reason = f"\n\nThe reason:\n\n{why}" if why else ""
    contact = f"{settings.SITE_URL}{reverse('how-we-review')}"
    Letter.objects.post(
        key=key,
        to=to,
        subject=subject,
        body=f"{said}{reason}\n\nA person decided this, no program. If you think it is wrong, write to us; how is "
        f"said here:\n{contact}\n\nYour address is erased from our list in {settings.FEEDBACK_EMAIL_DAYS} days.\n",
    )
