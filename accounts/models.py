"""Who is it? People by their e-mail address, and the letters they are sent."""

import datetime as dt
import unicodedata
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower, Now

from . import clock
from .refusals import NotAllowed


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


class LetterManager(models.Manager["Letter"]):
    """The outbox."""

    def post(self, *, to: str, subject: str, body: str, key: str | None = None) -> None:
        """Write a letter inside the caller's transaction; a job sends it. With a key it is written once only."""
        if key is None:
            self.create(to=to, subject=subject, body=body)
        else:
            self.bulk_create([self.model(to=to, subject=subject, body=body, key=key)], ignore_conflicts=True)


class Letter(models.Model):
    """A letter in the outbox: written with the act it tells of, sent afterwards."""

    to = models.EmailField()
    subject = models.CharField(max_length=200)
    body = models.TextField()
    key = models.CharField(max_length=200, unique=True, null=True, blank=True, help_text="Keeps a letter single.")
    written_at = models.DateTimeField(db_default=Now(), editable=False)
    not_before = models.DateTimeField(db_default=Now(), editable=False)
    tries = models.PositiveIntegerField(default=0, editable=False)
    problem = models.TextField(blank=True, editable=False)
    sent_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[LetterManager] = LetterManager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["not_before"], condition=models.Q(sent_at__isnull=True), name="letter_waiting")]

    def __str__(self) -> str:
        return f"{self.subject} (to {self.to})"

    def claim(self, *, now: dt.datetime, lease: dt.timedelta) -> bool:
        """Take the letter for sending; False if another process has it. After the lease it is free again."""
        free = Letter.objects.filter(pk=self.pk, sent_at__isnull=True, not_before__lte=now)
        return free.update(not_before=now + lease, tries=models.F("tries") + 1) == 1
