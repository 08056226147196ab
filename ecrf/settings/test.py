"""For pytest. TEST_DATABASE is `sqlite` (a file, so that threads share it) or `postgres`."""

import atexit
import os
import tempfile
from pathlib import Path
from typing import Any

from psycopg.conninfo import conninfo_to_dict

from ecrf.settings.base import *
from ecrf.settings.base import INSTALLED_APPS, LOGGING, REST_FRAMEWORK, env
from ecrf.settings.database import embedded, postgresql

SECRET_KEY = "known-to-everybody-and-good-for-tests-only-0123456789"  # noqa: S105
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1", "[::1]"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# A form that exists in tests only: every face must show it without being told.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.extra_form"]


def sqlite_for_this_process() -> dict[str, Any]:
    # Named by the process: several runs on one machine, or the workers of one run, never share a file.
    file = Path(tempfile.gettempdir()) / f"ecrf-test-{os.getpid()}.sqlite3"
    atexit.register(file.unlink, missing_ok=True)
    # No connection outlives a test's threads: the file is deleted afterwards.
    return {**embedded(file), "CONN_MAX_AGE": 0, "TEST": {"NAME": str(file)}}


def postgresql_of_this_run() -> dict[str, Any]:
    url = conninfo_to_dict(env.str("TEST_POSTGRES_URL"))
    connection = {
        "NAME": url.get("dbname", "postgres"),
        "USER": url.get("user", ""),
        "PASSWORD": url.get("password", ""),
        "HOST": url.get("host", ""),
        "PORT": str(url.get("port", "")),
    }
    # No pool: a test's threads open and close their own connections, and the database is dropped afterwards.
    return {**postgresql(connection, pool=False), "CONN_MAX_AGE": 0}


TEST_DATABASES = {"sqlite": sqlite_for_this_process, "postgres": postgresql_of_this_run}
DATABASES = {"default": TEST_DATABASES[env.str("TEST_DATABASE", default="sqlite")]()}

# Each test that is about a limit sets its own.
REST_FRAMEWORK = {
    **REST_FRAMEWORK,
    "DEFAULT_THROTTLE_RATES": dict.fromkeys(REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"], "1000000/min"),
}

# pytest shows the log of a failed test by itself; a stream kept from its capture would be closed by then.
LOGGING = {**LOGGING, "handlers": {"stderr": {"class": "logging.NullHandler"}}}

WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
