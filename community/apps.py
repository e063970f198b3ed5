"""Set-up of the community app."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    """Who else lives with it, and where are they?"""

    name = "community"

    def ready(self) -> None:
        """Make the guards known."""
        from accounts.guards import register

        from .guards import GUARDS

        register(GUARDS)
