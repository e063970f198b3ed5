"""Approvals made at once, lawful for every guard."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reviews.models import CredentialCheck, Review, Reviewer, ReviewRequest

AT_ONCE = 500


def check_of(clinician: "Reviewer", today: dt.date) -> "CredentialCheck":
    """Their first credential, checked for a year before and after today."""
    from accounts.models import User

    year = dt.timedelta(365)
    registrar = User.objects.get(email__startswith="registrar@")
    return clinician.credentials.all()[0].record_check(by=registrar, valid_from=today - year, valid_until=today + year)


def approve(
    requests: "Sequence[ReviewRequest]",
    clinician: "Reviewer",
    check: "CredentialCheck",
    *,
    signed_on: dt.date,
    due: Iterable[dt.date],
) -> "list[Review]":
    """Approve these requests as whole pages, each until its own day, and close them."""
    from accounts import clock
    from reviews.models import Review, ReviewRequest

    reviews = Review.objects.bulk_create(
        (
            Review(
                revision=request.revision,
                digest=request.revision.digest,
                request=request,
                reviewer=clinician,
                credential_check=check,
                decision="approved",
                scope="whole",
                signed_as=clinician.signature,
                signed_role=clinician.specialty,
                signed_on=signed_on,
                next_due=day,
            )
            for request, day in zip(requests, due, strict=True)
        ),
        batch_size=AT_ONCE,
    )
    for start in range(0, len(requests), AT_ONCE):
        some = ReviewRequest.objects.filter(pk__in=[request.pk for request in requests[start : start + AT_ONCE]])
        some.update(closed_at=clock.now(), closed_by=clinician.user, outcome="approved")
    return reviews
