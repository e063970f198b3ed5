"""What people must hear of in good time: reviews and checks that run out, claims that are held for too long.

Nothing notes what is due; it is worked out from the rows and the day. `Reminder` notes what was told, in the
transaction of the letter that tells it, so the letters may be written any number of times and on many machines.
"""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Permission
from django.db import IntegrityError, models, transaction

from accounts import clock
from accounts.models import Letter, User

from . import emails
from .models import CredentialCheck, Publication, Reminder, Reviewer, ReviewRequest
from .standing import Stamp

# The days before an end on which people are told; a day that was missed is caught up.
STAGES = (60, 30, 7)
# From how many days before the end on the publishers are told of a page too.
PUBLISHERS_FROM = 7
# How many days before a claim falls back the claimer is told.
CLAIM_NOTICE = 2


@dataclass(frozen=True)
class PageDue:
    """A public page whose review ends soon or has ended, and who has it in hand."""

    article_id: int
    question: str
    stamp: Stamp
    waits: bool
    holder: Reviewer | None

    @property
    def days_left(self) -> int:
        """Whole days until the review lapses; 0 or less once it has."""
        return (self.stamp.lapses_on - self.stamp.today).days

    @property
    def key(self) -> str:
        """The page, the day its review ends and the stage; a new review has another end, so it starts anew."""
        stage = f"week{-self.days_left // 7}" if self.days_left <= 0 else f"{_stage(self.days_left)}days"
        return f"page-{self.article_id}-{self.stamp.lapses_on}-{stage}"


@dataclass(frozen=True)
class Claim:
    """A claim without a decision: one that falls back soon, or one that has."""

    request: ReviewRequest
    claimed_at: dt.datetime
    fallen_back: bool

    @property
    def ends_at(self) -> dt.datetime:
        """When it falls back, or did."""
        return self.claimed_at + dt.timedelta(settings.CLAIM_DAYS)

    @property
    def key(self) -> str:
        """The claim itself; claimed again it is another one."""
        return f"claim-{self.request.pk}-{self.claimed_at.isoformat()}-{'back' if self.fallen_back else 'held'}"


@dataclass(frozen=True)
class CheckEnding:
    """A credential whose check runs out, or ran out a few days ago."""

    check: CredentialCheck
    ends_on: dt.date
    today: dt.date

    @property
    def key(self) -> str:
        """The credential, the day and the stage."""
        return f"check-{self.check.credential_id}-{self.ends_on}-{_stage((self.ends_on - self.today).days)}days"


def pages_due(now: dt.datetime) -> Iterator[tuple[User, PageDue]]:
    """Whom to tell of which page: the reviewer who signed, in the last days the publishers too.

    Where the reviewer's account is closed, the publishers hear of it from the first day on.
    """
    live = Publication.objects.live().values_list("pk", "stamp_facts")  # type: ignore[misc]  # of with_stamp()
    stamps = {pk: Stamp.from_facts(facts, now.date()) for pk, facts in live}
    soon = now.date() + dt.timedelta(STAGES[0])
    stamps = {pk: stamp for pk, stamp in stamps.items() if stamp.lapses_on <= soon}
    publications = Publication.objects.filter(pk__in=stamps).values_list("pk", "article", "review__revision__question")
    open_requests = ReviewRequest.objects.open().filter(revision__article__in=publications.values("article"))
    waiting = {row.revision.article_id: row for row in open_requests.select_related("revision", "claimed_by")}
    signers = Reviewer.objects.filter(slug__in={stamp.slug for stamp in stamps.values()}, user__is_active=True)
    reviewers = {reviewer.slug: reviewer.user for reviewer in signers.select_related("user")}
    publishers = list(_entitled("add_publication"))
    for pk, article, question in publications.order_by("pk"):
        request = waiting.get(article)
        holder = request.claimed_by if request is not None and request.is_held(now) else None
        page = PageDue(article, question, stamps[pk], request is not None, holder)
        reviewer = reviewers.get(page.stamp.slug)
        if reviewer is not None:
            yield reviewer, page
        if reviewer is None or page.days_left <= PUBLISHERS_FROM:
            yield from ((publisher, page) for publisher in publishers)


def claims_held(now: dt.datetime) -> Iterator[tuple[User, Claim]]:
    """Claims that fall back soon."""
    return _claims(now, settings.CLAIM_DAYS - CLAIM_NOTICE, fallen_back=False)


