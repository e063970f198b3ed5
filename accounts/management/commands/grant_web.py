"""`manage.py grant_web ROLE`: what the web process may do in PostgreSQL, and nothing else."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts import roles


class Command(BaseCommand):
    """Grant the role of the web process its rights. Run it as the owner, after each migrate."""

    help = "Give a PostgreSQL role what the site needs and nothing that could lift a guard. Run it after each migrate."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which role."""
        parser.add_argument("role", help="the role in DATABASE_URL, such as rounds_web")

    def handle(self, *args: Any, **options: Any) -> None:
        """Grant all or nothing."""
        try:
            with transaction.atomic():
                tables = roles.grant(options["role"])
        except roles.NoWebRole as reason:
            raise CommandError(str(reason)) from reason
        self.stdout.write(f"{options['role']} may use {tables} tables, and change none of what never changes.")
