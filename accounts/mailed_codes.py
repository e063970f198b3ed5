"""Codes that are sent by letter. Whoever types one reads the letters of that address: so members sign in and join.

The answer on the screen, and the work behind it, is the same whoever has the address: nobody, a member, a colleague or
somebody who is blocked. What differs is in the letter, which only the owner of the address reads. Until the code comes
back nothing is kept but the session of the browser that asked, for half an hour.
"""

import base64
import datetime as dt
import json
import secrets
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from allauth.account import app_settings
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import get_reauthentication_flows
from allauth.account.models import EmailAddress, Login
from allauth.mfa.internal.constants import LoginStageKey
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare, salted_hmac

from . import callers, clock, emails
from .models import Tally, User, canonical_email
from .refusals import Refusal, TooMany

# What the session of the browser that asked for a code keeps it under.
ASKED = "code_asked"
DIGITS = 8
GOOD_FOR = dt.timedelta(minutes=30)
TRIES = 5
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Letters an hour from one block of addresses: to all addresses, and to one.
LETTERS_OF_A_BLOCK, LETTERS_OF_A_BLOCK_TO_ONE = 30, 5
# Letters to one address, whoever asks. More than a single block may ask for, so that it takes several to keep its
# owner out, and few enough that nobody is buried in them.
LETTERS_AN_HOUR, LETTERS_A_DAY = 20, 60

WRONG = "This is not the code of the newest letter. Look at it once more."
SPENT = (
    "This code was used already. If you pressed the button twice, it worked the first time. If not, ask for a new code."
)


@dataclass(frozen=True)
class Asked:
    """A code that a browser asked for: for which address, what it is for, and what happens once it is typed."""

    email: str
    purpose: str
    # A key of its own, under which tries are counted.
    key: str
    digest: str
    until: dt.datetime
    data: dict[str, Any] = field(default_factory=dict)

    def sealed(self) -> str:
        """As the session keeps it: whoever reads the table, or a backup of it, learns neither address nor community."""
        return _key().encrypt(json.dumps({**asdict(self), "until": self.until.isoformat()}).encode()).decode()

    @classmethod
    def opened(cls, token: object) -> "Asked | None":
        """What was sealed; None for anything else."""
        try:
            kept = json.loads(_key().decrypt(str(token)))
        except InvalidToken:
            return None
        return cls(**{**kept, "until": dt.datetime.fromisoformat(kept["until"])})

    def is_code(self, typed: str) -> bool:
        """Whether this is the code, however it was spaced."""
        code = "".join(character for character in typed if character.isdecimal())
        return constant_time_compare(_digest(self.key, code), self.digest)


def _key() -> Fernet:
    """The key that seals, made of the site's own."""
    derived = salted_hmac("accounts.mailed_codes sealed", "", algorithm="sha256").digest()
    return Fernet(base64.urlsafe_b64encode(derived))


def _digest(key: str, code: str) -> str:
    return salted_hmac(f"accounts.mailed_codes {key}", code, algorithm="sha256").hexdigest()


@transaction.atomic
def ask(request: HttpRequest, email: str, *, purpose: str, joins: bool, data: dict[str, Any] | None = None) -> None:
    """Send a code to an address and keep in the session what it is for. Raises TooMany for the caller's network.

    `joins` says that somebody without an account gets a code too, and an account once they type it.
    """
    email = canonical_email(email)
    count_for_block(request)
    unsent = not has_room(request, email, own=getattr(request.user, "email", "") == email) or email.endswith(".invalid")
    code, key = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}", secrets.token_hex(12)
    until = clock.read() + GOOD_FOR
    # A code that goes to nobody is never right: else many networks could guess at codes beyond the letters of an hour.
    with transaction.atomic():
        usable = emails.code(email, _owner(email), code=code, until=until, joins=joins)
        if unsent:
            transaction.set_rollback(True)  # the same work, and no letter
    digest = _digest(key, code if usable and not unsent else secrets.token_hex(12))
    new = Asked(email, purpose, key, digest, until, data or {})
    before = asked(request, purpose) if unsent else None
    if before is not None and before.email == email:
        # No letter goes out, so the one that this browser asked for before stays good.
        new = replace(before, data=new.data)
    request.session[ASKED] = new.sealed()
    if not request.user.is_authenticated:
        request.session.set_expiry(int(GOOD_FOR.total_seconds()))


def count_for_block(request: HttpRequest) -> None:
    """Count a letter to an address that somebody typed, for the network they are in. Raises TooMany."""
    block = f"code-letters-{callers.block(request)}"
    if until := Tally.objects.count_one(block, most=LETTERS_OF_A_BLOCK, within=HOUR):
        at = until + dt.timedelta(minutes=1)
        raise TooMany(f"Too many codes were asked for from your network. Try again after {at:%H:%M} UTC.", at)