def claims_fallen_back(now: dt.datetime) -> Iterator[tuple[User, Claim]]:
    """Claims that fell back, and that nobody else has taken since."""
    return _claims(now, settings.CLAIM_DAYS, fallen_back=True)


def _claims(now: dt.datetime, days: int, *, fallen_back: bool) -> Iterator[tuple[User, Claim]]:
    claimed = ReviewRequest.objects.open().filter(claimed_at__lte=now - dt.timedelta(max(days, 1)))
    for request in claimed.select_related("claimed_by__user", "revision"):
        if request.claimed_by is None or request.claimed_at is None:
            continue
        claim = Claim(request, request.claimed_at, fallen_back)
        if (claim.ends_at <= now) == fallen_back:
            yield request.claimed_by.user, claim


def checks_ending(now: dt.datetime) -> Iterator[tuple[User, CheckEnding]]:
    """Whom to tell of which check: the reviewer and the registrars; nobody where a longer check stands."""
    today = now.date()
    later = CredentialCheck.objects.filter(
        credential=models.OuterRef("credential"), pk__gt=models.OuterRef("pk"), revoked=True
    )
    standing = CredentialCheck.objects.filter(revoked=False).exclude(models.Exists(later))
    longer = standing.filter(
        credential=models.OuterRef("credential"), valid_until__gt=models.OuterRef("valid_until")
    ).order_by()
    # One that ran out in the last days is told too: the machine may have been off.
    days = (today - dt.timedelta(STAGES[-1]), today + dt.timedelta(STAGES[0]))
    ending = standing.filter(valid_until__range=days, credential__reviewer__user__is_active=True)
    registrars = list(_entitled("add_credentialcheck"))
    for check in ending.exclude(models.Exists(longer)).select_related("credential__reviewer__user").order_by("pk"):
        if check.valid_until is not None:
            told = CheckEnding(check, check.valid_until, today)
            yield from ((person, told) for person in (check.credential.reviewer.user, *registrars))


def _stage(days_left: int) -> int:
    """The smallest number of days that is not less than what is left."""
    return min(days for days in STAGES if days_left <= days)


def _entitled(right: str) -> "models.QuerySet[User]":
    """Everybody with a right of ours, by group or of their own, whose account is open."""
    permission = Permission.objects.filter(content_type__app_label="reviews", codename=right)
    held = models.Q(groups__permissions__in=permission) | models.Q(user_permissions__in=permission)
    return User.objects.filter(held, is_active=True).distinct().order_by("pk")


# What is found, and the function that words the letter about it.
Find = Callable[[dt.datetime], Iterable[tuple[User, Any]]]
LETTERS: list[tuple[Find, Callable[..., Letter | None]]] = [
    (pages_due, emails.reviews_due),
    (claims_held, emails.claims_held),
    (claims_fallen_back, emails.claims_fallen_back),
    (checks_ending, emails.checks_ending),
]


def write(*, dry_run: bool = False) -> list[Letter]:
    """Write a letter for each person and kind about whatever they were not told yet, and return the letters.

    With `dry_run` everything is undone again. A person gets one letter of a kind a day; what comes up after it is
    told the day after.
    """
    now = clock.read()
    written = []
    for find, word in LETTERS:
        told: dict[User, dict[str, Any]] = {}
        for person, thing in find(now):
            told.setdefault(person, {})[f"{thing.key}-{person.pk}"] = thing
        for person, things in sorted(told.items(), key=lambda item: item[0].pk):
            try:
                with transaction.atomic():
                    letter = _write(person, things, word, on=now.date())
                    transaction.set_rollback(dry_run)
            except IntegrityError:
                continue  # another machine told one of them in this very moment; the rest comes with the next run
            if letter is not None:
                written.append(letter)
    return written


def _write(person: User, things: dict[str, Any], word: Callable[..., Letter | None], *, on: dt.date) -> Letter | None:
    person.refresh_from_db(fields=["email", "is_active"])
    already = Reminder.objects.told(list(things))
    news = {key: thing for key, thing in things.items() if key not in already}
    letter = word(person, list(news.values()), on=on) if news else None
    if letter is not None:
        Reminder.objects.bulk_create(Reminder(key=key) for key in sorted(news))
    return letter
