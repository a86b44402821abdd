"""Every value comes from the environment, with a default that serves a laptop and fails loudly in production."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from celery.schedules import schedule
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from psycopg2.extensions import parse_dsn

BASE_DIR = Path(__file__).resolve().parent.parent


def env(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str) -> bool:
    return env(name).lower() in {"1", "true", "yes", "on"}


DEBUG = flag("DEBUG")
DATA_DIR = Path(env("REFAMP_DATA", str(Path(env("XDG_DATA_HOME", "~/.local/share")).expanduser() / "refamp")))
SITE_URL = env("SITE_URL", "http://localhost:8000").rstrip("/")
SECURE_SITE = SITE_URL.startswith("https://")
SECRET_KEY = env("SECRET_KEY")
if not SECRET_KEY:
    raise ImproperlyConfigured("SECRET_KEY is not set. bin/up and bin/manage make one and keep it in the data folder.")
# Earlier keys, comma-separated: what they signed or encrypted (second factors) is still read.
SECRET_KEY_FALLBACKS = [key for key in env("SECRET_KEY_FALLBACKS").split(",") if key]
ALLOWED_HOSTS = [host for host in env("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",") if host]
if urlsplit(SITE_URL).hostname not in {*ALLOWED_HOSTS, None}:
    ALLOWED_HOSTS.append(str(urlsplit(SITE_URL).hostname))
CSRF_TRUSTED_ORIGINS = [SITE_URL]
# How many proxies stand in front and may be believed about the caller's address; 0 believes none.
TRUSTED_PROXIES = int(env("TRUSTED_PROXIES", "0"))

INSTALLED_APPS = [
    "refamp.base",
    "refamp.audit",
    "refamp.jobs",
    "refamp.territory",
    "refamp.accounts",
    "axes",
    "units",
    "refamp.lobby",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "pgtrigger",
    "rest_framework",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "refamp.base.middleware.RequestIdMiddleware",
    "refamp.base.middleware.PrivatePagesMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "refamp.base.middleware.BodySizeMiddleware",
    "refamp.base.middleware.NoNulMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "refamp.accounts.middleware.RequireSecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "refamp.urls"
WSGI_APPLICATION = "refamp.wsgi.application"
ASGI_APPLICATION = "refamp.asgi.application"

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
                "csp.context_processors.nonce",
                "refamp.lobby.context.shell",
            ],
            "builtins": ["refamp.base.templatetags.refamp", "django.templatetags.i18n", "django.templatetags.static"],
        },
    },
]


def database(url: str) -> dict[str, Any]:
    """Read a libpq address; a socket folder may stand as ?host=/folder."""
    dsn = parse_dsn(url)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": dsn.pop("dbname", ""),
        "USER": dsn.pop("user", ""),
        "PASSWORD": dsn.pop("password", ""),
        "HOST": dsn.pop("host", ""),
        "PORT": dsn.pop("port", ""),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        # Transaction pooling (PgBouncer) breaks cursors that outlive a statement.
        "DISABLE_SERVER_SIDE_CURSORS": flag("DATABASE_POOLED"),
        # A server that does not answer is known to be away within seconds.
        "OPTIONS": {"connect_timeout": 5} | dsn,
    }


DATABASE_URL = env("DATABASE_URL")
if not DATABASE_URL:
    raise ImproperlyConfigured("DATABASE_URL is not set. bin/up and bin/manage start a database and set it.")
DATABASES = {
    "default": database(DATABASE_URL),
    # A second connection to the same database: leases and progress must be seen while the work's transaction is open.
    "jobs": database(DATABASE_URL) | {"TEST": {"MIRROR": "default"}},
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL", "redis://127.0.0.1:6379/0")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL.replace("redis+socket://", "unix://"),
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://")
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 15 * 60
CELERY_TASK_SOFT_TIME_LIMIT = 14 * 60
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 20 * 60, "socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "Europe/Lisbon"
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "refamp.jobs.tasks.sweep", "schedule": schedule(timedelta(seconds=5)), "options": {"expires": 5}},
    "canary": {
        "task": "refamp.jobs.tasks.canary",
        "schedule": schedule(timedelta(seconds=15)),
        "options": {"expires": 15},
    },
    "mail": {
        "task": "refamp.jobs.tasks.send_mail",
        "schedule": schedule(timedelta(seconds=30)),
        "options": {"expires": 30},
    },
    "forget": {"task": "refamp.jobs.tasks.forget", "schedule": schedule(timedelta(hours=1))},
    # Often, so that a scheduler that was down in the morning is late by minutes; again on a day it writes to nobody.
    "digests": {
        "task": "refamp.accounts.tasks.send_digests",
        "schedule": schedule(timedelta(minutes=20)),
        "options": {"expires": 600},
    },
    "seal": {
        "task": "refamp.audit.tasks.seal",
        "schedule": schedule(timedelta(seconds=30)),
        "options": {"expires": 30},
    },
    "phases": {
        "task": "axes.tasks.turn_phases",
        "schedule": schedule(timedelta(minutes=5)),
        "options": {"expires": 300},
    },
    "erase_contacts": {"task": "axes.tasks.erase_contacts", "schedule": schedule(timedelta(hours=1))},
}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "refamp.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation that was opened has already proved the address
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
# Failed logins and wrong codes are counted per account: an office of seventeen works behind one address. What is
# counted per address is only there to slow down somebody who tries many accounts.
ACCOUNT_RATE_LIMITS = {
    "login": "300/m/ip",
    "login_failed": "5/15m/key",
    "reset_password": "60/m/ip,5/h/key",
    "reset_password_from_key": "60/m/ip",
    "reauthenticate": "10/m/user",
    "accept_invitation": "60/m/ip",
}
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES
MFA_ADAPTER = "refamp.accounts.adapter.MFAAdapter"
MFA_FORMS = {
    "add_webauthn": "refamp.accounts.forms.AddPasskeyForm",
    "edit_webauthn": "refamp.accounts.forms.EditPasskeyForm",
}
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "REF-AMP"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not SECURE_SITE

LANGUAGE_CODE = "pt-pt"
LANGUAGES = [("pt-pt", _("Portuguese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "refamp" / "locale"]
TIME_ZONE = "Europe/Lisbon"
USE_TZ = True
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / ".static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    # Private: nothing below it has an address; what may be downloaded goes through a view, as an attachment.
    "default": {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": str(DATA_DIR / "files")},
    },
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "refamp.base.storage.StaticStorage"
    },
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
REQUEST_MAX_BYTES = 60 * 1024 * 1024
UPLOAD_MAX_BYTES = 50 * 1024 * 1024
UPLOAD_MAX_UNPACKED_BYTES = 400 * 1024 * 1024

EMAIL_BACKEND = "refamp.jobs.mail.EmlBackend"
EMAIL_FILE_PATH = DATA_DIR / "mail"
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env("DEFAULT_FROM_EMAIL", "REF-AMP <refamp@localhost>")
if env("EMAIL_URL"):
    mail = urlsplit(env("EMAIL_URL"))
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST, EMAIL_PORT = mail.hostname or "localhost", mail.port or 587
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = mail.username or "", mail.password or ""
    EMAIL_USE_TLS, EMAIL_USE_SSL = mail.scheme == "smtp+tls", mail.scheme == "smtps"

SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 60 * 60
CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = SECURE_SITE
if SECURE_SITE:
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-sessionid", "__Host-csrftoken"
    if TRUSTED_PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "refamp.accounts.authentication.TokenAuthentication",
        "refamp.accounts.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["refamp.base.api.DeclaredPermission"],
    "DEFAULT_RENDERER_CLASSES": ["refamp.base.api.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["refamp.base.api.JSONParser", "rest_framework.parsers.MultiPartParser"],
    "DEFAULT_PAGINATION_CLASS": "refamp.base.api.KeysetPagination",
    "DEFAULT_FILTER_BACKENDS": ["refamp.base.api.DeclaredFilterBackend"],
    "DEFAULT_SCHEMA_CLASS": "refamp.base.api.schema.Schema",
    "DEFAULT_THROTTLE_CLASSES": ["refamp.base.api.CallerThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        "caller": env("API_RATE", "1200/min"),
        "anonymous": env("API_RATE_ANONYMOUS", "600/min"),
    },
    "EXCEPTION_HANDLER": "refamp.base.api.problem",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "refamp.base.api.Negotiation",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "NUM_PROXIES": TRUSTED_PROXIES,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "REF-AMP",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "DESCRIPTION": "Social action in the Porto Metropolitan Area: referential, consultations, governance and plans.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    # One name per set of words, wherever it is used.
    "ENUM_NAME_OVERRIDES": {
        "ActionStatusEnum": "units.choices.ActionStatus",
        "ConsultationStateEnum": "axes.choices.ConsultationState",
        "FrameworkStateEnum": "axes.choices.FrameworkState",
        "GroupEnum": "axes.choices.Group",
        "ImportStateEnum": "refamp.jobs.choices.UploadState",
        "LegalEffectEnum": "units.choices.LegalEffect",
        "LevelEnum": "units.choices.Level",
        "LocalPlanKindEnum": "axes.choices.LocalPlanKind",
        "MissingEnum": [("missing", "missing")],
        "PartnerKindEnum": "units.choices.PartnerKind",
        "ScaleEnum": "axes.choices.Scale",
        "UnitKindEnum": "units.choices.UnitKind",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"}},
    "filters": {
        "request_id": {"()": "refamp.base.context.RequestIdFilter"},
        "secrets": {"()": "refamp.base.context.SecretsFilter"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id", "secrets"]}
    },
    "root": {"handlers": ["console"], "level": env("LOG_LEVEL", "INFO")},
}
SILENCED_SYSTEM_CHECKS: list[str] = []
