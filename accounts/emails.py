"""The letters about accounts, one function each: plain text, to the outbox, inside the verb's transaction."""

import datetime as dt
from typing import TYPE_CHECKING

from django.conf import settings
from django.urls import reverse

if TYPE_CHECKING:
    from .models import User


def second_factor_reset(person: "User", *, by: "User", why: str) -> None:
    """To the owner and to every administrator: the second factor is gone; whoever did not ask for it can act."""
    from .models import Letter, User

    account = reverse("admin:accounts_user_change", args=[person.pk])
    Letter.objects.post(
        to=person.email,
        subject="Your second factor was reset",
        body=f"{by} took the second factor off your account, and all your browsers are signed out.\n\n{why}\n\n"
        "At your next sign-in you set up a new one. If you did not ask for this, tell another administrator at once: "
        f"somebody may be trying to sign in your name.\n\n{settings.SITE_URL}{reverse('account_login')}\n",
    )
    for administrator in User.objects.filter(is_active=True, is_superuser=True).exclude(pk=person.pk):
        Letter.objects.post(
            to=administrator.email,
            subject=f"Second factor reset: {person}",
            body=f"{by} took the second factor off the account of {person}.\n\n{why}\n\n"
            "If that was not to be, untick “May sign in” there:\n"
            f"{settings.SITE_URL}{account}\n",
        )


def code(email: str, owner: "User | None", *, code: str, until: dt.datetime, joins: bool) -> bool:
    """To whoever reads the letters of an address: the code they asked for, or why there is none. True with a code.

    No subject and no word names a condition: a letter is seen on the locked screen of a telephone.
    """
    from .models import Letter

    site, somebody = settings.SITE_NAME, "Somebody, perhaps you, typed this address"
    nobody = "If you did not ask for it, do nothing: nobody gets in, and nothing about you is kept.\n"
    usable = joins if owner is None else owner.is_active and not owner.is_staff
    if usable:
        words = (
            f"Your code:\n\n    {code[:4]} {code[4:]}\n\nType it on the page where you asked for it, within half "
            f"an hour (until {until:%H:%M} UTC). Nobody from {site} asks you for it.\n\n{nobody}"
        )
    elif owner is None:
        words = (
            f"{somebody} to sign in. {site} has no account for it, so there is no code.\n\n"
            f"You get an account by joining a community. {nobody}"
        )
    elif owner.is_active:
        words = (
            f"{somebody} to get a code. You work at the desk with it, so it is not opened with a code. Sign in with "
            f"your password and your second factor:\n\n{settings.SITE_URL}{reverse('account_login')}\n\n"
            "Then you can join a community like everybody.\n"
        )
    else:
        words = f"{somebody} to get a code. The account with it is blocked. If that is a mistake, write to us.\n"
    subject = f"Your code for {site}" if usable else f"About signing in to {site}"
    Letter.objects.post(to=email, subject=subject, body=words)
    return usable


def changed_for_you(email: str, what: str) -> None:
    """To the address by which somebody was known: with the new password or address one comes to what is theirs."""
    from .models import Letter

    Letter.objects.post(
        to=email,
        subject=f"Your {what} was changed",
        body=f"An administrator of {settings.SITE_NAME} changed the {what} of the account with this address. If you "
        "did not ask for that, write to us: whoever knows the new one can sign in as you.\n",
    )


def confirm_address(email: str, path: str) -> None:
    """To an address that somebody who is signed in wrote down as theirs. It tells nothing of them: it may be wrong."""
    from .models import Letter

    site = settings.SITE_NAME
    Letter.objects.post(
        to=email,
        subject=f"Confirm your address for {site}",
        body=f"Somebody who is signed in to {site} wrote this address down as one of theirs. If it was you, confirm "
        f"it here:\n\n{settings.SITE_URL}{path}\n\n"
        "If it was not you, do nothing. Once it is confirmed, codes to this address open their account.\n",
    )


def erasures(on: dt.date) -> None:
    """To the operators, once a day: the numbers of what was erased, for the day on which a backup is restored."""
    from .models import Erasure, Letter

    lines = [str(row) for row in Erasure.objects.lately()]
    if not lines:
        return
    for address in settings.OPERATOR_EMAILS:
        Letter.objects.post(
            key=f"erasures-{on}-{address}",
            to=address,
            subject=f"{settings.SITE_NAME}: what was erased, {on:%-d %B %Y}",
            body="Keep the newest of these letters. If the database is ever restored from a backup, put it into a file "
            "and run, before anybody gets in:\n\n    manage.py apply_erasures FILE\n\n" + "\n".join(lines) + "\n",
        )
