"""`manage.py demo`: a small site to try, made by the same verbs that people use. Only with ROUNDS_DEMO=1."""

import datetime as dt
import re
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import clock
from accounts.models import User
from articles.codes import Match
from articles.importers import markdown_files
from articles.models import Article, BroaderCondition, Condition, ConditionCode, ConditionName, Revision
from community.models import Community, CountrySnapshot, Link, LinkReport, Member, YearFigure
from pages.models import CodeMiss, SiteText
from reviews.models import Checklist, Credential, Publication, Reviewer, ReviewRequest

ORIGIN = "Written for the demonstration"
TEXTS = Path(__file__).resolve().parents[2] / "demonstration"
DOMAIN = "rounds.example"
KNOWN_PASSWORD = "rounds-demonstration"  # noqa: S105  only ever set on loopback, see --passwords

# Address, name, groups.
PEOPLE = [
    ("author", "Ada Sample", ["Authors"]),
    ("clinician", "Clara Sample", ["Clinicians"]),
    ("second-clinician", "Carl Sample", ["Clinicians"]),
    ("publisher", "Petra Sample", ["Publishers"]),
    ("registrar", "Rita Sample", ["Registrars"]),
    ("moderator", "Mona Sample", ["Moderators"]),
]
# Account, signature, suffix, specialty, bio.
REVIEWERS = [
    (
        "clinician",
        "Clara Sample",
        "MD",
        "Haematologist, Sample University Hospital",
        "Looks after people with plasma cell disorders.",
    ),
    (
        "second-clinician",
        "Carl Sample",
        "MD",
        "Hepatologist, Sample Liver Unit",
        "Looks after people with inherited liver disease.",
    ),
]
# Slug, name, other names, codes by their systems.
CONDITIONS: list[tuple[str, str, list[str], dict[str, str]]] = [
    (
        "poems-syndrome",
        "POEMS syndrome",
        ["Crow–Fukase syndrome", "Takatsuki syndrome"],
        {"DOID": "14039", "MeSH": "D016878", "ORPHA": "2905", "GARD": "7411", "NCI": "C80303", "ICD-10": "D47.7"},
    ),
    (
        "wilson-disease",
        "Wilson disease",
        ["Hepatolenticular degeneration"],
        {"DOID": "893", "MeSH": "D006527", "ORPHA": "905", "GARD": "7893", "OMIM": "277900", "ICD-10-CM": "E83.01"},
    ),
    (
        "behcet-disease",
        "Behçet disease",
        ["Behçet syndrome"],
        {"DOID": "13241", "MeSH": "D001528", "ORPHA": "117", "GARD": "848", "ICD-10-CM": "M35.2"},
    ),
]
# A group of diseases of which the condition is one.
BROADER = {("ICD-10", "D47.7")}
# File, who signs, days ago it was signed; the approval holds for twelve months.
PUBLISHED = [
    ("poems-prognosis.md", "clinician", 229),
    ("poems-overview.md", "clinician", 94),
    ("poems-diagnosis.md", "clinician", 335),
    ("wilson-overview.md", "second-clinician", 40),
    ("wilson-before-symptoms.md", "second-clinician", 397),
    ("wilson-diet.md", "second-clinician", 210),
]
WAITING = "behcet-overview.md"
DRAFT = "behcet-flare.md"
CHECKLIST = """Every figure stands in a source that I opened.
Nothing tells a reader to start, stop or change a treatment.
Where the evidence is thin, the text says so.
Somebody who is frightened could follow it.
I have no conflict of interest on this topic."""
SITE_TEXTS = TEXTS / "site-texts.txt"
# A broader condition, and those that are kinds of it, by slug and name; what is not there yet has no pages.
BROADER_SLUG, BROADER_NAME = "plasma-cell-disorder", "Plasma cell disorder"
KINDS = [("poems-syndrome", "POEMS syndrome"), ("multiple-myeloma", "Multiple myeloma")]
# A condition whose place another one took.
RETIRED = ("takatsuki-disease", "Takatsuki disease", "poems-syndrome")
MEMBERS = {"poems-syndrome": 59, "wilson-disease": 7}
# Where so many of the first community say they live; the others are spread, or do not say.
COUNTRIES = "US " * 18 + "ES " * 12 + "IT JP GB DE FR CA BR AU NL " * 3
# What was public at the end of earlier years, counted back from this one; None below the threshold.
YEARS = [46, 34, 22, None]
# What clinicians' systems asked for and nobody has written about; the last is a condition that has no page.
MISSES = [("ORPHA", "774", 14), ("ICD-10-CM", "E75.22", 5), ("OMIM", "219700", 2), ("MeSH", "D001528", 6)]
# Condition, address, title, kind, language, country, description. None of these places exists.
LINKS = [
    (
        "poems-syndrome",
        "https://foundation.example.org/",
        "Sample POEMS foundation",
        "organisation",
        "en",
        "",
        "A sample: it would name centres that know the condition.",
    ),
    (
        "poems-syndrome",
        "https://forum.example.org/",
        "Sample forum",
        "peers",
        "es",
        "ES",
        "A sample of a place to talk.",
    ),
    ("poems-syndrome", "https://trials.example.org/", "Sample register of trials", "trials", "en", "", ""),
    (
        "wilson-disease",
        "https://liver.example.org/",
        "Sample Wilson help line",
        "service",
        "en",
        "GB",
        "A sample: a nurse would answer here on workdays.",
    ),
]
SUGGESTED = [
    ("poems-syndrome", "https://diary.example.org/", "A sample: somebody writes about their first year, plainly."),
    ("wilson-disease", "https://cures.example.org/", "A sample of what a moderator refuses: it sells a cure."),
]


