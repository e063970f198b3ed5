"""Open data: every live page as Markdown with front matter, and what belongs to it as JSON, for use elsewhere.

Everything starts at `Publication.objects.live()`, each text is checked against the digest that was approved, and all
is of one moment, however long the writing takes. What of it is not for readers is in `whole_record.py`.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.conf import settings
from django.db import OperationalError, models

from accounts import clock
from articles import codes, front_matter
from articles.digest import FORM as DIGEST_FORM
from articles.digest import Text
from articles.importers.export_folders import CONDITIONS, PAGES
from articles.models import Condition, ConditionName, Revision
from community.models import Community
from reviews.models import Credential, CredentialCheck, LedgerEntry, Publication, Reviewer, Withdrawal
from reviews.standing import Stamp

from . import changes, history, jsonld, reading
from .api import changed
from .api.cursor import START
from .api.index import STATES
from .api.records import SCOPES
from .export_folder import ExportFolder
from .models import SiteText
from .snapshot import snapshot

if TYPE_CHECKING:
    from .reading import Shown

Row = TypeVar("Row", bound=models.Model)
Record = dict[str, Any]

# So many rows are in memory at once.
AT_ONCE = 200

ABOUT = """\
Pages of {site}, {url}
{line}

pages/              each live page as Markdown with front matter, one folder a condition
publications.jsonl  each live page: its text as readers get it, its review, its digest
withdrawals.jsonl   what was taken down, when and why
conditions.jsonl    conditions with names, codes and how many members may be said of their community
reviewers.jsonl     who reviews, with which licences
{more}manifest.json       when this was made, and from where the content API tells what changed since
SHA256SUMS          the digest of each file, for: sha256sum --check SHA256SUMS
{licence}

A .jsonl file holds one record of JSON a line. A file changes only where its content does; the manifest always.

What stands under “exported” in a page, and under “review” in its record, was so on the day in the manifest; “state” is
current (the review is in date), due (it soon runs out) or overdue (it has run out). A review belongs to its exact
text and to the site that it was signed for: show it only with a link to “address”, and ask there whether it still
holds. A page that was withdrawn or is no longer approved is gone from the next export.

