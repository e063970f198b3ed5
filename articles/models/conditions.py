"""Conditions: their names, their codes elsewhere, and every address they had."""

import datetime as dt
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Now
from django.urls import reverse

from .. import codes, text
from .vocabulary import Language


def preferred_name(condition: str) -> models.Subquery:
    """An expression: the preferred English name of the condition whose id stands in the named column."""
    # A word of the SQL, not a value: given as a value, SQLite plans the whole query anew each time it runs, to see
    # whether the index of preferred names fits, and PostgreSQL's kept plan cannot use it.
    preferred = models.Func(template=f"'{ConditionName.Kind.PREFERRED.value}'", output_field=models.CharField())
    names = ConditionName.objects.filter(
        condition_id=models.OuterRef(condition), language=Language.ENGLISH, kind=preferred
    )
    return models.Subquery(names.values("text")[:1])


def named(path: str) -> "models.Prefetch[Any]":
    """What fetches the conditions at the end of a path with their names. Each that is joined asks for its own."""
    return models.Prefetch(path, queryset=Condition.objects.all())


def successors(condition: int | None) -> list[int]:
    """The ids of a condition and of those that took its place one after another, each once; a query for each."""
    found: list[int] = []
    while condition is not None and condition not in found:
        found.append(condition)
        condition = Condition.objects.filter(pk=condition).values_list("successor", flat=True).first()
    return found


class ConditionManager(models.Manager["Condition"]):
    """Conditions come with their preferred name."""

    def get_queryset(self) -> "models.QuerySet[Condition]":
        """Every condition, with `preferred_name`."""
        return super().get_queryset().annotate(preferred_name=preferred_name("pk"))

    def called(self, words: str) -> "models.QuerySet[Condition]":
        """The condition with this slug, or else those with this name or synonym, whatever its case.

        Compared in Python: SQLite does not fold the case of accented letters.
        """
        words = text.one_line(words).casefold()
        if (by_slug := self.filter(slug=words)).exists():
            return by_slug
        names = ConditionName.objects.values_list("condition", "text")
        return self.filter(pk__in={condition for condition, name in names if name.casefold() == words})


class Condition(models.Model):
    """A disease or disorder that people ask questions about."""

    slug = models.SlugField(max_length=100, unique=True, help_text="The last part of its address.")
    definition = models.TextField(blank=True, help_text="For editors. Readers get the overview page's short answer.")
    origin = models.CharField(max_length=200, blank=True, help_text="Where the entry came from, such as DOID:14039.")
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        help_text="The condition that took its place. This one then leads there, unless it has pages or a community.",
    )

    objects: ClassVar[ConditionManager] = ConditionManager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(successor__isnull=True) | ~models.Q(successor=models.F("pk")),
                name="condition_is_not_its_successor",
                violation_error_message="A condition cannot take its own place.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The hub page."""
        return reverse("condition", args=[self.slug])

    def clean(self) -> None:
        """Refuse a slug that once was another condition's address, and successors that lead in a circle."""
        super().clean()
        if self.pk in successors(self.successor_id):
            raise ValidationError({"successor": f"{self.successor} leads back to this condition. Choose another."})
        if ConditionSlug.objects.filter(slug=self.slug).exclude(condition_id=self.pk).exists():
            raise ValidationError(
                {"slug": f"“{self.slug}” is or was the address of another condition. Choose another."}
            )

    @property
    def name(self) -> str:
        """The preferred English name; the slug where there is none yet."""
        name: str | None = self.__dict__.get("preferred_name")
        if "preferred_name" not in self.__dict__:
            name = self.names.filter(language=Language.ENGLISH, kind="preferred").values_list("text", flat=True).first()
        return name or self.slug


class ConditionName(models.Model):
    """One of the names of a condition."""

    class Kind(models.TextChoices):
        """How a name is used."""

        PREFERRED = "preferred", "Preferred"
        SYNONYM = "synonym", "Synonym"
        ABBREVIATION = "abbreviation", "Abbreviation"
        RELATED = "related", "Related: search finds it, readers are not told that the condition is called so"

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="names")
    language = models.CharField(max_length=2, default=Language.ENGLISH)
    text = models.CharField(max_length=300, db_index=True)
    kind = models.CharField(max_length=12, choices=Kind.choices)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["condition", "language", "text"], name="name_once_a_condition"),
            models.UniqueConstraint(
                fields=["condition", "language"],
                condition=models.Q(kind="preferred"),
                name="one_preferred_name_a_language",
                violation_error_message="A condition has one preferred name in each language.",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def clean(self) -> None:
        """Refuse characters that hide or reorder words: readers see the name beside the stamp."""
        super().clean()
        if faults := text.hidden({"text": self.text}):
            raise ValidationError(faults)


class ConditionCode(models.Model):
    """A condition's code in an outside system."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="codes")
    system = models.CharField(max_length=40, choices=[(system.name, system.title) for system in codes.SYSTEMS.values()])
    code = models.CharField(max_length=60, help_text="In whatever way it is written; it is kept in one form.")
    match = models.CharField(
        max_length=8,
        choices=codes.Match.choices,
        default=codes.Match.EXACT,
        help_text="How exactly it means this condition.",
    )

    class Meta:
        ordering = ["system", "code"]
        constraints = [models.UniqueConstraint(fields=["condition", "system", "code"], name="code_once_a_condition")]
        indexes = [models.Index(fields=["system", "code"], name="code_lookup")]

    def __str__(self) -> str:
        return f"{self.system} {self.code}"

    def clean(self) -> None:
        """Bring the code to the form that is kept; refuse one that its system cannot have."""
        super().clean()
        if faults := text.hidden({"system": self.system, "code": self.code}):
            raise ValidationError(faults)
        if (system := codes.SYSTEMS.get(self.system)) is None:
            return
        try:
            self.code = system.normalise(self.code)
        except ValueError as wrong:
            raise ValidationError({"code": f"{wrong} Write it as it stands there."}) from wrong


class NameChangeManager(models.Manager["NameChange"]):
    """The changes as a whole."""

    def newest(self) -> tuple[int, int | None, dt.datetime | None]:
        """What differs after every change, in whatever order changes are committed; one small query."""
        found = self.aggregate(rows=models.Count("pk"), last=models.Max("pk"), at=models.Max("changed_at"))
        return found["rows"], found["last"], found["at"]


class NameChange(models.Model):
    """A name or a code came, changed or went: what a process knows of them is old. The database writes it."""

    what = models.CharField(max_length=40, help_text="The table in which it happened.")
    changed_at = models.DateTimeField(db_default=Now(), editable=False)

    objects: ClassVar[NameChangeManager] = NameChangeManager()

    def __str__(self) -> str:
        return f"Change {self.pk} of the names"


class ConditionSlug(models.Model):
    """An address a condition has or had. The database writes it; an old one redirects for ever."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="slugs")
    slug = models.SlugField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.slug
