"""`manage.py run_due`: a timer calls it each minute; it runs whatever is due."""

import datetime as dt
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts import clock, outbox
from accounts import emails as account_emails
from accounts.models import Letter, Session, Tally
from community.checking import Checker, asks_nobody
from community.models import CountrySnapshot, Link, LinkReport, YearFigure
from community.recounting import recount
from pages.desk import falling_due
from pages.models import Job
from reviews import emails, record, reminders
from reviews.models import Feedback, IndexedText, LedgerEntry

logger = logging.getLogger(__name__)

# Of every two minutes so much may go into links; the next run goes on where this one stopped.
LOOKING_SECONDS = 45


@dataclass(frozen=True)
class Work:
    """A job: what to call, how often, and how long one run may take before another process may take over."""

    run: Callable[[], str]
    every: dt.timedelta
    lease: dt.timedelta


def send_reminders() -> str:
    """Write letters about what runs out into the outbox."""
    return f"{len(reminders.write())} reminders written"


def send_letters() -> str:
    """Empty the outbox."""
    return f"{outbox.send_letters()} letters sent"


def erase_emails() -> str:
    """Forget the addresses of readers whose message, suggestion or report was handled long enough ago."""
    erased = sum(rows.erase_emails() for rows in (Feedback.objects, Link.objects, LinkReport.objects))
    return f"{erased} addresses of readers erased"


def verify() -> str:
    """Walk the record; every fault goes to the log and, with the last entry of the ledger, to the operators."""
    faults = list(record.faults())
    head = LedgerEntry.objects.head()
    for fault in faults:
        logger.critical("verify_record: %s", fault)
    logger.info("Ledger %s: verified", head)
    today = clock.today()
    # A letter about faults tells of nothing else, and needs no row that may be one of them.
    ahead = "" if faults else falling_due.outlook(today)
    emails.record_verified(faults, head=head, on=today, ahead=ahead)
    return f"{len(faults)} faults in the record"


def index_texts() -> str:
    """Enter in the index of search what it lacks: after a release that folds words otherwise, all of it."""
    return f"{sum(IndexedText.objects.mend())} texts entered in the index"


def forget_tallies() -> str:
    """Forget what limits count no more, and the salts of past days under which they counted blocks of addresses."""
    some, forgotten = 200, 0
    while (swept := Tally.objects.sweep(some)) > 0:
        forgotten += swept
    return f"{forgotten} tallies forgotten"


def check_links() -> str:
    """Look at links that were not looked at today, some at a time: letters do not wait long for it."""
    if asks_nobody():
        return "nobody outside is asked"
    return f"{sum(1 for _ in Checker(seconds=LOOKING_SECONDS).run())} links looked at"


def count_members() -> str:
    """Compare each number of members with the members; operators are told of one that was wrong."""
    return f"{len(recount())} numbers of members set right"


def draw_members() -> str:
    """Keep what may be shown of the members by country and by year."""
    return f"{CountrySnapshot.objects.take()} communities looked at by country, {YearFigure.objects.note()} by year"


def tell_erasures() -> str:
    """Write to the operators what was erased, by number, for the day on which they restore a backup."""
    account_emails.erasures(clock.today())
    return "what was erased told"


def forget_letters() -> str:
    """Forget letters with codes and the like a day after they went out."""
    return f"{Letter.objects.forget()} letters forgotten"


def forget_sessions() -> str:
    """Forget sessions that are over, those of browsers that asked for a code and never typed it among them."""
    return f"{Session.objects.filter(expire_date__lte=timezone.now()).delete()[0]} sessions forgotten"


# The reminders first, so that they go out in the same run.
WORK = {
    "send_reminders": Work(send_reminders, dt.timedelta(days=1), dt.timedelta(hours=1)),
    "send_letters": Work(send_letters, dt.timedelta(minutes=1), dt.timedelta(minutes=10)),
    "erase_emails": Work(erase_emails, dt.timedelta(days=1), dt.timedelta(hours=1)),
    "count_members": Work(count_members, dt.timedelta(days=1), dt.timedelta(hours=1)),
    "draw_members": Work(draw_members, dt.timedelta(days=1), dt.timedelta(hours=1)),
    "tell_erasures": Work(tell_erasures, dt.timedelta(days=1), dt.timedelta(hours=1)),
    "forget_letters": Work(forget_letters, dt.timedelta(hours=1), dt.timedelta(hours=1)),
    "forget_sessions": Work(forget_sessions, dt.timedelta(hours=1), dt.timedelta(hours=1)),
    "verify_record": Work(verify, dt.timedelta(days=1), dt.timedelta(hours=2)),
    "index_texts": Work(index_texts, dt.timedelta(hours=1), dt.timedelta(hours=1)),
    "forget_tallies": Work(forget_tallies, dt.timedelta(hours=1), dt.timedelta(hours=1)),
    "check_links": Work(check_links, dt.timedelta(minutes=2), dt.timedelta(minutes=10)),
}


class Command(BaseCommand):
    """Run the jobs that are due; safe on many machines, each job runs in one place at a time."""

    help = "Run the jobs that are due. Call it each minute from a timer."

    def handle(self, *args: Any, **options: Any) -> None:
        """Claim and run each due job; one that fails is tried again later and does not stop the others."""
        for name, work in WORK.items():
            now = clock.read()
            if not Job.objects.claim(name, now=now, lease=work.lease):
                continue
            job = Job.objects.get(name=name)
            mine = Job.objects.filter(name=name, leased_until=job.leased_until)
            try:
                done = work.run()
            except Exception as error:
                wait = min(work.every, dt.timedelta(seconds=30 * 2 ** min(job.failures, 8)))
                mine.update(leased_until=None, failures=job.failures + 1, due_at=now + wait, problem=repr(error)[:1000])
                logger.exception("Job %s failed", name)
            else:
                mine.update(
                    leased_until=None, failures=0, due_at=now + work.every, finished_at=clock.read(), problem=""
                )
                self.stdout.write(f"{name}: {done}")
