"""What a registrar looks after next: credentials that do not count, or soon will not."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import clock

from ..models import Credential, CredentialCheck, Publication

# A check that runs out within so many days is due for a renewal.
SOON = dt.timedelta(90)


@dataclass(frozen=True)
class Due:
    """A credential that somebody should look up, and why."""

    credential: Credential
    check: CredentialCheck | None  # the newest
    counts: bool  # today
    pages: int  # that readers see on the word of this person

    @property
    def state(self) -> str:
        """What is the matter, in words that go before the day."""
        if self.check is None:
            return "Never checked"
        if self.check.revoked:
            return "Revoked from"
        return "Valid to" if self.counts else "Ran out on"

    @property
    def day(self) -> dt.date | None:
        """The day on which it ends or ended; None for one never checked."""
        if self.check is None:
            return None
        return self.check.valid_until or self.check.valid_from


def due(today: dt.date) -> list[Due]:
    """Credentials that do not count on a day, are revoked, or run out within 90 days by their newest check.

    The earliest day first; not those of closed accounts, which sign no more. Four queries.
    """
    newest: dict[int, CredentialCheck] = {}
    for check in CredentialCheck.objects.order_by("-pk"):
        newest.setdefault(check.credential_id, check)
    valid = set(CredentialCheck.objects.valid_on(today).values_list("credential", flat=True))
    stamps = Publication.objects.live().values_list("stamp_facts", flat=True)  # type: ignore[misc]  # of with_stamp()
    resting = Counter(facts["slug"] for facts in stamps)
    rows = [
        Due(credential, newest.get(credential.pk), credential.pk in valid, resting[credential.reviewer.slug])
        for credential in Credential.objects.filter(reviewer__user__is_active=True).select_related("reviewer")
    ]
    rows = [row for row in rows if not row.counts or row.day is None or row.day <= today + SOON]
    return sorted(rows, key=lambda row: (row.day or dt.date.min, row.credential.pk))


def soon(request: HttpRequest) -> HttpResponse:
    """The list, for whoever may look at checks; with a link to the form for whoever may make one."""
    if not request.user.has_perm("reviews.view_credentialcheck"):
        raise PermissionDenied("Only registrars look after credentials.")
    rows = due(clock.today())
    add = reverse("admin:reviews_credentialcheck_add") if request.user.has_perm("reviews.add_credentialcheck") else ""
    context = {"rows": rows, "add": add, "over": sum(not row.counts for row in rows), "soon": SOON.days}
    return render(request, "desk/credentials.html", {**admin.site.each_context(request), **context})
