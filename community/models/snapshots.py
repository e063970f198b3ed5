"""What the pictures of a community are drawn from: figures that may be shown, and no others."""

from typing import ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from accounts import clock

from ..counting import ShownCount, shown
from ..split import Split, replaced
from .communities import Community
from .members import Member

# The lowest threshold that the settings allow; the database takes no smaller figure.
FLOOR = 11


class CountrySnapshotManager(models.Manager["CountrySnapshot"]):
    """Members by country, one row a day a community at the most."""

    def take(self) -> int:
        """Look at each community whose total has moved far enough since it was last looked at; how many had."""
        newest = models.Subquery(
            self.filter(community=models.OuterRef("pk")).order_by("-day", "-pk").values("total")[:1]
        )
        least = settings.MEMBER_COUNT_THRESHOLD
        rows = Community.objects.filter(member_count__gte=least).annotate(total_then=newest).order_by("pk")
        return sum(self._take(row.pk) for row in rows if _far(row.member_count, row.total_then))

    @transaction.atomic
    def _take(self, key: int) -> bool:
        """One community, with nobody coming or going meanwhile. What decides whether it is looked at is public."""
        community = Community.objects.select_for_update(no_key=True).get(pk=key)
        last = self.filter(community=community).order_by("-day", "-pk").first()
        today, total = clock.today(), of(community.member_count).figure
        if total is None or (last and (last.day >= today or not _far(community.member_count, last.total))):
            return False
        groups = Member.objects.counted().filter(community=community).order_by().values_list("country")
        counts = dict(groups.annotate(models.Count("pk")))
        before = last.split if last else None
        rule = {"threshold": settings.MEMBER_COUNT_THRESHOLD, "round_to": settings.MEMBER_COUNT_ROUND_TO}
        after = replaced(before, counts, **rule)
        row = CountrySnapshot(community=community, day=today, total=total)
        if after is not None:
            row.cells, row.rest, row.counted_on, row.split_total = [*map(list, after.cells)], after.rest, today, total
        elif last is not None:
            row.cells, row.rest = last.cells, last.rest
            row.counted_on, row.split_total = last.counted_on, last.split_total
        row.save(force_insert=True)
        return True


class CountrySnapshot(models.Model):
    """Members by country as they may be shown since a day; never a figure below the threshold.

    `total` is the public number on the day; by it the next look is judged. Where the figures by country had to stay as
    they were, those of before stand here again, with the day on which they were counted.
    """

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    total = models.PositiveIntegerField()
    cells = models.JSONField(default=list)
    rest = models.PositiveIntegerField(default=0)
    counted_on = models.DateField(null=True)
    split_total = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[CountrySnapshotManager] = CountrySnapshotManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["community", "day"], name="country_snapshot_once_a_day"),
            models.CheckConstraint(condition=models.Q(total__gte=FLOOR), name="country_snapshot_has_a_public_total"),
            models.CheckConstraint(
                condition=models.Q(counted_on=None, rest=0, split_total=0)
                | models.Q(counted_on__isnull=False, rest__gte=FLOOR, split_total__gte=2 * FLOOR),
                name="country_snapshot_has_no_small_rest",
            ),
        ]

    def __str__(self) -> str:
        return f"Snapshot of {self.day:%-d %B %Y}"

    @property
    def split(self) -> Split | None:
        """The figures, if there are any."""
        if self.counted_on is None:
            return None
        return Split(tuple((str(code), int(count)) for code, count in self.cells), self.rest)


class YearFigureManager(models.Manager["YearFigure"]):
    """Members at the end of each year."""

    @transaction.atomic
    def note(self) -> int:
        """Write what is public of each community today as the figure of this year; how many there are."""
        year = clock.today().year
        rows = list(Community.objects.filter(models.Q(member_count__gt=0) | models.Q(pk__in=self.values("community"))))
        for community in rows:
            figure = of(community.member_count).figure
            self.update_or_create(community=community, year=year, defaults={"figure": figure})
        return len(rows)


class YearFigure(models.Model):
    """What was public of the number of members on the last day of a year, or is so far; None below the threshold."""

    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    figure = models.PositiveIntegerField(null=True)

    objects: ClassVar[YearFigureManager] = YearFigureManager()

    class Meta:
        ordering = ["year"]
        constraints = [
            models.UniqueConstraint(fields=["community", "year"], name="one_figure_a_year"),
            models.CheckConstraint(
                condition=models.Q(figure=None) | models.Q(figure__gte=FLOOR), name="no_small_figure_of_a_year"
            ),
        ]

    def __str__(self) -> str:
        return f"Members at the end of {self.year}"


def of(count: int) -> ShownCount:
    """What may be shown of a count."""
    return shown(count, threshold=settings.MEMBER_COUNT_THRESHOLD, round_to=settings.MEMBER_COUNT_ROUND_TO)


def _far(count: int, then: int | None) -> bool:
    """Whether what is public of a count differs from what it was by the threshold at least."""
    figure = of(count).figure
    return figure is not None and abs(figure - (then or 0)) >= settings.MEMBER_COUNT_THRESHOLD
