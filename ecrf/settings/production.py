"""A real installation. What it cannot know comes from the environment; without it nothing starts.

Required: SECRET_KEY (50 characters or more), ALLOWED_HOSTS (comma separated), DATABASE_URL.
"""

from django.core.exceptions import ImproperlyConfigured

from ecrf.settings.base import *
from ecrf.settings.base import CONTENT_SECURITY_POLICY, SECOND_FACTOR_ROLES, TRUSTED_PROXIES, env
from ecrf.settings.database import from_url

DEMO = False


def required(name: str, what: str) -> str:
    """The environment variable `name`; ImproperlyConfigured, saying `what` it must hold, when it is empty."""
    value = env.str(name, default="").strip()
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set: {what}. (The demo needs none of this: python manage.py demo)"
        )
    return value


SECRET_KEY = required("SECRET_KEY", "a random text of 50 characters or more that stays secret")
ALLOWED_HOSTS = [
    host.strip()
    for host in required("ALLOWED_HOSTS", "the host names of this installation, comma separated").split(",")
]
if "*" in ALLOWED_HOSTS:
    raise ImproperlyConfigured("ALLOWED_HOSTS must name hosts: * would accept any.")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

try:
    DATABASES = {
        "default": from_url(required("DATABASE_URL", "for example postgresql://user:password@host/name"))
    }
except ValueError as error:
    raise ImproperlyConfigured(str(error)) from None

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]  # asked by the machine itself, without TLS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
if TRUSTED_PROXIES:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

SESSION_COOKIE_SECURE = True
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_SECURE = True
CSRF_COOKIE_NAME = "__Host-csrf"
LANGUAGE_COOKIE_SECURE = True
LANGUAGE_COOKIE_NAME = "__Host-language"

SECOND_FACTOR_ROLES = sorted({"ADMINISTRATOR", "RANDOMIZATION_KEEPER", *SECOND_FACTOR_ROLES})
"""Who could give every right, or knows the next allocations; more roles by the environment, never fewer."""

CONTENT_SECURITY_POLICY["DIRECTIVES"]["upgrade-insecure-requests"] = True

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
