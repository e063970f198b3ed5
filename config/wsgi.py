"""The door for the web server. It does not open while a guard of the database is missing."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from accounts import guards  # noqa: E402  the apps must be loaded first

guards.require()