class Command(BaseCommand):
    """Fill an empty site with sample people, pages in every state, and two communities."""

    help = "Fill an empty site with sample people, pages in every state, and two communities. A second run keeps them."

    def add_arguments(self, parser: CommandParser) -> None:
        """How the accounts are protected."""
        parser.add_argument(
            "--passwords",
            choices=["known", "random"],
            default="random",
            help="known: the published one, for a site that only this machine reaches; random: new ones, printed once",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the site if it is not there, then see to the passwords."""
        if not settings.ROUNDS_DEMO:
            raise CommandError("This site is not a demonstration. Set ROUNDS_DEMO=1 on a database of its own.")
        if User.objects.exists() and not User.objects.filter(email=f"author@{DOMAIN}").exists():
            raise CommandError("This database holds people of its own. Point DATABASE_URL at an empty one.")
        if not Article.objects.exists():
            with transaction.atomic():
                _site()
            self.stdout.write("The demonstration is ready.")
        self._passwords(known=options["passwords"] == "known")

    def _passwords(self, *, known: bool) -> None:
        """Set what is asked for, unless it is so already; random ones are printed once and not kept."""
        staff = User.objects.filter(is_staff=True, email__endswith=f"@{DOMAIN}").order_by("pk")
        first = staff.first()
        is_known = first is not None and first.check_password(KNOWN_PASSWORD)
        if known and not is_known:
            shared = User(email="x")
            shared.set_password(KNOWN_PASSWORD)
            staff.update(password=shared.password)
        if not known and any(not row.has_usable_password() or row.check_password(KNOWN_PASSWORD) for row in staff):
            self.stdout.write("Passwords, shown this once:")
            for person in staff:
                password = secrets.token_urlsafe(12)
                person.set_password(password)
                person.save(update_fields=["password"])
                self.stdout.write(f"  {person.email}  {password}")


def _site() -> None:
    """Everything, in the order in which people would do it."""
    people = {name: _person(name, full, groups) for name, full, groups in PEOPLE}
    people["admin"] = User.objects.create_superuser(f"admin@{DOMAIN}", None, name="Admin Sample")
    for row in REVIEWERS:
        _reviewer(people, *row)
    for slug, name, others, codes in CONDITIONS:
        _condition(slug, name, others, codes)
    _catalogue()
    for slug, count in MEMBERS.items():
        _members(slug, count)
    _pictures("poems-syndrome")
    _links(people["moderator"])
    texts = {path.name: _draft(path, people["author"]) for path in markdown_files.find(TEXTS)}
    shown = {name: _publish(texts[name], people, signer, days) for name, signer, days in PUBLISHED}
    shown["wilson-diet.md"].withdraw(
        by=people["publisher"],
        why="A reviewer found that readers took it as a plan to follow without their team.",
        instead=shown["wilson-overview.md"].article,
    )
    ReviewRequest.objects.ask(texts[WAITING], by=people["author"], note="New page, please check the figures.")
    _changed(shown["wilson-overview.md"], people["author"])
    Checklist.objects.write(CHECKLIST, by=people["publisher"])
    for system, code, times in MISSES:
        for _ in range(times):
            CodeMiss.objects.note(system, code)
    for key, words in re.findall(r"^\[(.+)\]\n([^\[]+)", SITE_TEXTS.read_text(encoding="utf-8"), re.MULTILINE):
        SiteText.objects.write(key, words, by=people["publisher"])


def _person(name: str, full: str, groups: list[str]) -> User:
    person = User.objects.create_user(f"{name}@{DOMAIN}", None, name=full, is_staff=True)
    person.groups.add(*Group.objects.filter(name__in=groups))
    return person


def _reviewer(people: dict[str, User], account: str, name: str, suffix: str, specialty: str, bio: str) -> None:
    today = clock.today()
    reviewer = Reviewer.objects.create(
        user=people[account],
        name=name,
        slug=name.lower().replace(" ", "-"),
        suffix=suffix,
        specialty=specialty,
        bio=bio,
        since=today - dt.timedelta(800),
    )
    credential = Credential.objects.create(
        reviewer=reviewer, profession="Physician", register="Sample Medical Register", number=f"00000{reviewer.pk}"
    )
    credential.record_check(
        by=people["registrar"],
        checked_on=today - dt.timedelta(20),
        valid_from=today - dt.timedelta(800),
        valid_until=today + dt.timedelta(345),
        why="Looked up in the sample register.",
    )


def _condition(slug: str, name: str, others: list[str], codes: dict[str, str]) -> None:
    condition = Condition.objects.create(slug=slug, origin=ORIGIN)
    ConditionName.objects.create(condition=condition, text=name, kind=ConditionName.Kind.PREFERRED)
    for other in others:
        ConditionName.objects.create(condition=condition, text=other, kind=ConditionName.Kind.SYNONYM)
    for system, code in codes.items():
        match = Match.BROAD if (system, code) in BROADER else Match.EXACT
        ConditionCode.objects.create(condition=condition, system=system, code=code, match=match)


def _catalogue() -> None:
    """What is broader and narrower, and what leads elsewhere."""
    slug, name, successor = RETIRED
    for each in [(BROADER_SLUG, BROADER_NAME), (slug, name), *KINDS]:
        row, made = Condition.objects.get_or_create(slug=each[0], defaults={"origin": ORIGIN})
        if made:
            ConditionName.objects.create(condition=row, text=each[1], kind=ConditionName.Kind.PREFERRED)
    broader = Condition.objects.get(slug=BROADER_SLUG)
    for kind, _ in KINDS:
        BroaderCondition.objects.create(condition=Condition.objects.get(slug=kind), broader=broader)
    Condition.objects.filter(slug=slug).update(successor=Condition.objects.get(slug=successor))


def _members(slug: str, count: int) -> None:
    community = Community.objects.create(condition=Condition.objects.get(slug=slug))
    countries = COUNTRIES.split() if slug == "poems-syndrome" else []
    for number in range(1, count + 1):
        country = countries[number - 1] if number <= len(countries) else ""
        member = User.objects.create_user(f"member-{slug}-{number}@{DOMAIN}", None)
        relation = Member.Relation.CARES if number % 4 == 0 else Member.Relation.LIVES_WITH_IT
        community.join(by=member, relation=relation, country=country, consent_version="sample")


def _pictures(slug: str) -> None:
    """What the job of the day keeps of a community, and what it would have kept at the end of earlier years."""
    community = Community.objects.get(condition__slug=slug)
    for ago, figure in enumerate(YEARS, start=1):
        YearFigure.objects.create(community=community, year=clock.today().year - ago, figure=figure)
    CountrySnapshot.objects.take()
    YearFigure.objects.note()


def _links(moderator: User) -> None:
    """Links that readers see, one of them reported, and two that wait."""
    for number, (slug, url, title, kind, language, country, description) in enumerate(LINKS):
        link = _suggested(slug, url, "A sample suggestion.", f"demonstration-{number}")
        words = {"title": title, "kind": kind, "language": language, "country": country, "description": description}
        link.accept(by=moderator, **words)
        link.checked(outcome=Link.Outcome.WORKS, words="A sample: nothing was opened.", final_url=url, tls=True)
    LinkReport.objects.give(
        Link.objects.get(url=LINKS[1][1]), kind="sells", words="A sample report.", key="demonstration"
    )
    for number, (slug, url, why) in enumerate(SUGGESTED):
        _suggested(slug, url, why, f"demonstration-waiting-{number}")


def _suggested(slug: str, url: str, why: str, key: str) -> Link:
    return Link.objects.suggest(Condition.objects.get(slug=slug), url=url, why=why, key=key)


def _draft(path: Path, author: User) -> Revision:
    file = markdown_files.read(path)
    markdown_files.load(file, by=author)
    return Revision.objects.select_related("article").get(
        article__condition__in=Condition.objects.called(file.values["condition"]), article__slug=file.values["slug"]
    )


def _publish(revision: Revision, people: dict[str, User], signer: str, days_ago: int) -> Publication:
    request = ReviewRequest.objects.ask(revision, by=people["author"])
    review = request.approve(
        by=people[signer],
        digest=revision.digest,
        signed_on=clock.today() - dt.timedelta(days_ago),
        public_note="Sample review of the whole page.",
    )
    return review.publish(by=people["publisher"])


def _changed(publication: Publication, author: User) -> None:
    """A newer version of a public page, waiting for its review: what the clinician's desk compares."""
    old = publication.review.revision
    newer = publication.article.revise(
        by=author,
        question=old.question,
        short_answer=old.short_answer,
        body=f"{old.body}\n\nWrite down your questions before each visit, and take somebody with you if you can.",
        sources=old.text().sources,
        change_note="A closing paragraph about visits.",
        origin=old.origin,
        based_on=old.number,
    )
    ReviewRequest.objects.ask(newer, by=author, note="Only the last paragraph is new.")
