"""Publications and withdrawals: what the reader sees, as rows that never change."""

import datetime as dt
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypedDict

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Coalesce, JSONObject, Now

from accounts import clock
from accounts.prepared import Prepared
from accounts.refusals import NotAllowed, Refusal
from articles import text
from articles.models import Article

from .. import emails
from ..refusals import Moved
from .ledger import LedgerEntry
from .people import Credential, CredentialCheck
from .reviews import Review, ReviewQuerySet, contributors, valid, valid_of
from .search import IndexedText

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from accounts.models import User


class PublicationQuerySet(models.QuerySet["Publication"]):
    """Publications by what readers get."""

    def counted(self) -> "PublicationQuerySet":
        """Publications whose hour has come and that were not withdrawn before it."""
        cancelled = Withdrawal.objects.filter(publication=models.OuterRef("pk"), at__lt=models.OuterRef("live_from"))
        return self.filter(live_from__lte=clock.now()).exclude(models.Exists(cancelled))

    def current(self) -> "PublicationQuerySet":
        """The newest counted publication of each article, withdrawn or not."""
        newer = Publication.objects.counted().filter(
            article=models.OuterRef("article"), live_from__gt=models.OuterRef("live_from")
        )
        return self.counted().exclude(models.Exists(newer))

    def pending(self) -> "PublicationQuerySet":
        """Publications whose hour has not come."""
        return self.filter(live_from__gt=clock.now(), withdrawal__isnull=True)

    def with_stamp(self, *, signature: bool = False) -> "PublicationQuerySet":
        """Add `stamp_facts`, the review that the page's stamp tells of, and `read_at`, the database's time.

        With `signature` the facts hold the licence, the note and the moment of recording too; lists need none of it.

        The stamp is the newest valid whole-page approval of this very text; for a text approved by its changes
        only, the whole-page approval that rests under it. It is None where no approval counts any more.
        """
        whole, base = _behind_the_stamp()
        return self.annotate(
            stamp_facts=Coalesce(
                models.Subquery(whole.values(facts=_stamp(signature=signature))[:1]),
                models.Subquery(base.values(facts=_stamp(signature=signature, changes=True))[:1]),
            ),
            read_at=models.ExpressionWrapper(clock.now(), output_field=models.DateTimeField()),
        )

    def live(self) -> "PublicationQuerySet":
        """What readers see now, with its stamp. Everything public starts here.

        For each article the newest publication whose hour has come, unless it is withdrawn or its approval no
        longer counts; then the article shows nothing, never an older text.
        """
        # As much as that the stamp is not None, said with its reviews alone: a stamp is not made twice for it.
        # PostgreSQL would answer EXISTS by way of every approval there is.
        whole, base = (models.Subquery(rows.order_by().values("pk")[:1]) for rows in _behind_the_stamp())
        live = self.current().alias(stamped=Coalesce(whole, base)).filter(stamped__isnull=False)
        return live.filter(withdrawal__isnull=True).with_stamp()

    @transaction.atomic
    def publish(self, review: Review, *, by: "User", live_from: dt.datetime | None = None) -> "Publication":
        """Let readers see the approved text, now or from a later hour (an aware datetime).

        Whatever else was pending for the article is cancelled. Raises NotAllowed, Refusal or Moved with the reason.
        """
        if not by.has_perm("reviews.add_publication"):
            raise NotAllowed(f"{by} may not publish. Publishers do.")
        article = Article.objects.lock(review.revision.article_id)
        Credential.objects.lock(
            pk__in=[row.credential_check.credential_id for row in (review, review.base) if row is not None]
        )
        now = clock.read()
        if live_from is not None and live_from <= now:
            raise _past(live_from)
        if review.decision != Review.Decision.APPROVED:
            raise Refusal("This review asks for changes; only an approval can be published.")
        self._check_current(review, article)
        self._check_approval(review, article, today=now.date())
        for waiting in self.model.objects.pending().filter(article=article):
            Withdrawal.objects.record(waiting, by=by, why="Replaced by another publication.")
        # One that was cancelled keeps its hour; this one goes live in the very next moment.
        while live_from is not None and self.model.objects.filter(article=article, live_from=live_from).exists():
            live_from += dt.timedelta(microseconds=1)
        hour = {} if live_from is None else {"live_from": live_from}
        try:
            with transaction.atomic():
                publication = self.create(article=article, review=review, published_by=by, **hour)
        except IntegrityError:
            if live_from is not None and live_from <= clock.read():  # it came while this act waited
                raise _past(live_from) from None
            raise
        IndexedText.objects.enter(review.revision)  # takes its time, and the ledger has one lock for everybody
        LedgerEntry.objects.enter(publication)
        emails.published(publication)
        return publication

    def withdraw_own_words(self, articles: Iterable[int], *, by: "User") -> None:
        """Take down what a revocation left, of these articles, approved only by somebody who wrote a part of it."""
        for publication in (row for article in articles for row in _shown_or_waiting(article=article)):
            revision = publication.review.revision
            approvals = Review.objects.valid().filter(revision=revision)
            if not approvals.exclude(reviewer__user__in=contributors(revision)).exists():
                emails.withdrawn(Withdrawal.objects.record(publication, by=by, why=OWN_WORDS))

    def why_not(self, review: Review, *, today: dt.date) -> str:
        """Why this approval could not be published on a day, whoever asks; empty if it could."""
        try:
            self._check_approval(review, review.revision.article, today)
        except Refusal as refusal:
            return str(refusal)
        return ""

    def _check_current(self, review: Review, article: Article) -> None:
        """Refuse a text that readers see already."""
        current = _live_of.first(article=article.pk)
        if current is not None and current.review.revision_id == review.revision_id:
            raise Moved(f"Readers already see version {review.revision.number} of this page. Nothing to publish.")

    def _check_approval(self, review: Review, article: Article, today: dt.date) -> None:
        """Refuse an approval that no longer counts, and the return of one that has lapsed."""
        if not valid(review=review.pk) or _revoked_since(review):
            raise Refusal(f"The credential of {review.signed_as} was revoked. Ask for a new review.")
        if review.reviewer.user_id in contributors(review.revision):
            raise Refusal(
                f"{review.signed_as} wrote a part of this text that nobody else's approval covers any more. "
                "Ask another clinician for a new review."
            )
        last = max(row.pk for row in valid_of(revision=review.revision_id))
        objections = Review.objects.filter(revision=review.revision_id, decision=Review.Decision.CHANGES, pk__gt=last)
        if (objection := objections.order_by("-pk").first()) is not None:
            raise Refusal(
                f"{objection.signed_as} asked for changes to this version on {objection.signed_on:%-d %B %Y}. "
                "Ask for a new review before it is shown."
            )
        base = review.base
        if base is not None and _revoked_since(base):
            raise Refusal("The credential under the whole-page approval was revoked. Ask for a whole-page review.")
        shown_before = _counted_of(article=article.pk)
        newest = _whole_page_of.first(revision=review.revision_id)
        end = _end(newest or review)
        if shown_before and end <= today:
            raise Refusal(f"This approval lapsed on {end:%-d %B %Y}. Ask for a new review before it is shown again.")


