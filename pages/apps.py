"""Set-up of the pages app."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    """What does the reader get?"""

    name = "pages"
