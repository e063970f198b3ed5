"""How many pages readers see and how many have lapsed: what `live()` shows, counted without reading it all."""

import datetime as dt

import pytest
from pytest_django import DjangoAssertNumQueries

from reviews.models import Publication
from reviews.standing import PageCount, Stamp, tally
from tests import make, people
from tests.conftest import Clock
from tests.pages import site

pytestmark = pytest.mark.django_db


def counted() -> PageCount:
    """The same, page by page."""
    stamps = {row.article_id: Stamp.of(row) for row in Publication.objects.live()}
    lapsed = {article: stamp.lapses_on for article, stamp in stamps.items() if not stamp.in_date}
    newest = [article for article, day in lapsed.items() if day == max(lapsed.values())]
    assert len(newest) <= 1
    return PageCount(len(stamps), len(lapsed), next(iter(newest), None))


def test_of_nothing_nothing_has_lapsed() -> None:
    assert tally(make.today()) == PageCount(0, 0, None)


def test_it_is_what_readers_see_on_every_day(moved_clock: Clock) -> None:
    # way 23
    site.build()
    poems = make.condition()
    make.revision(make.article("draft", of=poems))
    make.review(make.revision(make.article("approved", of=poems)))
    changed = site.live(poems, "changed", months=5)
    again = make.request(make.revision(changed.article, body="A comma, moved [1](#source-1)."))
    rex = people.clinician("Dora")
    approved = again.approve(by=rex.user, digest=again.revision.digest, scope="changes")
    make.publication(approved)
    hour = dt.datetime.now(dt.UTC) + dt.timedelta(3)
    make.publication(make.review(make.revision(make.article("later", of=poems)), months=2), live_from=hour)
    site.live(poems, "renewed", signed_on=make.today() - dt.timedelta(399))
    renewed = make.request(Publication.objects.get(article__slug="renewed").review.revision)
    renewed.approve(by=people.clinician().user, digest=renewed.revision.digest, months=3)
    seen = set()
    start = make.today()
    for days in (0, 2, 4, 70, 120, 170, 330, 380, 800):
        moved_clock.move(start + dt.timedelta(days))
        lapsed = {row.pk for row in Publication.objects.live() if not Stamp.of(row).in_date}
        found = tally(start + dt.timedelta(days))
        assert (found.total, found.lapsed) == (Publication.objects.live().count(), len(lapsed))
        seen.add((found.total, found.lapsed))
    assert len(seen) >= 5


def test_a_revocation_counts_at_once() -> None:
    poems = make.condition()
    for slug, name in (("one", "Rex"), ("two", "Vera"), ("three", "Clara")):
        site.live(poems, slug, by=people.clinician(name), signed_on=make.today() - dt.timedelta(30))
    assert tally(make.today()) == counted() == PageCount(3, 0, None)
    site.revoke(people.clinician("Rex"), from_day=make.today())
    assert tally(make.today()) == counted()
    assert tally(make.today()).lapsed == 1
    site.revoke(people.clinician("Vera"), from_day=make.today() - dt.timedelta(60))
    assert tally(make.today()) == counted()
    assert tally(make.today()).total == 2


def test_it_takes_three_queries(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    site.build()
    with django_assert_num_queries(3):
        tally(make.today())
