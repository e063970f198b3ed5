"""The jobs that a timer runs: each once when it is due, in one place at a time, and again after a failure."""

import datetime as dt
import io
import itertools
import logging
import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.core.management import call_command
from django.db import connections
from django.test import RequestFactory

from accounts import callers, clock
from accounts.models import Letter, Tally
from pages.management.commands import run_due
from pages.management.commands.run_due import Work
from pages.models import Job
from tests import make, people
from tests.conftest import Clock

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
START = dt.datetime(2027, 1, 4, 12, tzinfo=dt.UTC)


class Count:
    """A job that counts its runs, and fails as often as it is told to."""

    def __init__(self, failures: int = 0) -> None:
        self.runs = 0
        self.failures = failures

    def __call__(self) -> str:
        self.runs += 1
        if self.runs <= self.failures:
            raise ValueError(f"failure {self.runs}")
        return f"run {self.runs}"


def jobs(monkeypatch: pytest.MonkeyPatch, **work: Callable[[], str]) -> None:
    """Make these the only jobs: each hour, with ten minutes for a run."""
    monkeypatch.setattr(run_due, "WORK", {name: Work(run, HOUR, 10 * MINUTE) for name, run in work.items()})


def run() -> str:
    """What the command prints."""
    printed = io.StringIO()
    call_command("run_due", stdout=printed)
    return printed.getvalue()


def test_every_job_runs_the_first_time_and_says_what_it_did() -> None:
    assert run() == (
        "send_reminders: 0 reminders written\nsend_letters: 0 letters sent\n"
        "erase_emails: 0 addresses of readers erased\ncount_members: 0 numbers of members set right\n"
        "draw_members: 0 communities looked at by country, 0 by year\n"
        "tell_erasures: what was erased told\nforget_letters: 0 letters forgotten\n"
        "forget_sessions: 0 sessions forgotten\nverify_record: 0 faults in the record\n"
        "index_texts: 0 texts entered in the index\nforget_tallies: 0 tallies forgotten\n"
        "check_links: 0 links looked at\n"
    )
    assert {job.name: (job.leased_until, job.failures, job.problem) for job in Job.objects.all()} == {
        "send_reminders": (None, 0, ""),
        "send_letters": (None, 0, ""),
        "erase_emails": (None, 0, ""),
        "count_members": (None, 0, ""),
        "draw_members": (None, 0, ""),
        "tell_erasures": (None, 0, ""),
        "forget_letters": (None, 0, ""),
        "forget_sessions": (None, 0, ""),
        "verify_record": (None, 0, ""),
        "index_texts": (None, 0, ""),
        "forget_tallies": (None, 0, ""),
        "check_links": (None, 0, ""),
    }


