"""Many people at once: one effect each, and readers get one approved text in full or the withdrawal."""

import threading
from collections import Counter
from collections.abc import Callable
from html import escape
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from accounts.models import Letter, User
from accounts.refusals import Refusal
from articles import rendering
from articles.models import Article, Revision
from reviews.models import Publication, Review, ReviewRequest, Withdrawal
from reviews.models.requests import Moved
from tests import make, people

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

THREADS = 8
ROUNDS = 8
WHY = "Withdrawn in a race."


class Crowd:
    """Threads that begin together; what each act came to is kept in `results`. As a context it ends with them."""

    def __init__(self, acts: list[Callable[[], object]]) -> None:
        self.results: list[object] = []
        self.start = threading.Barrier(len(acts))
        self.threads = [threading.Thread(target=self._run, args=[act]) for act in acts]
        for thread in self.threads:
            thread.start()

    def _run(self, act: Callable[[], object]) -> None:
        try:
            self.start.wait(300)
            self.results.append(act())
        except BaseException as problem:  # noqa: BLE001  the test looks at it
            self.results.append(problem)
        finally:
            connections.close_all()

    def __enter__(self) -> "Crowd":
        return self

    def __exit__(self, *problem: object) -> None:
        self.outcome()

    def working(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    def outcome(self) -> list[object]:
        for thread in self.threads:
            thread.join(300)
        assert not self.working()
        return self.results


def together(acts: list[Callable[[], object]]) -> list[object]:
    """What acts came to that began at the same time."""
    return Crowd(acts).outcome()


# The queue


def test_eight_clinicians_claim_one_request_and_one_gets_it() -> None:
    request = make.request()
    reviewers = [people.clinician(f"Clinician{number}") for number in range(THREADS)]

    def claim(by: User) -> Callable[[], object]:
        return lambda: ReviewRequest.objects.get(pk=request.pk).claim(by=by)

    results = together([claim(reviewer.user) for reviewer in reviewers])
    lost = [result for result in results if isinstance(result, Moved)]
    assert Counter(map(type, results)) == {type(None): 1, Moved: THREADS - 1}
    request.refresh_from_db()
    assert all(f"{request.claimed_by} has claimed this review" in str(refusal) for refusal in lost)


# way 3
@pytest.mark.parametrize("people_at_it", [1, 2])
def test_an_approval_sent_twice_at_once_is_one_review_and_one_letter(people_at_it: int) -> None:
    request = make.request()
    reviewers = [people.clinician(f"Clinician{number}") for number in range(people_at_it)] * (2 // people_at_it)

    def approve(by: User) -> Callable[[], object]:
        return lambda: ReviewRequest.objects.get(pk=request.pk).approve(by=by, digest=request.revision.digest)

    results = together([approve(reviewer.user) for reviewer in reviewers])
    assert Counter(map(type, results)) == {Review: 1, Moved: 1}
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

    texts = [f"Unread words {number} [1](#source-1)." for number in range(THREADS - 1)]
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
    assert Counter(map(type, results)) == {Revision: THREADS - 1, Review: 1}
    review = Review.objects.get()
    assert (review.revision, review.digest) == (request.revision, digest)
    assert sorted(article.revisions.values_list("number", flat=True)) == list(range(1, THREADS + 1))


def test_eight_requests_for_one_version_are_one_request() -> None:
    revision = make.revision()
    results = together([lambda: ReviewRequest.objects.ask(revision, by=people.author())] * THREADS)
    assert Counter(map(type, results)) == {ReviewRequest: 1, Moved: THREADS - 1}
    assert ReviewRequest.objects.count() == 1


# What readers get


# way 3
def test_eight_publications_of_one_approval_are_one() -> None:
    review, publisher = make.review(), people.publisher()
    results = together([lambda: Review.objects.get(pk=review.pk).publish(by=publisher)] * THREADS)
    assert Counter(map(type, results)) == {Publication: 1, Moved: THREADS - 1}
    assert Publication.objects.count() == 1
    assert Letter.objects.filter(key__startswith="published-").count() == 2


def test_eight_withdrawals_of_one_page_are_one() -> None:
    publication, publisher = make.publication(), people.publisher()
    results = together([lambda: Publication.objects.get(pk=publication.pk).withdraw(by=publisher, why=WHY)] * THREADS)
    assert Counter(map(type, results)) == {Withdrawal: 1, Moved: THREADS - 1}
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
    with Crowd(acts * (THREADS // len(acts))) as crowd:
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
    assert Counter(map(type, results)) == {int: THREADS}
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
