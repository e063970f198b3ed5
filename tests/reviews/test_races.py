"""Many people at once: one effect each, and readers get one approved text in full or the withdrawal."""

import functools
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import pytest
from django.db import connection, models, transaction
from django.test import Client
from pytest_django import Settings

from accounts.models import Letter, User
from accounts.refusals import Refusal
from articles import rendering
from articles.models import Article, Revision
from reviews.models import Credential, CredentialCheck, Publication, Review, Reviewer, ReviewRequest, Withdrawal
from reviews.refusals import Moved
from tests import database, desk, make, people
from tests.crowd import PATIENCE, PEOPLE, Crowd, together

pytestmark = pytest.mark.django_db(transaction=True)

# Acts of each of eight people, where readers look on.
ROUNDS = 8
SAVERS = 7
WHY = "Withdrawn in a race."


# The queue


def test_many_clinicians_claim_one_request_and_one_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    request = make.request()
    reviewers = [people.clinician(f"Clinician{number}") for number in range(PEOPLE)]
    if connection.vendor == "postgresql":  # on SQLite one transaction begins after the other
        all_may, may_review = threading.Barrier(PEOPLE), Reviewer.may_review

        def may_review_with_all_others(*seen: Any, **day: Any) -> CredentialCheck:
            check = may_review(*seen, **day)
            all_may.wait(PATIENCE)
            return check

        monkeypatch.setattr(Reviewer, "may_review", may_review_with_all_others)

    def claim(by: User) -> Callable[[], object]:
        return lambda: ReviewRequest.objects.get(pk=request.pk).claim(by=by)

    results = together([claim(reviewer.user) for reviewer in reviewers])
    lost = [result for result in results if isinstance(result, Moved)]
    assert Counter(map(type, results)) == {type(None): 1, Moved: PEOPLE - 1}
    request.refresh_from_db()
    assert all(f"{request.claimed_by} has claimed this review" in str(refusal) for refusal in lost)


@pytest.mark.postgresql
def test_changes_are_approved_and_published_while_the_credential_under_the_page_is_in_use() -> None:
    carl, clara = people.clinician("Carl"), people.clinician()
    base = make.publication(make.review(by=carl)).review
    change = make.request(make.revision(base.revision.article, body="A comma, moved [1](#source-1)."))
    held, publisher, registrar = threading.Event(), people.publisher(), people.registrar()

    def approve_and_publish() -> None:
        held.wait(PATIENCE)
        with transaction.atomic():
            review = change.approve(by=clara.user, digest=change.revision.digest, scope="changes")
            review.publish(by=publisher)

    def use_the_credential() -> None:
        with transaction.atomic():
            Credential.objects.lock(reviewer=carl)
            held.set()
            database.wait_for_a_lock()
            today = make.today()
            carl.credentials.get().record_check(by=registrar, valid_from=today, valid_until=today)

    assert together([approve_and_publish, use_the_credential]) == [None, None]


