"""Settings, all from the environment. A missing secret stops the start with a sentence that names it."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from applications.crypto.key_text import parse_index_keys, parse_master_keys, parse_signing_keys
from applications.row_security import APPLICATION_ROLE, close_again
from joinbaltic.environment import BASE_DIR, load_development_environment
from joinbaltic.logging import logging_config
from privacy.mailbox_address import parse_mailbox_url

load_development_environment()
env = environ.Env()
HINT = "(On a development machine `make run` sets it for as long as it is up.)"


def given(name: str) -> str:
    """A secret, or "": the variable NAME, or the content of the file that NAME_FILE points to."""
    path = env.str(f"{name}_FILE", default="")
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else str(env.str(name, default=""))
    except OSError as error:
        raise ImproperlyConfigured(f"{name}_FILE names a file that cannot be read.") from error


def secret(name: str) -> str:
    """A secret that is required."""
    value = given(name)
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name} (or {name}_FILE). {HINT}")
    return value


def required(name: str) -> str:
    """A required variable that is not secret."""
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(f"Set the environment variable {name}. {HINT}")
    return value


# --- which installation this is -------------------------------------------------------------------------
ENVIRONMENT = env.str("ENVIRONMENT", default="production")
if ENVIRONMENT not in {"production", "development", "test"}:
    raise ImproperlyConfigured("ENVIRONMENT is production, development or test.")
PRODUCTION = ENVIRONMENT == "production"
DEVELOPMENT = ENVIRONMENT == "development"
DEBUG = False  # error pages with local variables would show personal data: off everywhere

SECRET_KEY = secret("SECRET_KEY")
PUBLIC_URL = required("PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[] if PRODUCTION else ["127.0.0.1", "localhost"])
if not ALLOWED_HOSTS:
    raise ImproperlyConfigured("Set the environment variable ALLOWED_HOSTS (comma separated).")
if PRODUCTION and not PUBLIC_URL.startswith("https://"):
    raise ImproperlyConfigured("PUBLIC_URL begins with https:// in production.")
VAR_DIR = Path(env.str("VAR_DIR", default=str(BASE_DIR / "var")))

# --- applications ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "applications.staff_site_config.StaffSiteConfig",  # Django's admin, with pages of our own
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "pgtrigger",
    "rest_framework",
    "csp",
    "joinbaltic",
    "applications.crypto",
    "applications",
    "lenders",
    "privacy",
]
if ENVIRONMENT == "test":
    INSTALLED_APPS += ["tests.applications.crypto.vault"]  # models on which the cellar is tried

MIDDLEWARE = [
    "joinbaltic.headers.ResourcePolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "joinbaltic.static_files.StaticFilesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "joinbaltic.set_back.RefuseWhenSetBack",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "applications.middleware.DataKeyScopeMiddleware",
    "applications.middleware.StaffSessionMiddleware",
    "applications.middleware.ConsumerMiddleware",
]
ROOT_URLCONF = "joinbaltic.urls"
ASGI_APPLICATION = "joinbaltic.asgi.application"
WSGI_APPLICATION = "joinbaltic.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "applications.context.site",
            ]
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")


# --- databases ------------------------------------------------------------------------------------------
# The role in which the product works once it is connected: one that row security binds (`migrate` alone works
# as whoever logs in). Empty where the log-in is such a role itself; the tests take it once they have their
# databases.
DATABASE_ROLE = env.str("DATABASE_ROLE", default="" if ENVIRONMENT == "test" else APPLICATION_ROLE)
if re.fullmatch(r"[a-z0-9_]*", DATABASE_ROLE) is None:
    raise ImproperlyConfigured("DATABASE_ROLE is a name of small letters, digits and _.")


def database(variable: str, *, most: int) -> dict[str, Any]:
    """One database, with at most so many connections a process.

    Under ASGI each request has a thread of its own: connections come from a pool.
    """
    pool = {"min_size": 0, "max_size": most, "timeout": 10, "reset": close_again}
    # Taken by the server with the log-in. (Django's own `assume_role` waits for ever in a pool.)
    options: dict[str, Any] = {"options": f"-c role={DATABASE_ROLE}"} if DATABASE_ROLE else {}
    options |= {} if ENVIRONMENT == "test" else {"pool": pool}
    found: dict[str, Any] = env.db_url_config(secret(variable))
    return found | {"CONN_HEALTH_CHECKS": True, "OPTIONS": found.get("OPTIONS", {}) | options}


# Web and worker together stay below PostgreSQL's hundred.
DATABASES = {
    "default": database("DATABASE_URL", most=20),
    "keys": database("KEYS_DATABASE_URL", most=10),
}
# The same database over a second connection: what is written there stays when the caller rolls back.
DATABASES["aside"] = database("DATABASE_URL", most=4) | {"TEST": {"MIRROR": "default"}}
DATABASE_ROUTERS = ["applications.crypto.router.KeysRouter"]

# --- encryption -----------------------------------------------------------------------------------------
MASTER_KEY_PROVIDER = env.str("MASTER_KEY_PROVIDER", default="applications.crypto.providers.LocalMasterKeys")
MASTER_KEYS = parse_master_keys(secret("MASTER_KEYS"))
# Where `manage.py keys retire --remove` finds the rings, if they come from files.
KEY_FILES = {name: env.str(f"{name}_FILE", default="") for name in ("MASTER_KEYS", "INDEX_KEYS")}
# Within so many days a master key is replaced and destroyed; an erasure is final by then.
MASTER_KEY_DAYS = env.int("MASTER_KEY_DAYS", default=90)
INDEX_KEYS = parse_index_keys(secret("INDEX_KEYS"))
# With these the files are signed that people take elsewhere (GDPR Art. 20).
PORTABILITY_KEYS = parse_signing_keys(secret("PORTABILITY_KEYS"))

# --- staff ----------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "applications.StaffUser"
AUTHENTICATION_BACKENDS = ["applications.backends.RoleBackend"]
LOGIN_URL = "admin:login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    }
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
# A passkey belongs to a host name. In development people come by two; an address in numbers can have none.
_public = urlsplit(PUBLIC_URL)
PASSKEY_HOST = _public.hostname if PRODUCTION else "localhost"
PASSKEY_ORIGIN = PUBLIC_URL if PRODUCTION else f"http://localhost:{_public.port or 80}"

# --- language -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "lv"
LANGUAGES = [("lv", _("Latvian")), ("en", _("English")), ("ru", _("Russian"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["joinbaltic.formats"]
TIME_ZONE = "Europe/Riga"
USE_TZ = True

# --- security --------------------------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
# Plain http on one's own machine can carry neither Secure cookies nor HSTS; everywhere else they are on.
PREFIX = "__Host-" if PRODUCTION else ""
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = f"{PREFIX}staff", f"{PREFIX}csrf"
CONSUMER_COOKIE_NAME, CHALLENGE_COOKIE_NAME = f"{PREFIX}consumer", f"{PREFIX}challenge"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_AGE = None  # until the browser closes
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie of its own
SESSION_COOKIE_AGE = 8 * 3600  # applications.staff_session has the limits of a session of staff
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_HSTS_SECONDS = 2 * 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PRODUCTION else None
# Not no-referrer: under it browsers post forms with "Origin: null", which the CSRF check rightly refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "applications.views.csrf.csrf_failure"
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=1 if PRODUCTION else 0)

# --- static files ---------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static" if PRODUCTION else None  # elsewhere files are served from where they lie
STATICFILES_DIRS: list[Path] = []
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if PRODUCTION
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_ALLOW_ALL_ORIGINS = False  # our files are for our pages

# --- uploads --------------------------------------------------------------------------------------------
# What people give us touches no disk unencrypted: a body up to this size is held in memory, of a larger one
# the files are left out, and the page that asked for them says so (applications.uploads).
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
FILE_UPLOAD_MAX_MEMORY_SIZE = 14 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FILES = 20

# --- mail -----------------------------------------------------------------------------------------------
MAIL_DIR = VAR_DIR / "mail"
EMAIL_URL = secret("EMAIL_URL") if PRODUCTION else env.str("EMAIL_URL", default=f"filemail:///{MAIL_DIR}")
vars().update(env.email_url_config(EMAIL_URL))
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="JO1N Baltic financing <no-reply@jo1n.com>")
EMAIL_TIMEOUT = 10
# The mailbox to which requests of data subjects are written; without one a page of development plays it.
try:
    PRIVACY_MAILBOX = parse_mailbox_url(given("PRIVACY_MAILBOX_URL"), plain_allowed=not PRODUCTION)
except ValueError as error:
    raise ImproperlyConfigured(f"PRIVACY_MAILBOX_URL {error}") from None

# --- Redis and Celery: a doorbell and an engine; rows are the queue ---------------------------------------
REDIS_URL = secret("REDIS_URL")
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_WORKER_POOL = "threads"
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 180,
    "socket_timeout": 10,
    "socket_connect_timeout": 1,
    "socket_keepalive": True,
    "health_check_interval": 10,
}
CELERY_TIMEZONE = TIME_ZONE
CELERY_BEAT_SCHEDULE = {
    "daily": {"task": "applications.tasks.run_daily_jobs", "schedule": crontab(hour="3", minute="17")},
}
# --- backups ----------------------------------------------------------------------------------------------
BACKUP_DIR = env.str("BACKUP_DIR", default="")
KEYS_BACKUP_DIR = env.str("KEYS_BACKUP_DIR", default="")
# Copies that are older are deleted; the newest one never. Of the keys they are few: with one of them, and the
# master key of its time, whoever was erased since could be read again.
BACKUP_DAYS = env.int("BACKUP_DAYS", default=30)
KEYS_ARCHIVE_DAYS = env.int("KEYS_ARCHIVE_DAYS", default=7)
if not 1 <= KEYS_ARCHIVE_DAYS <= MASTER_KEY_DAYS or BACKUP_DAYS < 1:
    raise ImproperlyConfigured(
        "BACKUP_DAYS and KEYS_ARCHIVE_DAYS are at least 1, the latter at most MASTER_KEY_DAYS."
    )
# The folder of pg_dump and pg_restore; otherwise those on the PATH.
POSTGRES_PROGRAMS = env.str("POSTGRES_PROGRAMS", default="")
# Where the head of the audit's chain is published daily: a place that the database's ruler does not rule.
AUDIT_HEADS = env.str("AUDIT_HEADS", default=str(VAR_DIR / "audit-heads.log"))
# What a restored database has to be told, written as it happens: beside the backups, away from the databases.
ERASURE_LEDGER = env.str("ERASURE_LEDGER", default=str(VAR_DIR / "ledger" / "erasures.jsonl"))
SWEEP_SECONDS = env.float("SWEEP_SECONDS", default=2.0)

# --- lenders --------------------------------------------------------------------------------------------
# In development the sandbox lenders, and others that are named, answer on loopback; everywhere else a
# loopback address is refused.
SANDBOX_URL = env.str("SANDBOX_URL", default="") if not PRODUCTION else ""
SANDBOX_TLS_URL = env.str("SANDBOX_TLS_URL", default="") if not PRODUCTION else ""
SANDBOX_SECRET = env.str("SANDBOX_SECRET", default="") if not PRODUCTION else ""
LOCAL_LENDERS = env.list("LOCAL_LENDERS", default=[]) if not PRODUCTION else []
if not all(re.fullmatch(r"(127\.0\.0\.1|localhost):[0-9]+", place) for place in LOCAL_LENDERS):
    raise ImproperlyConfigured("LOCAL_LENDERS are addresses as 127.0.0.1:9000, comma separated.")

# --- REST framework ---------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.0",
    "TITLE": "JO1N Baltic financing: callbacks of lenders",
    "VERSION": "1.0.0",
    "DESCRIPTION": (
        "A lender tells us its answer unasked. Messages are signed as Standard Webhooks describe; fields and "
        "statuses that are not known are ignored; the same message twice counts once."
    ),
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "POSTPROCESSING_HOOKS": ["lenders.callback_docs.complete"],
}

# --- logs -----------------------------------------------------------------------------------------------
LOGGING_CONFIG = None
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
logging_config(level=LOG_LEVEL)
