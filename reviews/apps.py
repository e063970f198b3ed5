"""Set-up of the reviews app."""

from django.apps import AppConfig


class ReviewsConfig(AppConfig):
    """On whose word may the reader see it?"""

    name = "reviews"

    def ready(self) -> None:
        """Make the guards known."""
        from accounts.guards import register

        from .guards import GUARDS

        register(GUARDS)
