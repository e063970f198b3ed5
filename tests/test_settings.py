"""The settings: what is missing or unsafe stops the start with the cure, and the defaults are the safe ones."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent
REQUIRED = {
    "SECRET_KEY": "50 or more random characters",
    "SECOND_FACTOR_KEYS": "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'",
    "SITE_URL": "https://rounds.example.org",
    "ALLOWED_HOSTS": "the host names the site answers to, separated by commas",
    "DATABASE_URL": "postgres://user:password@host:5432/name",
    "EMAIL_URL": "smtp+ssl://user:password@host:465",
}
SET = {
    "SECRET_KEY": "only-for-the-tests-of-the-settings-0123456789-abcdefghijklmnopqrstuvwxyz",
    "SECOND_FACTOR_KEYS": "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=",
    "SITE_URL": "https://rounds.example.org/",
    "ALLOWED_HOSTS": "rounds.example.org",
    "DATABASE_URL": "postgres://rounds:word@127.0.0.1:5432/rounds",
    "EMAIL_URL": "smtp+ssl://rounds:word@mail.example.org:465",
}


def start(code: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run a line of Python in the site with nothing but these variables set."""
    return subprocess.run(
        [sys.executable, "-c", f"import django; django.setup(); {code}"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "config.settings", **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refusal(environment: dict[str, str]) -> str:
    """The last line of a start that fails."""
    done = start("", environment)
    assert done.returncode != 0
    return done.stderr.strip().splitlines()[-1]


def read(*names: str, **changed: str) -> dict[str, Any]:
    """Settings as they are with the required variables set and some others changed."""
    code = (
        f"from django.conf import settings as s; import json; print(json.dumps({{n: getattr(s, n) for n in {names}}}))"
    )
    done = start(code, {**SET, **changed})
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named_with_the_cure(name: str) -> None:
    said = refusal({key: value for key, value in SET.items() if key != name})
    assert said.startswith(f"django.core.exceptions.ImproperlyConfigured: {name} is not set. ")
    assert REQUIRED[name] in said
    assert said.endswith("See docs/operators.md.")


def test_an_empty_variable_is_a_missing_one() -> None:
    assert "ImproperlyConfigured: SECRET_KEY is not set." in refusal({**SET, "SECRET_KEY": ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTPS", "maybe"),  # anything unknown read as "no" would switch the safety off
        ("DATABASE_URL", "rounds.sqlite3"),
        ("EMAIL_URL", "mail.example.org"),
        ("SECOND_FACTOR_KEYS", "a-password"),
        ("SITE_URL", "rounds.example.org"),
        ("MEMBER_COUNT_THRESHOLD", "eleven"),
        ("INFOBUTTON_A_MINUTE", "0"),
        ("API_A_MINUTE", "0"),
    ],
)
def test_a_value_that_is_none_is_refused_by_name(name: str, value: str) -> None:
    assert re.match(rf"django.core.exceptions.ImproperlyConfigured: .*\b{name}\b", refusal({**SET, name: value}))


@pytest.mark.parametrize("value", ["10", "1", "0", "-11"])
def test_a_threshold_that_shows_small_communities_is_refused(value: str) -> None:
    said = refusal({**SET, "MEMBER_COUNT_THRESHOLD": value})
    assert re.search(rf"ImproperlyConfigured: MEMBER_COUNT_THRESHOLD is “?{value}”?\. Set it to", said)


def test_a_count_cannot_be_rounded_to_nothing() -> None:
    said = refusal({**SET, "MEMBER_COUNT_ROUND_TO": "0"})
    assert said.endswith("ImproperlyConfigured: MEMBER_COUNT_ROUND_TO is 0. Set it to 1 or more.")


def test_what_is_shown_of_a_count_can_be_tightened() -> None:
    found = read(
        "MEMBER_COUNT_THRESHOLD", "MEMBER_COUNT_ROUND_TO", MEMBER_COUNT_THRESHOLD="50", MEMBER_COUNT_ROUND_TO="5"
    )
    assert found == {"MEMBER_COUNT_THRESHOLD": 50, "MEMBER_COUNT_ROUND_TO": 5}


def test_whatever_is_not_set_is_safe() -> None:
    safe = {
        "DEBUG": False,
        "ROUNDS_DEMO": False,
        "HTTPS": True,
        "BEHIND_PROXY": False,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_PROXY_SSL_HEADER": None,
        "ALLAUTH_TRUSTED_PROXY_COUNT": 0,
        "MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN": False,
        "MEMBER_COUNT_THRESHOLD": 11,
        "TIME_ZONE": "UTC",
        "USE_TZ": True,
        "SITE_URL": "https://rounds.example.org",
    }
    assert read(*safe) == safe


def test_an_empty_switch_is_as_safe_as_a_missing_one() -> None:
    switches = {"HTTPS": True, "BEHIND_PROXY": False, "DEBUG": False, "ROUNDS_DEMO": False}
    assert read(*switches, **dict.fromkeys(switches, "")) == switches


def test_cookies_belong_to_this_host_alone_where_there_is_https() -> None:
    # A browser takes a __Host- cookie only when it is secure, without a domain and for the whole site.
    cookies = {
        "SESSION_COOKIE_NAME": "__Host-sessionid",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_DOMAIN": None,
        "SESSION_COOKIE_PATH": "/",
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_NAME": "__Host-csrftoken",
        "CSRF_COOKIE_SECURE": True,
        "CSRF_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_PATH": "/",
        "CSRF_COOKIE_SAMESITE": "Lax",
    }
    assert read(*cookies) == cookies


def test_cookies_work_without_https_on_ones_own_machine() -> None:
    names = ["SESSION_COOKIE_NAME", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE"]
    assert list(read(*names, HTTPS="0").values()) == ["sessionid", False, "csrftoken", False]


def test_the_settings_of_a_real_site_pass_djangos_own_check() -> None:
    done = start(
        "from django.core.management import call_command; call_command('check', deploy=True, fail_level='WARNING')", SET
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def test_sqlite_keeps_what_it_acknowledged_and_fires_every_guard(tmp_path: Path) -> None:
    code = (
        "from django.db import connection as c, transaction as t; import json; cursor = c.cursor()\n"
        "def ask(name): return cursor.execute(f'PRAGMA {name}').fetchone()[0]\n"
        "names = ['journal_mode', 'synchronous', 'foreign_keys', 'recursive_triggers', 'busy_timeout']\n"
        "print(json.dumps([*map(ask, names), c.transaction_mode]))"
    )
    done = start(code, {**SET, "DATABASE_URL": f"sqlite:///{tmp_path}/rounds.sqlite3"})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == ["wal", 2, 1, 1, 20_000, "IMMEDIATE"]


def test_postgresql_connections_are_kept_and_heal_by_themselves() -> None:
    database = read("DATABASES")["DATABASES"]["default"]
    assert (database["ENGINE"], database["HOST"]) == ("django.db.backends.postgresql", "127.0.0.1")
    assert database["CONN_MAX_AGE"] == 60
    assert database["CONN_HEALTH_CHECKS"] is True
    assert not database.get("ATOMIC_REQUESTS")


def test_what_is_erased_is_overwritten_in_an_sqlite_file_whoever_built_sqlite() -> None:
    # An erased account leaves no address in a free page of the file.
    database = read("DATABASES", DATABASE_URL="sqlite:///unused.sqlite3")["DATABASES"]["default"]
    assert "PRAGMA secure_delete=ON" in database["OPTIONS"]["init_command"]


def test_nobody_waits_for_minutes_for_a_postgresql_that_is_gone() -> None:
    # A host that is switched off answers nothing, not even no.
    assert read("DATABASES")["DATABASES"]["default"]["OPTIONS"] == {"connect_timeout": 5, "tcp_user_timeout": 20_000}
    address = f"{SET['DATABASE_URL']}?connect_timeout=2&sslmode=require"
    options = read("DATABASES", DATABASE_URL=address)["DATABASES"]["default"]["OPTIONS"]
    assert options == {"connect_timeout": 2, "tcp_user_timeout": 20_000, "sslmode": "require"}


def test_every_variable_stands_in_the_operators_table() -> None:
    settings = (ROOT / "config" / "settings.py").read_text()
    # Calls of django-environ and of the functions of the module itself.
    read_here = set(re.findall(r"(?:\benv\.\w+|(?<![.\w])\w+)\(\s*\"([A-Z][A-Z_]+)\"", settings))
    assert read_here > REQUIRED.keys() | {"HTTPS", "DEBUG", "MEMBER_COUNT_THRESHOLD", "STATIC_ROOT"}
    explained = set(re.findall(r"^\|[^|]*`([A-Z_]+)`", (ROOT / "docs" / "operators.md").read_text(), re.MULTILINE))
    assert read_here - explained == set()
