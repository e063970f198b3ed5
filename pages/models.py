"""What has no other home: the operator's words about the site, and the jobs that a timer runs."""

import datetime as dt
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import connections, models, transaction
from django.db.models.functions import Now

from accounts import clock
from accounts.refusals import NotAllowed, Refusal
from articles import text

if TYPE_CHECKING:
    from accounts.models import User

# PostgreSQL's advisory lock under which site texts are written, one after another.
LOCK = 7_686_852
LONGEST = 5_000
# So many codes asked for in vain are told apart; whoever tries them all fills no disk.
MOST_CODES = 20_000


class SiteTextManager(models.Manager["SiteText"]):
    """What the operator says about the site, in versions."""

    def in_force(self) -> "dict[str, SiteText]":
        """The newest version of each text by its key, but for those that were taken back; one query."""
        newest = self.values("key").annotate(newest=models.Max("pk")).values("newest")
        return {row.key: row for row in self.filter(pk__in=newest).exclude(words="").order_by("pk")}

    def missing(self) -> "list[SiteText.Key]":
        """The texts that readers do not get because nobody wrote them; one query."""
        said = self.in_force()
        return [key for key in SiteText.Key if key not in said]

    def version(self) -> int:
        """The number of the newest version of any text, 0 where there is none: all texts together stand at it."""
        return self.order_by("-pk").values_list("pk", flat=True).first() or 0

    @transaction.atomic
    def write(self, key: str, words: str, *, by: "User") -> "SiteText":
        """Say something anew, in paragraphs of plain text; no words take it back. Raises NotAllowed or Refusal.

        No other version is written until this transaction ends, so a higher number never comes before a lower one.
        """
        if not by.has_perm("pages.add_sitetext"):
            raise NotAllowed(f"{by} may not change the texts of the site. Publishers do.")
        words = text.normalise(words).strip()
        text.check_characters(words, "Text")
        if len(words) > LONGEST:
            raise Refusal(f"The text has {len(words):,} characters; at most {LONGEST:,} fit. Shorten it.")
        connection = connections[self.db]
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        before = self.filter(key=key).order_by("-pk").first()
        if words == (before.words if before else ""):
            raise Refusal("These are the words that readers get already. Change them, or leave the page.")
        number = before.number + 1 if before else 1
        return self.create(pk=self.version() + 1, key=key, number=number, words=words, written_by=by)


class SiteText(models.Model):
    """One version of what the operator says on a matter; the newest is in force. Never changed, never deleted."""

    class Key(models.TextChoices):
        """What readers, and quality marks, ask of whoever runs such a site. The name is the heading on the page."""

        PUBLISHER = "publisher", "Who we are"
        FUNDING = "funding", "Who pays"
        ADVERTISING = "advertising", "Advertising"
        CONFLICTS = "conflicts", "Conflicts of interest"
        AUTHORS = "authors", "Who writes for us"
        EVIDENCE = "evidence", "Which sources we use"
        REVIEWING = "reviewing", "How often we review"
        CORRECTIONS = "corrections", "Corrections and complaints"
        CONTACT = "contact", "Contact"
        LICENCE = "licence", "Using our texts"
        SOURCE_CODE = "source-code", "Source code"
        PRIVACY = "privacy", "Who is responsible for your data"
        HOSTING = "hosting", "What our host records"
        ACCESSIBILITY_GAPS = "accessibility-gaps", "What does not work well yet"
        ACCESSIBILITY_CONTACT = "accessibility-contact", "Tell us what stops you"

    # Its id is its number among all texts: 1, 2, 3 and so on, without a gap.
    key = models.CharField("about", max_length=30, choices=Key.choices)
    number = models.PositiveIntegerField(editable=False)
    words = models.TextField(
        blank=True,
        help_text="Plain text; an empty line begins a new paragraph, and web and e-mail addresses become links. "
        "Left empty, readers no longer get this section.",
    )
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[SiteTextManager] = SiteTextManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["key", "number"], name="site_text_version_once_a_key")]

    def __str__(self) -> str:
        return f"{self.get_key_display()}, version {self.number}"


class CodeMissManager(models.Manager["CodeMiss"]):
    """The codes that were asked for in vain."""

    def note(self, system: str, code: str, times: int = 1) -> None:
        """Count that somebody asked for a code, in the form that is kept, which no public page answers."""
        today = clock.today()
        if not self.filter(system=system, code=code).update(times=models.F("times") + times, last_on=today):
            if self.count() >= MOST_CODES:
                self._make_room()
            defaults = {"times": times, "first_on": today, "last_on": today}
            row, made = self.get_or_create(system=system, code=code, defaults=defaults)
            if not made:
                self.filter(pk=row.pk).update(times=models.F("times") + times, last_on=today)

    def _make_room(self) -> None:
        """Forget a hundredth, those asked for least often and longest ago: who tries all codes hides no real one."""
        rarest = self.order_by("times", "last_on", "pk").values_list("pk", flat=True)[: max(1, MOST_CODES // 100)]
        self.filter(pk__in=list(rarest)).delete()


class CodeMiss(models.Model):
    """A code that was asked for in vain, and how often: which pages are missing. Nothing of who asked, or for whom."""

    system = models.CharField(max_length=40)
    code = models.CharField(max_length=60)
    times = models.PositiveIntegerField(default=1)
    first_on = models.DateField()
    last_on = models.DateField()

    objects: ClassVar[CodeMissManager] = CodeMissManager()

    class Meta:
        ordering = ["-times", "system", "code"]
        constraints = [models.UniqueConstraint(fields=["system", "code"], name="code_missed_once")]
        verbose_name_plural = "codes asked for in vain"

    def __str__(self) -> str:
        return f"{self.system} {self.code}"


class JobManager(models.Manager["Job"]):
    """The jobs and their leases."""

    def claim(self, name: str, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take a job that is due and free; False if it is neither. A crashed run is free again after its lease."""
        self.get_or_create(name=name, defaults={"due_at": now})
        free = models.Q(leased_until__isnull=True) | models.Q(leased_until__lt=now)
        return self.filter(free, name=name, due_at__lte=now).update(leased_until=now + lease) == 1


class Job(models.Model):
    """A repeated piece of work: when it is due, who has it, how the last run went."""

    name = models.CharField(max_length=50, primary_key=True)
    due_at = models.DateTimeField()
    leased_until = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    failures = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True)

    objects: ClassVar[JobManager] = JobManager()

    def __str__(self) -> str:
        return self.name