OWN_WORDS = (
    "An approval on which this page rested no longer counts. A part of its text is approved by nobody but its author."
)


def _past(hour: dt.datetime) -> Refusal:
    return Refusal(f"The hour {hour.astimezone(dt.UTC):%-d %B %Y %H:%M} UTC is past. Choose a later one, or none.")


def _revoked_since(review: Review) -> bool:
    """Whether the credential behind a review was revoked, from whatever day, after the check it rests on."""
    return _revoked_after(review).exists()


def _end(review: Review) -> dt.date:
    """The day an approval stops counting: when it is due, or earlier where its credential was revoked."""
    days = _revoked_after(review).values_list("valid_from", flat=True)
    return min(day for day in (review.next_due, *days) if day is not None)


def _revoked_after(review: Review) -> "models.QuerySet[CredentialCheck]":
    check = review.credential_check
    return _revocations().filter(credential=check.credential_id, pk__gt=check.pk)


def _revocations() -> "models.QuerySet[CredentialCheck]":
    return CredentialCheck.objects.filter(revoked=True)


def _behind_the_stamp() -> tuple[ReviewQuerySet, ReviewQuerySet]:
    """The approvals of which a publication's stamp may tell, the first first: of the whole page, and under changes."""
    whole = (
        Review.objects.valid()
        .whole_page()
        .filter(revision=models.OuterRef("review__revision"))
        .order_by("-signed_on", "-pk")
    )
    base = Review.objects.valid().filter(
        pk=models.OuterRef("review__base"),
        # The review of the changes must itself still count.
        pk__in=Review.objects.valid().filter(pk=models.OuterRef(models.OuterRef("review"))).values("base"),
    )
    return whole, base


_SIGNATURE = {
    "suffix": "reviewer__suffix",
    "profession": "credential_check__credential__profession",
    "register": "credential_check__credential__register",
    "number": "credential_check__credential__number",
    "register_url": "credential_check__credential__register_url",
    "checked_on": "credential_check__checked_on",
    "evidence_to": "evidence_to",
    "recorded_at": "recorded_at",
    "note": "public_note",
}


def _stamp(*, signature: bool, changes: bool = False) -> JSONObject:
    """The review behind a stamp, as one JSON value, so that a list of pages costs one query.

    Under a review of changes only, also when the credential of whoever signed those was revoked.
    """
    revoked = _revocations().filter(
        credential=models.OuterRef("credential_check__credential"), pk__gt=models.OuterRef("credential_check")
    )
    return JSONObject(
        reviewer="signed_as",
        role="signed_role",
        slug="reviewer__slug",
        signed_on="signed_on",
        next_due="next_due",
        revoked_on=models.Subquery(revoked.order_by("valid_from").values("valid_from")[:1]),
        **(_SIGNATURE if signature else {}),
        **({"changes_revoked_on": _changes_revoked()} if changes else {}),
    )


