"""Set-up of the accounts app and of the admin site."""

from collections.abc import Iterable
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.core import checks
from django.db import connections
from django.db.migrations import Migration
from django.db.models.signals import post_migrate, pre_migrate


class DeskAdminConfig(AdminConfig):
    """The stock admin behind our own door."""

    default_site = "accounts.admin_site.DeskSite"


class AccountsConfig(AppConfig):
    """Who is it?"""

    name = "accounts"

    def ready(self) -> None:
        """Hook the guards and the groups to `migrate`."""
        from . import guards, roles, second_factor, user_guards

        guards.register(user_guards.GUARDS)
        pre_migrate.connect(_before_migrate, sender=self)
        post_migrate.connect(_after_migrate, sender=self)
        post_migrate.connect(_grant_groups)
        checks.register(guards.check_guards, checks.Tags.database)
        checks.register(roles.check_roles, checks.Tags.security, deploy=True)
        checks.register(second_factor.check_demonstration, checks.Tags.security, deploy=True)


def _before_migrate(using: str, plan: Iterable[tuple[Migration, bool]], **kwargs: Any) -> None:
    from . import guards

    # PostgreSQL alters tables under their triggers, so there they hold during the migration too.
    if connections[using].vendor == "sqlite":
        guards.drop(using)
        guards.hold_through(plan)


def _after_migrate(using: str, **kwargs: Any) -> None:
    from . import guards

    guards.install(using)


def _grant_groups(sender: AppConfig, using: str, **kwargs: Any) -> None:
    from . import groups

    if "auth_group" in connections[using].introspection.table_names():
        groups.grant(sender.label, using)
