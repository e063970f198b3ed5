"""Links are looked at once a day, each once whoever else looks; a broken one leaves the page and comes back."""

import datetime as dt
import io
import itertools
import os
import signal
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import pytest
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import connection
from pytest_django import Settings

from accounts import clock
from community import checking
from community.checking import LEASE, PAUSE_SECONDS, WORDS, Checker, CutOff
from community.fetching import asking
from community.fetching.outcomes import Answer, Outcome
from community.models import Link
from pages.management.commands import run_due
from pages.models import Job
from tests import crowd, make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

START = dt.datetime(2027, 1, 4, 12, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)
PAUSE = dt.timedelta(seconds=PAUSE_SECONDS)
numbers = itertools.count()


def link(url: str = "https://example.org/", *, accepted: bool = True) -> Link:
    """A link that a reader suggested and a moderator accepted."""
    row = Link.objects.suggest(make.condition(), url=url, why="It helped me.", key=f"key-{next(numbers)}-{url}"[:40])
    if accepted:
        row.accept(by=people.moderator(), title="A place", kind=Link.Kind.ORGANISATION)
    return row


@dataclass
class Web:
    """Answers for the child process, and notes who was asked."""

    outcome: Outcome = Outcome.WORKS
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    act: Callable[[str], None] = lambda url: None

    def fetch(self, url: str) -> Answer:
        self.asked.append(url)
        self.act(url)
        return Answer(self.outcomes.get(url, self.outcome), url, secure=url.startswith("https:"), language="es")


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> Web:
    """A web that answers as the test says; who waits moves the clock."""
    web = Web()
    monkeypatch.setattr(asking, "fetch", web.fetch)

    def pause(seconds: float) -> None:
        moved_clock.move(clock.read() + dt.timedelta(seconds=seconds))

    monkeypatch.setattr(checking, "pause", pause)
    return web


def run(*options: str) -> str:
    """What the command prints."""
    printed = io.StringIO()
    call_command("check_links", *options, stdout=printed)
    return printed.getvalue()


def look(web: Web) -> list[str]:
    """Who is asked in one run that waits for nobody."""
    before = len(web.asked)
    list(Checker(seconds=1000).run())
    return web.asked[before:]


# Each link once


def test_each_link_is_looked_at_once_a_day(web: Web, moved_clock: Clock) -> None:
    urls = {link(f"https://{number}.example.org/").url for number in range(3)}
    moved_clock.move(START)
    assert run() == "Looked at: 3, broken: 0.\n"
    assert set(web.asked) == urls
    assert len(web.asked) == 3
    moved_clock.move(START + dt.timedelta(hours=19))
    assert run() == "Looked at: 0, broken: 0.\n"
    moved_clock.move(START + DAY)
    assert run() == "Looked at: 3, broken: 0.\n"
    assert len(web.asked) == 6


def test_a_link_that_waits_for_a_moderator_is_looked_at_and_one_that_was_refused_is_not(web: Web) -> None:
    link("https://waits.example.org/", accepted=False)
    link("https://down.example.org/").take_down(by=people.moderator(), why="It sells cures.")
    link("https://refused.example.org/", accepted=False).refuse(by=people.moderator(), why="Not about it.")
    run()
    assert web.asked == ["https://waits.example.org/"]


def test_a_dry_run_names_what_is_due_and_asks_nobody(web: Web) -> None:
    row = link()
    assert run("--dry-run") == "https://example.org/\nWould be looked at: 1.\n"
    assert web.asked == []
    row.refresh_from_db()
    assert (row.checked_at, row.checking_until) == (None, None)


def test_moderators_get_the_reason_and_nothing_of_the_page(web: Web, moved_clock: Clock) -> None:
    row = link()
    moved_clock.move(START)
    run()
    row.refresh_from_db()
    found = (row.outcome, row.outcome_words, row.final_url, row.tls, row.found_language, row.checking_until)
    assert found == ("works", "", "https://example.org/", True, "es", None)
    moved_clock.move(START + DAY)
    web.outcome = Outcome.GONE
    assert run() == ("https://example.org/: The page is not there any more. Day 1.\nLooked at: 1, broken: 1.\n")
    row.refresh_from_db()
    assert (row.outcome, row.outcome_words, row.tls) == ("broken", "The page is not there any more.", None)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_its_words_and_is_well_or_broken(outcome: Outcome) -> None:
    row = link()
    checking.note(row, Answer(outcome, row.url))
    assert row.outcome == ("works" if outcome in {Outcome.WORKS, Outcome.CLOSED} else "broken")
    assert bool(row.outcome_words) == (outcome is not Outcome.WORKS)
    assert len(WORDS[outcome]) <= 200
    assert row.tls is (False if outcome in {Outcome.WORKS, Outcome.CLOSED, Outcome.CERTIFICATE} else None)


