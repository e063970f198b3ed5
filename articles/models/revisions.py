"""Revisions: every version of every text with its sources, and how a text is brought to its stored form."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models.functions import Now

from .. import rendering, text
from ..digest import Source, Text
from .articles import Article
from .vocabulary import Origin

if TYPE_CHECKING:
    from accounts.models import User


class RevisionManager(models.Manager["Revision"]):
    """Versions."""

    def write(self, article: Article, number: int, draft: Text, *, by: "User", change_note: str) -> "Revision":
        """Write a composed text with its sources; `article.revise` decides whether it may be."""
        revision = self.create(
            article=article,
            number=number,
            question=draft.question,
            short_answer=draft.short_answer,
            body=draft.body,
            change_note=change_note,
            origin=draft.origin,
            author=by,
            source_count=len(draft.sources),
            digest=draft.digest(),
            html=draft.html,
            renderer=draft.renderer,
        )
        Citation.objects.bulk_create(
            Citation(
                revision=revision, number=place, title=source.title, url=source.url, doi=source.doi, pmid=source.pmid
            )
            for place, source in enumerate(draft.sources, start=1)
        )
        return revision


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

    objects: ClassVar[RevisionManager] = RevisionManager()

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


def tidy_note(change_note: str) -> str:
    """What changed, in its stored form. Raises TextRefused."""
    note = text.normalise(change_note)
    text.check_characters(note, "Change note")
    if len(note) > 1000:
        raise text.TextRefused(f"Change note has {len(note):,} characters; at most 1,000 fit. Shorten it.")
    return note
