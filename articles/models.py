"""What is written, and about what? Conditions, the questions about them, and every version of every text."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import IntegrityError, models, transaction
from django.db.models.functions import Now
from django.urls import reverse

from accounts.refusals import NotAllowed, Refusal

from . import rendering, text
from .digest import Source, Text

if TYPE_CHECKING:
    from accounts.models import User

# Addresses below a condition that are not questions.
RESERVED_SLUGS = ["community", "feed", "history", "feedback"]


class Topic(models.TextChoices):
    """What a question is about; the order is the order on a condition's page."""

    OVERVIEW = "overview", "Overview"
    SYMPTOMS = "symptoms", "Symptoms"
    CAUSES = "causes", "Causes"
    DIAGNOSIS = "diagnosis", "Diagnosis"
    TREATMENT = "treatment", "Treatment"
    OUTLOOK = "outlook", "Outlook"
    LIVING = "living", "Living with it"
    RESEARCH = "research", "Research"

    @property
    def health_aspect(self) -> str:
        """The schema.org HealthAspectEnumeration member, without the address."""
        return _ASPECTS[self.value][0]

    @property
    def mesh(self) -> str:
        """The MeSH descriptor or qualifier that HL7 Infobutton uses as subTopic; empty where there is none."""
        return _ASPECTS[self.value][1]


_ASPECTS = {
    "overview": ("OverviewHealthAspect", ""),
    "symptoms": ("SymptomsHealthAspect", ""),
    "causes": ("CausesHealthAspect", "Q000209"),
    "diagnosis": ("HowOrWhereHealthAspect", "Q000175"),
    "treatment": ("TreatmentsHealthAspect", "Q000628"),
    "outlook": ("PrognosisHealthAspect", "D011379"),
    "living": ("LivingWithHealthAspect", ""),
    "research": ("RelatedTopicsHealthAspect", ""),
}


class Language(models.TextChoices):
    """Languages a text can be in; others are reserved, not possible yet."""

    ENGLISH = "en", "English"


class Origin(models.TextChoices):
    """How a text came to be; part of its digest."""

    HUMAN = "human", "Written by a person"
    ASSISTED = "assisted", "Written with the help of a machine"
    MACHINE = "machine", "Drafted by a machine"


def preferred_name(condition: str) -> models.Subquery:
    """An expression: the preferred English name of the condition whose id stands in the named column."""
    names = ConditionName.objects.filter(
        condition_id=models.OuterRef(condition), language=Language.ENGLISH, kind=ConditionName.Kind.PREFERRED
    )
    return models.Subquery(names.values("text")[:1])


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

    objects: ClassVar[ConditionManager] = ConditionManager()

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The hub page."""
        return reverse("condition", args=[self.slug])

    def clean(self) -> None:
        """Refuse a slug that once was another condition's address."""
        super().clean()
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


class ConditionCode(models.Model):
    """A condition's code in an outside system."""

    condition = models.ForeignKey(Condition, on_delete=models.CASCADE, related_name="codes")
    system = models.CharField(max_length=40, help_text="Such as MeSH, DOID, GARD.")
    code = models.CharField(max_length=60)
    exact = models.BooleanField(default=True, help_text="The code means this condition, neither more nor less.")

    class Meta:
        ordering = ["system", "code"]
        constraints = [models.UniqueConstraint(fields=["condition", "system", "code"], name="code_once_a_condition")]
        indexes = [models.Index(fields=["system", "code"], name="code_lookup")]

    def __str__(self) -> str:
        return f"{self.system} {self.code}"


class ConditionSlug(models.Model):
    """An address a condition has or had. The database writes it; an old one redirects for ever."""

    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="slugs")
    slug = models.SlugField(max_length=100, unique=True)

    def __str__(self) -> str:
        return self.slug


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
        if not by.has_perm("articles.change_article"):
            raise NotAllowed(f"{by} may not write texts. Ask an administrator to add you to the group Authors.")
        draft = compose(self.language, origin, question, short_answer, body, sources)
        note = text.normalise(change_note)
        text.check_characters(note, "Change note")
        if len(note) > 1000:
            raise text.TextRefused(f"Change note has {len(note):,} characters; at most 1,000 fit. Shorten it.")
        with transaction.atomic():
            article = Article.objects.lock(self.pk)
            newest = article.newest()
            if newest is not None and newest.text() == draft:
                return newest
            number = newest.number + 1 if newest else 1
            if newest is not None and based_on not in {None, newest.number}:
                raise StaleText(
                    f"{newest.author} saved version {newest.number} while you were writing. Your text is still here: "
                    "compare it with that version, then save again."
                )
            revision = Revision.objects.create(
                article=article,
                number=number,
                question=draft.question,
                short_answer=draft.short_answer,
                body=draft.body,
                change_note=note,
                origin=origin,
                author=by,
                source_count=len(draft.sources),
                digest=draft.digest(),
                html=draft.html,
                renderer=draft.renderer,
            )
            Citation.objects.bulk_create(
                Citation(
                    revision=revision,
                    number=place,
                    title=source.title,
                    url=source.url,
                    doi=source.doi,
                    pmid=source.pmid,
                )
                for place, source in enumerate(draft.sources, start=1)
            )
        return revision


