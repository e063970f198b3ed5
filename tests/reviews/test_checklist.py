"""The checklist: versions that never change, and what was ticked in which one is kept with the review."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.refusals import NotAllowed, Refusal
from reviews import record
from reviews.models import Checklist, Review, ReviewRequest
from reviews.models.ledger import NEWEST_FORM
from reviews.models.screens import Screen, laid_out
from reviews.refusals import Moved
from tests import make, people
from tests.database import tamper

pytestmark = pytest.mark.django_db

POINTS = "Every figure has a source.\nNobody is told to stop a treatment."


@pytest.fixture(autouse=True)
def _no_second_factor(settings: object) -> None:
    settings.ROUNDS_DEMO = True  # type: ignore[attr-defined]


def written(points: str = POINTS) -> Checklist:
    """A version of the checklist."""
    return Checklist.objects.write(points, by=people.publisher())


def test_a_change_is_a_new_version_and_the_newest_is_in_force() -> None:
    assert Checklist.objects.in_force() is None
    first = written(" Every figure   has a source. \n\n Nobody is told to stop a treatment.\n")
    assert first.lines == POINTS.split("\n")
    second = written("One point.")
    assert Checklist.objects.in_force() == second
    first.refresh_from_db()
    assert (first.points, first.written_by) == (POINTS, people.publisher())


@pytest.mark.parametrize(
    ("points", "said"),
    [
        (" \n ", "at least one point"),
        ("\n".join(f"Point {number}." for number in range(21)), "21 points"),
        ("a" * 201, "201 characters"),
        ("The same.\nThe same.", "stands there twice"),
        ("A hidden\u200b sign.", "Point 1"),
        (POINTS, "in force already"),
    ],
)
def test_it_is_refused_with_the_reason(points: str, said: str) -> None:
    before = written()
    with pytest.raises(Refusal, match=said):
        written(points)
    assert Checklist.objects.get() == before


def test_publishers_alone_write_it_and_see_the_points_in_force_to_change(client: Client) -> None:
    written()
    for person in (people.author(), people.clinician().user, people.registrar()):
        with pytest.raises(NotAllowed, match="Publishers do"):
            Checklist.objects.write("Mine.", by=person)
    client.force_login(people.publisher())
    address = reverse("admin:reviews_checklist_add")
    assert "Nobody is told to stop a treatment.</textarea>" in client.get(address).content.decode()
    assert "stands there twice" in client.post(address, {"points": "One.\nOne."}).content.decode()
    assert client.post(address, {"points": f"{POINTS}\nA third."}).status_code == 302
    newest = Checklist.objects.in_force()
    assert newest is not None
    assert newest.lines[2] == "A third."


def test_an_approval_of_the_whole_page_ticks_every_point_and_keeps_them() -> None:
    request = make.request()
    decide = {"by": people.clinician().user, "digest": request.revision.digest}
    with pytest.raises(Refusal, match="The checklist has 0 points"):
        request.approve(ticked=[1], **decide)
    checklist = written()
    with pytest.raises(Refusal, match=r"Not ticked: “Nobody is told to stop a treatment\.” Tick it if it is so"):
        request.approve(ticked=[1], **decide)
    with pytest.raises(Refusal, match="The checklist has 2 points"):
        request.approve(ticked=[1, 2, 3], **decide)
    assert Review.objects.count() == 0
    review = request.approve(ticked=[2, 1, 2], **decide)
    assert (review.checklist, review.ticked, review.points) == (checklist, [1, 2], POINTS)


def test_less_than_everything_is_enough_for_changes_asked_and_for_the_changes_only() -> None:
    first = make.review()
    checklist = written()
    clinician = people.clinician().user
    newer = make.request(make.revision(first.revision.article, body="Mended."))
    asked = newer.ask_for_changes(by=clinician, digest=newer.revision.digest, reason="No.", ticked=[2])
    assert (asked.checklist, asked.ticked) == (checklist, [2])
    again = make.request(newer.revision)
    review = again.approve(by=clinician, digest=again.revision.digest, scope="changes", ticked=[1])
    assert (review.checklist, review.ticked) == (checklist, [1])


def test_one_that_was_changed_while_the_page_was_open_is_told_of() -> None:
    written()
    request = laid_out(ReviewRequest.objects.filter(pk=make.request().pk)).get()
    seen = Screen.of(request).seen
    written("Another point.")
    decide = {"by": people.clinician().user, "digest": request.revision.digest}
    with pytest.raises(Moved, match=r"Petra changed the checklist on .* UTC\. Read its points again\."):
        request.approve(seen=seen, ticked=[1], **decide)
    assert request.approve(seen=Screen.of(request).seen, ticked=[1], **decide).points == "Another point."


@pytest.mark.owner
@pytest.mark.parametrize(
    "change", ["UPDATE reviews_review SET ticked = '[1]'", "UPDATE reviews_checklist SET points = 'Less.'"]
)
def test_the_ledger_seals_the_points_and_what_was_ticked(change: str) -> None:
    # way 14
    written()
    make.review(ticked=[1, 2])
    assert list(record.faults()) == []
    tamper(change)
    assert [fault for fault in record.faults() if "not what the ledger sealed" in fault]


def test_a_review_that_was_sealed_before_there_were_checklists_keeps_its_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NEWEST_FORM, "review", 1)
    make.review()
    monkeypatch.undo()
    assert NEWEST_FORM["review"] == 2
    assert list(record.faults()) == []


def test_the_review_says_in_words_what_was_ticked(client: Client) -> None:
    written()
    review = make.review(ticked=[1, 2])
    client.force_login(people.publisher())
    html = client.get(reverse("admin:reviews_review_change", args=[review.pk])).content.decode()
    assert re.search(r"Every figure has a source\.<br>Nobody is told to stop a treatment\.<br>", html)
