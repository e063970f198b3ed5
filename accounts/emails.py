"""The letters about accounts, one function each: plain text, to the outbox, inside the verb's transaction."""

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
