"""The checklist of the desk: what a clinician ticks before an approval, in versions that never change."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now

from accounts.refusals import NotAllowed, Refusal
from articles import text

if TYPE_CHECKING:
    from accounts.models import User

MOST_POINTS = 20
LONGEST_POINT = 200


class ChecklistManager(models.Manager["Checklist"]):
    """The versions of the checklist."""

    def in_force(self) -> "Checklist | None":
        """The newest version; None where nobody wrote one yet."""
        return self.order_by("-pk").first()

    @transaction.atomic
    def write(self, points: str, *, by: "User") -> "Checklist":
        """Put a new version into force: points, one a line. Raises NotAllowed or Refusal."""
        if not by.has_perm("reviews.add_checklist"):
            raise NotAllowed(f"{by} may not change the checklist. Publishers do.")
        lines = [line for line in map(text.one_line, points.splitlines()) if line]
        if not lines:
            raise Refusal("Write at least one point, each on a line of its own.")
        if len(lines) > MOST_POINTS:
            raise Refusal(f"These are {len(lines)} points; at most {MOST_POINTS} fit. Join some, or leave some out.")
        for number, line in enumerate(lines, start=1):
            text.check_characters(line, f"Point {number}")
            if len(line) > LONGEST_POINT:
                raise Refusal(f"Point {number} has {len(line)} characters; at most {LONGEST_POINT} fit. Shorten it.")
            if line in lines[: number - 1]:
                raise Refusal(f"Point {number}, “{line}”, stands there twice. Take one out.")
        before = self.in_force()
        if before is not None and before.lines == lines:
            raise Refusal("These are the points in force already. Change one, or leave the page.")
        return self.create(points="\n".join(lines), written_by=by)


class Checklist(models.Model):
    """One version of the points; the newest one is in force. Never changed, never deleted."""

    points = models.TextField(help_text="One point a line, as the clinician says it: “Every figure matches a source.”")
    written_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    written_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[ChecklistManager] = ChecklistManager()

    class Meta:
        ordering = ["-pk"]
        constraints = [models.CheckConstraint(condition=~models.Q(points=""), name="checklist_has_points")]

    def __str__(self) -> str:
        return f"Checklist of {self.written_at:%-d %B %Y}"

    @property
    def lines(self) -> list[str]:
        """The points, in order."""
        return self.points.split("\n")

    def missing(self, ticked: Iterable[int]) -> list[str]:
        """The points that are not among the ticked numbers, which count from 1."""
        done = set(ticked)
        return [line for number, line in enumerate(self.lines, start=1) if number not in done]
