"""The page of a reviewer: who they are, how their licence was checked, what rests on their word."""

import datetime as dt

import pytest
from django.test import Client

from articles.models import ConditionName
from reviews.models import Credential
from tests import make, people
from tests.conftest import Clock

from . import dom, site

pytestmark = [pytest.mark.django_db, pytest.mark.once]

ADDRESS = "/reviewers/clara/"


def test_it_says_who_the_reviewer_is(client: Client) -> None:
    reviewer = people.clinician()
    reviewer.bio = "Reads bone marrow."
    reviewer.save()
    root = dom.read(client, ADDRESS)
    assert dom.words(dom.first(root, "h1")) == "Clara Test, MD"
    text = dom.words(root)
    assert "Haematologist, Test Hospital" in text
    assert "Reviewer since September 2024" in text
    assert "Reads bone marrow." in text
    assert "clara@example.org" not in text


def test_it_shows_each_credential_with_its_newest_check(client: Client) -> None:
    reviewer = people.clinician()
    credential = Credential.objects.get(reviewer=reviewer)
    checked_on, until = make.today() - dt.timedelta(3), make.today() + dt.timedelta(300)
    credential.record_check(
        by=people.registrar(), valid_from=make.today() - dt.timedelta(9), valid_until=until, checked_on=checked_on
    )
    other = Credential.objects.create(
        reviewer=reviewer,
        profession="Pathologist",
        register="Second Register",
        number="P7",
        register_url="https://register.example.org/P7",
    )
    other.record_check(by=people.registrar(), valid_from=make.today(), valid_until=until)
    root = dom.read(client, ADDRESS)
    panel = dom.only(root, "panel")
    first, second = dom.having(panel, "facts")
    assert dom.facts(first) == {
        "Profession": "Physician",
        "Licence": "Test Register, no. CLARA",
        "Licence checked by us": f"{dom.spelled(checked_on)}, valid to {dom.spelled(until)}",
    }
    assert dom.facts(second)["Licence"] == "Second Register, no. P7Look it up in the register"
    assert dom.links(second) == ["https://register.example.org/P7"]
    assert "Rita" not in dom.words(root)


def test_without_a_licence_that_counts_today_it_says_so(client: Client, moved_clock: Clock) -> None:
    credential = Credential.objects.get(reviewer=people.clinician())
    title = "No licence counts today"
    assert title not in dom.words(dom.read(client, ADDRESS))
    until = credential.checks.get().valid_until
    assert until is not None
    moved_clock.move(until)
    assert title not in dom.words(dom.read(client, ADDRESS))
    moved_clock.move(until + dt.timedelta(1))
    root = dom.read(client, ADDRESS)
    assert title in dom.words(dom.only(root, "is-lapsed"))
    told = dom.facts(dom.only(root, "panel"))["Licence checked by us"]
    assert told.endswith(f", ran out on {dom.spelled(until)}")
    moved_clock.reset()
    site.revoke(people.clinician(), from_day=make.today())
    assert title in dom.words(dom.read(client, ADDRESS))


def test_it_tells_what_was_declared_and_signed_of_what_readers_saw_alone(client: Client) -> None:
    # way 27
    long_ago = make.today() - dt.timedelta(370)
    publication = make.publication(make.review(signed_on=long_ago, conflicts="Paid by Sample Ltd."))
    assert "they signed" not in dom.words(dom.read(client, ADDRESS))
    make.review(make.revision(publication.article, body="Newer words."), conflicts="Marzipan.")
    root = dom.read(client, ADDRESS)
    declared = f"Paid by Sample Ltd., as of {dom.spelled(long_ago)}"
    assert dom.facts(dom.only(root, "panel"))["Conflicts of interest"] == declared
    assert "they signed" not in dom.words(root)
    make.review(publication.review.revision)
    root = dom.read(client, ADDRESS)
    declared = f"None declared, as of {dom.spelled(make.today())}"
    assert dom.facts(dom.only(root, "panel"))["Conflicts of interest"] == declared
    assert "1 page: 1 in date. In the past year they signed 1 approval." in dom.words(root)