The digest of a text is the SHA-256, in hexadecimal, of the UTF-8 JSON of “text” with “form” beside it set to
“{form}”, keys sorted, without blanks and without escapes for other letters than ASCII.
"""


@dataclass
class Export:
    """One export under way: where it goes, of which moment it is, and what could not be exported."""

    folder: ExportFolder
    read_at: dt.datetime
    tell: Callable[[str, int, int], None]
    faults: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    live: set[int] = field(default_factory=set)  # the articles that readers see

    def leave_out(self, name: str, fault: str) -> None:
        """Note that something is not in the export, and why."""
        self.faults.append(fault)
        self.counts[name] -= 1

    def each(self, name: str, keys: Sequence[int], rows: "models.QuerySet[Row]") -> Iterator[Row]:
        """The rows with these keys, in the order of the keys, some at once; one that cannot be read is a fault."""
        self.counts[name] = len(keys)
        for start in range(0, len(keys), AT_ONCE):
            some = keys[start : start + AT_ONCE]
            found = self._found(name, some, rows)
            yield from (found[key] for key in some if key in found)
            self.tell(name, start + len(some), len(keys))

    def _found(self, name: str, keys: Sequence[int], rows: "models.QuerySet[Row]") -> dict[int, Row]:
        try:
            return {row.pk: row for row in rows.filter(pk__in=keys)}
        except OperationalError as error:
            if "UTF-8" not in str(error):  # what SQLite says of a text with a byte that is none
                raise
            if len(keys) == 1:
                self.leave_out(name, f"{rows.model._meta.verbose_name} {keys[0]} cannot be read.".capitalize())
                return {}
            return {pk: row for key in keys for pk, row in self._found(name, [key], rows).items()}


def export(
    folder: ExportFolder,
    tell: Callable[[str, int, int], None],
    more: "Callable[[Export], None] | None" = None,
    about_more: str = "",
) -> Export:
    """Write what readers may see, and whatever `more` adds to it. `tell` hears how far it is: what, done, of how many.

    The faults of what comes back name each page that was left out because its text is not the one that was approved.
    """
    with snapshot():
        made = Export(folder, clock.read(), tell)
        _pages(made)
        _withdrawals(made)
        _conditions(made, private=more is not None)
        _reviewers(made)
        if more is not None:
            more(made)
        _about(made, about_more)
        folder.about |= {
            "site": settings.SITE_NAME,
            "url": settings.SITE_URL,
            "made_at": moment(made.read_at),
            # Not the head of the ledger: its number tells how much is decided about what nobody sees.
            "changes": changed.since(START, limit=changed.ALL).cursor.word,
            "counts": made.counts,
        }
        if more is not None:
            folder.about["ledger"] = LedgerEntry.objects.head()
    return made


def moment(value: dt.datetime) -> str:
    """A moment in UTC, to the microsecond where it has any."""
    return value.astimezone(dt.UTC).isoformat()


def day(value: dt.date | None) -> str | None:
    """A day; None where there is none."""
    return value.isoformat() if value is not None else None


def text_of(revision: Revision, text: Text) -> Record:
    """A text as it is digested, with its digest."""
    fields = {**asdict(text), "sources": [asdict(source) for source in text.sources]}
    return {"version": revision.number, "digest": revision.digest, "text": fields}


def markdown(revision: Revision, text: Text, exported: dict[str, str], last_updated: str = "") -> str:
    """A version as a file that `import_articles` reads; `exported` holds what is so here."""
    article = revision.article
    values: dict[str, front_matter.Value] = {
        "condition": article.condition.slug,
        "topic": article.topic,
        "language": article.language,
        "slug": article.slug,
        "question": text.question,
        "short_answer": text.short_answer,
        "sources": [asdict(source) for source in text.sources],
        "last_updated": last_updated,
        "origin": text.origin,
        "exported": {
            "address": jsonld.absolute(article.get_absolute_url()),
            "version": str(revision.number),
            "digest": revision.digest,
            "renderer": revision.renderer,
            **exported,
        },
    }
    return front_matter.write(values, text.body)


def _pages(made: Export) -> None:
    """What readers see at this moment. Which pages are live is asked once; later hours that come meanwhile wait."""
    live = Publication.objects.live().order_by()
    rows = sorted(live.values_list("article__condition__slug", "article__slug", "article", "pk"))
    made.live = {article for *_, article, _ in rows}
    shown = changes.with_dates(Publication.objects.with_stamp(signature=True))
    shown = shown.select_related("article", "review__revision__article__condition")
    shown = shown.prefetch_related("review__revision__citations")
    with made.folder.records("publications.jsonl") as write:
        for row in made.each("pages", [pk for *_, pk in rows], shown):
            if (record := _page(made, cast("Shown", row))) is not None:
                write(record)


def _page(made: Export, row: "Shown") -> Record | None:
    """Write a page and give its record; None, and a fault, where its text is not the one that was approved."""
    revision, citations = row.review.revision, list(row.review.revision.citations.all())
    article = revision.article
    name = f"{PAGES}/{article.condition.slug}/{article.slug}.md"
    if row.review.digest != revision.digest or not revision.is_intact(citations):
        made.leave_out("pages", f"{revision} does not match its digest and was left out. Withdraw the page.")
        return None
    if not made.folder.has_room_for(PAGES, article.condition.slug, f"{article.slug}.md"):
        made.leave_out("pages", f"{article} was left out: “{name}” is no name for a file, or has one already.")
        return None
    text, review = revision.text(citations), _review(row, made.read_at.date())
    changed = day(reading.last_updated(row)) or ""
    kept = ("state", "reviewer", "role", "signed_on", "next_due", "lapses_on", "scope", "evidence_to")
    made.folder.write(name, markdown(revision, text, {key: review[key] or "" for key in kept}, changed))
    return {
        "address": jsonld.absolute(article.get_absolute_url()),
        "changed_at": moment(row.changed_at),
        "condition": article.condition.slug,
        "file": name,
        "first_published_at": moment(row.first_at),
        "live_from": moment(row.live_from),
        "review": review,
        "slug": article.slug,
        "topic": article.topic,
        **text_of(revision, text),
    }


def _review(row: "Shown", today: dt.date) -> Record:
    """What the stamp of a page says, and what the signature behind it declares."""
    stamp = Stamp.from_facts(row.stamp_facts or {}, today)
    signature = stamp.signature
    return {
        "state": STATES[stamp.standing],
        "reviewer": stamp.reviewer,
        "reviewer_slug": stamp.slug,
        "role": stamp.role,
        "signed_on": day(stamp.signed_on),
        "next_due": day(stamp.next_due),
        "lapses_on": day(stamp.lapses_on),
        "scope": SCOPES[stamp.under_changes],
        "evidence_to": day(signature.evidence_to) if signature else None,
        "public_note": signature.note if signature else "",
    }


def _withdrawals(made: Export) -> None:
    """What readers saw and was taken down, as the histories tell it: no word of it."""
    seen = Withdrawal.objects.filter(at__gte=models.F("publication__live_from")).order_by("at", "pk")
    rows = Withdrawal.objects.select_related(
        "publication__article__condition", "publication__review__revision", "instead__condition"
    )
    with made.folder.records("withdrawals.jsonl") as write:
        for row in made.each("withdrawals", list(seen.values_list("pk", flat=True)), rows):
            instead = row.instead if row.instead_id in made.live else None
            write(
                {
                    "address": jsonld.absolute(row.publication.article.get_absolute_url()),
                    "version": row.publication.review.revision.number,
                    "live_from": moment(row.publication.live_from),
                    "at": moment(row.at),
                    "why": row.why,
                    "instead": jsonld.absolute(instead.get_absolute_url()) if instead else None,
                }
            )


def _conditions(made: Export, *, private: bool) -> None:
    """Conditions with names and codes. A definition and where it came from are for editors."""
    counted = Community.objects.filter(condition=models.OuterRef("pk")).values("member_count")
    rows = Condition.objects.select_related("successor")
    rows = rows.prefetch_related("names", "codes", "slugs", "broader_rows__broader")
    rows = rows.annotate(member_count=models.Subquery(counted))
    keys = [pk for _, pk in sorted(Condition.objects.order_by().values_list("slug", "pk"))]
    with made.folder.records(CONDITIONS) as write:
        for row in made.each("conditions", keys, rows):
            record = {
                "address": jsonld.absolute(row.get_absolute_url()),
                "slug": row.slug,
                "former_slugs": sorted(each.slug for each in row.slugs.all() if each.slug != row.slug),
                "names": [{"language": each.language, "kind": each.kind, "text": each.text} for each in _named(row)],
                "codes": [
                    {"system": each.system, "code": each.code, "match": each.match}
                    for each in sorted(row.codes.all(), key=lambda each: (each.system, each.code))
                    if private or codes.may_show(each.system)
                ],
                "broader": sorted(each.broader.slug for each in row.broader_rows.all()),
                "successor": row.successor.slug if row.successor else None,
                "members": _members(row.member_count),  # type: ignore[attr-defined]  # annotated
            }
            write({**record, "definition": row.definition, "origin": row.origin} if private else record)


def _named(condition: Condition) -> list[ConditionName]:
    """The names of a condition, the preferred ones first."""
    return sorted(condition.names.all(), key=lambda name: (name.kind != "preferred", name.pk))


def _members(count: int | None) -> Record | None:
    """What may be said of the number of members; None where there is no community."""
    shown = reading.members(count)
    if shown is None:
        return None
    return {"figure": shown.figure, "rounded": shown.rounded, "words": shown.words}


def _reviewers(made: Export) -> None:
    """Who reviews, and who did and whose name still stands somewhere: what their own pages say."""
    licensed = CredentialCheck.objects.valid_on(made.read_at.date()).values("credential__reviewer")
    named = history.public_approvals().values("reviewer")
    public = Reviewer.objects.filter(models.Q(pk__in=licensed) | models.Q(pk__in=named))
    keys = [pk for _, pk in sorted(public.order_by().values_list("slug", "pk"))]
    with made.folder.records("reviewers.jsonl") as write:
        for row in made.each("reviewers", keys, Reviewer.objects.prefetch_related("credentials__checks")):
            signed = history.signed_by(row).first()
            write(
                {
                    "address": jsonld.absolute(row.get_absolute_url()),
                    "slug": row.slug,
                    "name": row.name,
                    "suffix": row.suffix,
                    "specialty": row.specialty,
                    "bio": row.bio,
                    "since": f"{row.since:%Y-%m}",
                    "conflicts": signed.conflicts if signed else None,
                    "conflicts_as_of": day(signed.signed_on) if signed else None,
                    "licences": [_licence(each) for each in row.credentials.all() if each.checks.all()],
                }
            )


def _licence(licence: Credential) -> Record:
    """A licence and what the newest look at it found."""
    check = max(licence.checks.all(), key=lambda each: each.pk)
    return {
        "profession": licence.profession,
        "register": licence.register,
        "number": licence.number,
        "register_url": licence.register_url,
        "checked_on": day(check.checked_on),
        "valid_until": day(check.valid_until),
        "revoked_from": day(check.valid_from) if check.revoked else None,
    }


def _about(made: Export, more: str) -> None:
    """What the folder holds, and under which terms, in words."""
    licence = SiteText.objects.in_force().get(SiteText.Key.LICENCE)
    if licence is not None:
        made.folder.write("LICENCE.txt", f"{licence.words}\n")
    title = f"Pages of {settings.SITE_NAME}, {settings.SITE_URL}"
    said = "LICENCE.txt         how all this may be used" if licence else NO_LICENCE
    line = "=" * len(title)
    words = ABOUT.format(
        site=settings.SITE_NAME, url=settings.SITE_URL, line=line, more=more, licence=said, form=DIGEST_FORM
    )
    made.folder.write("README.txt", words)


NO_LICENCE = """
Whoever runs the site has not said how its texts may be used. Ask before you use them elsewhere.\
"""
