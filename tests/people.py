"""The cast of the tests: one person a role, made when first asked for."""

import datetime as dt

from django.contrib.auth.models import Group

from accounts.models import User
from reviews.models import Credential, Reviewer

PASSWORD = "a password for the tests"


def person(email: str, *groups: str, **fields: object) -> User:
    """The person with this address, staff if they are in a group; made if there is none."""
    user = User.objects.filter(email=email).first()
    if user is None:
        user = User.objects.create_user(
            email, PASSWORD, **{"name": email.split("@")[0].title(), "is_staff": bool(groups), **fields}
        )
        user.groups.add(*Group.objects.filter(name__in=groups))
    return user


def author() -> User:
    """Writes."""
    return person("ada@example.org", "Authors")


def second_author() -> User:
    """Writes too."""
    return person("alan@example.org", "Authors")


def publisher() -> User:
    """Publishes and withdraws."""
    return person("petra@example.org", "Publishers")


def registrar() -> User:
    """Checks credentials."""
    return person("rita@example.org", "Registrars")


def moderator() -> User:
    """Looks after links."""
    return person("mona@example.org", "Moderators")


def reader() -> User:
    """Has an account and no rights."""
    return person("rosa@example.org")


def member() -> User:
    """Joined with a code from a letter: no password, and no rights."""
    user = User.objects.filter(email="mia@example.org").first()
    return user or User.objects.create_user("mia@example.org")


def superuser() -> User:
    """May do everything that Django's permissions cover."""
    return person("root@example.org", is_staff=True, is_superuser=True)


def clinician(name: str = "Clara", *groups: str, number: str | None = None) -> Reviewer:
    """A reviewer with a credential checked as valid from two years ago to two years ahead."""
    user = person(f"{name.lower()}@example.org", "Clinicians", *groups)
    reviewer = Reviewer.objects.filter(user=user).first()
    if reviewer is None:
        reviewer = Reviewer.objects.create(
            user=user,
            name=f"{name} Test",
            slug=name.lower(),
            suffix="MD",
            specialty="Haematologist, Test Hospital",
            since=dt.date(2024, 9, 1),
        )
        credential = Credential.objects.create(
            reviewer=reviewer, profession="Physician", register="Test Register", number=number or name.upper()
        )
        today = dt.datetime.now(dt.UTC).date()
        credential.record_check(
            by=registrar(), valid_from=today - dt.timedelta(730), valid_until=today + dt.timedelta(730)
        )
    return reviewer
