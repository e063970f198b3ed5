"""Every setting of Rounds, read from the environment; docs/operators.md explains each one."""

from pathlib import Path

import django_stubs_ext
import environ
from cryptography.fernet import Fernet, MultiFernet
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()  # type: ignore[no-untyped-call]
django_stubs_ext.monkeypatch()


def required(name: str, cure: str) -> str:
    """The value of a variable that has no safe default; missing or empty is an error that says the cure."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"{name} is not set. {cure} See docs/operators.md.")
    return value


def flag(name: str, *, default: bool) -> bool:
    """A variable that is on or off; empty is as if it were not set."""
    value = str(env.str(name, default="")).strip().lower() or ("1" if default else "0")
    if value not in {"1", "true", "yes", "on", "0", "false", "no", "off"}:
        raise ImproperlyConfigured(f"{name} is “{value}”. Set it to 1 or 0. See docs/operators.md.")
    return value in {"1", "true", "yes", "on"}


def number(name: str, *, default: int) -> int:
    """A variable that is a whole number."""
    value = str(env.str(name, default=str(default))).strip()
    if not value.isascii() or not value.isdecimal():
        raise ImproperlyConfigured(f"{name} is “{value}”. Set it to a whole number. See docs/operators.md.")
    return int(value)


# Who may switch on what only a demonstration needs: sample accounts, a line on every page, no second factor.
ROUNDS_DEMO = flag("ROUNDS_DEMO", default=False)

# Keys. The second factor has keys of its own, so that a new SECRET_KEY locks no clinician out.
SECRET_KEY = required("SECRET_KEY", "Set it to 50 or more random characters and keep it secret.")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", default=[])
required(
    "SECOND_FACTOR_KEYS",
    "Make one with: python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())'.",
)
SECOND_FACTOR_KEYS: list[str] = env.list("SECOND_FACTOR_KEYS")
try:
    MultiFernet([Fernet(key) for key in SECOND_FACTOR_KEYS])
except ValueError as _error:
    raise ImproperlyConfigured(f"SECOND_FACTOR_KEYS holds a value that is no key: {_error}") from _error

# Where the site lives.
SITE_NAME: str = env.str("SITE_NAME", default="Rounds")
SITE_URL = required("SITE_URL", "Set it to the public address, such as https://rounds.example.org.").rstrip("/")
required("ALLOWED_HOSTS", "Set it to the host names the site answers to, separated by commas.")
if not SITE_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(f"SITE_URL is “{SITE_URL}”. Begin it with https://, see docs/operators.md.")
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS")
HTTPS = flag("HTTPS", default=True)
BEHIND_PROXY = flag("BEHIND_PROXY", default=False)
DEBUG = flag("DEBUG", default=False)

# The database.
required(
    "DATABASE_URL",
    "Set it to postgres://user:password@host:5432/name, or to sqlite:////absolute/path/rounds.sqlite3.",
)
DATABASES = {"default": env.db_url("DATABASE_URL")}
if "ENGINE" not in DATABASES["default"]:
    raise ImproperlyConfigured("DATABASE_URL is not the address of a database, see docs/operators.md.")
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = {
        # FULL: an approval that was acknowledged survives a power cut. recursive_triggers: INSERT OR REPLACE
        # fires the delete triggers too, so it cannot go round a guard. secure_delete: what was erased is overwritten
        # in the file, wherever SQLite was built without that as its default.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; "
            "PRAGMA secure_delete=ON;"
        ),
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
    }
else:
    # A machine that does not answer at all is given up after so many seconds: readers wait for no longer.
    # One that stops to answer in the middle, when it has not taken what was sent for so many milliseconds.
    DATABASES["default"]["OPTIONS"] = {
        "connect_timeout": 5,
        "tcp_user_timeout": 20_000,
        **DATABASES["default"].get("OPTIONS", {}),
    }
# On SQLite too: to open the file and to set it up takes ten times as long as to ask in which state the record is.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# The post.
required("EMAIL_URL", "Set it to smtp+ssl://user:password@host:465, or to filemail:////folder for files.")
try:
    _mail = env.email_url("EMAIL_URL")
except ImproperlyConfigured as _error:
    raise ImproperlyConfigured(f"EMAIL_URL: {_error}. See docs/operators.md.") from _error
EMAIL_BACKEND = _mail.get("EMAIL_BACKEND", "")
EMAIL_HOST = _mail.get("EMAIL_HOST", "")
EMAIL_PORT = _mail.get("EMAIL_PORT") or 465
EMAIL_HOST_USER = _mail.get("EMAIL_HOST_USER") or ""
EMAIL_HOST_PASSWORD = _mail.get("EMAIL_HOST_PASSWORD") or ""
EMAIL_USE_SSL = _mail.get("EMAIL_USE_SSL", False)
EMAIL_USE_TLS = _mail.get("EMAIL_USE_TLS", False)
EMAIL_FILE_PATH = _mail.get("EMAIL_FILE_PATH") or None
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL: str = env.str("DEFAULT_FROM_EMAIL", default=f"{SITE_NAME} <rounds@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Who gets the daily letter on the state of the record.
OPERATOR_EMAILS: list[str] = env.list("OPERATOR_EMAILS", default=[])

# The count of members: both switches can only tighten what is shown (docs/operators.md).
MEMBER_COUNT_THRESHOLD = number("MEMBER_COUNT_THRESHOLD", default=11)
MEMBER_COUNT_ROUND_TO = number("MEMBER_COUNT_ROUND_TO", default=1)
if MEMBER_COUNT_THRESHOLD < 11:
    raise ImproperlyConfigured(f"MEMBER_COUNT_THRESHOLD is {MEMBER_COUNT_THRESHOLD}. Set it to 11 or more.")
if MEMBER_COUNT_ROUND_TO < 1:
    raise ImproperlyConfigured(f"MEMBER_COUNT_ROUND_TO is {MEMBER_COUNT_ROUND_TO}. Set it to 1 or more.")
# How many people join one community in a day before those who come after wait for a moderator and are not counted.
MEMBERS_A_DAY = number("MEMBERS_A_DAY", default=100)
if MEMBERS_A_DAY < 1:
    raise ImproperlyConfigured(f"MEMBERS_A_DAY is {MEMBERS_A_DAY}. Set it to 1 or more.")

# Codes (articles/codes.py): the licensed systems whose codes may be shown, and other names of systems that callers use.
LICENSED_CODES_SHOWN: list[str] = env.list("LICENSED_CODES_SHOWN", default=[])
CODE_SYSTEM_ALIASES: dict[str, str] = env.dict("CODE_SYSTEM_ALIASES", default={})

# Infobutton: how many answers a minute one block of addresses gets from each web process.
INFOBUTTON_A_MINUTE = number("INFOBUTTON_A_MINUTE", default=600)
if INFOBUTTON_A_MINUTE < 1:
    raise ImproperlyConfigured(f"INFOBUTTON_A_MINUTE is {INFOBUTTON_A_MINUTE}. Set it to 1 or more.")
# Content API: the same, of the answers that have to be made; what is known is given to everybody.
API_A_MINUTE = number("API_A_MINUTE", default=120)
if API_A_MINUTE < 1:
    raise ImproperlyConfigured(f"API_A_MINUTE is {API_A_MINUTE}. Set it to 1 or more.")

# Reviews: how many days before its end a review is called due.
REVIEW_DUE_DAYS = number("REVIEW_DUE_DAYS", default=60)
# How many days a clinician's claim of a review holds before anybody may claim it.
CLAIM_DAYS = number("CLAIM_DAYS", default=7)
if CLAIM_DAYS < 1:
    raise ImproperlyConfigured(f"CLAIM_DAYS is {CLAIM_DAYS}. Set it to 1 or more.")

# Feedback: how many messages with words are taken a day, and for how long an address is kept once one is handled.
FEEDBACK_A_DAY = number("FEEDBACK_A_DAY", default=200)
FEEDBACK_EMAIL_DAYS = number("FEEDBACK_EMAIL_DAYS", default=30)
# Links: how many suggestions, and how many reports, are taken a day.
LINKS_A_DAY = number("LINKS_A_DAY", default=100)

# Whether run_due looks at the links outside: it asks other sites, without a proxy.
CHECK_LINKS = flag("CHECK_LINKS", default=True)

# The reader's pages that each process keeps (pages/kept.py): how much memory they take at the most.
PAGES_KEPT_MB = number("PAGES_KEPT_MB", default=32)
# A page is made anew after this time, whatever the record says: names and biographies are in no ledger.
PAGES_KEPT_SECONDS = 60
# How long a process believes the state of the record without asking again, and how long where it cannot ask.
STATE_HELD_SECONDS = 1
STATE_HELD_SECONDS_WITHOUT_DATABASE = 60
# So long before midnight nothing may be kept that a chain of caches could show after it: then reviews lapse.
NOTHING_KEPT_SECONDS_BEFORE_MIDNIGHT = 300

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "accounts.apps.DeskAdminConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    # The list of security keys says with it when each was used last.
    "django.contrib.humanize",
    "accounts.apps.AccountsConfig",
    "articles",
    "reviews",
    "community",
    "pages",
]

MIDDLEWARE = [
    "config.headers.security_headers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "pages.kept.kept_pages",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "config.slashes.LastSlash",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.LoginRequired",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "pages.context.site",
            ],
        },
    },
]

# Who is it?
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.passwords.OwnWordsValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "admin:index"
ACCOUNT_ADAPTER = "accounts.adapters.AccountAdapter"
ACCOUNT_FORMS = {"reset_password": "accounts.forms.NewPasswordForm"}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
# A browser left open changes nobody's address or password.
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
# Letters about a password, from one network as many as with codes, for one mailbox may have any number of names; and to
# one address, whoever asks: a link from one of them opens as well as a newer one.
ACCOUNT_RATE_LIMITS = {"reset_password": "30/h/ip,5/h/key,20/d/key"}
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
MFA_ADAPTER = "accounts.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "activate_totp": "accounts.codes.SetUpForm",
    "authenticate": "accounts.codes.SignInForm",
    "reauthenticate": "accounts.codes.AgainForm",
    "add_webauthn": "accounts.security_keys.AddForm",
    "login_webauthn": "accounts.security_keys.SignInForm",
    "authenticate_webauthn": "accounts.security_keys.SecondFactorForm",
    "reauthenticate_webauthn": "accounts.security_keys.AgainForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_TOLERANCE = 1
# Accounts and their addresses are entered by an administrator, so a factor needs no confirmed address.
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not HTTPS

# Sessions know whose they are; accounts/sessions.py says how long they last. Tries are counted for all processes.
SESSION_ENGINE = "accounts.sessions"
CACHES = {"default": {"BACKEND": "accounts.tallies.SharedTallies"}}

# Safety in the browser; config/headers.py adds the rest.
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$"]
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
# Nobody outside is told what was read. “no-referrer” would break our own forms: their Origin would be null.
SECURE_REFERRER_POLICY = "same-origin"
CSRF_FAILURE_VIEW = "pages.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
# config/headers.py sets X-Frame-Options on every answer, so the stock middleware is not needed.
SILENCED_SYSTEM_CHECKS = ["security.W002"]

LANGUAGE_CODE = "en-gb"
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "var" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
# Other sites may not read them: by default WhiteNoise says they may.
WHITENOISE_ALLOW_ALL_ORIGINS = False
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
}
