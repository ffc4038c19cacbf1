"""Settings of Numberdesk: one file, and everything that varies comes from the environment.

Without `DATABASE_URL` this is the local installation that `make run` serves: a private Postgres
and broker under `DATA_DIR`, secrets made on first use, plain http on 127.0.0.1. With it, this is a
production installation and nothing secret has a default. The README lists every variable.
"""

import os
from datetime import timedelta
from pathlib import Path

import structlog
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from psycopg.conninfo import conninfo_to_dict

from portal.env import env_bool, env_int, env_list, env_pairs, env_secret, env_socket, env_str
from portal.local import layout
from portal.logs import one_line_for_a_refusal, redact

BASE_DIR = Path(__file__).resolve().parent.parent

# The local installation. `make run` sets LOCAL itself, so that its services can be replaced one by one.
DATA_DIR = Path(os.environ.get("DATA_DIR", BASE_DIR / ".data")).absolute()
LOCAL = env_bool("LOCAL", default="DATABASE_URL" not in os.environ)
_local = layout.Layout(DATA_DIR) if LOCAL else None

# The demo: Twilio is the sandbox and the demo sign-ins exist. Never together with a real account.
DEMO = LOCAL and env_bool("DEMO", default=False)


def _secret(name: str) -> str:
    return env_secret(name, _local.secret(name) if _local else None)


# Core ------------------------------------------------------------------------------------------
SECRET_KEY = _secret("SECRET_KEY")
DEBUG = env_bool("DEBUG")
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]" if LOCAL else "")
# Where staff and Twilio reach this installation; webhook signatures are checked against it.
PUBLIC_URL = env_str("PUBLIC_URL", "http://127.0.0.1:8000" if LOCAL else None).rstrip("/")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
if not (LOCAL or PUBLIC_URL.startswith("https://")):
    raise ImproperlyConfigured("PUBLIC_URL must start with https:// outside the local installation.")

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
APPEND_SLASH = False

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "inventory.apps.InventoryConfig",
    "compliance.apps.ComplianceConfig",
    "porting.apps.PortingConfig",
    "portal.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_filters",
    "django_htmx",
    "template_partials",
    "django_structlog",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.middleware.forms_only",
    "portal.middleware.end_session",
    "portal.middleware.sign_in_again",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.middleware.SecondFactor",
    "portal.middleware.RequestLog",
]

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
                "portal.shell.shell",
            ],
            "builtins": ["portal.templatetags.portal_ui", "template_partials.templatetags.partials"],
        },
    }
]
FORM_RENDERER = "portal.forms.PortalFormRenderer"

# Data ------------------------------------------------------------------------------------------
_database = conninfo_to_dict(env_str("DATABASE_URL", _local.database_url if _local else None))
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.pop("dbname", ""),
        "USER": _database.pop("user", ""),
        "PASSWORD": _database.pop("password", ""),
        "HOST": _database.pop("host", ""),
        "PORT": _database.pop("port", ""),
        "CONN_MAX_AGE": env_int("DATABASE_CONN_MAX_AGE", 60),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"connect_timeout": 5, **_database},
        "TEST": {"NAME": env_str("TEST_DATABASE_NAME", "test_numberdesk")},
        # A transaction is opened where work is done in one: never around a call to Twilio.
        "ATOMIC_REQUESTS": False,
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHE_URL = env_str("CACHE_URL", _local.cache_url if _local else None)
CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

# Keys that encrypt credentials and personal data, newest first; `manage.py rotate_keys` re-encrypts.
FIELD_ENCRYPTION_KEYS = [key.strip() for key in _secret("FIELD_ENCRYPTION_KEYS").split(",") if key.strip()]

# Key of the fingerprints by which personal values are compared without being read. It never changes.
DIGEST_KEY = _secret("DIGEST_KEY")

# Twilio ----------------------------------------------------------------------------------------
# Every Twilio host is reached below this URL when it is set: the sandbox. Empty means Twilio itself.
TWILIO_BASE_URL = env_str("TWILIO_BASE_URL", "").rstrip("/")
TWILIO_TIMEOUT = env_int("TWILIO_TIMEOUT", 10, minimum=1)  # seconds, per attempt
TWILIO_UPLOAD_TIMEOUT = env_int("TWILIO_UPLOAD_TIMEOUT", 60, minimum=1)  # seconds, for a request with a file
# Which version of hosted numbers is spoken: v2, or the preview of pages 8 and 9 that it replaces.
HOSTING_API = env_str("HOSTING_API", "v2")
if HOSTING_API not in ("v2", "preview"):
    raise ImproperlyConfigured("HOSTING_API is v2 or preview.")
TWILIO_REQUESTS_PER_SECOND = env_int("TWILIO_REQUESTS_PER_SECOND", 30, minimum=1)  # all workers, per account

# Shared keys that webhooks are signed with instead of the auth token, as id=secret, separated by commas.
TWILIO_WEBHOOK_KEYS = env_pairs("TWILIO_WEBHOOK_KEYS")
DELIVERY_DAYS = env_int("DELIVERY_DAYS", 90, minimum=1)  # how long the webhook inbox remembers

