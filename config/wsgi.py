"""The door for the web server. It does not open while a guard of the database is missing."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

application = get_wsgi_application()

from accounts import guards, roles  # noqa: E402  the apps must be loaded first

# Its connection stays open for as long as the process lives. On SQLite that keeps the two files beside the
# database, which cannot be made on a full disk: without them nobody could read a page.
guards.require()
roles.require()