def test_a_job_runs_once_when_it_is_due_and_not_before(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> None:
    count = Count()
    jobs(monkeypatch, count=count)
    runs = []
    for moment in [START, START, START + HOUR - dt.timedelta(seconds=1), START + HOUR, START + HOUR, START + 2 * HOUR]:
        moved_clock.move(moment)
        run()
        runs.append(count.runs)
    assert runs == [1, 1, 1, 2, 2, 3]


def test_a_timer_that_slept_for_days_runs_a_job_once(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> None:
    count = Count()
    jobs(monkeypatch, count=count)
    moved_clock.move(START)
    run()
    moved_clock.move(START + 3 * DAY)
    run()
    run()
    assert count.runs == 2


def test_a_run_notes_when_it_ended_and_when_the_next_is_due(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock
) -> None:
    jobs(monkeypatch, count=Count())
    moved_clock.move(START)
    assert run() == "count: run 1\n"
    job = Job.objects.get()
    assert (job.finished_at, job.due_at, job.leased_until) == (START, START + HOUR, None)


def test_a_job_that_fails_is_noted_with_its_reason_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    jobs(monkeypatch, bad=Count(failures=1), good=Count())
    moved_clock.move(START)
    assert run() == "good: run 1\n"
    bad = Job.objects.get(name="bad")
    assert (bad.failures, bad.problem, bad.leased_until, bad.finished_at) == (1, "ValueError('failure 1')", None, None)
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [(logging.ERROR, "Job bad failed")]


def test_a_job_that_fails_is_tried_again_after_longer_and_longer_waits(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock
) -> None:
    count = Count(failures=12)
    jobs(monkeypatch, count=count)
    moment, waits = START, []
    for number in range(1, 13):
        moved_clock.move(moment)
        run()
        run()
        assert count.runs == number
        job = Job.objects.get()
        assert job.failures == number
        waits.append(job.due_at - moment)
        moment = job.due_at
    assert waits[0] == dt.timedelta(seconds=30)
    assert waits == sorted(waits)
    assert all(later == min(HOUR, 2 * earlier) for earlier, later in itertools.pairwise(waits))
    assert waits[-1] == HOUR


def test_a_job_that_works_again_forgets_its_failures(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> None:
    count = Count(failures=3)
    jobs(monkeypatch, count=count)
    moment = START
    for _ in range(4):
        moved_clock.move(moment)
        run()
        job = Job.objects.get()
        moment = job.due_at
    assert (count.runs, job.failures, job.problem) == (4, 0, "")
    assert job.due_at - START > HOUR


def test_a_job_that_another_process_holds_is_left_to_it(monkeypatch: pytest.MonkeyPatch, moved_clock: Clock) -> None:
    count = Count()
    jobs(monkeypatch, count=count)
    moved_clock.move(START)
    assert Job.objects.claim("count", now=START, lease=10 * MINUTE)
    assert not Job.objects.claim("count", now=START, lease=10 * MINUTE)
    moved_clock.move(START + 10 * MINUTE)
    assert run() == ""
    assert count.runs == 0


def test_a_job_whose_process_died_is_taken_over_after_the_lease(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock
) -> None:
    count = Count()
    jobs(monkeypatch, count=count)
    moved_clock.move(START)
    assert Job.objects.claim("count", now=START, lease=10 * MINUTE)
    moved_clock.move(START + 10 * MINUTE + dt.timedelta(seconds=1))
    assert run() == "count: run 1\n"
    assert Job.objects.get().leased_until is None


@pytest.mark.parametrize("ending", ["works", "fails"])
def test_a_run_that_outlived_its_lease_gives_nothing_of_the_next_holder_away(
    monkeypatch: pytest.MonkeyPatch, moved_clock: Clock, ending: str
) -> None:
    later = START + 11 * MINUTE

    def slow() -> str:
        moved_clock.move(later)
        assert Job.objects.claim("slow", now=later, lease=10 * MINUTE)
        if ending == "fails":
            raise ValueError("too late")
        return "done at last"

    jobs(monkeypatch, slow=slow)
    moved_clock.move(START)
    run()
    assert Job.objects.get().leased_until == later + 10 * MINUTE
    moved_clock.move(later + MINUTE)
    assert not Job.objects.claim("slow", now=later + MINUTE, lease=10 * MINUTE)


def test_the_salt_of_a_day_and_what_was_counted_under_it_are_forgotten(rf: RequestFactory, moved_clock: Clock) -> None:
    # Nobody signs in meanwhile. With its salt a block of addresses is found by trying all of them.
    moved_clock.move(START)
    callers.block(rf.get("/"))
    for number in range(250):
        Tally.objects.count_one(f"feedback-answers-day-{number}", most=1, within=DAY)
    run()
    assert Tally.objects.count() == 251
    moved_clock.move(START + DAY + MINUTE)
    assert "forget_tallies: 251 tallies forgotten" in run()
    assert not Tally.objects.exists()


def test_letters_go_out_once() -> None:
    people.clinician()
    make.request()
    assert Letter.objects.filter(sent_at__isnull=True).count() == 1
    assert "send_letters: 1 letters sent\n" in run()
    Job.objects.update(due_at=clock.read())
    assert "send_letters: 0 letters sent\n" in run()
    (letter,) = mail.outbox
    assert letter.to == ["clara@example.org"]
    assert letter.subject == "A review waits: What determines the outlook?"
    assert Letter.objects.get().sent_at is not None


def test_a_fault_in_the_record_goes_to_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # way 34
    monkeypatch.setattr(
        "reviews.record.faults", lambda: iter(["Version 1 of x/y: its text does not match its digest."])
    )
    assert "verify_record: 1 faults in the record" in run()
    critical = [record.getMessage() for record in caplog.records if record.levelno == logging.CRITICAL]
    assert critical == ["verify_record: Version 1 of x/y: its text does not match its digest."]


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("known", [False, True], ids=["never run before", "due again"])
def test_eight_processes_at_once_run_a_job_once(monkeypatch: pytest.MonkeyPatch, known: bool) -> None:
    runs, problems = [], []
    start, others_are_done = threading.Barrier(8), threading.Barrier(8)

    def once() -> str:
        runs.append(threading.get_ident())
        others_are_done.wait(30)
        return "done"

    def process() -> None:
        try:
            start.wait(30)
            run()
            if threading.get_ident() not in runs:
                others_are_done.wait(30)
        except BaseException as problem:  # noqa: BLE001  the test looks at it
            problems.append(problem)
            others_are_done.abort()
        finally:
            connections.close_all()

    jobs(monkeypatch, once=once)
    if known:
        Job.objects.create(name="once", due_at=clock.read() - MINUTE)
    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert len(runs) == 1
    job = Job.objects.get()
    assert (job.failures, job.leased_until) == (0, None)
    assert job.due_at > clock.read()


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_eight_processes_at_once_send_a_letter_once() -> None:
    people.clinician()
    make.request()
    start, problems = threading.Barrier(8), []

    def process() -> None:
        try:
            start.wait(30)
            run()
        except BaseException as problem:  # noqa: BLE001  the test looks at it
            problems.append(problem)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=process) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert problems == []
    assert len(mail.outbox) == 1