def has_room(request: HttpRequest, email: str, *, own: bool = False) -> bool:
    """Count a letter for a mailbox; False where it got enough of them. Nobody but its owner may learn.

    A block that has asked too often for one address takes nothing away from what others may ask for it. Letters of
    whoever is signed in to their own address are counted by themselves: no stranger uses those up.
    """
    email = canonical_email(email)
    mailbox = callers.nameless(f"own {email}" if own else email)
    counts = (
        (f"code-letters-{callers.nameless(f'{callers.block(request)} {mailbox}')}", LETTERS_OF_A_BLOCK_TO_ONE, HOUR),
        (f"code-letters-{mailbox}", LETTERS_AN_HOUR, HOUR),
        (f"code-letters-day-{mailbox}", LETTERS_A_DAY, DAY),
    )
    return all(Tally.objects.count_one(key, most=most, within=within) is None for key, most, within in counts)


def _owner(email: str) -> User | None:
    """Whose address this is: their account's, or another that they confirmed. One query in any case."""
    confirmed = Q(emailaddress__email=email, emailaddress__verified=True)
    found = list(User.objects.filter(Q(email=email) | confirmed).distinct())
    return next((user for user in found if user.email == email), next(iter(found), None))


def asked(request: HttpRequest, purpose: str) -> Asked | None:
    """The code that this browser asked for, for this purpose; None where there is none that could still be right."""
    found = Asked.opened(request.session.get(ASKED))
    if found is None or found.purpose != purpose:
        return None
    return found if clock.read() < found.until else None


def forget(request: HttpRequest) -> None:
    """Forget in the session whatever code was asked for; it lasts as long as others again."""
    if request.session.pop(ASKED, None) is not None:
        request.session.set_expiry(None)


def check(found: Asked, typed: str) -> None:
    """Raise Refusal unless this is the code. Each try counts, for all processes together."""
    if Tally.objects.count_one(f"code-tries-{found.key}", most=TRIES, within=GOOD_FOR) is not None:
        raise Refusal(f"A wrong code was typed {TRIES} times. Ask for a new one.")
    if not found.is_code(typed):
        raise Refusal(WRONG)


@transaction.atomic
def spend(found: Asked, *, joins: bool) -> User:
    """The owner of the address whose code was typed; made now if they join. Raises Refusal for a code used before."""
    if Tally.objects.count_one(f"code-used-{found.key}", most=1, within=GOOD_FOR) is not None:
        raise Refusal(SPENT)
    user = _owner(found.email)
    if user is None and joins:
        user = _welcome(found.email)
    if user is None or user.is_staff or not user.is_active:
        raise Refusal(SPENT)  # the letter had no code for them, or something changed since
    user.hold()  # or whoever erases the account meanwhile finds an address that came after they looked
    with suppress(IntegrityError), transaction.atomic():  # it may be somebody's second address
        EmailAddress.objects.update_or_create(
            user=user,
            email=found.email,
            defaults={"verified": True},
            create_defaults={"verified": True, "primary": user.email == found.email},
        )
    return user


def _welcome(email: str) -> User | None:
    """A new account, or the one that somebody made for this address a moment ago."""
    try:
        with transaction.atomic():
            return User.objects.create_user(email)
    except IntegrityError:
        return _owner(email)


def sign_in(request: HttpRequest, user: User) -> HttpResponse | None:
    """Sign a member in whose code was right. An answer is what they are asked next: the code of their app, if any.

    Whoever was erased in the moment between is told so, and asked to begin anew.
    """
    forget(request)
    try:
        with transaction.atomic():
            user.hold()
            return _sign_in(request, user)
    except Refusal as gone:
        messages.error(request, str(gone))
        return redirect("account_code")


def _sign_in(request: HttpRequest, user: User) -> HttpResponse | None:
    login = Login(user=user, email=user.email)
    has_app = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists()
    if not has_app:
        # A passkey is another way to sign in, not a second step: whoever loses it still reads their letters.
        login.state["stages"] = {LoginStageKey.MFA_AUTHENTICATE.value: {"handled": True}}
    record_authentication(request, user, method="code", email=user.email, reauthenticated=not has_app)
    answer = perform_login(request, login)
    if request.user.is_authenticated:
        return None
    return answer


def confirm_again(request: HttpRequest, user: User) -> None:
    """Note that somebody who is signed in typed a code once more, before something delicate."""
    forget(request)
    record_authentication(request, user, method="code", email=user.email, reauthenticated=True)


def must_confirm(request: HttpRequest) -> bool:
    """Whether a member types a code before something delicate: they have nothing else by which to say who they are.

    For whoever has a password or a key django-allauth asks for that.
    """
    user = request.user
    if not isinstance(user, User) or user.is_staff or get_reauthentication_flows(user):
        return False
    since = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
    records = get_authentication_records(request, user)
    return not any(record.get("reauthenticated") and record.get("at", 0) > since for record in records)


def came_by_letter(request: HttpRequest) -> bool:
    """Whether somebody signed in to this session with a code from a letter: it opens no desk."""
    if not request.user.is_authenticated:
        return False
    return any(record.get("method") == "code" for record in get_authentication_records(request, request.user))
