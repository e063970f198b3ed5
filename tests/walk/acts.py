"""A walker: does one random lawful or unlawful act after another; `looks.py` looks at the public pages after each."""

import datetime as dt
import random
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, ProgrammingError, models, transaction
from django.test import Client
from django.urls import reverse

from accounts import clock
from accounts.models import User
from accounts.prepared import Prepared
from accounts.refusals import Refusal
from articles.digest import Source
from articles.models import Article, Condition, Revision, Topic
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
from tests import database, make, people
from tests.walk.looks import Broken, Looks

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
# Acts whose rows are not among those that a look compares: after them every page is looked at.
BESIDE_THE_RECORD = {"forge", "ask", "claim", "hand_back"}
LOOK_BACK = 3  # how many of the newest rows an act chooses from
PLAYED = 2  # pages a ward has in play; older ones have come to rest
OF_A_CONDITION = 4  # then the ward goes on with another condition, so that no page has a long list beside it
FEW, MANY = 3, 6  # clinicians: one leaves only if there are more, another comes only if there are fewer

# The newest rows of a page, with what a desk would load beside them.
_OF_A_PAGE: dict[type[models.Model], Prepared[Any]] = {
    Revision: Prepared(lambda article: _newest(Revision, "article__condition", article=article)),
    ReviewRequest: Prepared(
        lambda article: _newest(
            ReviewRequest, "revision__article__condition", "claimed_by__user", revision__article=article
        )
    ),
    Review: Prepared(
        lambda article: _newest(
            Review,
            *("revision__article__condition", "credential_check", "reviewer__user", "base__credential_check"),
            revision__article=article,
        )
    ),
    Publication: Prepared(
        lambda article: _newest(
            Publication, "article__condition", "review__revision__article__condition", article=article
        )
    ),
}
# The newest of all.
_OF_ALL: dict[type[models.Model], Prepared[Any]] = {
    Withdrawal: Prepared(lambda: _newest(Withdrawal)),
    CredentialCheck: Prepared(lambda: _newest(CredentialCheck)),
    LedgerEntry: Prepared(lambda: _newest(LedgerEntry)),
}
_credentials = Prepared(
    lambda: Credential.objects.filter(reviewer__user__is_active=True).select_related("reviewer__user").order_by("-pk")
)
_in_play = Prepared(
    lambda topic: Article.objects.filter(topic=topic).select_related("condition").order_by("-pk")[:PLAYED]
)
_newest_articles = Prepared(lambda: _newest(Article, "condition"))


def _newest(model: type[models.Model], *beside: str, **of: object) -> "models.QuerySet[Any]":
    # Without names select_related() would follow every relation there is.
    return model._base_manager.filter(**of).select_related(*beside or [None]).order_by("-pk")[:LOOK_BACK]