def test_a_link_broken_on_three_days_leaves_the_page_and_comes_back_when_it_answers(
    web: Web, moved_clock: Clock
) -> None:
    row, other = link(), link("https://other.example.org/")
    web.outcomes = {row.url: Outcome.GONE}
    on_page = []
    for day in range(5):
        moved_clock.move(START + day * DAY)
        run()
        on_page.append(row in Link.objects.shown())
    assert on_page == [True, True, False, False, False]
    web.outcomes = {}
    moved_clock.move(START + 5 * DAY)
    run()
    assert set(Link.objects.shown()) == {row, other}


def test_one_bad_day_among_good_ones_takes_nothing_off_the_page(web: Web, moved_clock: Clock) -> None:
    row = link()
    for day in range(9):
        web.outcome = Outcome.WORKS if day % 3 == 0 else Outcome.FAILING
        moved_clock.move(START + day * DAY)
        run()
        assert row in Link.objects.shown()


def test_no_transaction_is_open_while_somebody_outside_is_asked(web: Web, transactional_db: None) -> None:
    link()
    open_ = []
    web.act = lambda url: open_.append(connection.in_atomic_block)
    run()
    assert open_ == [False]


# Two at once, and one that dies


@pytest.mark.django_db(transaction=True)
def test_two_checkers_at_once_look_at_each_link_once(web: Web) -> None:
    urls = [link(f"https://{number}.example.org/").url for number in range(12)]
    pairs = [os.pipe(), os.pipe()]

    def checker(mine: int) -> Callable[[], list[str]]:
        def act() -> list[str]:
            def meet(url: str) -> None:
                # The first time both are in the midst of a link at the same moment.
                if len(web.asked) == 1:
                    os.write(pairs[mine][1], b"x")
                    os.read(pairs[1 - mine][0], 1)

            web.act = meet
            list(Checker(seconds=1000).run())
            return web.asked

        return act

    both = [crowd.Child(checker(mine)) for mine in (0, 1)]
    asked = [child.outcome() for child in both]
    for end in itertools.chain(*pairs):
        os.close(end)
    assert sorted(asked[0] + asked[1]) == sorted(urls)
    assert asked[0]
    assert asked[1]
    assert not Link.objects.filter(checked_at__isnull=True).exists()
    assert not Link.objects.filter(checking_until__isnull=False).exists()


@pytest.mark.django_db(transaction=True)
def test_a_checker_that_was_killed_gives_its_link_free_after_the_lease(web: Web, moved_clock: Clock) -> None:
    row = link()

    def killed() -> None:
        web.act = lambda url: os.kill(os.getpid(), signal.SIGKILL)
        run()

    moved_clock.move(START)
    assert isinstance(crowd.Child(killed).outcome(), crowd.Killed)
    row.refresh_from_db()
    assert (row.checking_until, row.checked_at) == (START + LEASE, None)
    assert look(web) == []
    moved_clock.move(START + LEASE + dt.timedelta(seconds=1))
    assert look(web) == [row.url]
    row.refresh_from_db()
    assert (row.outcome, row.checking_until) == ("works", None)


def test_a_look_that_breaks_says_nothing_of_the_link_and_stops_no_other(
    web: Web, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = link("https://bad.example.org/"), link("https://good.example.org/")

    def act(url: str) -> None:
        if url == bad.url:
            raise asking.CheckBroke("ZeroDivisionError")

    web.act = act
    assert look(web) == [bad.url, good.url]
    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.outcome, good.outcome) == ("unchecked", "works")
    assert [record.getMessage() for record in caplog.records] == [f"Link {bad.pk} could not be looked at"]


# Politeness


def test_a_host_rests_between_two_requests(web: Web, moved_clock: Clock) -> None:
    for number in range(3):
        link(f"https://example.org/{number}")
    link("https://other.example.org/")
    moved_clock.move(START)
    moments: list[tuple[str, dt.datetime]] = []
    web.act = lambda url: moments.append((url, clock.read()))
    list(Checker().run())
    same = [moment for url, moment in moments if url.startswith("https://example.org/")]
    assert len(moments) == 4
    assert len(same) == 3
    assert all(later - earlier >= PAUSE for earlier, later in itertools.pairwise(same))


def test_a_run_with_a_limit_leaves_a_resting_host_to_the_next_run(web: Web, moved_clock: Clock) -> None:
    for number in range(2):
        link(f"https://example.org/{number}")
    moved_clock.move(START)
    assert len(look(web)) == 1
    assert len(look(web)) == 0
    moved_clock.move(START + 2 * PAUSE)
    assert len(look(web)) == 1


def test_a_host_that_another_process_is_asking_is_left_alone(web: Web) -> None:
    row = link()
    with checking._turn(row.host):
        assert look(web) == []
    assert web.asked == []


def test_no_host_stands_in_the_notes_on_whose_turn_it_is(web: Web) -> None:
    from accounts.models import Tally

    link()
    look(web)
    assert Tally.objects.exists()
    assert not Tally.objects.filter(key__contains="example").exists()


def test_a_run_with_a_limit_begins_no_look_after_it(web: Web) -> None:
    for number in range(9):
        link(f"https://{number}.example.org/")
    moments = iter(range(0, 1000, 10))
    list(Checker(seconds=45, now=lambda: next(moments)).run())
    assert len(web.asked) == 4


