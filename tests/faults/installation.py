"""Settings of an installation that the tests start, disturb and kill: production's database and log.

The environment names the database (DATABASE_URL). Only what a test cannot wait for is cheaper than in
production: hashing of passwords, and the limits that count requests.
"""

from typing import Any

from ecrf.settings.base import *  # noqa: F403
from ecrf.settings.base import INSTALLED_APPS, REST_FRAMEWORK, env
from ecrf.settings.database import from_url
from tests.faults.no_migrations import NoMigrations

SECRET_KEY = env.str("SECRET_KEY", default="known-to-everybody-and-good-for-tests-only-0123456789")
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
INSTALLED_APPS = [*INSTALLED_APPS, "tests.extra_form", *env.list("MORE_APPS", default=[])]
ROOT_URLCONF = env.str("URLS", default="ecrf.urls")

DATABASES: dict[str, Any] = {"default": from_url(env.str("DATABASE_URL"))}
if wait := env.int("LOCK_WAIT_SECONDS", default=0):
    DATABASES["default"]["OPTIONS"]["timeout"] = wait

REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "1000000/min"),
}
WHITENOISE_USE_FINDERS = True

# Should anything ever mail an error, a test finds the mail here.
ADMINS = [("Somebody", "somebody@example.org")]
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = env.str("MAILS", default="")

if env.bool("WITHOUT_MIGRATIONS", default=False):
    MIGRATION_MODULES = NoMigrations()
