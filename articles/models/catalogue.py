"""Where conditions stand in the catalogue: which are broader, and what an outside source said of each."""

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models

from .conditions import Condition


class BroaderManager(models.Manager["BroaderCondition"]):
    """The order of conditions as a whole."""

    def above(self, condition: int) -> set[int]:
        """The ids of all conditions that are broader than this one, at whatever height; one query."""
        up: dict[int, list[int]] = {}
        for below, broader in self.values_list("condition", "broader"):
            up.setdefault(below, []).append(broader)
        found: set[int] = set()
        waiting = [condition]
        while waiting:
            new = set(up.get(waiting.pop(), ())) - found
            found |= new
            waiting += new
        return found


class BroaderCondition(models.Model):
    """One condition is a kind of another."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="broader_rows")
    broader = models.ForeignKey(
        Condition,
        on_delete=models.CASCADE,
        related_name="narrower_rows",
        help_text="Of which this condition is a kind.",
    )

    objects: ClassVar[BroaderManager] = BroaderManager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["condition", "broader"],
                name="broader_once_a_condition",
                violation_error_message="This broader condition stands there already.",
            ),
            models.CheckConstraint(
                condition=~models.Q(condition=models.F("broader")),
                name="condition_is_not_broader_than_itself",
                violation_error_message="A condition is not broader than itself. Choose another.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.condition} is a kind of {self.broader}"

    def clean(self) -> None:
        """Refuse a circle."""
        super().clean()
        if None in {self.condition_id, self.broader_id} or self.condition_id == self.broader_id:
            return
        if self.condition_id in BroaderCondition.objects.above(self.broader_id):
            raise ValidationError({"broader": f"{self.broader} is narrower than this condition. Choose another."})


class SourceTerm(models.Model):
    """What an outside source said of a condition last, so that a newer release changes no more than it says anew."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="source_terms")
    source = models.CharField(max_length=40, help_text="What the identifiers of the source begin with.")
    identifier = models.CharField(max_length=100, unique=True)
    release = models.CharField(max_length=100, blank=True, help_text="In which release it was read last.")
    said: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField(
        help_text="Names, definition, codes and broader terms."
    )
    found: "models.JSONField[list[str], list[str]]" = models.JSONField(
        default=list,
        blank=True,
        help_text="What stood there before the source said it, and stays when it says it no more.",
    )
    retired_at = models.DateTimeField(null=True, blank=True, help_text="When the source was found to have given it up.")

    class Meta:
        ordering = ["identifier"]
        indexes = [models.Index(fields=["source"], name="terms_of_a_source")]

    def __str__(self) -> str:
        return self.identifier
