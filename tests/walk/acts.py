"""A walker: does one random lawful or unlawful act after another, and looks at the public pages after each."""

import datetime as dt
import random
import re
from collections import Counter
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import User
from accounts.refusals import Refusal
from articles.digest import Source
from articles.models import Article, Condition, Revision
from pages import reading
from reviews.models import (
    Credential,
    CredentialCheck,
    LedgerEntry,
    Publication,
    Review,
    Reviewer,
    ReviewRequest,
    Withdrawal,
)
from tests import people
from tests.walk.oracle import Due, Record

DAY = dt.timedelta(1)
BODIES = [
    "An opening.\n\n## What shapes it\n\nTreatment early on [1](#source-1).",
    "With {{ members }} to ask.\n\n## What helps\n\nRest, and company.",
    "## Before\n\nFirst.\n\n## After\n\nThen, a dose below <5 mg.",
    "One paragraph only, and *nothing* else.",
]
# What a verb may answer with to whoever may not, or too late. Anything else would be a 500.
REFUSED = (Refusal, ValidationError)
# And what the database answers with at its back door.
GUARDED = (*REFUSED, IntegrityError, ProgrammingError)
LOOK_BACK = 3  # how many of the newest rows an act chooses from


class Broken(AssertionError):
    """A page showed what it must not, or an act ended otherwise than it may."""


