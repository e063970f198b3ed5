"""People with an account, known by their e-mail address."""

import logging
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from django.contrib.admin.models import LogEntry
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models, transaction
from django.db.models.functions import Lower, Now

from .. import clock
from ..refusals import NotAllowed, Refusal
from .erasures import Erasure
from .letters import Letter
from .sessions import Session

logger = logging.getLogger(__name__)

# What stands around an address in a sentence and is no part of it.
AROUND = "()<>[]“”\"',;:."
LONGEST_ADDRESS = 254  # RFC 5321, and the column
GONE = "This account is not there any more: it was erased or closed meanwhile, in another tab perhaps."


def canonical_email(address: str) -> str:
    """The one stored form of an address: NFKC, case folded, no blanks around. Dots and plus signs stay."""
    return unicodedata.normalize("NFKC", address).strip().casefold()


class UserQuerySet(models.QuerySet["User"]):
    """Accounts, however many."""

    @transaction.atomic
    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete them, and note by number that they were there. What else they left stays: `erase` is for that."""
        for key in sorted(self.values_list("pk", flat=True)):
            Erasure.objects.note(Erasure.Kind.ACCOUNT, key)
        return super().delete()

    delete.queryset_only = True  # type: ignore[attr-defined]  # so that no manager has it, as Django says of its own


class UserManager(BaseUserManager["User"]):
    """Makes and finds people by address, whatever its case."""

    def get_queryset(self) -> UserQuerySet:
        """Those whose deletion is noted."""
        return UserQuerySet(self.model, using=self._db)

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

    email = models.EmailField("e-mail address", max_length=LONGEST_ADDRESS, unique=True)
    name = models.CharField(max_length=150, blank=True, help_text="Shown to colleagues at the desk, never to readers.")
    is_staff = models.BooleanField("may enter the admin", default=False)
    is_active = models.BooleanField("may sign in", default=True)
    joined_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects: ClassVar[UserManager] = UserManager()
    # What erases an address wherever else its owner left it; the apps that keep addresses put theirs in.
    forgetting: ClassVar[list[Callable[[str], object]]] = []

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

    def is_on_record(self) -> bool:
        """Whether rows that outlive people name this one: texts, reviews, decisions."""
        return any(
            relation.related_model._base_manager.filter(**{relation.field.name: self.pk}).exists()
            for relation in _pointing_here()
            if relation.on_delete is models.PROTECT
        )

    def hold(self) -> None:
        """Keep the account as it is until the caller's transaction ends: who joins with it, closes it and erases it
        come one after another. Raises Refusal where it is gone or closed meanwhile, in another tab perhaps.
        """
        left = User.objects.select_for_update(no_key=True).filter(pk=self.pk, closed_at__isnull=True)
        if not left.exists():
            raise Refusal(GONE)

    @transaction.atomic
    def close(self, *, by: "User") -> None:
        """Close the account: no sign-in, no rights, no address, factor, membership or name kept.

        What was signed stays.
        """
        if by.pk != self.pk and not by.has_perm("accounts.change_user"):
            raise NotAllowed("Only the owner of an account or an administrator closes it.")
        self.hold()
        self._forget_traces()
        self.email = f"closed-{self.pk}@account.invalid"
        self.name = "Closed account"
        self.is_active = self.is_staff = self.is_superuser = False
        self.closed_at = clock.read()
        self.set_unusable_password()
        self.save()
        self.groups.clear()
        self.user_permissions.clear()
        for relation in _pointing_here():
            # What they did at the desk stays in its log; whatever else has no life of its own goes.
            if relation.on_delete is models.CASCADE and relation.related_model is not LogEntry:
                relation.related_model._base_manager.filter(**{relation.field.name: self.pk}).delete()
        Erasure.objects.note(Erasure.Kind.ACCOUNT, self.pk)

    @transaction.atomic
    def erase(self, *, by: "User") -> None:
        """Delete the account and everything that is this person's alone: nothing is left but its number.

        Raises NotAllowed, or Refusal for somebody whom the record names or who works here.
        """
        if by.pk != self.pk and not by.has_perm("accounts.delete_user"):
            raise NotAllowed("Only the owner of an account or an administrator erases it.")
        self.hold()
        if by.pk == self.pk and self.is_staff:
            raise Refusal("You work at the desk with this account. Ask an administrator to close it.")
        if self.is_on_record():
            raise Refusal(f"The record names account {self.pk}, so it is closed and not erased.")
        self._forget_traces()
        if by.pk != self.pk:
            logger.warning("Account %s is erased by account %s", self.pk, by.pk)
        self.delete()

    @transaction.atomic
    def delete(self, using: str | None = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        """Delete the row, and note by number that it was there. What else they left stays: `erase` is for that."""
        Erasure.objects.note(Erasure.Kind.ACCOUNT, self.pk)
        return super().delete(using=using, keep_parents=keep_parents)

    def _forget_traces(self) -> None:
        """Erase each address of this person wherever it stands, letters too, and what the admin's log says of them."""
        rows = LogEntry.objects.filter(
            content_type__app_label="accounts", content_type__model="user", object_id=str(self.pk)
        )
        rows.delete()
        for address in self.addresses():
            Letter.objects.filter(to=address).delete()
            for forget in self.forgetting:
                forget(address)
            # As a whole word: else whoever joins with s@example.co erases what the log says of boss@example.com.
            said = LogEntry.objects.filter(object_repr__icontains=address).values_list("pk", "object_repr")
            named = [key for key, words in said if address in {each.strip(AROUND) for each in words.casefold().split()}]
            LogEntry.objects.filter(pk__in=named).delete()

    def addresses(self) -> list[str]:
        """The address they are known by, and the others that they confirmed."""
        from allauth.account.models import EmailAddress

        confirmed = EmailAddress.objects.filter(user=self, verified=True).exclude(email=self.email)
        return [self.email, *confirmed.order_by("pk").values_list("email", flat=True)]

    @transaction.atomic
    def reset_second_factor(self, *, by: "User", why: str) -> None:
        """Take a lost second factor away, so that a new one is set up at the next sign-in; needs another person.

        Every session ends, and letters go to the owner and to all administrators.
        """
        from .. import emails

        if by.pk == self.pk:
            raise NotAllowed("Nobody resets their own second factor. Ask another administrator.")
        if not User.objects.filter(pk=by.pk, is_active=True, is_superuser=True).exists():
            raise NotAllowed("Only an administrator resets a second factor.")
        if not (why := why.strip()):
            raise Refusal("Say why, and how you made sure that it is they who ask.")
        self.forget_sign_ins()
        emails.second_factor_reset(self, by=by, why=why)
        logger.warning("Second factor of account %s reset by account %s", self.pk, by.pk)

    @transaction.atomic
    def forget_sign_ins(self) -> None:
        """Take every second factor and passkey away, and sign every browser out.

        The database does the same by itself where somebody becomes a colleague (`user_guards`).
        """
        from allauth.mfa.models import Authenticator

        Authenticator.objects.filter(user=self).delete()
        Session.objects.filter(user=self).delete()


def _pointing_here() -> Iterator[models.ManyToOneRel]:
    """The foreign keys of all apps that point to a person."""
    for relation in User._meta.get_fields(include_hidden=True):
        if isinstance(relation, models.ManyToOneRel) and not isinstance(relation.field, models.ManyToManyField):
            yield relation
