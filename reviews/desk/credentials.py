"""What a registrar looks after next: reviewers whose credentials do not count, or soon will not."""

import datetime as dt
from collections import Counter
from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from accounts import clock

from ..models import CredentialCheck, Publication, Reviewer
from ..onlooker import DAY, Cover

# Whose cover ends within so many days is due for a renewal.
SOON_DAYS = 90


@dataclass(frozen=True)
class Due:
    """A reviewer whose credentials somebody should look up, and why."""

    reviewer: Reviewer
    cover: Cover

    @property
    def state(self) -> str:
        """What is the matter, in words that go before the day."""
        return self.cover.state[0].value

    @property
    def day(self) -> dt.date | None:
        """The day on which it ends, ended or begins; None where nothing was ever checked."""
        return self.cover.state[1]


def due(today: dt.date) -> list[Due]:
    """Reviewers who cannot sign on a day, or who can for 90 days more at most; those who cannot first, then by day.

    Not those of closed accounts, which sign no more. Two queries.
    """
    checks: dict[int, list[CredentialCheck]] = {}
    active = CredentialCheck.objects.filter(credential__reviewer__user__is_active=True)
    for check in active.select_related("credential").order_by("pk"):
        checks.setdefault(check.credential.reviewer_id, []).append(check)
    reviewers = Reviewer.objects.filter(user__is_active=True)
    rows = [Due(reviewer, Cover.from_checks(checks.get(reviewer.pk, []), today)) for reviewer in reviewers]
    found = [row for row in rows if row.cover.ends_on - DAY <= today + SOON_DAYS * DAY]
    return sorted(found, key=lambda row: (row.cover.counts, row.day or dt.date.min, row.reviewer.pk))


def soon(request: HttpRequest) -> HttpResponse:
    """The list, for whoever may look at checks; with links to the forms for whoever may use them."""
    if not request.user.has_perm("reviews.view_credentialcheck"):
        raise PermissionDenied("Only registrars look after credentials.")
    rows = due(clock.today())
    prefetch_related_objects([row.reviewer for row in rows], "credentials")
    stamps = Publication.objects.live().values_list("stamp_facts", flat=True)  # type: ignore[misc]  # of with_stamp()
    resting = Counter(facts["slug"] for facts in stamps)
    forms = {
        f"add_{what}": reverse(f"admin:reviews_{what}_add")
        for what in ("credential", "credentialcheck")
        if request.user.has_perm(f"reviews.add_{what}")
    }
    context = {
        "rows": [(row, resting[row.reviewer.slug]) for row in rows],
        "over": sum(not row.cover.counts for row in rows),
        "soon": SOON_DAYS,
        **forms,
    }
    return render(request, "desk/credentials.html", {**admin.site.each_context(request), **context})
