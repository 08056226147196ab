"""A backup is of one moment, whole or refused, and proves itself where it is restored."""

import io
import os
import sqlite3
import stat
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DataError, connections, migrations, models
from django.db.migrations.migration import Migration
from django.db.migrations.state import ProjectState
from pytest_django import DjangoDbBlocker

from ecrf.backup import archive
from ecrf.backup.state import on_database, state_of_database
from patients.actions.save_form import create_form
from patients.models import MedicalHistory, Subject
from tests.faults.conftest import Prepared, without_pool
from trials.audit.anchors import new_key
from trials.models import AccessToken, User

COMMITS = 3


def enter(term: str) -> None:
    subject = Subject.objects.select_related("site", "study", "chain").order_by("code")[0]
    create_form(
        actor=User.objects.get(username="user0"), form=MedicalHistory, subject=subject, data={"term": term}
    )


@contextmanager
def others_writing(on: Callable[[str], Any], url: str) -> Iterator[Callable[[], int]]:
    """A thread that enters one form after the other until the block ends.

    Yields a function that waits for COMMITS more of them and returns how many there are.
    """
    entered: list[str] = []
    ended, failed = Event(), []

    def some_more() -> int:
        wanted, until = len(entered) + COMMITS, time.monotonic() + 60
        while len(entered) < wanted:
            assert not failed, failed
            assert time.monotonic() < until
            time.sleep(0.02)
        return len(entered)

    def work() -> None:
        try:
            with on(url):
                while not ended.is_set():
                    enter(f"condition {len(entered)}")
                    entered.append("one")
        except BaseException as error:
            failed.append(error)
        finally:
            connections.close_all()

    thread = Thread(target=work)
    thread.start()
    try:
        yield some_more
    finally:
        ended.set()
        thread.join(timeout=60)
    assert not failed, failed


def backup_of(on: Callable[[str], Any], url: str, path: Path) -> Path:
    with on(url):
        call_command("backup", out=path, verbosity=0)
    return path


def rest_of(state: dict[str, Any]) -> dict[str, Any]:
    """What a restored database must repeat: everything but the logins, which end."""
    ended = {"django_session", "trials_usersession", AccessToken._meta.db_table}
    return {**state, "rows": {name: rows for name, rows in state["rows"].items() if name not in ended}}


# ---------------------------------------------------------------- there and back
@pytest.mark.requirement("R03", "R44")
def test_a_backup_taken_during_writes_restores_to_one_moment_of_an_sqlite_file(
    installed: Any, on_sqlite: Prepared, tmp_path: Path
) -> None:
    path = tmp_path / "night.backup"
    with others_writing(installed, on_sqlite.url) as some_more:
        before = some_more()
        backup_of(installed, on_sqlite.url, path)
        after = some_more()
    folder = tmp_path / "restored"
    folder.mkdir()
    with installed(on_sqlite.url):
        call_command("restore", path, into=str(folder))
    with archive.opened(path) as (manifest, _content):
        taken = {name: manifest[name] for name in ("rows", "chains", "migrations")}
    restored = f"sqlite:///{folder / 'ecrf.sqlite3'}"
    with installed(restored):
        assert rest_of(state_of_database()) == rest_of(taken)
        held = MedicalHistory.objects.count()
    assert before <= held < after
    assert [each.name for each in folder.iterdir()] == ["ecrf.sqlite3"]
    assert stat.S_IMODE((folder / "ecrf.sqlite3").stat().st_mode) == 0o600


@pytest.mark.requirement("R03", "R44")
def test_a_backup_taken_during_writes_restores_to_one_moment_of_a_postgresql_database(
    installed: Any, on_postgres: Prepared, postgres: Any, tmp_path: Path, settings: Any
) -> None:
    settings.POSTGRESQL_PROGRAMS = str(postgres.programs)
    path = tmp_path / "night.backup"
    with others_writing(installed, on_postgres.url) as some_more:
        some_more()
        backup_of(installed, on_postgres.url, path)
        some_more()
    empty = postgres.create(f"restored_{os.getpid()}")
    with installed(on_postgres.url):
        call_command("restore", path, into=empty)
    with archive.opened(path) as (manifest, _content):
        taken = {name: manifest[name] for name in ("rows", "chains", "migrations")}
    with installed(empty):
        assert rest_of(state_of_database()) == rest_of(taken)
        enter("after the restore")  # keys go on where they were
    with installed(on_postgres.url), pytest.raises(CommandError, match="not empty"):
        call_command("restore", path, into=empty)


