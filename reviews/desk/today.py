"""What is to be done about question pages: for the admin's first page, in few queries, and only what one may do."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, ExpressionWrapper, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.text import Truncator

from accounts import clock
from accounts.admin_site import DeskSite
from accounts.models import User
from accounts.signed_in import person
from accounts.today import Line, Panel
from articles.models import Revision
from articles.models.conditions import preferred_name

from .. import waiting
from ..models import CredentialCheck, Feedback, Publication, Review, ReviewRequest
from ..onlooker import Onlooker
from ..standing import Standing
from ..waiting import Lapse, Waiting
from .credentials import SOON_DAYS
from .credentials import due as due_checks

# A panel shows so many lines, and how many more there are.
LINES = 8
QUEUE = "admin:reviews_reviewrequest_changelist"
PAGES = "admin:articles_article_changelist"


def panels(request: HttpRequest) -> Iterator[Panel]:
    """What the person may do about question pages."""
    user = person(request)
    now, mistakes, others = _read(user)
    asks, signs, publishes = (
        user.has_perm(f"reviews.add_{right}") for right in ("reviewrequest", "review", "publication")
    )
    due = waiting.lapses(now.date()) if asks or signs or publishes else []
    if signs:
        yield from queue(user, now, due)
    if user.has_perm("articles.change_article"):
        yield drafts(user)
    if user.has_perm("reviews.change_feedback"):
        yield readers(mistakes, others)
    if publishes:
        yield approved(now.date())
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
    mine = [row for row in rows if row.mine]
    lines = _cut(_claimed(mine[: LINES + 1]), reverse(QUEUE))
    if free := [row for row in rows if row.may_claim]:
        words = f"{_number(len(free), 'review')} to take from the queue"
        next_due = f"The next {_due(free[0].due_on, now.date())}"
        lines.append(Line(words, f"{reverse(QUEUE)}?who=me", next_due, late=free[0].overdue))
    yield Panel(title, lines, "Nothing waits for you.")


def _claimed(rows: list[Waiting]) -> list[Line]:
    """The rows with their words, in one query."""
    revisions = Revision.objects.filter(pk__in=[row.revision for row in rows])
    named = revisions.annotate(name=preferred_name("article__condition")).values_list("pk", "question", "name")
    words = {pk: (question, name) for pk, question, name in named}
    found = []
    for row in rows:
        question, name = words[row.revision]
        detail = f"{name or row.condition}. {row.why}, {_due(row.due_on, row.now.date())}"
        address = reverse("admin:reviews_reviewrequest_change", args=[row.request])
        found.append(Line(question, address, detail, late=row.overdue))
    return found


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


def _read(user: User) -> tuple[dt.datetime, int, int]:
    """The database's time, and how many reports of mistakes and other messages of readers wait: one query."""

    def waiting(which: Q) -> Coalesce:
        rows = Feedback.objects.waiting().filter(which).order_by().values("handled_at")
        return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)

    mistake = Q(kind=Feedback.Kind.MISTAKE)
    now = ExpressionWrapper(clock.now(), output_field=DateTimeField())
    # On the person's own row, which is there.
    columns = (now, waiting(mistake), waiting(~mistake))
    read: tuple[dt.datetime, int, int] = User.objects.filter(pk=user.pk).values_list(*columns).get()
    return read


def readers(mistakes: int, others: int) -> Panel:
    """How much of what readers said waits to be read."""
    address = reverse("admin:reviews_feedback_changelist")
    lines = []
    if mistakes:
        words = f"{_number(mistakes, 'mistake')} reported"
        lines.append(Line(words, f"{address}?kind={Feedback.Kind.MISTAKE}", late=True))
    if others:
        lines.append(Line(_number(others, "other message"), address))
    return Panel("What readers say", lines, "Nothing waits to be read.")


def approved(today: dt.date) -> Panel:
    """The newest approved version of each page, where readers never got it and no hour is set for it.

    What publishing would refuse comes last, with the reason.
    """
    valid, here = Review.objects.valid(), OuterRef("revision__article")
    newer = valid.filter(revision__article=here).filter(
        Q(revision__number__gt=OuterRef("revision__number")) | Q(revision=OuterRef("revision"), pk__gt=OuterRef("pk"))
    )
    cancelled = Q(withdrawal__at__lt=F("live_from"))
    published = Publication.objects.filter(review__revision=OuterRef("revision")).exclude(cancelled)
    # Whether it can be published takes several queries, so only those are asked about that may have ended.
    revoked = CredentialCheck.objects.filter(revoked=True).values("credential")
    may_have_ended = valid.filter(revision=OuterRef("revision")).filter(
        Q(next_due__lte=today)
        | Q(credential_check__credential__in=revoked)
        | Q(base__credential_check__credential__in=revoked)
    )
    rows = valid.exclude(Exists(newer)).exclude(Exists(published)).annotate(doubtful=Exists(may_have_ended))
    related = rows.select_related("revision__article__condition", "credential_check", "base__credential_check")
    lines = [_approved(review, today) for review in related.order_by("doubtful", "pk")[: LINES + 1]]
    if len(lines) > LINES:  # no list shows them all: the rest comes up as these are published
        lines[LINES:] = [Line(f"and {rows.count() - LINES} more", "")]
    return Panel("Approved, not published", lines, "Nothing waits to be published.")


def _approved(review: Any, today: dt.date) -> Line:
    revision = review.revision
    detail = (
        f"{revision.article}, version {revision.number}, approved by {review.signed_as} on {review.signed_on:%-d %B %Y}"
    )
    if why_not := Publication.objects.why_not(review, today=today) if review.doubtful else "":
        address = reverse("admin:articles_article_change", args=[revision.article_id])
        return Line(revision.question, address, f"{detail}. {why_not}", late=True)
    return Line(revision.question, reverse("admin:desk_publish", args=[revision.article_id, review.pk]), detail)


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
    """Reviewers who cannot sign, or soon cannot: the first of the registrar's list."""
    address = reverse("admin:desk_credentials")
    lines = [
        Line(
            row.reviewer.signature,
            address,
            f"{row.state} {row.day:%-d %B %Y}" if row.day else row.state,
            late=not row.cover.counts,
        )
        for row in due_checks(today)[: LINES + 1]
    ]
    nothing = f"Every reviewer’s credential is checked for more than {SOON_DAYS} days."
    return Panel("Credentials", _cut(lines, address), nothing)


def _due(day: dt.date, today: dt.date) -> str:
    return f"{'was due' if day < today else 'due'} {day:%-d %B %Y}"


def _number(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cut(lines: list[Line], address: str) -> list[Line]:
    """The first lines, and one that leads to the others where there are more."""
    return lines if len(lines) <= LINES else [*lines[:LINES], Line("All of them", address)]
