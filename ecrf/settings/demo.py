"""A study to look at, on this machine only. Never for real data: its passwords are in the README."""

from django.core.management.utils import get_random_secret_key

from ecrf.settings.base import *
from ecrf.settings.base import MIDDLEWARE, VAR_DIR, env
from ecrf.settings.database import embedded, from_url
from ecrf.settings.secret import kept_secret

DEMO = True
SECOND_FACTOR_ROLES = []  # its accounts are shared, and their password is in the README
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]

VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
SECRET_KEY = kept_secret(VAR_DIR / "secret_key", make=get_random_secret_key)

DATABASE_URL = env.str("DATABASE_URL", default="")
DATABASES = {"default": from_url(DATABASE_URL) if DATABASE_URL else embedded(VAR_DIR / "ecrf.sqlite3")}

MIDDLEWARE = ["ecrf.middleware.LoopbackOnly", *MIDDLEWARE]

# Served straight from the packages, so that nothing has to be collected first.
STATIC_ROOT = VAR_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
