"""Links that readers suggest and moderators answer for. No clinician reviewed what they lead to."""

import datetime as dt
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Length, Lower, Now
from django.db.models.lookups import LessThanOrEqual
from django.urls import reverse

from accounts import clock
from accounts.models import User, canonical_email
from accounts.refusals import NotAllowed, Refusal
from articles.models import Condition

from .. import addresses, link_letters, link_words
from ..countries import COUNTRIES
from ..languages import LANGUAGES
from ..link_words import LONGEST_DESCRIPTION, LONGEST_TITLE, MOST_WORDS, Kind

if TYPE_CHECKING:
    from .link_decisions import LinkDecision

# Found broken on so many days, one after another, a link leaves the page; the day it answers it is back.
BROKEN_DAYS = 3
# Each link is looked at once a day, whatever the hour at which the checker comes by.
CHECKED_EVERY = dt.timedelta(hours=20)
LONGEST_WITHOUT_ANSWER = dt.timedelta(days=365)


class Decided(Refusal):
    """Somebody was faster: the link stands otherwise than the moderator saw it."""


class AlreadySuggested(Refusal):
    """The address was suggested for this condition before."""


class LinkQuerySet(models.QuerySet["Link"]):
    """The links of all conditions."""

    def shown(self) -> "LinkQuerySet":
        """What readers see: accepted, and not found broken on three days one after another."""
        return self.filter(decision=Link.Decision.ACCEPTED, broken_days__lt=BROKEN_DAYS)

    def waiting(self) -> "LinkQuerySet":
        """What a moderator has not answered."""
        return self.filter(decision=Link.Decision.PENDING)

    def broken(self) -> "LinkQuerySet":
        """Accepted links that did not answer when they were looked at last; some of them stand on the page still."""
        return self.filter(decision=Link.Decision.ACCEPTED, outcome=Link.Outcome.BROKEN)

    def tally(self) -> tuple[int, int]:
        """How many wait, and how many do not answer; one query."""
        kinds = {"waiting": self.waiting(), "broken": self.broken()}
        counts = self.aggregate(
            **{name: models.Count("pk", filter=models.Q(pk__in=rows)) for name, rows in kinds.items()}
        )
        return counts["waiting"], counts["broken"]

    def at_host(self, host: str) -> "LinkQuerySet":
        """Links to one site, whatever the condition."""
        begins = [f"{scheme}://{host}{end}" for scheme in ("https", "http") for end in ("/", ":")]
        return self.filter(reduce(or_, (models.Q(url__startswith=each) for each in begins)))

    def in_page_order(self) -> "LinkQuerySet":
        """By kind, as the kinds are listed, and by title."""
        order = [models.When(kind=kind, then=models.Value(place)) for place, kind in enumerate(Link.Kind.values)]
        return self.order_by(models.Case(*order, default=models.Value(len(order))), Lower("title"), "pk")

    def due_for_check(self, now: dt.datetime) -> "LinkQuerySet":
        """Links to be looked at now, the longest unseen first: accepted or waiting, and in nobody's hands."""
        asked = self.filter(decision__in=[Link.Decision.ACCEPTED, Link.Decision.PENDING])
        old = models.Q(checked_at__isnull=True) | models.Q(checked_at__lte=now - CHECKED_EVERY)
        free = models.Q(checking_until__isnull=True) | models.Q(checking_until__lte=now)
        return asked.filter(old, free).order_by(models.F("checked_at").asc(nulls_first=True), "pk")

    @transaction.atomic
    def suggest(
        self,
        condition: Condition,
        *,
        url: str,
        why: str,
        key: str,
        email: str = "",
        title: str = "",
        kind: str = "",
        language: str = "",
    ) -> "Link":
        """Keep what a reader suggests; it waits for a moderator. The same key is kept once.

        Raises AddressRefused, AlreadySuggested, Refusal; TextRefused with the place of a hidden character.
        """
        why = link_words.of_reader(why)
        if not why:
            raise Refusal("Say how the link helps: a moderator decides by it.")
        link_words.check_codes(kind, "", language)
        said = {
            "condition": condition,
            "url": addresses.normalise(url),
            "why": why,
            "title": link_words.one_line(title, "The name", LONGEST_TITLE),
            "kind": kind,
            "language": language,
        }
        if (same := self.filter(key=key).first()) is not None:
            if any(getattr(same, name) != value for name, value in said.items()):
                raise Decided("This form was sent already, with other words. Open it anew for another link.")
            return same
        # Asked first: PostgreSQL writes a row that it refuses into its log, with all that is in it.
        before = self.filter(condition=condition, url=said["url"])
        if (known := before.first()) is None:
            try:
                with transaction.atomic():
                    return self.create(key=key, suggested_email=canonical_email(email), **said)
            except IntegrityError:
                if (known := before.first()) is None:
                    raise
        raise AlreadySuggested(known.in_words_for_another) from None

    def erase_emails(self) -> int:
        """Erase the addresses of suggesters who were answered FEEDBACK_EMAIL_DAYS days ago, and say how many.

        Those of whom nobody answered go after a year.
        """
        long_ago = clock.now() - dt.timedelta(settings.FEEDBACK_EMAIL_DAYS)
        link_letters.erase_old(long_ago)
        answered = models.Q(decided_at__lte=long_ago)
        forgotten = models.Q(decided_at__isnull=True, suggested_at__lte=clock.now() - LONGEST_WITHOUT_ANSWER)
        return self.filter(answered | forgotten).exclude(suggested_email="").update(suggested_email="")

    def forget(self, email: str) -> int:
        """Erase an address wherever it was left for an answer, because its owner asks for it; say how often."""
        address = canonical_email(email)
        link_letters.erase_for(address)
        return self.filter(suggested_email=address).exclude(suggested_email="").update(suggested_email="")


