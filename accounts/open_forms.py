"""Forms that anybody may send: no account, no script, no third party.

What keeps programs out is a box that people do not see, a signed note of when the form was made, and limits that
count blocks of addresses and forget them after a day.
"""

import datetime as dt
import logging
import secrets
from dataclasses import dataclass
from typing import Any

from django import forms
from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse

from .forms import AddressField, VerbForm
from .models import Tally
from .refusals import Refusal, TooMany

logger = logging.getLogger(__name__)

# Nobody reads a form and sends it sooner; a form that is older is sent once more, so that none works for ever.
QUICKEST = dt.timedelta(seconds=2)
LONGEST = dt.timedelta(days=1)

FORGED = "This form was not made here, or was changed on its way. Send it once more."

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# A block of addresses may send in a day what it may in so many hours, so that none fills the day for everybody.
HOURS_A_DAY = 4


def address_for_answer(*, wish: str, then: str) -> AddressField:
    """An address that may be left out: it serves one wish alone, and is erased some days after `then`."""
    days = settings.FEEDBACK_EMAIL_DAYS
    return AddressField(
        label="Your e-mail address",
        required=False,
        error_messages={"invalid": "This is no e-mail address. Mend it, or leave it out."},
        help_text=f"Optional, and only if you would like {wish}. We use it for nothing else and erase it "
        f"{days} day{'' if days == 1 else 's'} after {then}.",
    )


@dataclass(frozen=True)
class Ticket:
    """What a form carries, signed for its subject: a number, such as a version, when it was made, a key of its own."""

    number: int
    made_at: dt.datetime
    key: str

    @classmethod
    def make(cls, number: int, now: dt.datetime) -> "Ticket":
        """A new one."""
        return cls(number, now, secrets.token_hex(12))

    @classmethod
    def read(cls, word: str, subject: str) -> "Ticket | None":
        """The ticket behind its word; None where it is none of ours, or one for another subject."""
        try:
            number, moment, key = Signer(salt=subject).unsign(word).split(".")
        except (BadSignature, ValueError):
            return None
        return cls(int(number), dt.datetime.fromtimestamp(int(moment) / 1000, dt.UTC), key)

    def word(self, subject: str) -> str:
        """As the form carries it."""
        return Signer(salt=subject).sign(f"{self.number}.{int(self.made_at.timestamp() * 1000)}.{self.key}")


class OpenForm(VerbForm, forms.Form):
    """A form that anybody may send. Whatever is refused, the words stay in the form.

    A view sets `subject`, which the ticket is signed for, `now` by the database's clock, and `caller`.
    """

    website = forms.CharField(required=False)
    form_token = forms.CharField(required=False)

    subject: str
    now: dt.datetime
    number: int = 0  # what a new ticket bears
    caller: str = ""
    too_many: TooMany | None = None

    @property
    def ticket(self) -> Ticket | None:
        """What the form that was sent carried."""
        return Ticket.read(self.data.get("form_token", ""), self.subject) if self.is_bound else None

    @property
    def next_ticket(self) -> Ticket:
        """What the form carries when it is shown again: the same one, unless that can be sent no more."""
        ticket = self.ticket
        if ticket is None:
            return Ticket.make(self.number, self.now)
        spent = self.now - ticket.made_at > LONGEST or self.is_spent(ticket.key)
        return Ticket.make(ticket.number, self.now) if spent else ticket

    @property
    def next_token(self) -> str:
        """The word of that ticket."""
        return self.next_ticket.word(self.subject)

    def is_spent(self, key: str) -> bool:
        """Whether something was sent with this key already."""
        raise NotImplementedError

    def clean(self) -> dict[str, Any]:
        """Refuse what no person at a form of ours sends."""
        cleaned = super().clean() or {}
        ticket = self.ticket
        if cleaned.get("website"):
            self.add_error(None, "A box that people do not see was filled in. It is empty again: send it once more.")
        if ticket is None:
            self.add_error(None, FORGED)
        elif self.now - ticket.made_at < QUICKEST:
            self.add_error(None, "That was quicker than people are. Send it once more.")
        elif self.now - ticket.made_at > LONGEST:
            self.add_error(None, "This form was open for more than a day. Send it once more.")
        return cleaned

    def redeem(self, what: str, *, an_hour: int, a_day: int) -> Ticket:
        """The ticket of the form; what is new is counted for its block of addresses and for the whole site.

        Raises TooMany, and Refusal without a ticket.
        """
        ticket = self.ticket
        if ticket is None:
            raise Refusal(FORGED)
        if not self.is_spent(ticket.key):
            self._count(what, an_hour=an_hour, a_day=a_day)
        return ticket

    def _count(self, what: str, *, an_hour: int, a_day: int) -> None:
        for time, most, within in (("hour", an_hour, HOUR), ("day", HOURS_A_DAY * an_hour, DAY)):
            until = Tally.objects.count_one(f"{what}-{time}-{self.caller}", most=most, within=within)
            if until is not None:
                self._stop(f"Too much came from your network in the last {time}.", until)
        until = Tally.objects.count_one(what, most=a_day, within=DAY)
        if until is not None:
            logger.warning("Forms are not taken until %s: %s came in a day (%s)", f"{until:%H:%M}", a_day, what)
            self._stop("More came today than we can read.", until)

    def _stop(self, why: str, until: dt.datetime) -> None:
        at = until + dt.timedelta(minutes=1)
        self.too_many = TooMany(f"{why} Your words are below: send them after {at:%H:%M} UTC on {at:%-d %B}.", at)
        raise self.too_many

    def told(self, response: HttpResponse) -> HttpResponse:
        """The answer that shows the form again; 429 with the time to wait where a limit is reached."""
        if self.too_many is not None:
            response.status_code = 429
            response["Retry-After"] = str(int((self.too_many.until - self.now).total_seconds()))
        return response
