"""Set-up of the pages app."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """What does the reader get?"""

    name = "pages"

    def ready(self) -> None:
        """Make the guards known."""
        from accounts.guards import register

        from .guards import GUARDS

        register(GUARDS)
