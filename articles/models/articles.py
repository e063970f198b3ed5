"""Articles: the address of one question about one condition, and every address it had."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from accounts.refusals import NotAllowed, Refusal

from ..digest import Source
from .conditions import Condition
from .vocabulary import Language, Origin, Topic

if TYPE_CHECKING:
    from accounts.models import User

    from .revisions import Revision

# Addresses below a condition that are not questions.
RESERVED_SLUGS = ["community", "feed", "history", "feedback"]


class StaleText(Refusal):
    """Somebody saved a newer version while this one was being written."""


class ArticleManager(models.Manager["Article"]):
    """Questions."""

    def start(self, *, condition: Condition, topic: str, slug: str, by: "User", language: str = "en") -> "Article":
        """A new question page without a text yet. Raises ValidationError or NotAllowed."""
        if not by.has_perm("articles.add_article"):
            raise NotAllowed(f"{by} may not start pages. Ask an administrator to add you to the group Authors.")
        article = Article(condition=condition, topic=topic, slug=slug, language=language)
        article.full_clean()
        try:
            with transaction.atomic():
                article.save()
        except IntegrityError:
            article.full_clean()  # somebody took the address in this moment, and this says so
            raise
        return article

    def lock(self, pk: int) -> "Article":
        """The article, held by this transaction until its end, so that acts on it come one after another."""
        return self.select_for_update(of=("self",)).select_related("condition").get(pk=pk)


class Article(models.Model):
    """The address of one question about one condition in one language. It holds no text."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="articles")
    topic = models.CharField(max_length=12, choices=Topic.choices)
    language = models.CharField(
        max_length=2,
        choices=Language.choices,
        default=Language.ENGLISH,
        error_messages={
            "invalid_choice": "“%(value)s” is not possible yet. Pages can only be in English (en) for now."
        },
    )
    slug = models.SlugField(max_length=100, help_text="The last part of its address.")
    translation_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="translations", editable=False
    )

    objects: ClassVar[ArticleManager] = ArticleManager()

    class Meta:
        verbose_name = "question page"
        ordering = ["condition__slug", "slug"]
        constraints = [
            models.UniqueConstraint(
                fields=["condition", "slug"],
                name="slug_once_a_condition",
                violation_error_message="This condition already has a page at this address. Choose another slug.",
            ),
            models.CheckConstraint(
                condition=~models.Q(slug__in=RESERVED_SLUGS),
                name="slug_is_not_reserved",
                violation_error_message=f"This slug is reserved. Choose one other than {', '.join(RESERVED_SLUGS)}.",
            ),
            models.CheckConstraint(
                condition=models.Q(language__in=Language.values),
                name="language_is_open",
                violation_error_message="Pages can only be in English (en) for now.",
            ),
            models.CheckConstraint(condition=models.Q(topic__in=Topic.values), name="topic_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.condition.slug}/{self.slug}"

    def get_absolute_url(self) -> str:
        """The question page."""
        return reverse("question", args=[self.condition.slug, self.slug])

    def clean(self) -> None:
        """Refuse a slug that once was another page's address."""
        super().clean()
        if self.condition_id is None:
            return
        others = ArticleSlug.objects.filter(condition_id=self.condition_id, slug=self.slug).exclude(article=self.pk)
        if others.exists():
            raise ValidationError({"slug": f"“{self.slug}” is or was the address of another page. Choose another."})

    def newest(self) -> "Revision | None":
        """The version saved last, whatever its state."""
        return self.revisions.order_by("-number").first()

    def revise(
        self,
        *,
        by: "User",
        question: str,
        short_answer: str = "",
        body: str = "",
        sources: Sequence[Source] = (),
        change_note: str = "",
        origin: str = Origin.HUMAN,
        based_on: int | None = None,
    ) -> "Revision":
        """Save a text as a new version and return it; a text equal to the newest makes none and returns that.

        `based_on` is the number of the version the writer started from (0 for none). Raises NotAllowed,
        TextRefused with field, place and reason, or StaleText where a newer version was saved meanwhile.
        """
        from .revisions import Revision, compose, tidy_note

        if not by.has_perm("articles.change_article"):
            raise NotAllowed(f"{by} may not write texts. Ask an administrator to add you to the group Authors.")
        draft = compose(self.language, origin, question, short_answer, body, sources)
        note = tidy_note(change_note)
        with transaction.atomic():
            article = Article.objects.lock(self.pk)
            newest = article.newest()
            if newest is not None and newest.text() == draft:
                return newest
            if newest is not None and based_on not in {None, newest.number}:
                raise StaleText(
                    f"{newest.author} saved version {newest.number} while you were writing. Your text is still here: "
                    "compare it with that version, then save again."
                )
            number = newest.number + 1 if newest else 1
            return Revision.objects.write(article, number, draft, by=by, change_note=note)


class ArticleSlug(models.Model):
    """An address a question has or had. The database writes it; an old one redirects for ever."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="slugs")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="article_slugs")
    slug = models.SlugField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["condition", "slug"], name="address_is_one_articles")]

    def __str__(self) -> str:
        return self.slug