def test_a_revoked_credential_says_from_when_it_does_not_count(client: Client) -> None:
    # way 6
    site.revoke(people.clinician(), from_day=make.today())
    panel = dom.only(dom.read(client, ADDRESS), "panel")
    assert dom.facts(panel) == {
        "Profession": "Physician",
        "Licence": "Test Register, no. CLARA",
        "Revoked": f"Does not count from {dom.spelled(make.today())}",
    }
    assert "Struck off" not in dom.words(panel)


def test_it_lists_the_live_pages_that_rest_on_the_reviewer(client: Client) -> None:
    poems = make.condition()
    site.live(poems, "mine")
    site.live(poems, "theirs", by=people.clinician("Cleo"))
    make.revision(make.article("draft", of=poems))
    make.review(make.revision(make.article("approved", of=poems)))
    site.live(poems, "gone").withdraw(by=people.publisher(), why="Wrong.")
    root = dom.read(client, ADDRESS)
    assert [link.get("href") for link in dom.having(root, "line-title")] == ["/conditions/poems-syndrome/mine/"]
    assert "1 page: 1 in date." in dom.words(root)
    assert "POEMS syndrome, version 1" in dom.words(root)


def test_it_counts_what_is_in_date_and_what_has_lapsed(client: Client, moved_clock: Clock) -> None:
    # way 23
    poems = make.condition()
    first = site.live(poems, "first", signed_on=make.today() - dt.timedelta(40), months=2)
    site.live(poems, "second")
    assert "2 pages: 2 in date." in dom.words(dom.read(client, ADDRESS))
    assert first.review.next_due is not None
    moved_clock.move(first.review.next_due)
    assert "2 pages: 1 in date, 1 lapsed." in dom.words(dom.read(client, ADDRESS))


def test_a_page_that_somebody_reviewed_again_is_listed_with_them(client: Client) -> None:
    publication = site.live(make.condition(), "prognosis", signed_on=make.today() - dt.timedelta(40))
    make.review(publication.review.revision, by=people.clinician("Cleo"))
    assert "/conditions/poems-syndrome/prognosis/" in dom.links(dom.read(client, "/reviewers/cleo/"))
    assert "/conditions/poems-syndrome/prognosis/" not in dom.links(dom.read(client, ADDRESS))


def test_without_a_live_page_it_says_so(client: Client) -> None:
    people.clinician()
    root = dom.read(client, ADDRESS)
    assert "No page that is public now rests on this reviewer’s approval." in dom.words(root)
    assert not dom.having(root, "review-mark")


def test_a_closed_account_keeps_its_page(client: Client) -> None:
    # way 24
    publication = make.publication()
    before = client.get(ADDRESS).content
    reviewer = publication.review.reviewer
    reviewer.user.close(by=reviewer.user)
    assert client.get(ADDRESS).content == before


def test_an_account_that_is_no_reviewers_has_no_page(client: Client) -> None:
    people.author()
    for slug in ("ada", "clara", "1"):
        assert client.get(f"/reviewers/{slug}/").status_code == 404


def test_names_are_shown_as_typed(client: Client) -> None:
    publication = make.publication()
    ConditionName.objects.filter(condition=publication.article.condition).update(text="<b>POEMS</b>")
    assert "<b>POEMS</b>, version 1" in dom.words(dom.read(client, ADDRESS))


def test_many_pages_come_in_parts_the_newest_signature_first(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pages.reviewers.LINES", 2)
    poems = make.condition()
    for number in range(5):
        site.live(poems, f"page-{number}", signed_on=make.today() - dt.timedelta(100 * number))
    parts = [dom.read(client, address) for address in (ADDRESS, f"{ADDRESS}2/", f"{ADDRESS}3/")]
    titles = [[dom.words(link) for link in dom.having(root, "line-title")] for root in parts]
    assert titles == [[f"What about page-{n}?" for n in part] for part in ((0, 1), (2, 3), (4,))]
    assert all("5 pages: 4 in date, 1 lapsed." in dom.words(root) for root in parts)
    assert len({dom.words(dom.first(root, "title")) for root in parts}) == 3
    assert {ADDRESS, f"{ADDRESS}3/"} <= set(dom.links(dom.first(parts[1], "main")))
    for address in (f"{ADDRESS}1/", f"{ADDRESS}4/", f"{ADDRESS}02/", f"{ADDRESS}0/"):
        assert client.get(address).status_code == 404
