"""The letters of the desk, one function each: plain text, to the outbox, inside the verb's transaction."""

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

from accounts.models import Letter, User

if TYPE_CHECKING:
    from articles.models import Revision

    from .models import Publication, Review, ReviewRequest, Withdrawal
    from .reminders import CheckEnding, Claim, PageDue


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
            _request(request),
        )


def approved(review: "Review") -> None:
    """To whoever asked and to the author: the text is approved."""
    again = review.request.kind == review.request.Kind.AGAIN
    for person in _concerned(review):
        _post(
            f"approved-{review.pk}-{person.pk}",
            person,
            f"Approved: {review.revision.question}",
            f"{review.signed_as} approved version {review.revision.number} on {review.signed_on:%-d %B %Y}. "
            f"{'Its words are unchanged.' if again else 'A publisher can let readers see it.'}",
            _page(review.revision),
        )


def changes_asked(review: "Review") -> None:
    """To whoever asked and to the author: the clinician asks for changes, and why."""
    for person in _concerned(review):
        _post(
            f"changes-{review.pk}-{person.pk}",
            person,
            f"Changes asked for: {review.revision.question}",
            f"{review.signed_as} asks for changes to version {review.revision.number}:\n\n{review.private_note}",
            _page(review.revision),
        )


def _concerned(review: "Review") -> set[User]:
    """Whoever waits for a decision: who asked, and the author, who may be another; not the one who decided."""
    return {review.request.asked_by, review.revision.author} - {review.reviewer.user}


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
    """To the reviewer, and in the end to the publishers too: public pages need a review, the most urgent first."""
    pages = sorted(pages, key=lambda page: page.days_left)
    lapsed = sum(page.days_left <= 0 for page in pages)
    subject = f"{len(pages)} pages need a review" + (f", {lapsed} of them lapsed" if lapsed else "")
    if len(pages) == 1:
        subject = f"{'Review lapsed' if lapsed else 'Review due'}: {pages[0].question}"
    listed = (
        f"{page.question}\n{_until(page)}\n{_in_hand(page)}\n{_address(_desk(page.article_id))}" for page in pages
    )
    return _post(
        f"reviews-due-{on}-{to.pk}", to, subject, _list("What readers see here needs a review.", listed), _queue()
    )


def claims_held(to: User, claims: Sequence["Claim"], *, on: dt.date) -> Letter | None:
    """To the claimer: these reviews wait for you, and fall back to the queue soon."""
    listed = (
        f"{claim.request.revision.question}\nClaimed on {claim.claimed_at:%-d %B %Y}, falls back on "
        f"{claim.ends_at:%-d %B %Y at %H:%M} UTC.\n{_address(_request(claim.request))}"
        for claim in claims
    )
    opening = "You claimed this. Decide, or hand it back; else it falls back to the queue by itself."
    subject = _count(claims, "Your claim ends soon", "claims of yours end soon")
    return _post(f"claims-held-{on}-{to.pk}", to, subject, _list(opening, listed), _queue())


def claims_fallen_back(to: User, claims: Sequence["Claim"], *, on: dt.date) -> Letter | None:
    """To the claimer: these reviews are in the queue again, for anybody."""
    listed = (
        f"{claim.request.revision.question}\nClaimed on {claim.claimed_at:%-d %B %Y}, fell back on "
        f"{claim.ends_at:%-d %B %Y at %H:%M} UTC.\n{_address(_request(claim.request))}"
        for claim in claims
    )
    opening = "This is in the queue again, and anybody may take it. You may claim it anew."
    subject = _count(claims, "Your claim fell back to the queue", "claims of yours fell back to the queue")
    return _post(f"claims-back-{on}-{to.pk}", to, subject, _list(opening, listed), _queue())


def checks_ending(to: User, checks: Sequence["CheckEnding"], *, on: dt.date) -> Letter | None:
    """To the reviewer and the registrars: without a new check the reviewer can sign nothing from then on."""
    registrar = to.has_perm("reviews.add_credentialcheck")
    listed = (
        f"{ending.check.credential.reviewer}: {ending.check.credential.profession}, {ending.check.credential}\n"
        f"Checked as valid until {ending.ends_on:%-d %B %Y}{', which is past' if ending.ends_on < on else ''}."
        + (f"\n{_address(_credential(ending))}" if registrar else "")
        for ending in sorted(checks, key=lambda ending: ending.ends_on)
    )
    opening = "Look this up again and record a new check." if registrar else "Ask a registrar for a check."
    opening += " Without one nothing can be signed on the credential after that day. What was signed before stays."
    subject = _count(checks, "A check of a credential runs out", "checks of credentials run out")
    end = reverse("admin:reviews_credential_changelist") if registrar else _queue()
    return _post(f"checks-ending-{on}-{to.pk}", to, subject, _list(opening, listed), end)


def record_verified(faults: list[str], *, head: str, on: dt.date, ahead: str = "") -> None:
    """To the operators, once a day: does the record hold, and which entry of the ledger was its last?

    `ahead` is a sentence on what comes.
    """
    state = "The record holds." if not faults else "The record does NOT hold:\n\n" + "\n".join(faults)
    said = "\n\n".join(filter(None, [state, ahead, "Keep this letter."]))
    for address in settings.OPERATOR_EMAILS:
        Letter.objects.post(
            key=f"record-{on}-{address}",
            to=address,
            subject=f"{settings.SITE_NAME}: the record {'holds' if not faults else 'has faults'}, {on:%-d %B %Y}",
            body=f"{said} If the database is ever restored from a backup, run\n\n"
            f"    manage.py verify_record --head {head}\n\nand it says which decisions are missing.\n",
        )


def _until(page: "PageDue") -> str:
    """Until when the review of a page counts."""
    day, days = f"{page.stamp.lapses_on:%-d %B %Y}", abs(page.days_left)
    if not days:
        return f"Its review lapsed today, {day}."
    ago = f"{days} day{'s' if days > 1 else ''}"
    return f"Its review ends on {day}, in {ago}." if page.days_left > 0 else f"Its review lapsed on {day}, {ago} ago."


def _in_hand(page: "PageDue") -> str:
    """Who has a page in hand."""
    if page.holder is not None:
        return f"{page.holder} has claimed it."
    return "It waits in the queue; nobody has claimed it." if page.waits else "Nobody has asked for a review yet."


def _count(things: Sequence[object], one: str, many: str) -> str:
    return one if len(things) == 1 else f"{len(things)} {many}"


def _list(opening: str, things: Iterable[str]) -> str:
    return "\n\n".join([opening, *things, "Everything else at the desk:"])


def _page(revision: "Revision") -> str:
    return _desk(revision.article_id)


def _desk(article: int) -> str:
    return reverse("admin:articles_article_change", args=[article])


def _queue() -> str:
    return reverse("admin:reviews_reviewrequest_changelist")


def _request(request: "ReviewRequest") -> str:
    return reverse("admin:reviews_reviewrequest_change", args=[request.pk])


def _credential(ending: "CheckEnding") -> str:
    return reverse("admin:reviews_credential_change", args=[ending.check.credential_id])


def _address(path: str) -> str:
    return f"{settings.SITE_URL}{path}"


def _post(key: str, person: User, subject: str, body: str, path: str) -> Letter | None:
    """Write a letter that ends with an address of the desk; none to a closed account."""
    if not person.is_active:
        return None
    return Letter.objects.post(to=person.email, subject=subject[:200], body=f"{body}\n\n{_address(path)}\n", key=key)
