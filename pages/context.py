"""What every template may say about the site."""

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """The site's name and address, and whether it is a demonstration."""
    return {"site_name": settings.SITE_NAME, "site_url": settings.SITE_URL, "demo": settings.ROUNDS_DEMO}
