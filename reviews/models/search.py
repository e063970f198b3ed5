"""The index of published texts: their words as search compares them, and nothing that a reader is shown."""

from collections.abc import Iterator
from typing import ClassVar

from django.db import models

from articles import folding, rendering
from articles.models import Revision

from .reviews import Review


class IndexedTextManager(models.Manager["IndexedText"]):
    """The index as a whole."""

    def enter(self, revision: Revision) -> "IndexedText":
        """Keep the words of a text that is being published; one that is there stays as it is."""
        words = words_of(revision)
        return self.get_or_create(revision=revision, defaults=words)[0]

    def absent(self) -> "models.QuerySet[Revision]":
        """Published texts that the index lacks, or holds as an older release folded them."""
        kept = self.filter(revision=models.OuterRef("pk"), form=folding.FORM)
        published = Revision.objects.filter(pk__in=Review.objects.filter(publications__isnull=False).values("revision"))
        return published.exclude(models.Exists(kept)).order_by("pk")

    def mend(self) -> Iterator[int]:
        """Enter what is absent, some hundred texts at a time, and yield how many; safe to repeat."""
        keys = list(self.absent().values_list("pk", flat=True))
        for start in range(0, len(keys), 200):
            some = Revision.objects.filter(pk__in=keys[start : start + 200])
            self.bulk_create(
                [IndexedText(revision=revision, **words_of(revision)) for revision in some],
                update_conflicts=True,
                unique_fields=["revision"],
                update_fields=["form", "question", "short_answer", "body"],
            )
            yield len(some)


def words_of(revision: Revision) -> dict[str, str | int]:
    """The fields of an entry for a text."""
    return {
        "form": folding.FORM,
        "question": folding.keys(revision.question),
        "short_answer": folding.keys(revision.short_answer),
        "body": folding.keys(rendering.plain(revision.html)),
    }


class IndexedText(models.Model):
    """The words of one published text, for finding it. Whether it is public is asked of `Publication.live()`."""

    revision = models.OneToOneField(Revision, on_delete=models.PROTECT, primary_key=True, related_name="+")
    form = models.PositiveSmallIntegerField(help_text="The rules by which the words were folded.")
    question = models.TextField(blank=True)
    short_answer = models.TextField(blank=True)
    body = models.TextField(blank=True)

    objects: ClassVar[IndexedTextManager] = IndexedTextManager()

    def __str__(self) -> str:
        return f"Words of {self.revision}"
