"""Set-up of the reviews app."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ReviewsConfig(AppConfig):
    """On whose word may the reader see it?"""

    name = "reviews"

    def ready(self) -> None:
        """Make the guards known, and keep the index of published texts whole through migrations."""
        from accounts.guards import register

        from . import matching
        from .guards import GUARDS

        register([*GUARDS, *matching.GUARDS])
        post_migrate.connect(matching.rebuild, sender=self)