class Walker:
    """One process of the walk: its own chance, its own browsers, the same rows as the others."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311  chance, not a secret
        self.done: Counter[str] = Counter()
        self.reader = Client(raise_request_exception=True)
        self.browsers: dict[int, Client] = {}
        self.acts: list[tuple[int, Callable[[], object]]] = [
            (2, self.start),
            (12, self.save),
            (12, self.ask),
            (5, self.claim),
            (2, self.hand_back),
            (16, self.approve),
            (4, self.ask_for_changes),
            (14, self.publish),
            (4, self.schedule),
            (7, self.withdraw),
            (4, self.check),
            (2, self.revoke),
            (1, self.close_account),
            (4, self.newcomer),
            (10, self.forge),
            (6, self.back_door),
        ]

    def step(self) -> None:
        """One act, then a look at a page, or at the same page on another day."""
        weights = [weight for weight, _ in self.acts]
        ((_, act),) = self.chance.choices(self.acts, weights)
        refused = GUARDED if act == self.back_door else REFUSED
        try:
            with transaction.atomic():
                act()
        except refused:
            self.done[f"{act.__name__} refused"] += 1
        else:
            self.done[act.__name__] += 1
        self.look(self.article())
        if self.chance.random() < 0.02:
            self.look(self.article(), ahead=self.chance.randrange(1, 1500) * DAY)
        if self.chance.random() < 0.01:
            self.look_at_lists()

    # Who and what

    def article(self) -> Article:
        """One of the newest pages."""
        rows = list(Article.objects.order_by("-pk").select_related("condition")[:5])
        return self.chance.choice(rows)

    def newest(self, rows: "list[object]") -> object:
        """One of some rows; where there is none, the act is refused."""
        if not rows:
            raise Refusal("There is nothing to do this to.")
        return self.chance.choice(rows)

    def somebody(self, *groups: str) -> User:
        """Mostly somebody of a group, at times anybody of the staff."""
        staff = User.objects.filter(is_staff=True)
        if groups and self.chance.random() < 0.9:
            staff = staff.filter(groups__name__in=groups)
        return self.chance.choice(list(staff.order_by("-pk")[:12]))

    def of(self, model: type, **where: object) -> "list[object]":
        """The newest rows of a model."""
        return list(model._base_manager.filter(**where).order_by("-pk")[:LOOK_BACK])  # type: ignore[attr-defined]

    def newcomer(self) -> None:
        """Another clinician, who at times writes too."""
        newcomer(f"clinician-{self.chance.randrange(10**9)}", *self.chance.choice([["Authors"], []]))

    # Acts

    def start(self) -> None:
        """A new page, so that the older ones come to rest."""
        by = self.somebody("Authors")
        slug = f"page-{self.chance.randrange(10**9)}"
        Article.objects.start(condition=Condition.objects.get(), topic="outlook", slug=slug, by=by)

    def save(self) -> None:
        """A new version; at times the same text again, or one that started from an older version."""
        text = self.chance.randrange(10**6)
        self.article().revise(
            by=self.somebody("Authors"),
            question=f"What of {text}?",
            short_answer=f"An answer, {text}.",
            body=self.chance.choice(BODIES),
            sources=[Source(title=f"Source {text % 7}", pmid="12456500")],
            based_on=self.chance.choice([None, None, None, 1]),
        )

    def ask(self) -> None:
        """Ask for a review."""
        revision = self.newest(self.of(Revision)[: self.chance.choice([1, 1, LOOK_BACK])])
        assert isinstance(revision, Revision)
        ReviewRequest.objects.ask(revision, by=self.somebody("Authors"))

    def request(self) -> ReviewRequest:
        """A request, mostly an open one."""
        where = {"closed_at": None} if self.chance.random() < 0.9 else {}
        found = self.newest(self.of(ReviewRequest, **where))
        assert isinstance(found, ReviewRequest)
        return found

    def claim(self) -> None:
        """Claim one."""
        self.request().claim(by=self.somebody("Clinicians"))

    def hand_back(self) -> None:
        """Hand one back."""
        self.request().hand_back(by=self.somebody("Clinicians"))

    def approve(self) -> None:
        """Sign, today or on a day past, with the digest on the screen or, at times, another."""
        request = self.request()
        digest = request.revision.digest if self.chance.random() < 0.95 else "0" * 64
        request.approve(
            by=request.claimed_by.user if request.claimed_by else self.somebody("Clinicians"),
            digest=digest,
            scope=self.chance.choice(["whole", "whole", "changes"]),
            signed_on=clock.today() - self.chance.choice([0, 0, 0, 20, 400, 900, -1]) * DAY,
            months=self.chance.choice([1, 12, 12, 24, 36, 37]),
        )

    def ask_for_changes(self) -> None:
        """Send one back."""
        request = self.request()
        request.ask_for_changes(by=self.somebody("Clinicians"), digest=request.revision.digest, reason="Too long.")

    def review(self) -> Review:
        """A review, mostly an approval."""
        where = {"decision": "approved"} if self.chance.random() < 0.9 else {}
        found = self.newest(self.of(Review, **where))
        assert isinstance(found, Review)
        return found

    def publish(self) -> None:
        """Publish one; also an older one, which restores it."""
        self.review().publish(by=self.somebody("Publishers"))

    def schedule(self) -> None:
        """Publish one from a moment on that comes during the walk, or on another day."""
        ahead = self.chance.choice([dt.timedelta(milliseconds=300), dt.timedelta(seconds=5), 30 * DAY, -DAY])
        self.review().publish(by=self.somebody("Publishers"), live_from=clock.read() + ahead)

    def withdraw(self) -> None:
        """Take one down."""
        publication = self.newest(self.of(Publication))
        assert isinstance(publication, Publication)
        publication.withdraw(by=self.somebody("Publishers", "Clinicians"), why="It is wrong.")

    def check(self) -> None:
        """Check a credential: valid for a while, or not any more."""
        credential = self.newest(self.of(Credential))
        assert isinstance(credential, Credential)
        today = clock.today()
        credential.record_check(
            by=self.somebody("Registrars"),
            valid_from=today - self.chance.choice([1000, 1000, 30]) * DAY,
            valid_until=today + self.chance.choice([700, 700, -10, 0]) * DAY,
        )

    def revoke(self) -> None:
        """Revoke one, from a day past, today or to come."""
        credential = self.newest(self.of(Credential))
        assert isinstance(credential, Credential)
        from_day = clock.today() + self.chance.choice([-500, -1, 0, 40]) * DAY
        credential.revoke(by=self.somebody("Registrars"), from_day=from_day, why="Struck off.")

    def close_account(self) -> None:
        """A clinician leaves."""
        clinicians = User.objects.filter(is_active=True, email__startswith="clinician-").order_by("pk")
        user = self.chance.choice(list(clinicians)[:4] or [None])
        if user is None:
            raise Refusal("Nobody is there to leave.")
        user.close(by=user)

    # Forged and through the back door

    def forge(self) -> None:
        """A form that no page offered: any address of the desk, any ids, any of the staff."""
        user = self.somebody()
        if not user.is_active:
            raise Refusal("They cannot sign in.")
        if user.pk not in self.browsers:
            self.browsers[user.pk] = Client()
            self.browsers[user.pk].force_login(user)
        article, other = self.article(), self.article()

        def pk(model: type, **where: object) -> int:
            rows = self.of(model, **where)
            return self.chance.choice(rows).pk if rows else 1  # type: ignore[attr-defined]

        address = self.chance.choice(
            [
                reverse("admin:articles_article_change", args=[article.pk]),
                reverse("admin:reviews_reviewrequest_change", args=[pk(ReviewRequest)]),
                reverse("admin:desk_publish", args=[article.pk, pk(Review, revision__article=other)]),
                reverse("admin:desk_publish", args=[article.pk, pk(Review, revision__article=article)]),
                reverse("admin:desk_withdraw", args=[article.pk, pk(Publication, article=other)]),
                reverse("admin:desk_ask", args=[article.pk, 1]),
                *(
                    reverse(f"admin:reviews_{name}_{way}", args=[pk(model)])
                    for name, model in (("review", Review), ("publication", Publication), ("withdrawal", Withdrawal))
                    for way in ("change", "delete")
                ),
                reverse("admin:reviews_credentialcheck_add"),
                reverse("admin:reviews_publication_changelist"),
            ]
        )
        request = self.of(ReviewRequest)
        form = {
            "act": self.chance.choice(["approve", "changes", "claim", "hand_back"]),
            "digest": request[0].revision.digest if request else "",  # type: ignore[attr-defined]
            "scope": "whole",
            "months": "12",
            "conflicts": "None declared",
            "why": "It is wrong.",
            "action": "delete_selected",
            "post": "yes",
            "question": "A forged question?",
            "body": "Forged.",
            "based_on": "1",
        }
        answer = self.browsers[user.pk].post(address, form)
        if answer.status_code >= 500:
            raise Broken(f"{address} answered {answer.status_code} to {user}")
        self.done[f"forged {answer.status_code}"] += 1

    def back_door(self) -> None:
        """Try to change or forge rows past every verb; the database refuses."""
        model = self.chance.choice([Revision, Review, Publication, Withdrawal, CredentialCheck, LedgerEntry])
        rows = self.of(model)
        if not rows:
            raise Refusal("There is nothing to attack.")
        row = self.chance.choice(rows)
        attack = self.chance.choice(["update", "delete", "sql", "publish"])
        if attack == "update":
            model._base_manager.filter(pk=row.pk).update(**{FORGED[model][0]: FORGED[model][1]})  # type: ignore[attr-defined]
        elif attack == "delete":
            model._base_manager.filter(pk=row.pk)._raw_delete("default")  # type: ignore[attr-defined]
        elif attack == "sql":
            with connection.cursor() as cursor:
                cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE id = %s", [row.pk])  # type: ignore[attr-defined]
        else:
            review, article = self.review(), self.article()
            Publication.objects.create(article=article, review=review, published_by=self.somebody())
            if review.decision != "approved" or review.revision.article_id != article.pk:
                raise Broken(f"A publication of {review} for {article} was let through")
            transaction.set_rollback(True)  # lawful but for the ledger: never a fault of the page, so not kept
            return
        raise Broken(f"{attack} of {model.__name__} {row.pk} was let through")  # type: ignore[attr-defined]

    # Looking

    def look(self, article: Article, *, ahead: dt.timedelta = dt.timedelta()) -> None:
        """Compare the public page with what the rows say it must be, now or some days ahead.

        While others decide, the rows may be newer than the page; so look again, and in any case hold the promise.
        """
        for _ in range(5):
            head, before = LedgerEntry.objects.head(), clock.read()
            clock.stopped_at = before + ahead if ahead else None
            try:
                answer = self.reader.get(article.get_absolute_url())
            finally:
                clock.stopped_at = None
            if answer.status_code not in {200, 404, 410}:
                raise Broken(f"{article} answered {answer.status_code}")
            record = Record.of(article.pk)
            shown = seen(answer.status_code, answer.content.decode(), article)
            if shown.status == 200 and (reason := record.broken_promise(shown.version)):
                raise Broken(f"{article} shows version {shown.version}: {reason}")
            due = record.due(before + ahead)
            turned = record.due(clock.read() + ahead) != due
            if LedgerEntry.objects.head() == head and not turned:
                if shown != due:
                    raise Broken(f"{article} is {shown} and must be {due}")
                self.done[f"compared {shown.status}"] += 1
                return
        self.done["never quiet"] += 1

    def look_at_lists(self) -> None:
        """The lists show the pages that are live, and no other."""
        head, before = LedgerEntry.objects.head(), clock.read()
        shown = {line.slug: line.version for line in reading.lines()}
        rows = list(Article.objects.order_by("-pk")[:5])
        dues = {row.slug: Record.of(row.pk).due(before) for row in rows}
        later = {row.slug: Record.of(row.pk).due(clock.read()) for row in rows}
        if LedgerEntry.objects.head() == head and dues == later:
            wrong = {slug: due for slug, due in dues.items() if shown.get(slug, 0) != due.version}
            if wrong:
                raise Broken(f"The lists show {[shown.get(slug) for slug in wrong]} and must show {wrong}")
            self.done["lists compared"] += 1


FORGED: dict[type, tuple[str, object]] = {
    Revision: ("body", "Forged."),
    Review: ("decision", "approved"),
    Publication: ("live_from", dt.datetime(2020, 1, 1, tzinfo=dt.UTC)),
    Withdrawal: ("why", "Forged."),
    CredentialCheck: ("revoked", False),
    LedgerEntry: ("digest", "0" * 64),
}


def seen(status: int, page: str, article: Article) -> Due:
    """What a page shows: the version whose text stands there byte for byte, and its stamp."""
    if status != 200:
        return Due(status)
    number = int(re.findall(r"<dt>Version</dt><dd>(\d+)</dd>", page)[0])
    revision = Revision.objects.get(article=article, number=number)
    for words in (revision.question, revision.short_answer, *revision.html.split("{{ members }}")):
        if words not in page:
            raise Broken(f"{article} says it is version {number} and does not show “{words}”")
    facts = re.findall(r'<div><dt>([^<]+)</dt><dd><time datetime="([\d-]+)">', page)
    days = {name: dt.date.fromisoformat(day) for name, day in facts}
    lapsed = "Last reviewed" in days
    ends = [days[name] for name in ("Next review due", "Lapsed", "Review was due") if name in days]
    signed = days["Last reviewed" if lapsed else "Reviewed"]
    if ("Medically reviewed, " in page) == lapsed or (ends[0] <= clock.today() and not lapsed and not clock.stopped_at):
        raise Broken(f"The badge of {article} does not agree with its dates: {days}")
    return Due(200, number, signed, ends[0])


def newcomer(name: str, *groups: str) -> Reviewer:
    """A clinician with a credential checked just now."""
    return people.clinician(name.title(), *groups)


def populate() -> None:
    """The people and the first pages, and one who writes and reviews, and one whose check is over."""
    for number in range(3):
        newcomer(f"clinician-{number}", *(["Authors"] if number == 0 else []))
    lapsed = people.person("clinician-lapsed@example.org", "Clinicians")
    reviewer = Reviewer.objects.create(
        user=lapsed, name="Lapsed", slug="lapsed", specialty="x", since=dt.date(2020, 1, 1)
    )
    credential = Credential.objects.create(reviewer=reviewer, profession="Physician", register="R", number="LAPSED")
    today = clock.today()
    credential.record_check(by=people.registrar(), valid_from=today - 900 * DAY, valid_until=today - 100 * DAY)
    for maker in (people.author, people.second_author, people.publisher, people.registrar, people.superuser):
        maker()
    people.person("both@example.org", "Authors", "Publishers")
