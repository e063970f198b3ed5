"""The letters of the desk, one function each: plain text, to the outbox, inside the verb's transaction."""

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from accounts.models import Letter, User

if TYPE_CHECKING:
    from articles.models import Revision

    from .models import Publication, Review, ReviewRequest, Withdrawal


def review_asked(request: "ReviewRequest") -> None:
    """To every clinician who has no part in the text: something waits."""
    from .models.reviews import contributors

    clinicians = User.objects.filter(is_active=True, groups__name="Clinicians")
    for clinician in clinicians.exclude(pk__in=contributors(request.revision)).distinct():
        _post(
            f"asked-{request.pk}-{clinician.pk}",
            clinician,
            f"A review waits: {request.revision.question}",
            f"{request.asked_by} asks for a review by {request.due_on:%-d %B %Y}.",
            reverse("admin:reviews_reviewrequest_change", args=[request.pk]),
        )


def approved(review: "Review") -> None:
    """To whoever asked: the text is approved."""
    _post(
        f"approved-{review.pk}",
        review.request.asked_by,
        f"Approved: {review.revision.question}",
        f"{review.signed_as} approved version {review.revision.number} on {review.signed_on:%-d %B %Y}. "
        "A publisher can let readers see it.",
        _page(review.revision),
    )


def changes_asked(review: "Review") -> None:
    """To whoever asked: the clinician asks for changes, and why."""
    _post(
        f"changes-{review.pk}",
        review.request.asked_by,
        f"Changes asked for: {review.revision.question}",
        f"{review.signed_as} asks for changes to version {review.revision.number}:\n\n{review.private_note}",
        _page(review.revision),
    )


def published(publication: "Publication") -> None:
    """To the author and the reviewer: readers see it, or will."""
    review = publication.review
    for person in {review.revision.author, review.reviewer.user}:
        _post(
            f"published-{publication.pk}-{person.pk}",
            person,
            f"Published: {review.revision.question}",
            f"Version {review.revision.number} is public from {publication.live_from:%-d %B %Y %H:%M} UTC:\n"
            f"{_address(publication.article.get_absolute_url())}",
            _page(review.revision),
        )


def withdrawn(withdrawal: "Withdrawal") -> None:
    """To the author and the reviewer: the page is down, and why."""
    review = withdrawal.publication.review
    for person in {review.revision.author, review.reviewer.user}:
        _post(
            f"withdrawn-{withdrawal.pk}-{person.pk}",
            person,
            f"Withdrawn: {review.revision.question}",
            f"{withdrawal.by} withdrew the page:\n\n{withdrawal.why}\n\n"
            f"{_address(withdrawal.publication.article.get_absolute_url())}",
            _page(review.revision),
        )


def reviews_due(to: User, pages: Sequence["PageDue"], *, on: dt.date) -> Letter | None:
    """To the reviewer, later to the publishers too: these public pages need a review, the most urgent first."""
    first, one = pages[0], len(pages) == 1
    lapsed = sum(page.stamp.days_overdue > 0 or not page.stamp.in_date for page in pages)
    return _post(
        f"reviews-due-{on}-{to.pk}",
        to,
        f"{'A review has lapsed' if lapsed else 'A review is due'}: {first.question}"
        if one
        else f"{len(pages)} pages need a review{f', {lapsed} have lapsed' if lapsed else ''}",
        "\n\n".join(
            f"{page.question}\n{_ends(page.stamp)}\n{_waits(page)}\n{_address(_desk(page.article_id))}" for page in pages
        )
        + "\n\nThe queue:",
        reverse("admin:reviews_reviewrequest_changelist"),
    )
def record_verified(faults: list[str], *, head: str, on: dt.date) -> None:
    """To the operators, once a day: does the record hold, and which entry of the ledger was its last?"""
    state = "The record holds." if not faults else "The record does NOT hold:\n\n" + "\n".join(faults)
    for address in settings.OPERATOR_EMAILS:
        Letter.objects.post(
            key=f"record-{on}-{address}",
            to=address,
            subject=f"{settings.SITE_NAME}: the record {'holds' if not faults else 'has faults'}, {on:%-d %B %Y}",
            body=f"{state}\n\nKeep this letter. If the database is ever restored from a backup, run\n\n"
            f"    manage.py verify_record --head {head}\n\nand it says which decisions are missing.\n",
        )


def _page(revision: "Revision") -> str:
    return reverse("admin:articles_article_change", args=[revision.article_id])


def _post(key: str, person: User, subject: str, body: str, path: str) -> None:
    if not person.is_active:
        return
    Letter.objects.post(to=person.email, subject=subject[:200], body=f"{body}\n\n{settings.SITE_URL}{path}\n", key=key)