class Walker:
    """One process of the walk: its own chance, its own browsers, the same rows as the others.

    The pages of one topic are a ward. A walker acts on the pages in play in its own ward, at times on those of others,
    and looks at every page in play in its own ward after each step; on every ward two of the walkers act.
    """

    def __init__(self, seed: int, ward: int = 0) -> None:
        self.chance = random.Random(seed)  # noqa: S311  chance, not a secret
        self.topic = Topic.values[ward]
        self.looks = Looks(self.chance)
        self.done = self.looks.done
        self.pages: list[Article] = _in_play(topic=self.topic)
        self.browsers: dict[int, Client] = {}
        self.staff: list[User] = []
        self.steps = 0
        self.acts: dict[Callable[[], object], float] = {
            self.start: 0.6,
            self.save: 10,
            self.ask: 10,
            self.claim: 5,
            self.hand_back: 2,
            self.approve: 16,
            self.ask_for_changes: 3,
            self.publish: 14,
            self.schedule: 4,
            self.withdraw: 7,
            self.check: 4,
            self.revoke: 2,
            self.close_account: 1,
            self.newcomer: 2,
            self.forge: 3,
            self.back_door: 8,
        }

    def step(self) -> None:
        """One act, then a look at every page in play; at times a page of another ward, another day, the lists."""
        if self.steps % 100 == 0:
            self.meet()
        self.steps += 1
        (act,) = self.chance.choices([*self.acts], [*self.acts.values()])
        refused = GUARDED if act == self.back_door else REFUSED
        try:
            act()
        except refused:
            self.done[f"{act.__name__} refused"] += 1
        else:
            self.done[act.__name__] += 1
        self.pages = pages = _in_play(topic=self.topic)
        self.looks.look_at_each(pages, anyway=act.__name__ in BESIDE_THE_RECORD)
        if self.chance.random() < 0.05:
            self.looks.look(self.chance.choice(_newest_articles()))
        if self.chance.random() < 0.01:
            self.looks.look(self.chance.choice(pages), ahead=self.chance.randrange(1, 1500) * DAY)
        if self.chance.random() < 0.01:
            self.looks.look_at_lists(pages)

    # Who and what

    def article(self) -> Article:
        """One of them, or at times one of the newest of all."""
        pages: list[Article] = self.pages if self.chance.random() < 0.95 else _newest_articles()
        chosen: Article = self.pick(pages)
        return chosen

    def pick(self, rows: Sequence[Any]) -> Any:
        """One of these; where there is none, as where everybody of a group has left, refuse."""
        if not rows:
            raise Refusal("There is nobody and nothing to choose from.")
        return self.chance.choice(rows)

    def of(self, model: type[models.Model], of: Article | None = None) -> Any:
        """One of the newest rows of a model, of a page where it belongs to one; where there is none, refuse."""
        rows = _OF_ALL[model]() if model in _OF_ALL else _OF_A_PAGE[model](article=(of or self.article()).pk)
        return self.pick(rows)

    def meet(self) -> None:
        """Learn who works here now; until the next time, somebody may have left, as they may during a request."""
        self.staff = list(User.objects.filter(is_staff=True).prefetch_related("groups").order_by("-pk"))
        if not self.staff:
            raise Broken("Nobody works here: these are not the rows that this walk began with.")

    def somebody(self, *groups: str) -> User:
        """Mostly somebody of a group, at times anybody of the staff."""
        staff = self.staff
        if groups and self.chance.random() < 0.9:
            staff = [user for user in staff if any(group.name in groups for group in user.groups.all())]
        chosen: User = self.pick(staff)
        return chosen

    def known(self, user: User) -> User:
        """The same person, as they were met: their rights were asked for once."""
        return next((met for met in self.staff if met.pk == user.pk), user)

    def clinicians(self) -> list[User]:
        """The clinicians who walk."""
        return [user for user in self.staff if user.email.startswith("clinician-")]

    def newcomer(self) -> None:
        """Another clinician, who at times writes too."""
        if len(self.clinicians()) >= MANY:
            raise Refusal("There are enough.")
        newcomer(f"clinician-{self.chance.randrange(10**9)}", *self.chance.choice([["Authors"], []]))
        self.meet()

    # Acts

    def start(self) -> None:
        """A new page, so that the older ones come to rest; at times about a new condition."""
        by = self.somebody("Authors")
        condition = Condition.objects.order_by("-pk")[0]
        number = self.chance.randrange(10**9)
        if condition.articles.count() >= OF_A_CONDITION:
            condition = make.condition(f"condition-{number}", f"Condition {number}")
        Article.objects.start(condition=condition, topic=self.topic, slug=f"page-{number}", by=by)

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
        revisions = _OF_A_PAGE[Revision](article=self.article().pk)[: self.chance.choice([1, 1, LOOK_BACK])]
        if not revisions:
            raise Refusal("There is nothing to ask for.")
        ReviewRequest.objects.ask(self.chance.choice(revisions), by=self.somebody("Authors"))

    def request(self) -> ReviewRequest:
        """A request, mostly an open one."""
        requests: list[ReviewRequest] = _OF_A_PAGE[ReviewRequest](article=self.article().pk)
        if self.chance.random() < 0.9:
            requests = [request for request in requests if request.closed_at is None]
        if not requests:
            raise Refusal("Nothing waits.")
        return self.chance.choice(requests)

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
            by=self.known(request.claimed_by.user) if request.claimed_by else self.somebody("Clinicians"),
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
        reviews: list[Review] = _OF_A_PAGE[Review](article=self.article().pk)
        if self.chance.random() < 0.9:
            reviews = [review for review in reviews if review.decision == "approved"]
        if not reviews:
            raise Refusal("There is nothing to publish.")
        return self.chance.choice(reviews)

    def publish(self) -> None:
        """Publish one; also an older one, which restores it."""
        self.review().publish(by=self.somebody("Publishers"))

    def schedule(self) -> None:
        """Publish one from a moment on that comes during the walk, or on another day."""
        ahead = self.chance.choice([dt.timedelta(milliseconds=300), dt.timedelta(seconds=5), 30 * DAY, -DAY])
        self.review().publish(by=self.somebody("Publishers"), live_from=clock.read() + ahead)

    def withdraw(self) -> None:
        """Take one down."""
        publication: Publication = self.of(Publication)
        publication.withdraw(by=self.somebody("Publishers", "Clinicians"), why="It is wrong.")

    def check(self) -> None:
        """Check a credential: valid for a while, or not any more."""
        credential = self.pick(_credentials())
        today = clock.today()
        credential.record_check(
            by=self.somebody("Registrars"),
            valid_from=today - self.chance.choice([1000, 1000, 30]) * DAY,
            valid_until=today + self.chance.choice([700, 700, -10, 0]) * DAY,
        )

    def revoke(self) -> None:
        """Revoke one, from a day past, today or to come."""
        credential = self.pick(_credentials())
        from_day = clock.today() + self.chance.choice([-500, -1, 0, 40]) * DAY
        credential.revoke(by=self.somebody("Registrars"), from_day=from_day, why="Struck off.")

    def close_account(self) -> None:
        """A clinician leaves."""
        clinicians = self.clinicians()
        if len(clinicians) <= FEW:
            raise Refusal("They are needed.")
        user = self.chance.choice(clinicians)
        user.close(by=user)
        self.meet()

    # Forged and through the back door

    def forge(self) -> None:
        """A form that no page offered: any address of the desk, any ids, any of the staff."""
        user = self.somebody()
        if user.pk not in self.browsers:
            self.browsers[user.pk] = Client(raise_request_exception=False)
            self.browsers[user.pk].force_login(user)
        article, other = self.article(), self.article()

        def pk(model: type[models.Model], of: Article = article) -> int:
            rows = _OF_ALL[model]() if model in _OF_ALL else _OF_A_PAGE[model](article=of.pk)
            return self.chance.choice(rows).pk if rows else 1

        name, row = self.chance.choice(
            [
                ("articles_article_change", lambda: [article.pk]),
                ("reviews_reviewrequest_change", lambda: [pk(ReviewRequest)]),
                ("desk_publish", lambda: [article.pk, pk(Review, other)]),
                ("desk_publish", lambda: [article.pk, pk(Review)]),
                ("desk_withdraw", lambda: [article.pk, pk(Publication, other)]),
                ("desk_ask", lambda: [article.pk, 1]),
                *((f"reviews_review_{way}", lambda: [pk(Review)]) for way in ("change", "delete")),
                *((f"reviews_publication_{way}", lambda: [pk(Publication)]) for way in ("change", "delete")),
                *((f"reviews_withdrawal_{way}", lambda: [pk(Withdrawal)]) for way in ("change", "delete")),
                ("reviews_credentialcheck_add", list),
                ("reviews_publication_changelist", list),
            ]
        )
        address = reverse(f"admin:{name}", args=row())  # type: ignore[no-untyped-call]
        requests = _OF_A_PAGE[ReviewRequest](article=article.pk)
        form = {
            "act": self.chance.choice(["approve", "changes", "claim", "hand_back"]),
            "digest": requests[0].revision.digest if requests else "",
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
        model = self.chance.choice([*FORGED])
        row = self.of(model)
        attack = self.chance.choice(["update", "delete", "sql", "publish"])
        review, article, by = self.review(), self.article(), self.somebody()
        with transaction.atomic():
            transaction.set_rollback(True)  # lawful or not: nothing of it is kept
            if attack == "update":
                model._base_manager.filter(pk=row.pk).update(**FORGED[model])
            elif attack == "delete":
                model._base_manager.filter(pk=row.pk)._raw_delete("default")  # type: ignore[attr-defined]
            elif attack == "sql":
                database.sql(f"DELETE FROM {model._meta.db_table} WHERE id = %s", row.pk)
            else:
                Publication.objects.create(article=article, review=review, published_by=by)
                if review.decision == "approved" and review.revision.article_id == article.pk:
                    return  # lawful but for the ledger: never a fault of the page
            raise Broken(f"{attack} of {model.__name__} {row.pk} was let through")


FORGED: dict[type[models.Model], dict[str, object]] = {
    Revision: {"body": "Forged."},
    Review: {"decision": "approved"},
    Publication: {"live_from": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)},
    Withdrawal: {"why": "Forged."},
    CredentialCheck: {"revoked": False},
    LedgerEntry: {"digest": "0" * 64},
}


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
