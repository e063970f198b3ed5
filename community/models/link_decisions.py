"""What moderators decided about a link, one row a decision, never changed."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from .links import LONGEST_DESCRIPTION, LONGEST_TITLE, Link


class LinkDecision(models.Model):
    """One decision about a link: who, when, why, and the words that readers see from then on."""

    class Act(models.TextChoices):
        """What was done."""

        ACCEPT = "accept", "Accepted"
        EDIT = "edit", "Words changed"
        REFUSE = "refuse", "Refused"
        DOWN = "down", "Taken down"
        RESTORE = "restore", "Shown again"

        @property
        def possible_from(self) -> set[str]:
            """How a link stands about which this can be decided."""
            if self in {self.ACCEPT, self.REFUSE}:
                return {Link.Decision.PENDING}
            return {Link.Decision.REFUSED, Link.Decision.DOWN} if self is self.RESTORE else {Link.Decision.ACCEPTED}

        @property
        def leads_to(self) -> Link.Decision:
            """How the link stands afterwards."""
            if self is self.REFUSE:
                return Link.Decision.REFUSED
            return Link.Decision.DOWN if self is self.DOWN else Link.Decision.ACCEPTED

        @property
        def shows(self) -> bool:
            """Whether readers see the link afterwards."""
            return self.leads_to == Link.Decision.ACCEPTED

    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="decisions")
    act = models.CharField(max_length=7, choices=Act.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now(), editable=False)
    why = models.TextField(blank=True)
    title = models.CharField(max_length=LONGEST_TITLE, blank=True)
    description = models.CharField(max_length=LONGEST_DESCRIPTION, blank=True)
    kind = models.CharField(max_length=12, choices=Link.Kind.choices, blank=True)
    language = models.CharField(max_length=3, blank=True)
    country = models.CharField(max_length=2, blank=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(act__in=["accept", "edit", "restore"])
                | models.Q(act__in=["refuse", "down"]) & ~models.Q(why=""),
                name="decision_against_a_link_has_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_act_display()}: {self.link}"
