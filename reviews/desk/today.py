"""What is to be done about question pages: for the admin's first page, in few queries, and only what one may do."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from accounts import clock
from accounts.admin_site import DeskSite
from accounts.models import User
from accounts.today import Line, Panel
from articles.models import Revision

from .. import waiting
from ..models import CredentialCheck, Publication, Review, Reviewer, ReviewRequest
from ..onlooker import Onlooker
from ..standing import Standing
from ..waiting import Lapse

# A panel shows so many lines, and how many more there are.
LINES = 8
QUEUE = "admin:reviews_reviewrequest_changelist"
PAGES = "admin:articles_article_changelist"


def panels(request: HttpRequest) -> Iterator[Panel]:
    """What the person may do about question pages."""
    user: Any = request.user
    now = clock.read()
    asks, signs, publishes = (
        user.has_perm(f"reviews.add_{right}") for right in ("reviewrequest", "review", "publication")
    )
    due = waiting.lapses(now.date()) if asks or signs or publishes else []
    if signs:
        yield from queue(user, now, due)
    if user.has_perm("articles.change_article"):
        yield drafts(user)
    if publishes:
        yield approved()
    if asks or signs or publishes:
        yield lapsing(due, now.date())
    if user.has_perm("reviews.add_credentialcheck"):
        yield credentials(now.date())


DeskSite.panels.append(panels)


def queue(user: User, now: dt.datetime, due: list[Lapse]) -> Iterator[Panel]:
    """What a clinician has claimed, and how much more waits that they could take."""
    title, who = "Your reviews", Onlooker.of(user, now.date())
    if not who.may_sign:
        if not (user.is_superuser and who.cover and not who.cover.spans):  # who runs the site need not be a clinician
            yield Panel(title, [], who.cover.notice if who.cover else "")
        return
    rows = waiting.everything(who, now, due)
    mine = waiting.lines([row for row in rows if row.mine][: LINES + 1], {})
    lines = _cut([_claimed(line) for line in mine], reverse(QUEUE))
    if free := [row for row in rows if row.may_claim]:
        words = f"{_number(len(free), 'review')} to take from the queue"
        next_due = f"The next {_due(free[0].due_on, now.date())}"
        lines.append(Line(words, f"{reverse(QUEUE)}?who=me", next_due, late=free[0].overdue))
    yield Panel(title, lines, "Nothing waits for you.")


def _claimed(line: waiting.Line) -> Line:
    row = line.row
    address = reverse("admin:reviews_reviewrequest_change", args=[row.request])
    return Line(
        line.question, address, f"{line.condition}. {row.why}, {_due(row.due_on, row.now.date())}", late=row.overdue
    )


def drafts(user: User) -> Panel:
    """Pages whose newest version this person wrote and which neither is approved nor waits; sent back ones first."""
    here = OuterRef("pk")
    newest = Revision.objects.filter(article=OuterRef("article")).order_by("-number").values("number")[:1]
    decided = Review.objects.filter(revision=here, decision=Review.Decision.CHANGES).order_by("-pk")
    rows = (
        Revision.objects.filter(author=user, number=Subquery(newest))
        .exclude(Exists(Review.objects.valid().filter(revision=here)))
        .exclude(Exists(ReviewRequest.objects.open().filter(revision=here)))
        .annotate(
            sent_back=Exists(decided),
            reason=Subquery(decided.values("private_note")[:1]),
            clinician=Subquery(decided.values("signed_as")[:1]),
        )
        .select_related("article__condition")
        .order_by("-sent_back", "-pk")
    )
    return Panel("Your drafts", _cut([_draft(row) for row in rows[: LINES + 1]], reverse(PAGES)), "You have no drafts.")


def _draft(row: Any) -> Line:
    said = (
        f"{row.clinician} asks for changes: “{Truncator(row.reason).words(15)}”" if row.sent_back else "Not asked yet"
    )
    address = reverse("admin:articles_article_change", args=[row.article_id])
    return Line(row.question, address, f"{row.article}, version {row.number}. {said}", late=row.sent_back)


def approved() -> Panel:
    """The newest approved version of each page, where readers never got it and no hour is set for it."""
    valid, here = Review.objects.valid(), OuterRef("revision__article")
    newer = valid.filter(revision__article=here).filter(
        Q(revision__number__gt=OuterRef("revision__number")) | Q(revision=OuterRef("revision"), pk__gt=OuterRef("pk"))
    )
    cancelled = Q(withdrawal__at__lt=F("live_from"))
    published = Publication.objects.filter(review__revision=OuterRef("revision")).exclude(cancelled)
    rows = valid.exclude(Exists(newer)).exclude(Exists(published)).select_related("revision__article__condition")
    lines = [
        Line(
            review.revision.question,
            reverse("admin:desk_publish", args=[review.revision.article_id, review.pk]),
            f"{review.revision.article}, version {review.revision.number}, approved by {review.signed_as} "
            f"on {review.signed_on:%-d %B %Y}",
        )
        for review in rows.order_by("pk")[: LINES + 1]
    ]
    more = f"{reverse(PAGES)}?standing={Standing.REVIEWED}"
    return Panel("Approved, not published", _cut(lines, more), "Nothing waits to be published.")


def lapsing(due: list[Lapse], today: dt.date) -> Panel:
    """How many public pages have lapsed, and how many will soon."""
    lapsed = sum(lapse.day <= today for lapse in due)
    lines = [
        Line(words.format(_number(number, "page")), f"{reverse(PAGES)}?standing={standing}", late=late)
        for number, standing, words, late in (
            (lapsed, Standing.OVERDUE, "{} whose review has lapsed", True),
            (
                len(due) - lapsed,
                Standing.DUE,
                f"{{}} whose review lapses within {settings.REVIEW_DUE_DAYS} days",
                False,
            ),
        )
        if number
    ]
    return Panel("Due soon", lines, f"No review lapses within {settings.REVIEW_DUE_DAYS} days.")


def credentials(today: dt.date) -> Panel:
    """Reviewers who cannot sign, or soon cannot; whoever was revoked is left out."""
    theirs = CredentialCheck.objects.filter(credential__reviewer=OuterRef("pk"))
    last = theirs.exclude(revoked=True).order_by("-valid_until").values("valid_until")[:1]
    rows = (
        Reviewer.objects.filter(user__is_active=True)
        .exclude(Exists(theirs.filter(revoked=True)))
        .annotate(until=Subquery(last))
        .filter(Q(until=None) | Q(until__lte=today + dt.timedelta(settings.REVIEW_DUE_DAYS)))
        .order_by("until", "pk")
    )
    address = reverse("admin:desk_credentials")
    return Panel(
        "Credentials",
        _cut([_credential(row, address, today) for row in rows[: LINES + 1]], address),
        f"No check runs out within {settings.REVIEW_DUE_DAYS} days.",
    )


def _credential(row: Any, address: str, today: dt.date) -> Line:
    if row.until is None:
        return Line(row.signature, address, "No credential was checked yet")
    ends = "ran" if row.until < today else "runs"
    return Line(row.signature, address, f"The check {ends} out on {row.until:%-d %B %Y}", late=row.until < today)


def _due(day: dt.date, today: dt.date) -> str:
    return f"{'was due' if day < today else 'due'} {day:%-d %B %Y}"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cut(lines: list[Line], address: str) -> list[Line]:
    """The first lines, and one that leads to the others where there are more."""
    return lines if len(lines) <= LINES else [*lines[:LINES], Line("All of them", address)]
