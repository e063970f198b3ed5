"""Who is it? People by their e-mail address, and the letters they are sent."""

import datetime as dt
import logging
import unicodedata
from typing import Any, ClassVar

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.sessions.base_session import AbstractBaseSession, BaseSessionManager
from django.db import models, transaction
from django.db.models.functions import Lower, Now
from django.utils import timezone
from django.utils.crypto import salted_hmac

from . import clock, sessions
from .refusals import NotAllowed, Refusal

logger = logging.getLogger(__name__)


def canonical_email(address: str) -> str:
    """The one stored form of an address: NFKC, case folded, no blanks around. Dots and plus signs stay."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


class UserManager(BaseUserManager["User"]):
    """Makes and finds people by address, whatever its case."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """A new person; without a password nobody can sign in with one."""
        user = self.model(email=canonical_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """The first administrator."""
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, username: str | None) -> "User":
        """Find a person by the address they typed."""
        return self.get(email=canonical_email(username or ""))


class User(AbstractBaseUser, PermissionsMixin):
    """A person with an account, known by e-mail address."""

    email = models.EmailField("e-mail address", max_length=254, unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="Shown to colleagues at the desk, never to readers.")
    is_staff = models.BooleanField("may enter the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = []

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_canonical"),
            models.CheckConstraint(
                condition=models.Q(closed_at__isnull=True) | models.Q(is_active=False),
                name="closed_account_cannot_sign_in",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def clean(self) -> None:
        """Bring the address to its stored form before it is checked for uniqueness."""
        super().clean()
        self.email = canonical_email(self.email)

    def get_full_name(self) -> str:
        """The name colleagues see."""
        return str(self)

    @transaction.atomic
    def close(self, *, by: "User") -> None:
        """Close the account: no sign-in, no rights, no address, factor or name kept. What was signed stays."""
        from allauth.account.models import EmailAddress
        from allauth.mfa.models import Authenticator

        if by.pk != self.pk and not by.has_perm("accounts.change_user"):
            raise NotAllowed("Only the owner of an account or an administrator closes it.")
        Letter.objects.filter(to=self.email).delete()
        self.email = f"closed-{self.pk}@account.invalid"
        self.name = "Closed account"
        self.is_active = self.is_staff = self.is_superuser = False
        self.closed_at = clock.read()
        self.set_unusable_password()
        self.save()
        self.groups.clear()
        self.user_permissions.clear()
        EmailAddress.objects.filter(user=self).delete()
        Authenticator.objects.filter(user=self).delete()
        Session.objects.filter(user=self).delete()

    @transaction.atomic
    def reset_second_factor(self, *, by: "User", why: str) -> None:
        """Take a lost second factor away, so that a new one is set up at the next sign-in; needs another person.

        Every session ends, and letters go to the owner and to all administrators.
        """
        from allauth.mfa.models import Authenticator

        from . import emails

        if by.pk == self.pk:
            raise NotAllowed("Nobody resets their own second factor. Ask another administrator.")
        if not User.objects.filter(pk=by.pk, is_active=True, is_superuser=True).exists():
            raise NotAllowed("Only an administrator resets a second factor.")
        if not (why := why.strip()):
            raise Refusal("Say why, and how you made sure that it is they who ask.")
        Authenticator.objects.filter(user=self).delete()
        Session.objects.filter(user=self).delete()
        emails.second_factor_reset(self, by=by, why=why)
        logger.warning("Second factor of account %s reset by account %s", self.pk, by.pk)


class SessionManager(BaseSessionManager["Session"]):
    """The browsers in which people are signed in."""

    def open(self, user: User) -> "list[Session]":
        """Those of a person that still count, newest use first."""
        rows = self.filter(user=user, expire_date__gt=timezone.now())
        known = user.get_session_auth_hash()
        valid = [row for row in rows if row.data.get(HASH_SESSION_KEY) == known and not sessions.over(row.data)]
        return sorted(valid, key=lambda row: row.seen_at, reverse=True)

    def sweep(self, user: User) -> None:
        """Forget those of a person that are over."""
        self.filter(user=user, expire_date__lte=timezone.now()).delete()


class Session(AbstractBaseSession):
    """A browser with a cookie of ours: Django's session, and whose it is once they are signed in."""

    user = models.ForeignKey(User, null=True, blank=True, on_delete=models.CASCADE, related_name="+")

    objects: ClassVar[SessionManager] = SessionManager()

    class Meta(AbstractBaseSession.Meta):
        abstract = False

    def __str__(self) -> str:
        return self.browser

    @classmethod
    def get_session_store_class(cls) -> type[sessions.SessionStore]:
        """What reads and writes these rows."""
        return sessions.SessionStore

    @property
    def data(self) -> dict[str, Any]:
        """What is kept in it."""
        return self.get_decoded()

    @property
    def name(self) -> str:
        """What a page may call it by: whoever has the key itself is signed in."""
        return salted_hmac("accounts.Session.name", self.session_key).hexdigest()[:20]

    @property
    def browser(self) -> str:
        """The browser and system, as far as it told."""
        return in_words(self.data.get("browser", ""))

    @property
    def since(self) -> dt.datetime:
        """When they signed in."""
        return dt.datetime.fromtimestamp(self.data.get("since", 0), dt.UTC)

    @property
    def seen_at(self) -> dt.datetime:
        """When they were last here, to five minutes."""
        return dt.datetime.fromtimestamp(self.data.get("seen", 0), dt.UTC)

    def end(self, *, by: User) -> None:
        """Sign that browser out; its next request is a stranger's."""
        if self.user_id != by.pk:
            raise NotAllowed("You can sign out your own browsers only.")
        self.delete()


BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {"iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS": "Mac"} | {
    "Linux": "Linux"
}


def in_words(user_agent: str) -> str:
    """A browser as a person would call it, such as “Firefox on Windows”."""
    browser = next((name for sign, name in BROWSERS.items() if sign in user_agent), "A browser")
    system = next((name for sign, name in SYSTEMS.items() if sign in user_agent), "")
    return f"{browser} on {system}" if system else browser


class TallyManager(models.Manager["Tally"]):
    """What the limits on tries remember."""

    def sweep(self, most: int) -> int:
        """Forget some that count no more, and say how many; another process may be at it too."""
        old = self.filter(until__lte=timezone.now()).select_for_update(skip_locked=True)
        with transaction.atomic():
            if keys := list(old.values_list("pk", flat=True)[:most]):
                return self.filter(pk__in=keys, until__lte=timezone.now()).delete()[0]
        return 0

    @transaction.atomic
    def count_one(self, key: str, *, most: int, within: dt.timedelta) -> dt.datetime | None:
        """Count one more under a key; where that is more than `most` within this time, count nothing and say till when.

        The entry is held to the end of the caller's transaction, so of many who count at once each is counted, and
        none whose transaction is undone.
        """
        now = timezone.now()
        self.filter(pk=key, until__lte=now).delete()
        row, _ = self.select_for_update().get_or_create(pk=key, defaults={"value": 0, "until": now + within})
        if row.value >= most:
            return row.until
        row.value += 1
        row.save(update_fields=["value"])
        return None


class Tally(models.Model):
    """How often something was tried, or that a code was used: one entry of the cache that all processes share."""

    key = models.CharField(primary_key=True, max_length=250)
    value = models.JSONField()
    until = models.DateTimeField(db_index=True)

    objects: ClassVar[TallyManager] = TallyManager()

    class Meta:
        verbose_name_plural = "tallies"

    def __str__(self) -> str:
        return self.key


class LetterQuerySet(models.QuerySet["Letter"]):
    """The outbox."""

    def in_state(self, state: "Letter.State") -> "LetterQuerySet":
        """Letters in a state; see `Letter.state`."""
        if state == Letter.State.SENT:
            return self.filter(sent_at__isnull=False)
        unsent = self.filter(sent_at__isnull=True)
        return unsent.exclude(problem="") if state == Letter.State.FAILED else unsent.filter(problem="")

    def post(self, *, to: str, subject: str, body: str, key: str | None = None) -> "Letter | None":
        """Write a letter inside the caller's transaction; a job sends it.

        With a key it is written once only: None says that it had been written before.
        """
        subject = " ".join(subject.split())[:200]  # a line break would be refused as a forged header
        if key is None:
            return self.create(to=to, subject=subject, body=body)
        letter, written = self.get_or_create(key=key, defaults={"to": to, "subject": subject, "body": body})
        return letter if written else None

    def try_again(self, *, by: User) -> int:
        """Let the failed letters among these go out with the next run, and say how many. Raises NotAllowed."""
        if not by.has_perm("accounts.change_letter"):
            raise NotAllowed(f"{by} may not send letters again. Administrators do.")
        # One statement: whatever is being sent, or was sent, has no problem and stays as it is.
        count = self.in_state(Letter.State.FAILED).update(problem="", tries=0, not_before=clock.now())
        if count:
            logger.info("Failed letters to be tried again: %s, says account %s", count, by.pk)
        return count


class Letter(models.Model):
    """A letter in the outbox: written with the act it tells of, sent afterwards."""

    class State(models.TextChoices):
        """How far a letter is."""

        WAITS = "waits", "Waits"
        FAILED = "failed", "Failed"
        SENT = "sent", "Sent"

    # With the waits between them (`outbox.LONGEST_WAIT`) this is about a week.
    MOST_TRIES = 36

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    key = models.CharField(max_length=200, unique=True, null=True, blank=True, help_text="Keeps a letter single.")
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    not_before = models.DateTimeField(db_default=Now(), editable=False)
    tries = models.PositiveIntegerField(default=0, editable=False)
    problem = models.TextField(blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[LetterQuerySet] = LetterQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["not_before"], condition=models.Q(sent_at__isnull=True), name="letter_waiting")]

    def __str__(self) -> str:
        return f"{self.subject} (to {self.to})"

    @property
    def state(self) -> "Letter.State":
        """Sent; failed, where the last try ended with a problem; or it waits, or is just being sent."""
        if self.sent_at is not None:
            return Letter.State.SENT
        return Letter.State.FAILED if self.problem else Letter.State.WAITS

    @property
    def is_given_up(self) -> bool:
        """Whether it failed so often that nothing tries it again by itself."""
        return self.state == Letter.State.FAILED and self.tries >= Letter.MOST_TRIES

    def claim(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take the letter for sending; False if another process has it. After the lease it is free again."""
        free = Letter.objects.filter(pk=self.pk, sent_at__isnull=True, not_before__lte=now)
        # Without its problem it is not a failed letter while it is being sent, so nobody lets it go out beside that.
        return free.update(not_before=now + lease, tries=models.F("tries") + 1, problem="") == 1

    def try_again(self, *, by: User) -> None:
        """Let a failed letter go out with the next run. Raises NotAllowed, or Refusal for one that has not failed."""
        count = Letter.objects.filter(pk=self.pk).try_again(by=by)
        self.refresh_from_db()
        if count != 1:
            if self.sent_at is not None:
                raise Refusal(f"This letter went out on {self.sent_at:%-d %B %Y at %H:%M} UTC. It is not sent twice.")
            raise Refusal("This letter waits, or is just being sent. It goes out by itself.")
        logger.info("Letter %s is tried again", self.pk)