def _changes_revoked() -> models.Subquery:
    """The day from which the credential behind the publication's own review does not count."""
    signed = models.OuterRef(models.OuterRef("review__credential_check"))
    credential = models.OuterRef(models.OuterRef("review__credential_check__credential"))
    revoked = _revocations().filter(credential=credential, pk__gt=signed)
    return models.Subquery(revoked.order_by("valid_from").values("valid_from")[:1])


class Publication(models.Model):
    """Readers may see an approved text from an hour on; never changed, never deleted."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="+")
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="publications")
    published_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    published_at = models.DateTimeField(db_default=Now(), editable=False)
    live_from = models.DateTimeField(db_default=Now())

    objects = PublicationQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        # Each process asks every second for the newest hour that has come (pages/state.py).
        indexes = [models.Index(fields=["live_from"], name="publication_by_hour")]
        constraints = [
            models.UniqueConstraint(fields=["article", "live_from"], name="one_publication_an_hour_of_an_article"),
            models.CheckConstraint(
                condition=models.Q(live_from__gte=models.F("published_at")), name="nothing_goes_live_in_the_past"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.review.revision}, public from {self.live_from:%-d %B %Y %H:%M} UTC"

    @transaction.atomic
    def withdraw(self, *, by: "User", why: str, instead: Article | None = None) -> "Withdrawal":
        """Take the page down at once, with a reason that readers see and, if there is one, a page to read instead.

        Before its hour this cancels it. Whatever else is pending for the article is cancelled too. Raises
        NotAllowed, Refusal or Moved; TextRefused with the place of a character that hides or reorders words.
        """
        if not by.has_perm("reviews.add_withdrawal"):
            raise NotAllowed(f"{by} may not withdraw pages. Publishers and clinicians do.")
        why = text.normalise(why).strip()
        if not why:
            raise Refusal("Say why the page is withdrawn; readers see the reason.")
        text.check_characters(why, "Reason")
        if instead is not None and instead.pk == self.article_id:
            raise Refusal("A page cannot be read instead of itself. Choose another page, or none.")
        Article.objects.lock(self.article_id)
        if Withdrawal.objects.filter(publication=self).exists():
            raise Moved("This publication was withdrawn already.")
        pending = Publication.objects.pending().filter(article=self.article_id)
        if not _is_current(publication=self.pk) and not pending.filter(pk=self.pk).exists():
            raise Moved("A newer publication has replaced this one; withdraw that one.")
        for other in pending.exclude(pk=self.pk):
            Withdrawal.objects.record(other, by=by, why="Cancelled when the page was withdrawn.")
        withdrawal = Withdrawal.objects.record(self, by=by, why=why, instead=instead)
        emails.withdrawn(withdrawal)
        return withdrawal


class StampFacts(TypedDict):
    """What `with_stamp()` adds to a publication."""

    stamp_facts: dict[str, Any] | None
    read_at: dt.datetime


if TYPE_CHECKING:
    Stamped = WithAnnotations[Publication, StampFacts]

_live_of = Prepared(
    lambda article: Publication.objects.live().filter(article=article).select_related("review").order_by("pk")
)
_shown_or_waiting = Prepared(
    lambda article: Publication.objects.filter(
        models.Q(pk__in=Publication.objects.live().filter(article=article).values("pk"))
        | models.Q(pk__in=Publication.objects.pending().filter(article=article).values("pk")),
        article=article,
    ).order_by("pk")
)
_counted_of = Prepared(lambda article: Publication.objects.counted().filter(article=article).order_by("pk")[:1])
_is_current = Prepared(lambda publication: Publication.objects.current().filter(pk=publication))
_whole_page_of = Prepared(
    lambda revision: Review.objects.valid().whole_page().filter(revision=revision).order_by("-signed_on", "-pk")[:1]
)


class WithdrawalManager(models.Manager["Withdrawal"]):
    """What was taken down."""

    def record(self, publication: Publication, *, by: "User", why: str, instead: Article | None = None) -> "Withdrawal":
        """Write the row and its entry in the ledger; `publication.withdraw` decides whether it may be."""
        withdrawal = self.create(publication=publication, by=by, why=why, instead=instead)
        LedgerEntry.objects.enter(withdrawal)
        return withdrawal


class Withdrawal(models.Model):
    """A publication was taken down, or cancelled before its hour; never changed, never deleted."""

    publication = models.OneToOneField(Publication, on_delete=models.PROTECT, related_name="withdrawal")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    why = models.TextField(help_text="Readers see it.")
    instead = models.ForeignKey(Article, on_delete=models.PROTECT, null=True, blank=True, related_name="+")

    objects: ClassVar[WithdrawalManager] = WithdrawalManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(why=""), name="withdrawal_has_a_reason")]

    def __str__(self) -> str:
        return f"Withdrawn: {self.publication}"
