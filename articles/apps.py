"""Set-up of the articles app."""

from django.apps import AppConfig


class ArticlesConfig(AppConfig):
    """What is written, and about what?"""

    name = "articles"

    def ready(self) -> None:
        """Make the guards known."""
        from accounts.guards import register

        from .guards import GUARDS

        register(GUARDS)
