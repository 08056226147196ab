"""What every kind of installation shares. Nothing secret, nothing about one machine."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy

env = environ.Env()

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env.str("ECRF_VAR", default=str(BASE_DIR / "var")))
"""Where an installation keeps what it makes itself: the demo database and the demo's secret key."""

DEBUG = False
DEMO = False

# ---------------------------------------------------------------- parts
INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",  # the default configuration would put its own admin site in place of ours
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    "ecrf.apps.StudyAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "ecrf",  # before simple_history: its commands that rewrite history are refused by ours
    "simple_history",
    "rest_framework",
    "knox",
    "django_filters",
    "drf_spectacular",
    "axes",
    "csp",
    "trials",
    "patients",
]

MIDDLEWARE = [
    "ecrf.middleware.RequestIdentity",
    "django.middleware.security.SecurityMiddleware",
    "ecrf.csp.ContentPolicy",  # before what answers by itself: files, bodies that are too large
    "ecrf.csp.FurtherHeaders",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ecrf.middleware.BoundedBody",
    "ecrf.middleware.NoStore",
    "ecrf.steady.DiskReserve",
    "ecrf.steady.SteadySession",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "ecrf.middleware.LiveSession",
    "ecrf.middleware.OwnSecretsFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "ecrf.urls"
WSGI_APPLICATION = "ecrf.wsgi.application"
ASGI_APPLICATION = "ecrf.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# DATABASES is set by each kind of installation. ATOMIC_REQUESTS stays off in all of them: an action owns its
# transaction, so that a refused request can still leave its audit event behind.

# ---------------------------------------------------------------- who
AUTH_USER_MODEL = "trials.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "trials.authentication.RoleBackend"]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

AUTH_PASSWORD_VALIDATORS = [  # what is asked, and what on purpose is not: trials/passwords.py
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "full_name")},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "trials.passwords.NotMadeOfWordsOfTheStudy"},
    {"NAME": "trials.passwords.NeverBreached"},
]

BREACHED_PASSWORDS_FILE = env.str("BREACHED_PASSWORDS_FILE", default="")
"""A list of breached passwords as Have I Been Pwned gives it: `SHA-1:count`, sorted by hash; empty: none."""

TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
"""How many reverse proxies of our own stand in front. 0: forwarded headers are not believed."""

AXES_FAILURE_LIMIT = env.int("LOGIN_FAILURE_LIMIT", default=10)
AXES_COOLOFF_TIME = timedelta(minutes=env.int("LOGIN_LOCKOUT_MINUTES", default=15))
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]  # in this order: ecrf/lockout.py
AXES_CLIENT_IP_CALLABLE = "ecrf.client_address.client_address"
AXES_HANDLER = "ecrf.lockout.Attempts"
AXES_USERNAME_CALLABLE = "ecrf.lockout.counted_name"
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # one event for each lockout, however long the flood
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True  # logins are audit events; the attempts table stays small
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

SECOND_FACTOR_ROLES: list[str] = env.list("SECOND_FACTOR_ROLES", default=[])
"""Roles that reach nothing but the page to set up a second factor until they have one."""

SECOND_FACTOR_KEY = env.str("SECOND_FACTOR_KEY", default="")
"""Encrypts the secrets of second factors; empty: SECRET_KEY does."""

# ---------------------------------------------------------------- session and cookies
SESSION_COOKIE_AGE = 60 * env.int("SESSION_IDLE_MINUTES", default=30)
SESSION_SAVE_EVERY_REQUEST = True  # so that the age above counts idle time
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_ABSOLUTE_AGE = timedelta(hours=env.int("SESSION_ABSOLUTE_HOURS", default=12))
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"

# ---------------------------------------------------------------- what a browser may do
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

CONTENT_SECURITY_POLICY: dict[str, Any] = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    },
}
DATA_POLICY = {
    "default-src": ["'none'"],
    "base-uri": ["'none'"],
    "form-action": ["'none'"],
    "frame-ancestors": ["'none'"],
}
"""In place of all of it for replies that are no page: a browser that shows one loads and runs nothing."""

PERMISSIONS_POLICY = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"

