"""Whoever is signed in, as the account that verbs take: the views that ask let in nobody else."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from .models import User


def person(request: HttpRequest) -> User:
    """The account of whoever is signed in. Raises PermissionDenied for everybody else."""
    if not isinstance(request.user, User):
        raise PermissionDenied("Sign in first.")
    return request.user