def test_tokens_and_sessions_do_not_come_back_with_a_restored_database(
    installed: Any, on_sqlite: Prepared, tmp_path: Path
) -> None:
    with installed(on_sqlite.url):
        AccessToken.objects.create(user=User.objects.get(username="user0"), name="a laptop")
    path = backup_of(installed, on_sqlite.url, tmp_path / "a.backup")
    target = tmp_path / "restored.sqlite3"
    with installed(on_sqlite.url):
        call_command("restore", path, into=str(target))
        assert AccessToken.objects.exists()
    with installed(f"sqlite:///{target}"):
        assert not AccessToken.objects.exists()


@pytest.mark.requirement("R03")
def test_a_restored_database_is_held_to_the_anchor_that_was_signed_with_the_backup(
    installed: Any, on_sqlite: Prepared, tmp_path: Path
) -> None:
    key, path = tmp_path / "key", tmp_path / "signed.backup"
    public = new_key(key)
    with installed(on_sqlite.url):
        call_command("backup", out=path, key=key)
        call_command("restore", path, into=str(tmp_path / "first.sqlite3"), public_key=public)
    strange = new_key(tmp_path / "another")
    refused(installed, on_sqlite, path, tmp_path / "second.sqlite3", "not to be trusted", public_key=strange)
    # An anchor that is younger than the backup tells of events that are not in it.
    later = tmp_path / "later.json"
    with installed(on_sqlite.url):
        enter("after the backup")
        call_command("anchor_audit", key=key, out=later)
    kept = {"public_key": public, "anchor": later}
    refused(installed, on_sqlite, path, tmp_path / "third.sqlite3", "not as it was written", **kept)
    assert not (tmp_path / "third.sqlite3").exists()


# ---------------------------------------------------------------- what is refused
@pytest.fixture
def backup(installed: Any, on_sqlite: Prepared, tmp_path: Path) -> Path:
    """A good backup of the prepared installation."""
    return backup_of(installed, on_sqlite.url, tmp_path / "good.backup")


def refused(
    installed: Any, prepared: Prepared, path: Path, into: Path | str, why: str, **options: Any
) -> None:
    with installed(prepared.url), pytest.raises(CommandError, match=why):
        call_command("restore", path, into=str(into), **options)


def test_a_backup_can_be_read_by_its_owner_only_and_opened_by_any_tar(backup: Path) -> None:
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600
    with tarfile.open(backup) as tar:
        assert tar.getnames() == ["manifest.json", "content"]


def test_a_backup_never_replaces_a_file(installed: Any, on_sqlite: Prepared, backup: Path) -> None:
    before = archive.sha256_of(backup)
    with installed(on_sqlite.url), pytest.raises(CommandError, match="exists already"):
        call_command("backup", out=backup)
    assert archive.sha256_of(backup) == before