ADMIN_SCRIPT_SOURCES = ["'unsafe-eval'"]
"""Added to script-src on admin pages only: the admin's Alpine.js evaluates its attributes."""

# ---------------------------------------------------------------- bounds
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
FILE_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
DATA_UPLOAD_MAX_NUMBER_FILES = 10

BODY_LIMIT_BYTES = DATA_UPLOAD_MAX_MEMORY_SIZE
BODY_LIMITS_BYTES_BY_PREFIX = {"/api/v1/imports/": 10 * 1024 * 1024}

DISK_RESERVE_MIB = env.int("DISK_RESERVE_MIB", default=64)
"""With less room than this on the disk of an SQLite file only logging in is written; 0: never looked at."""
DISK_RESERVE_LEFT_TO = ("/admin/login/", "/admin/logout/", "/api/v1/auth/")

POSTGRESQL_PROGRAMS = env.str("POSTGRESQL_PROGRAMS", default="")
"""The folder of pg_dump and pg_restore, for `backup` and `restore`; empty: where the system keeps them."""

# ---------------------------------------------------------------- audit
SIMPLE_HISTORY_ENABLED = True
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
SIMPLE_HISTORY_REVERT_DISABLED = True

# ---------------------------------------------------------------- language and time
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
FORMAT_MODULE_PATH = ["ecrf.formats"]
TIME_ZONE = "Asia/Shanghai"  # shown; stored in UTC

# ---------------------------------------------------------------- static files
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_ALLOW_ALL_ORIGINS = False

# ---------------------------------------------------------------- REST
REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ecrf.api.authentication.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ecrf.api.parsers.StrictJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "ecrf.api.schema.Schema",
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "ecrf.api.pagination.KeysetPagination",
    "DEFAULT_METADATA_CLASS": None,  # OPTIONS would describe fields without asking for rights
    "URL_FORMAT_OVERRIDE": None,  # ?format= is an unknown parameter like any other
    "EXCEPTION_HANDLER": "ecrf.api.errors.handler",
    "DEFAULT_THROTTLE_CLASSES": [
        "rest_framework.throttling.AnonRateThrottle",
        "rest_framework.throttling.UserRateThrottle",
        "rest_framework.throttling.ScopedRateThrottle",
    ],
    "DEFAULT_THROTTLE_RATES": {
        "anon": env.str("THROTTLE_ANON", default="60/min"),
        "user": env.str("THROTTLE_USER", default="6000/hour"),
        "token": env.str("THROTTLE_TOKEN", default="10/min"),
        "login": env.str("THROTTLE_LOGIN", default="60/min"),
    },
    "NUM_PROXIES": TRUSTED_PROXIES,
    "STRICT_JSON": True,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}

KNOX_TOKEN_MODEL = "trials.AccessToken"  # noqa: S105
REST_KNOX = {
    "AUTH_HEADER_PREFIX": "Bearer",
    "TOKEN_TTL": timedelta(hours=env.int("TOKEN_HOURS", default=10)),
    "TOKEN_LIMIT_PER_USER": 20,
    "AUTO_REFRESH": False,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "icc-ecrf",
    "DESCRIPTION": "Case report forms, subjects and protocol of a randomized oncology trial.",
    "VERSION": "v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "COMPONENT_SPLIT_PATCH": False,
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": ["ecrf.api.schema.close_objects"],
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "icc-ecrf",
    "SITE_HEADER": "icc-ecrf",
    "SHOW_LANGUAGES": True,
    "ACCOUNT": {
        "navigation": [{"title": gettext_lazy("Your account"), "link": reverse_lazy("admin:account")}]
    },
}

# ---------------------------------------------------------------- log
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "ecrf.log.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": env.str("LOG_LEVEL", default="INFO")},
    "loggers": {
        # Django's own handlers would mail error pages; its query log would show values.
        "django": {"handlers": ["stderr"], "level": "INFO", "propagate": False},
        "django.db.backends": {"handlers": [], "level": "WARNING", "propagate": True},
        "django.server": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        "axes": {"handlers": ["stderr"], "level": "ERROR", "propagate": False},
    },
}