# way 3
@pytest.mark.parametrize("people_at_it", [1, PEOPLE])
def test_an_approval_sent_many_times_at_once_is_one_review_and_one_letter(people_at_it: int) -> None:
    request = make.request()
    reviewers = [people.clinician(f"Clinician{n}") for n in range(people_at_it)] * (PEOPLE // people_at_it)

    def approve(by: User) -> Callable[[], object]:
        return lambda: ReviewRequest.objects.get(pk=request.pk).approve(by=by, digest=request.revision.digest)

    results = together([approve(reviewer.user) for reviewer in reviewers])
    assert Counter(map(type, results)) == {Review: 1, Moved: PEOPLE - 1}
    assert Review.objects.count() == 1
    assert Letter.objects.filter(key__startswith="approved-").count() == 1
    request.refresh_from_db()
    assert request.outcome == ReviewRequest.Outcome.APPROVED


def test_an_approval_and_a_refusal_at_once_are_one_decision() -> None:
    request = make.request()
    clara, dora = people.clinician().user, people.clinician("Dora").user

    def mine() -> ReviewRequest:
        return ReviewRequest.objects.get(pk=request.pk)

    digest = request.revision.digest
    results = together(
        [
            lambda: mine().approve(by=clara, digest=digest),
            lambda: mine().ask_for_changes(by=dora, digest=digest, reason="Too long."),
        ]
    )
    assert Counter(map(type, results)) == {Review: 1, Moved: 1}
    request.refresh_from_db()
    assert Review.objects.get().decision == request.outcome


# way 2
def test_versions_saved_while_a_clinician_signs_never_ride_along() -> None:
    request, clara = make.request(), people.clinician().user
    digest, article = request.revision.digest, request.revision.article

    texts = [f"Unread words {number} [1](#source-1)." for number in range(SAVERS)]
    for body in texts:
        rendering.render(body)  # kept, so that a busy machine has no eight renderers at once

    def save(body: str) -> Callable[[], object]:
        return lambda: make.revision(Article.objects.get(pk=article.pk), body=body)

    results = together(
        [
            *map(save, texts),
            lambda: ReviewRequest.objects.get(pk=request.pk).approve(by=clara, digest=digest),
        ]
    )
    assert Counter(map(type, results)) == {Revision: SAVERS, Review: 1}
    review = Review.objects.get()
    assert (review.revision, review.digest) == (request.revision, digest)
    assert sorted(article.revisions.values_list("number", flat=True)) == list(range(1, SAVERS + 2))


# way 2
def test_a_signature_stands_for_the_text_on_the_screen_or_is_refused_when_a_newer_one_is_asked_for_meanwhile() -> None:
    clara = people.clinician().user
    opened = [make.request(make.revision(make.article(f"page-{number}"))) for number in range(SAVERS)]

    def sign(request: ReviewRequest) -> Callable[[], object]:
        return lambda: request.approve(by=clara, digest=request.revision.digest)

    for request in opened:
        newer = make.revision(request.revision.article, body="Unread words [1](#source-1).")
        asked, signed = together([functools.partial(make.request, newer), sign(request)])
        assert isinstance(asked, ReviewRequest)
        assert isinstance(signed, Review | Moved)
        approved = isinstance(signed, Review)
        request.refresh_from_db()
        assert request.outcome == ("approved" if approved else "replaced")
        signatures = Review.objects.filter(revision__article=request.revision.article)
        assert [review.digest for review in signatures] == [request.revision.digest] * approved


# A double click, and many more


@dataclass(frozen=True)
class Once:
    """A form, and what it comes to when it is sent many times at once: refusals, rows and letters."""

    prepare: Callable[[], desk.Sending]
    answers: dict[int, int]
    rows: models.QuerySet[Any]
    letters: int


ONE_DONE = {302: 1, 200: PEOPLE - 1}
ONCE = {
    "ask": Once(desk.asking, ONE_DONE, ReviewRequest.objects.all(), letters=1),
    "claim": Once(desk.claiming, {302: PEOPLE}, ReviewRequest.objects.exclude(claimed_by=None), letters=0),
    "approve": Once(desk.approving, ONE_DONE, Review.objects.all(), letters=1),
    "publish": Once(desk.publishing, ONE_DONE, Publication.objects.live(), letters=2),
    "withdraw": Once(desk.withdrawing, ONE_DONE, Withdrawal.objects.filter(why="A new study."), letters=2),
    "save": Once(desk.saving, {302: PEOPLE}, Revision.objects.all(), letters=0),
}


# way 3
@pytest.mark.parametrize("act", ONCE)
def test_a_form_sent_many_times_at_once_is_one_act(act: str, settings: Settings) -> None:
    settings.ROUNDS_DEMO = True  # the second factor has its own tests
    once = ONCE[act]
    send = once.prepare()
    letters = Letter.objects.count()
    assert Counter(together([send] * PEOPLE)) == once.answers
    assert once.rows.all().count() == 1
    assert Letter.objects.count() - letters == once.letters


def test_many_requests_for_one_version_are_one_request() -> None:
    revision = make.revision()
    results = together([lambda: ReviewRequest.objects.ask(revision, by=people.author())] * PEOPLE)
    assert Counter(map(type, results)) == {ReviewRequest: 1, Moved: PEOPLE - 1}
    assert ReviewRequest.objects.count() == 1


# What readers get


# way 3
def test_many_publications_of_one_approval_are_one() -> None:
    review, publisher = make.review(), people.publisher()
    results = together([lambda: Review.objects.get(pk=review.pk).publish(by=publisher)] * PEOPLE)
    assert Counter(map(type, results)) == {Publication: 1, Moved: PEOPLE - 1}
    assert Publication.objects.count() == 1
    assert Letter.objects.filter(key__startswith="published-").count() == 2


def test_many_withdrawals_of_one_page_are_one() -> None:
    publication, publisher = make.publication(), people.publisher()
    results = together([lambda: Publication.objects.get(pk=publication.pk).withdraw(by=publisher, why=WHY)] * PEOPLE)
    assert Counter(map(type, results)) == {Withdrawal: 1, Moved: PEOPLE - 1}
    assert Letter.objects.filter(key__startswith="withdrawn-").count() == 2


def two_texts() -> tuple[Review, Review]:
    """Two approved versions of a page that share no sentence; the first is public."""
    texts: list[dict[str, Any]] = [
        {"question": f"Question {word}?", "short_answer": f"Short {word}.", "body": f"Begin {word}.\n\nEnd {word}."}
        for word in ("red", "blue")
    ]
    first = make.review(make.revision(sources=(), **texts[0]))
    second = make.review(make.revision(first.revision.article, sources=(), **texts[1]))
    first.publish(by=people.publisher())
    return first, second


def is_one_text_in_full(html: str) -> bool:
    """All of one text and nothing of the other."""
    seen = {
        word: sum(
            sentence in html for sentence in (f"Question {word}?", f"Short {word}.", f"Begin {word}.", f"End {word}.")
        )
        for word in ("red", "blue")
    }
    return sorted(seen.values()) == [0, 4]


def test_readers_get_one_approved_text_or_the_withdrawal_while_eight_publish_and_withdraw(client: Client) -> None:
    reviews, publisher = two_texts(), people.publisher()
    article = reviews[0].revision.article
    letters_before = Letter.objects.filter(key__startswith="published-").count()

    def publish(review: Review) -> int:
        return sum(attempt(lambda: Review.objects.get(pk=review.pk).publish(by=publisher)) for _ in range(ROUNDS))

    def withdraw() -> int:
        return sum(attempt(withdraw_current) for _ in range(ROUNDS))

    def withdraw_current() -> object:
        return Publication.objects.current().get(article=article).withdraw(by=publisher, why=WHY)

    answers: Counter[int] = Counter()
    acts: list[Callable[[], object]] = [lambda: publish(reviews[0]), withdraw, lambda: publish(reviews[1]), withdraw]
    with Crowd(acts * 2) as crowd:
        while crowd.working() or not answers:
            page = client.get(article.get_absolute_url())
            html = page.content.decode()
            answers[page.status_code] += 1
            if page.status_code == 200:
                assert is_one_text_in_full(html)
            else:
                assert page.status_code == 410
                assert f"Reason: {escape(WHY)}" in html
                assert "Begin" not in html
    results = crowd.outcome()
    # Each act that was not refused left one row, and one letter to the author and one to the reviewer.
    done = sum(result for result in results if isinstance(result, int))
    assert Counter(map(type, results)) == {int: 2 * len(acts)}
    assert done == Publication.objects.count() - 1 + Withdrawal.objects.count()
    letters = Letter.objects.filter(key__startswith="published-").count() - letters_before
    assert letters == 2 * (Publication.objects.count() - 1)
    assert Letter.objects.filter(key__startswith="withdrawn-").count() == 2 * Withdrawal.objects.count()
    current = Publication.objects.current().get(article=article)
    assert (Publication.objects.live().count() == 1) is not hasattr(current, "withdrawal")
    assert not Publication.objects.pending().exists()


def attempt(act: Callable[[], object]) -> bool:
    """Whether the act was done; a refusal is an answer, anything else is not."""
    try:
        act()
    except Refusal:
        return False
    return True