@pytest.mark.parametrize("kept", [0, 10, 0.1, 0.5, 0.99, -1, -65, -66])
def test_a_truncated_backup_is_refused_and_leaves_nothing(
    kept: float, installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    whole = backup.read_bytes()
    length = len(whole) + kept if kept < 0 else kept if kept == 10 else len(whole) * kept
    backup.write_bytes(whole[: int(length)])
    target = tmp_path / "target"
    target.mkdir()
    refused(installed, on_sqlite, backup, target, "cut off or was changed")
    assert list(target.iterdir()) == []


@pytest.mark.parametrize("place", [0, 150, 0.3, 0.7, 0.9999, -1, -40])
def test_a_backup_with_one_altered_byte_is_refused(
    place: float, installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    whole = bytearray(backup.read_bytes())
    at = int(len(whole) * place) if 0 < place < 1 else int(place)
    whole[at] ^= 1
    backup.write_bytes(bytes(whole))
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "cut off or was changed")
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_backup_is_restored_into_an_empty_place_only(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    there = tmp_path / "there.sqlite3"
    there.write_bytes(b"something")
    refused(installed, on_sqlite, backup, there, "exists already")
    assert there.read_bytes() == b"something"
    (tmp_path / "new.sqlite3-wal").write_bytes(b"left over")
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "exists already")
    refused(installed, on_sqlite, backup, "default", "exists already")


def sealed_again(path: Path, change: Callable[[dict[str, Any], bytes], bytes]) -> None:
    """Write the archive anew with a changed manifest or content and a good seal, as only malice would."""
    with archive.opened(path) as (manifest, source):
        content = change(manifest, source.read())
    path.unlink()
    changed = path.with_suffix(".content")
    changed.write_bytes(content)
    archive.write(path, manifest, changed)


def test_a_backup_of_another_version_of_the_tables_is_refused(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    def newer(manifest: dict[str, Any], content: bytes) -> bytes:
        manifest["migrations"] = [*manifest["migrations"], "patients.9999_later"]
        return content

    sealed_again(backup, newer)
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "other migrations")


def test_a_backup_of_another_format_is_refused(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    def newer(manifest: dict[str, Any], content: bytes) -> bytes:
        manifest["format"] = 2
        return content

    sealed_again(backup, newer)
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "format 2")


def test_content_that_is_not_the_one_of_the_manifest_is_refused(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    sealed_again(backup, lambda manifest, content: content[:-1] + b"\x01")
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "not the one that its manifest")
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_backup_whose_numbers_are_not_those_of_its_content_is_refused_by_name(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    def shortened(manifest: dict[str, Any], content: bytes) -> bytes:
        manifest["rows"]["patients_subject"] += 1
        return content

    sealed_again(backup, shortened)
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "in patients_subject: 5 in the backup, 4")
    assert not (tmp_path / "new.sqlite3").exists()


def test_a_backup_in_which_a_value_was_changed_is_refused_by_its_chains(
    installed: Any, on_sqlite: Prepared, backup: Path, tmp_path: Path
) -> None:
    def forged(manifest: dict[str, Any], content: bytes) -> bytes:
        file = tmp_path / "forged.sqlite3"
        file.write_bytes(content)
        with closing(sqlite3.connect(file)) as database:
            database.execute("UPDATE patients_vitalsigns SET weight = 61")
            database.commit()
        changed = file.read_bytes()
        manifest["content"] = {"bytes": len(changed), "sha256": archive.sha256_of(file)}
        return changed

    sealed_again(backup, forged)
    refused(installed, on_sqlite, backup, tmp_path / "new.sqlite3", "(?i)vital_?signs")
    assert not (tmp_path / "new.sqlite3").exists()


@pytest.mark.parametrize("names", [["content"], ["manifest.json"], ["../evil", "content"], ["content"] * 3])
def test_another_archive_is_no_backup(
    names: list[str], installed: Any, on_sqlite: Prepared, tmp_path: Path
) -> None:
    path = tmp_path / "other.tar"
    with tarfile.open(path, "w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    seal = archive.sha256_of(path)
    with path.open("ab") as file:
        file.write(f"{seal}\n".encode())
    refused(installed, on_sqlite, path, tmp_path / "new.sqlite3", "no backup of this software")
    assert not (tmp_path / "evil").exists()


def test_a_backup_of_one_kind_of_database_is_not_restored_into_another(
    installed: Any, on_sqlite: Prepared, backup: Path
) -> None:
    refused(
        installed,
        on_sqlite,
        backup,
        "postgresql://nobody@localhost/none",
        "restored into postgresql",
    )


def test_a_password_in_the_name_of_a_database_is_not_repeated(
    installed: Any, on_sqlite: Prepared, backup: Path
) -> None:
    with installed(on_sqlite.url), pytest.raises(CommandError) as refusal:
        call_command("restore", backup, into="mysql://root:canary-4711@localhost/none")
    assert "canary-4711" not in str(refusal.value)


# ---------------------------------------------------------------- migrations that fail half-way
def test_a_migration_that_fails_half_way_leaves_postgresql_as_it_was(
    postgres: Any, django_db_blocker: DjangoDbBlocker
) -> None:
    """A migration is one transaction there: its first step goes with its second."""

    class HalfWay(Migration):
        operations = [
            migrations.CreateModel("First", fields=[("id", models.BigAutoField(primary_key=True))]),
            migrations.RunSQL("SELECT 1 / 0"),
        ]

    url = postgres.create(f"migrated_{os.getpid()}")
    with (
        django_db_blocker.unblock(),
        on_database(without_pool(url)) as connection,
        pytest.raises(DataError),
        connection.schema_editor(atomic=True) as editor,
    ):
        HalfWay("0002_half_way", "trials").apply(ProjectState(), editor)
    with psycopg.connect(url) as other:
        assert other.execute("SELECT to_regclass('trials_first')").fetchone() == (None,)