def compose(language: str, origin: str, question: str, short_answer: str, body: str, sources: Sequence[Source]) -> Text:
    """A text in its stored form, rendered and checked. Raises TextRefused."""
    if origin not in Origin.values:
        raise text.TextRefused(f"Origin “{origin}” is not known. Use one of {', '.join(Origin.values)}.")
    question = text.one_line(question)
    if len(question) > 200:
        raise text.TextRefused(f"Question has {len(question)} characters; at most 200 fit. Shorten it.")
    short_answer = text.normalise(short_answer)
    if len(short_answer) > 2000:
        raise text.TextRefused(f"Short answer has {len(short_answer):,} characters; at most 2,000 fit. Shorten it.")
    body = text.normalise(body)
    text.check_characters(question, "Question")
    text.check_characters(short_answer, "Short answer")
    return Text(
        language=language,
        origin=origin,
        question=question,
        short_answer=short_answer,
        body=body,
        sources=tuple(tidy_source(number, source) for number, source in enumerate(sources, start=1)),
        html=rendering.render(body),
        renderer=rendering.VERSION,
    )


def tidy_source(number: int, source: Source) -> Source:
    """A source in its stored form. Raises TextRefused naming the source and the field."""
    named = f"Source {number}"
    title = text.one_line(source.title)
    url, doi, pmid = source.url.strip(), source.doi.strip(), source.pmid.strip()
    doi = re.sub(r"^(https?://(dx\.)?doi\.org/|doi:\s*)", "", doi, flags=re.IGNORECASE)
    for value in (title, url, doi, pmid):
        text.check_characters(value, named)
    if not title:
        raise text.TextRefused(f"{named} has no title. Write what it is called.")
    if max(len(title), len(url)) > 500 or len(doi) > 200:
        raise text.TextRefused(f"{named} is too long; a title or address holds at most 500 characters, a DOI 200.")
    if doi and not re.fullmatch(r"10\.\d{4,9}/\S+", doi):
        raise text.TextRefused(f"{named}: “{doi}” is not a DOI. A DOI looks like 10.1000/example.")
    if pmid and not re.fullmatch(r"[1-9]\d{0,8}", pmid):
        raise text.TextRefused(f"{named}: “{pmid}” is not a PMID. A PMID is a number such as 12456500.")
    if url:
        try:
            URLValidator(schemes=["http", "https"])(url)
        except ValidationError as wrong:
            raise text.TextRefused(f"{named}: “{url}” is not a web address. Begin with https://.") from wrong
    return Source(title=title, url=url, doi=doi, pmid=pmid)


class ArticleSlug(models.Model):
    """An address a question has or had. The database writes it; an old one redirects for ever."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="slugs")
    condition = models.ForeignKey(Condition, on_delete=models.PROTECT, related_name="article_slugs")
    slug = models.SlugField(max_length=100)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["condition", "slug"], name="address_is_one_articles")]

    def __str__(self) -> str:
        return self.slug


class Revision(models.Model):
    """One version of a text, exactly as written and as rendered; never changed, never deleted."""

    article = models.ForeignKey(Article, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    question = models.CharField(max_length=200)
    short_answer = models.TextField(blank=True)
    body = models.TextField(blank=True)
    change_note = models.TextField(blank=True)
    origin = models.CharField(max_length=8, choices=Origin.choices)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    source_count = models.PositiveIntegerField(help_text="How many citations belong to it; no more can be added.")
    digest = models.CharField(max_length=64)
    html = models.TextField(blank=True)
    renderer = models.CharField(max_length=20)
    recorded_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        ordering = ["article", "number"]
        constraints = [
            models.UniqueConstraint(fields=["article", "number"], name="version_number_once_an_article"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="version_number_counts_from_one"),
            models.CheckConstraint(condition=models.Q(origin__in=Origin.values), name="origin_is_known"),
        ]

    def __str__(self) -> str:
        return f"Version {self.number} of {self.article}"

    def text(self, citations: "Sequence[Citation] | None" = None) -> Text:
        """The text of this version, as it is digested; pass the citations where they are loaded already."""
        rows = self.citations.order_by("number") if citations is None else citations
        return Text(
            language=self.article.language,
            origin=self.origin,
            question=self.question,
            short_answer=self.short_answer,
            body=self.body,
            sources=tuple(row.source() for row in rows),
            html=self.html,
            renderer=self.renderer,
        )

    def is_intact(self, citations: "Sequence[Citation] | None" = None) -> bool:
        """Whether the text still has the digest it was saved with."""
        return self.text(citations).digest() == self.digest


@dataclass(frozen=True)
class SourceLink:
    """Where a source is found: the words of the link and its address."""

    label: str
    url: str


class Citation(models.Model):
    """A source of one version of a text; part of it, never changed, never deleted."""

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="citations")
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    url = models.CharField(max_length=500, blank=True)
    doi = models.CharField(max_length=200, blank=True)
    pmid = models.CharField(max_length=9, blank=True)

    class Meta:
        ordering = ["revision", "number"]
        constraints = [
            models.UniqueConstraint(fields=["revision", "number"], name="source_number_once_a_version"),
            models.CheckConstraint(condition=models.Q(number__gte=1), name="source_number_counts_from_one"),
        ]

    def __str__(self) -> str:
        return self.title

    def source(self) -> Source:
        """The citation as it is digested."""
        return Source(title=self.title, url=self.url, doi=self.doi, pmid=self.pmid)

    def links(self) -> list[SourceLink]:
        """Where a reader finds it, best first."""
        links = []
        if self.doi:
            links.append(SourceLink(f"doi:{self.doi}", f"https://doi.org/{self.doi}"))
        if self.pmid:
            links.append(SourceLink(f"PubMed {self.pmid}", f"https://pubmed.ncbi.nlm.nih.gov/{self.pmid}/"))
        if self.url:
            links.append(SourceLink(self.url.split("//", 1)[-1].split("/", 1)[0], self.url))
        return links
