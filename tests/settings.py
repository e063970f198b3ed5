"""The settings of the site, with what the tests need: their own environment, quick passwords, a database in a file."""

import os
from pathlib import Path

VAR = Path(os.environ.get("TESTS_DIR") or Path(__file__).resolve().parent.parent / "var" / "tests")
VAR.mkdir(parents=True, exist_ok=True)

os.environ.update(
    SECRET_KEY="tests-" * 12,
    SECOND_FACTOR_KEYS="a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    SITE_URL="http://testserver",
    ALLOWED_HOSTS="testserver,localhost,127.0.0.1",
    EMAIL_URL="memorymail://",
    HTTPS="0",
    ROUNDS_DEMO="0",
    # Playwright's loop runs in the test's own thread.
    DJANGO_ALLOW_ASYNC_UNSAFE="true",
)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{VAR}/unused.sqlite3")

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, MIDDLEWARE, STORAGES  # noqa: E402

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
MIDDLEWARE = [name for name in MIDDLEWARE if "whitenoise" not in name]

# Pages are kept, and each request asks whether they may be: what is done shows in the next answer.
STATE_HELD_SECONDS = 0
# What is tried about keeping holds at any hour of the day; tests/pages/test_fresh.py has the end of the day.
NOTHING_KEPT_SECONDS_BEFORE_MIDNIGHT = 0

# On SQLite a file, as the site is served; one for each process. Nobody waits for the disk: no test cuts the power.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(VAR / "tests.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] += "PRAGMA synchronous=OFF;"