# How old a mirrored resource may grow before beat reads it again.
SYNC_INTERVALS = {
    "accounts": timedelta(minutes=env_int("SYNC_MINUTES_ACCOUNTS", 60, minimum=1)),
    "numbers": timedelta(minutes=env_int("SYNC_MINUTES_NUMBERS", 15, minimum=1)),
    "addresses": timedelta(minutes=env_int("SYNC_MINUTES_ADDRESSES", 60, minimum=1)),
    "applications": timedelta(minutes=env_int("SYNC_MINUTES_APPLICATIONS", 60, minimum=1)),
    "prices": timedelta(minutes=env_int("SYNC_MINUTES_PRICES", 24 * 60, minimum=1)),
    "usage": timedelta(minutes=env_int("SYNC_MINUTES_USAGE", 12 * 60, minimum=1)),
    "regulations": timedelta(minutes=env_int("SYNC_MINUTES_REGULATIONS", 6 * 60, minimum=1)),
    "end_users": timedelta(minutes=env_int("SYNC_MINUTES_END_USERS", 30, minimum=1)),
    "documents": timedelta(minutes=env_int("SYNC_MINUTES_DOCUMENTS", 30, minimum=1)),
    "bundles": timedelta(minutes=env_int("SYNC_MINUTES_BUNDLES", 10, minimum=1)),
    "port_ins": timedelta(minutes=env_int("SYNC_MINUTES_PORT_INS", 10, minimum=1)),
    "hosted_orders": timedelta(minutes=env_int("SYNC_MINUTES_HOSTED_ORDERS", 10, minimum=1)),
    "authorizations": timedelta(minutes=env_int("SYNC_MINUTES_AUTHORIZATIONS", 10, minimum=1)),
}
# What a parent account reads for its subaccounts as well.
SYNC_BY_PARENTS = frozenset({"accounts", "regulations"})
# When a page says "stale" (UX-40).
STALE_AFTER = {
    "numbers": timedelta(hours=1),
    "accounts": timedelta(hours=4),
    "addresses": timedelta(hours=4),
    "applications": timedelta(hours=4),
    "prices": timedelta(hours=48),
    "usage": timedelta(hours=48),
    "regulations": timedelta(hours=24),
    "end_users": timedelta(hours=1),
    "documents": timedelta(hours=1),
    "bundles": timedelta(minutes=30),
    "port_ins": timedelta(minutes=30),
    "hosted_orders": timedelta(minutes=30),
    "authorizations": timedelta(minutes=30),
}

# Reviews ---------------------------------------------------------------------------------------
# Twilio reviews a bundle within so many business hours, and takes complaints after so many hours of any
# kind (pages 29 and 41). It does not say which hours are business hours, so these are what we count.
REVIEW_EXPECTED_HOURS = env_int("REVIEW_EXPECTED_HOURS", 24, minimum=1)
REVIEW_ESCALATION_HOURS = env_int("REVIEW_ESCALATION_HOURS", 72, minimum=1)
REVIEW_OFFICE_OPENS = env_int("REVIEW_OFFICE_OPENS", 9, minimum=0)
REVIEW_OFFICE_CLOSES = env_int("REVIEW_OFFICE_CLOSES", 17, minimum=1)
REVIEW_OFFICE_ZONE = env_str("REVIEW_OFFICE_ZONE", "UTC")

# Celery ----------------------------------------------------------------------------------------
# Items of one batch that a worker carries out at the same time; Twilio's rate limit is kept besides.
BATCH_ITEMS_AT_ONCE = env_int("BATCH_ITEMS_AT_ONCE", 8, minimum=1)

CELERY_BROKER_URL = env_str("BROKER_URL", _local.broker_url if _local else None)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 25 * 60
CELERY_TASK_TIME_LIMIT = 26 * 60
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False  # a page never waits for a broker that is down; beat sweeps what was queued
# Redis hands an unacknowledged task to another worker after this long; it must outlast the longest task.
CELERY_BROKER_TRANSPORT_OPTIONS = (
    {
        "visibility_timeout": 30 * 60,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        "max_retries": 0,  # of connecting to send a task, six seconds long otherwise
    }
    if CELERY_BROKER_URL.startswith("redis")
    else {}
)