# When it is us who are cut off


def test_nothing_is_held_against_a_link_when_nothing_answers_that_did_before(web: Web, moved_clock: Clock) -> None:
    rows = [link(f"https://{number}.example.org/") for number in range(4)]
    moved_clock.move(START)
    look(web)
    web.outcome = Outcome.NAME
    for day in range(1, 5):
        moved_clock.move(START + day * DAY)
        with pytest.raises(CutOff):
            look(web)
    assert set(Link.objects.shown()) == set(rows)
    assert set(Link.objects.values_list("outcome", "checking_until")) == {("works", None)}
    moved_clock.move(START + 5 * DAY)
    with pytest.raises(CommandError, match="No link answers"):
        run()


@pytest.mark.parametrize("outcome", [Outcome.SILENT, Outcome.SLOW, Outcome.CERTIFICATE, Outcome.NAME])
def test_a_link_is_broken_when_one_of_the_others_answers(web: Web, moved_clock: Clock, outcome: Outcome) -> None:
    rows = [link(f"https://{number}.example.org/") for number in range(5)]
    moved_clock.move(START)
    look(web)
    web.outcome, web.outcomes = outcome, {rows[2].url: Outcome.FAILING}
    for run_number in range(3):  # whoever was asked as a witness rests, and has its turn in the next run
        moved_clock.move(START + DAY + 2 * run_number * PAUSE)
        look(web)
    assert set(Link.objects.values_list("outcome", flat=True)) == {"broken"}


def test_a_witness_that_was_asked_a_moment_ago_is_thought_no_evil_of(web: Web, moved_clock: Clock) -> None:
    row, *others = [link(f"https://{number}.example.org/") for number in range(4)]
    moved_clock.move(START)
    look(web)
    moved_clock.move(START + DAY)
    web.outcome = Outcome.NAME
    with ExitStack() as turns:
        for other in others:
            turns.enter_context(checking._turn(other.host))
        assert look(web) == [row.url]
    row.refresh_from_db()
    assert row.outcome == "broken"


def test_where_too_few_others_could_answer_a_link_is_broken(web: Web, moved_clock: Clock) -> None:
    rows = [link(f"https://{number}.example.org/") for number in range(3)]
    for day in range(4):
        moved_clock.move(START + day * DAY)
        run()
        web.outcome = Outcome.NAME
    assert set(Link.objects.values_list("outcome", "broken_days")) == {("broken", 3)}
    assert not set(rows) & set(Link.objects.shown())


def test_a_machine_that_is_let_out_to_nobody_finds_nothing(web: Web, moved_clock: Clock) -> None:
    rows = [link(f"https://{number}.example.org/") for number in range(3)]
    web.outcome = Outcome.SILENT
    for day in range(5):
        moved_clock.move(START + day * DAY)
        with pytest.raises(CommandError, match="No link answers"):
            run()
    assert set(Link.objects.shown()) == set(rows)


# The timer


def test_the_timer_looks_at_links_every_other_minute(web: Web, moved_clock: Clock) -> None:
    link()
    moved_clock.move(START)
    printed = io.StringIO()
    call_command("run_due", stdout=printed)
    assert "check_links: 1 links looked at\n" in printed.getvalue()
    assert web.asked == ["https://example.org/"]
    job = Job.objects.get(name="check_links")
    assert job.due_at == START + dt.timedelta(minutes=2)
    work = run_due.WORK["check_links"]
    assert dt.timedelta(seconds=run_due.LOOKING_SECONDS) + LEASE < work.lease


@pytest.mark.parametrize("setting", ["ROUNDS_DEMO", "CHECK_LINKS"])
def test_a_demonstration_and_a_site_that_does_not_want_it_ask_nobody(
    web: Web, settings: Settings, setting: str
) -> None:
    link()
    setattr(settings, setting, setting == "ROUNDS_DEMO")
    assert run_due.check_links() == "nobody outside is asked"
    with pytest.raises(CommandError, match=rf"{setting}.* --anyway"):
        call_command("check_links")
    assert web.asked == []
    call_command("check_links", "--anyway", stdout=io.StringIO())
    assert len(web.asked) == 1


def test_the_tests_themselves_reach_nobody(caplog: pytest.LogCaptureFixture) -> None:
    link()
    look(Web())
    assert "A test tried to reach the web." in caplog.text


class Terminal(io.StringIO):
    """A terminal that somebody watches."""

    def isatty(self) -> bool:
        return True


def test_a_bar_is_drawn_where_somebody_watches(web: Web) -> None:
    for number in range(2):
        link(f"https://{number}.example.org/")
    watched, unwatched = Terminal(), io.StringIO()
    call_command("check_links", stdout=io.StringIO(), stderr=watched)
    assert "[###############...............] 1 of 2" in watched.getvalue()
    assert "[##############################] 2 of 2" in watched.getvalue()
    Link.objects.update(checked_at=None, outcome="unchecked")
    cache.clear()
    call_command("check_links", stdout=io.StringIO(), stderr=unwatched)
    assert unwatched.getvalue() == ""