class Link(models.Model):
    """A place outside that somebody suggested for a condition, what moderators said of it, and whether it answers."""

    Kind = Kind

    class Decision(models.TextChoices):
        """How it stands."""

        PENDING = "pending", "Waits"
        ACCEPTED = "accepted", "Accepted"
        REFUSED = "refused", "Refused"
        DOWN = "down", "Taken down"

    class Outcome(models.TextChoices):
        """What the checker found."""

        UNCHECKED = "unchecked", "Not checked yet"
        WORKS = "works", "Works"
        BROKEN = "broken", "Does not answer"

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="+")
    url = models.CharField("web address", max_length=addresses.MOST_CHARACTERS)
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    description = models.CharField(max_length=LONGEST_DESCRIPTION, blank=True)
    kind = models.CharField(max_length=12, choices=Kind.choices, blank=True)
    language = models.CharField(max_length=3, blank=True, help_text="ISO 639 code.")
    country = models.CharField(max_length=2, blank=True, help_text="ISO 3166 code, where it is for one country.")

    why = models.TextField(blank=True, help_text="The words of whoever suggested it; readers do not see them.")
    key = models.CharField(max_length=40, unique=True, help_text="Of the form, so that a double click is one row.")
    suggested_email = models.EmailField(blank=True, help_text="For an answer alone; erased some time after it.")
    suggested_at = models.DateTimeField(db_default=Now(), editable=False)

    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.PENDING, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )
    decided_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When its last decision was.")
    reason = models.TextField(blank=True, editable=False)

    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    outcome = models.CharField(max_length=9, choices=Outcome.choices, default=Outcome.UNCHECKED, editable=False)
    outcome_words = models.CharField(max_length=200, blank=True, editable=False)
    final_url = models.CharField(max_length=2000, blank=True, editable=False)
    tls = models.BooleanField(null=True, editable=False)
    found_language = models.CharField(max_length=35, blank=True, editable=False)
    failing_since = models.DateTimeField(null=True, blank=True, editable=False)
    broken_days = models.PositiveSmallIntegerField(default=0, editable=False)
    checking_until = models.DateTimeField(null=True, blank=True, editable=False)

    objects = LinkQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["condition", "decided_at"], name="link_decided"),
            models.Index(fields=["checked_at"], name="link_checked"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["condition", "url"], name="link_once_a_condition"),
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=["", "organisation", "peers", "information", "research", "trials", "service"]
                ),
                name="kind_of_link_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="pending", decided_by__isnull=True, decided_at__isnull=True, reason="")
                | models.Q(decision="accepted", decided_by__isnull=False, decided_at__isnull=False)
                | models.Q(decision__in=["refused", "down"], decided_by__isnull=False, decided_at__isnull=False)
                & ~models.Q(reason=""),
                name="decision_on_a_link_has_who_when_and_reason",
            ),
            models.CheckConstraint(
                condition=~models.Q(decision="accepted") | (~models.Q(title="") & ~models.Q(kind="")),
                name="accepted_link_has_title_and_kind",
            ),
            models.CheckConstraint(
                condition=models.Q(outcome="unchecked", checked_at__isnull=True, failing_since__isnull=True)
                & models.Q(broken_days=0)
                | models.Q(outcome="works", checked_at__isnull=False, failing_since__isnull=True, broken_days=0)
                | models.Q(outcome="broken", checked_at__isnull=False, failing_since__isnull=False, broken_days__gte=1),
                name="outcome_of_a_check_is_whole",
            ),
            models.CheckConstraint(
                condition=LessThanOrEqual(Length("why"), MOST_WORDS), name="suggesters_words_are_not_too_many"
            ),
            models.CheckConstraint(
                condition=models.Q(url__startswith="https://") | models.Q(url__startswith="http://"),
                name="link_is_a_web_address",
            ),
        ]

    def __str__(self) -> str:
        return self.title or self.host

    def get_absolute_url(self) -> str:
        """Where readers find it: the community's page."""
        return reverse("community", args=[self.condition.slug])

    @property
    def host(self) -> str:
        """The name of the site it leads to."""
        return addresses.host_of(self.url)

    @property
    def in_language(self) -> str:
        """The name of its language; empty where nobody said."""
        return LANGUAGES.get(self.language, self.language)

    @property
    def for_country(self) -> str:
        """The name of the country that it is for; empty where it is for everybody."""
        return COUNTRIES.get(self.country, self.country)

    @property
    def is_hidden(self) -> bool:
        """Whether it left the page by itself, because it does not answer."""
        return self.decision == self.Decision.ACCEPTED and self.broken_days >= BROKEN_DAYS

    @property
    def in_words_for_another(self) -> str:
        """What somebody is told who suggests it as well."""
        if self.decision == self.Decision.PENDING:
            return "Somebody suggested this address already, and a moderator will look at it. Thank you all the same."
        if self.decision == self.Decision.ACCEPTED:
            return "This address is among the links already. Thank you all the same."
        return "Moderators looked at this address before and decided not to show it. Thank you all the same."

    # Decisions

    def accept(self, *, by: "User", title: str, kind: str, **words: str) -> "LinkDecision":
        """Show it to readers, in the moderator's words. Raises NotAllowed, Refusal, or Decided: who was faster.

        `words` are the description, the language, the country, and why.
        """
        return self._decide(by, "accept", title=title, kind=kind, **words)

    def refuse(self, *, by: "User", why: str) -> "LinkDecision":
        """Do not show it, and say why; whoever left an address is told. Raises as `accept` does."""
        return self._decide(by, "refuse", why=why)

    def edit_words(self, *, by: "User", title: str, kind: str, **words: str) -> "LinkDecision":
        """Change the words beside a link that is shown. Raises as `accept` does."""
        return self._decide(by, "edit", title=title, kind=kind, **words)

    def take_down(self, *, by: "User", why: str) -> "LinkDecision":
        """Take it off the page at once, and close what readers reported of it. Raises as `accept` does."""
        return self._decide(by, "down", why=why)

    def restore(self, *, by: "User", title: str, kind: str, **words: str) -> "LinkDecision":
        """Show a link again that was refused or taken down. Raises as `accept` does."""
        return self._decide(by, "restore", title=title, kind=kind, **words)

    @transaction.atomic
    def _decide(self, by: "User", act: str, *, why: str = "", **words: str) -> "LinkDecision":
        """Write the decision, bring the link to it, and tell whom it concerns."""
        from .link_decisions import LinkDecision
        from .link_reports import LinkReport

        if not by.has_perm("community.change_link"):
            raise NotAllowed(f"{by} may not decide on links. Moderators do.")
        # Decisions about one condition come one after another: the newest one names the state of its pages.
        Condition.objects.select_for_update(no_key=True).get(pk=self.condition_id)
        self.refresh_from_db()
        wanted = LinkDecision.Act(act)
        if self.decision not in wanted.possible_from:
            raise Decided(self._standing())
        after: dict[str, Any] = {"why": link_words.checked_reason(why, needed=not wanted.shows)}
        after |= link_words.checked(**words) if wanted.shows else self.words
        decision = LinkDecision.objects.create(link=self, act=wanted, by=by, **after)
        decision.refresh_from_db(fields=["at"])
        self.decision, self.decided_by, self.decided_at = wanted.leads_to, by, decision.at
        self.reason = after.pop("why")
        for name, value in after.items():
            setattr(self, name, value)
        self.save(update_fields=["decision", "decided_by", "decided_at", "reason", *after])
        link_letters.decided(self, decision)
        if wanted == LinkDecision.Act.DOWN:
            LinkReport.objects.close_all(self, by=by, answer=why)
        return decision

    @property
    def words(self) -> dict[str, str]:
        """What readers are told of it."""
        return {name: getattr(self, name) for name in ("title", "description", "kind", "language", "country")}

    def _standing(self) -> str:
        """Who decided what, and when."""
        if self.decided_by is None or self.decided_at is None:
            return "This link still waits for a decision."
        when = f"{self.decided_at:%-d %B %Y at %H:%M} UTC"
        return f"{self.decided_by} decided on this link on {when}: {self.get_decision_display().lower()}."

    def erase_words(self, *, by: "User") -> None:
        """Erase what the suggester wrote, and their address. The link and its history stay. Raises NotAllowed."""
        if not by.has_perm("community.change_link"):
            raise NotAllowed(f"{by} may not erase what readers wrote. Moderators do.")
        Link.objects.filter(pk=self.pk).update(why="", suggested_email="")
        self.refresh_from_db()

    # Checks

    def claim_check(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take the link for a look at it; False if another process has it. After the lease it is free again."""
        return Link.objects.filter(pk=self.pk).due_for_check(now).update(checking_until=now + lease) == 1

    @transaction.atomic
    def checked(
        self, *, outcome: str, words: str = "", final_url: str = "", tls: bool | None = None, found_language: str = ""
    ) -> None:
        """Note what a look at it found. Broken on three days one after another it leaves the page; then it comes back.

        Of several looks on one day (in UTC) the broken ones count once.
        """
        row = Link.objects.select_for_update(no_key=True, of=("self",)).get(pk=self.pk)
        now = clock.read()
        row.failing_since, row.broken_days = row.after_check(outcome, now)
        row.outcome, row.checked_at, row.checking_until = outcome, now, None
        row.outcome_words, row.final_url, row.tls = words[:200], final_url[:2000], tls
        row.found_language = found_language[:35]
        found = ["outcome", "checked_at", "checking_until", "outcome_words", "final_url", "tls", "found_language"]
        row.save(update_fields=[*found, "failing_since", "broken_days"])
        self.refresh_from_db()

    def after_check(self, outcome: str, now: dt.datetime) -> tuple[dt.datetime | None, int]:
        """Since when it does not answer, and on how many days it did not, once this was found."""
        if outcome != self.Outcome.BROKEN:
            return None, 0
        if self.failing_since is None or self.checked_at is None:
            return now, 1
        another_day = now.astimezone(dt.UTC).date() > self.checked_at.astimezone(dt.UTC).date()
        return self.failing_since, self.broken_days + another_day


User.forgetting.append(Link.objects.forget)
