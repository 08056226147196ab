"""verify_audit, as it is run: exit status, words, and a database changed with its own tools."""

import io
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection

from tests.factories import coordinator_of, make_list, make_site, make_study, randomized_subject
from trials.audit.triggers import differences

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.requirement("R01", "R63")]


@pytest.fixture
def subject(transactional_db: None) -> Any:
    site = make_site(make_study())
    make_list(site.study, "AB")
    return randomized_subject(coordinator_of(site), site)


def verified(**options: Any) -> str:
    told = io.StringIO()
    call_command("verify_audit", stdout=told, **options)
    return told.getvalue()


def test_an_untouched_record_is_told_with_its_counts(subject: Any) -> None:
    told = verified()
    assert "no findings" in told
    assert " rows/s)" in told
    report = json.loads(verified(format="json"))
    assert report["findings"] == []
    assert report["counts"]["events"] > 10


def test_an_unknown_study_is_refused(subject: Any) -> None:
    with pytest.raises(CommandError, match="no study NOWHERE"):
        verified(study="NOWHERE")
    assert "no findings" in verified(study="TEST-1")


def test_an_anchor_needs_its_key(subject: Any, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="go together"):
        verified(anchor=tmp_path / "anchor.json")


@pytest.mark.sqlite
def test_one_byte_changed_in_the_sqlite_file_is_found_by_the_command(subject: Any, tmp_path: Path) -> None:
    """In a copy of the file, opened by SQLite itself; the command runs in a process of its own."""
    copy = tmp_path / "copy.sqlite3"
    with sqlite3.connect(copy) as target, sqlite3.connect(connection.settings_dict["NAME"]) as source:
        source.backup(target)
    untouched = process(copy)
    assert untouched.returncode == 0, untouched.stderr
    kept = tmp_path / "kept.sqlite3"
    shutil.copy(copy, kept)
    name = "patients_historicalvitalsigns"
    with sqlite3.connect(copy) as other:
        triggers = other.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        with pytest.raises(sqlite3.IntegrityError, match="only appended to"):
            other.execute(f"UPDATE {name} SET weight = 61")
        other.rollback()
        texts = other.execute("SELECT sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (trigger,) in triggers:
            other.execute(f'DROP TRIGGER "{trigger}"')
        other.execute(f"UPDATE {name} SET weight = 61")
        for (text,) in texts:
            other.execute(text)  # as if nothing had happened
    found = process(copy)
    assert found.returncode == 1
    assert re.search(f"table {name}, key [0-9]+: a history row was changed", found.stdout)
    assert f"table {name}, key " in found.stderr
    assert process(kept).returncode == 0


def process(file: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        "DJANGO_SETTINGS_MODULE": "ecrf.settings.test",
        "TEST_DATABASE": "sqlite",
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(file.parent),
    }
    program = (
        "import sys, django; from django.conf import settings; "
        f"settings.DATABASES['default']['NAME'] = {str(file)!r}; django.setup(); "
        "from django.core.management import execute_from_command_line; "
        "execute_from_command_line(['manage.py', 'verify_audit'])"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.postgres
def test_one_value_changed_by_the_owner_of_postgresql_is_found_by_the_command(subject: Any) -> None:
    held = connection.settings_dict
    place = {"dbname": held["NAME"], "user": held["USER"], "host": held["HOST"], "port": held["PORT"]}
    name = "patients_historicalvitalsigns"
    with psycopg.connect(**{key: value for key, value in place.items() if value}) as other:
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="only appended to"):
            other.execute(f"UPDATE {name} SET weight = 61")
        other.rollback()
        other.execute("SET session_replication_role = replica")
        other.execute(f"UPDATE {name} SET weight = 61")
    with pytest.raises(CommandError, match=f"table {name}, key [0-9]+: a history row was changed") as found:
        verified()
    assert found.value.returncode == 1
    assert differences() == []