# People ----------------------------------------------------------------------------------------
AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
# An administrator creates the people. Nobody signs up, and nobody changes their own address.
ACCOUNT_ADAPTER = "portal.people.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # noqa: S105
ACCOUNT_EMAIL_SUBJECT_PREFIX = "Numberdesk: "
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 15 * 60  # how long after a sign-in delicate changes ask for no password
ACCOUNT_FORMS = {
    "login": "portal.people.forms.SignInForm",
    "reauthenticate": "portal.people.forms.ConfirmPasswordForm",
    "change_password": "portal.people.forms.PasswordChangeForm",
    "reset_password": "portal.people.forms.PasswordLinkForm",
    "reset_password_from_key": "portal.people.forms.PasswordChooseForm",
}
# Failed tries by address of the network and by the address typed in; the words promise five minutes.
ACCOUNT_RATE_LIMITS = {"login_failed": "10/m/ip,5/5m/key", "login": "30/m/ip"}
MFA_ADAPTER = "portal.people.adapters.SecondFactorAdapter"
MFA_FORMS = {
    "authenticate": "portal.people.forms.CodeForm",
    "reauthenticate": "portal.people.forms.ConfirmCodeForm",
    "activate_totp": "portal.people.forms.SecondFactorForm",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = "Numberdesk"
MFA_TOTP_TOLERANCE = 1  # a code that ran out while it was typed, or from a phone whose clock is a little off
MFA_ALLOW_UNVERIFIED_EMAIL = True  # an administrator typed the address in; there is nothing to verify
# Roles that may not work without a second factor; the demo asks nobody. Superusers count as admin.
MFA_REQUIRED_ROLES = env_list("MFA_REQUIRED_ROLES", "" if LOCAL else "admin,manager")
# From the sign-in; pages warn two minutes before, and a person may stay signed in for as long again.
SESSION_COOKIE_AGE = env_int("SESSION_HOURS", 10, minimum=1) * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_SAVE_EVERY_REQUEST = False

EMAIL_BACKEND = env_str(
    "EMAIL_BACKEND",
    "django.core.mail.backends.console.EmailBackend"
    if LOCAL
    else "django.core.mail.backends.smtp.EmailBackend",
)
EMAIL_HOST = env_str("EMAIL_HOST", "localhost")
EMAIL_PORT = env_int("EMAIL_PORT", 25)
EMAIL_HOST_USER = env_str("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env_secret("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env_bool("EMAIL_USE_TLS")
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env_str("DEFAULT_FROM_EMAIL", "numberdesk@localhost")

# Security --------------------------------------------------------------------------------------
# A cookie named __Host- cannot be set by another site of the same domain.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not LOCAL
SESSION_COOKIE_NAME = "numberdesk_session" if LOCAL else "__Host-numberdesk_session"
CSRF_COOKIE_NAME = "numberdesk_csrf" if LOCAL else "__Host-numberdesk_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.error_pages.csrf_failure"
SECURE_SSL_REDIRECT = env_bool("SECURE_SSL_REDIRECT", default=not LOCAL)
# Twilio would follow a redirect without the body; the signature says which scheme it called.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^webhooks/"]
SECURE_HSTS_SECONDS = env_int("SECURE_HSTS_SECONDS", 0 if LOCAL else 365 * 24 * 3600)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
# Behind a proxy that ends TLS: it says so, and it alone knows where a request came from. Without that,
# all failed sign-ins would count as one network's.
if env_bool("BEHIND_TLS_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXIES", 1, minimum=1)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Files are held in memory, up to what the largest form takes: on a disk they would lie in clear.
FILE_UPLOAD_HANDLERS = ["portal.uploads.handlers.MemoryOnly"]
DATA_UPLOAD_MAX_NUMBER_FILES = 4

# Uploaded files -----------------------------------------------------------------------------------
# Contents lie encrypted here; every process needs the same folder, and no web server may serve it.
FILES_DIR = Path(os.environ.get("FILES_DIR", DATA_DIR / "files" if LOCAL else BASE_DIR / "files")).absolute()
# Where clamd listens: every upload is scanned, and refused when it does not answer. Unset: none is scanned.
CLAMD = env_socket("CLAMD_URL")
# Days after what it was needed for ended until our copy of a file is deleted; Twilio keeps its own.
FILE_RETENTION_DAYS = env_int("FILE_RETENTION_DAYS", 90)

# Static files ----------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(os.environ.get("STATIC_ROOT", DATA_DIR / "static" if LOCAL else BASE_DIR / "staticfiles"))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Language and time -----------------------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"

# Logs ------------------------------------------------------------------------------------------
# One JSON object a line in production, readable lines locally. Events and ids only: no personal data.
_shared_processors: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.stdlib.ExtraAdder(),
    redact,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.format_exc_info,
]
structlog.configure(
    processors=[
        structlog.stdlib.filter_by_level,
        *_shared_processors,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            # Tracebacks are plain: the values of local variables are nobody's business.
            "processor": structlog.dev.ConsoleRenderer(
                colors=False, exception_formatter=structlog.dev.plain_traceback
            )
            if LOCAL
            else structlog.processors.JSONRenderer(),
            "foreign_pre_chain": _shared_processors,
        }
    },
    "filters": {
        "refusals": {"()": "django.utils.log.CallbackFilter", "callback": one_line_for_a_refusal},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": env_str("LOG_LEVEL", "INFO")},
    "loggers": {
        # It writes request URLs with their query, and phone numbers stand in them.
        "twilio.http_client": {"level": "CRITICAL"},
        "urllib3": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
        "django.request": {"filters": ["refusals"]},
    },
}
DJANGO_STRUCTLOG_CELERY_ENABLED = True
DJANGO_STRUCTLOG_IP_LOGGING_ENABLED = False
