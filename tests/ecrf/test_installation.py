"""The settings of each kind of installation, each read by a process of its own."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from ecrf.settings.database import from_url
from ecrf.settings.secret import kept_secret

COMPLETE = {
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "ALLOWED_HOSTS": "ecrf.example.org",
    "DATABASE_URL": "postgresql://ecrf:a-password@db.example.org/ecrf",
}


def python(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**inherited, **environment},
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )


def production(code: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    return python(f"from ecrf.settings import production as s\n{code}", **environment)


@pytest.mark.parametrize("name", COMPLETE)
def test_production_does_not_start_without(name: str) -> None:
    result = production(**{key: value for key, value in COMPLETE.items() if key != name})
    assert result.returncode != 0
    assert f"ImproperlyConfigured: {name} is not set" in result.stderr


@pytest.mark.parametrize("scheme", ["mysql", "postgresq", "oracle"])
def test_a_database_url_that_cannot_be_read_is_refused_without_printing_its_password(scheme: str) -> None:
    result = production(**{**COMPLETE, "DATABASE_URL": f"{scheme}://ecrf:a-password@db.example.org/ecrf"})
    assert "ImproperlyConfigured: DATABASE_URL must start with" in result.stderr
    assert "a-password" not in result.stderr


def test_production_does_not_answer_to_any_host() -> None:
    result = production(**{**COMPLETE, "ALLOWED_HOSTS": "*"})
    assert "ImproperlyConfigured: ALLOWED_HOSTS must name hosts" in result.stderr


@pytest.mark.requirement("R26")
def test_production_is_no_demo_and_its_cookies_belong_to_one_host_over_tls() -> None:
    code = "print(s.DEMO, s.DEBUG, s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_NAME)"
    assert production(code, **COMPLETE).stdout.split() == [
        "False",
        "False",
        "__Host-session",
        "True",
        "__Host-csrf",
    ]


def test_a_command_without_settings_is_a_production_command() -> None:
    result = python("import sys, manage; sys.argv = ['manage.py', 'check']; manage.main()")
    assert result.returncode != 0
    assert "SECRET_KEY is not set" in result.stderr


def test_the_demo_keeps_one_secret_of_its_own_readable_by_its_owner_only(tmp_path: Path) -> None:
    code = "from ecrf.settings import demo as s; print(s.SECRET_KEY, s.DEMO, s.DEBUG)"
    first = python(code, ECRF_VAR=str(tmp_path / "var")).stdout
    second = python(code, ECRF_VAR=str(tmp_path / "var")).stdout
    assert first == second
    assert first.endswith("True False\n")
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600


def test_a_secret_that_exists_is_not_made_again(tmp_path: Path) -> None:
    made = iter(["first", "second"])
    assert kept_secret(tmp_path / "secret", make=lambda: next(made)) == "first"
    assert kept_secret(tmp_path / "secret", make=lambda: next(made)) == "first"
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_postgresql_is_pooled_waits_for_locks_with_a_bound_and_opens_no_transaction_by_itself() -> None:
    database = from_url(COMPLETE["DATABASE_URL"])
    assert database["OPTIONS"]["pool"]["max_size"] >= 8, "a worker's threads must not wait for each other"
    assert "lock_timeout=20s" in database["OPTIONS"]["options"]
    assert database["CONN_HEALTH_CHECKS"] is True
    assert database["ATOMIC_REQUESTS"] is False


def test_sqlite_writes_to_the_disk_before_it_answers() -> None:
    database = from_url("sqlite:////srv/ecrf/ecrf.sqlite3")
    assert database["NAME"] == "/srv/ecrf/ecrf.sqlite3"
    assert "synchronous=FULL" in database["OPTIONS"]["init_command"]
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"


@pytest.mark.parametrize("url", ["sqlite://:memory:", "postgresql://u:p@h/", "mysql://u@h/n", "nonsense", ""])
def test_no_other_database_is_accepted(url: str) -> None:
    with pytest.raises(ValueError, match="DATABASE_URL must start with"):
        from_url(url)
