"""Set-up of the articles app."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    """What is written, and about what?"""

    name = "articles"

    def ready(self) -> None:
        """Make the guards and the checks known."""
        from django.core.checks import register as register_check

        from accounts.guards import register

        from .codes import check_settings
        from .guards import GUARDS

        register(GUARDS)
        register_check(check_settings)
