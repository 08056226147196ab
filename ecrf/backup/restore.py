"""Restoring a backup into an empty place, and proving that it is whole before anybody uses it."""

import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from django.contrib.sessions.models import Session
from django.db import connection
from knox.models import get_token_model

from ecrf.backup import archive
from ecrf.backup.errors import BackupError
from ecrf.backup.postgresql import run
from ecrf.backup.state import (
    differences,
    known_migrations,
    on_database,
    state_of_database,
)
from ecrf.backup.take import FORMAT
from ecrf.settings.database import embedded, from_url
from trials.audit.anchors import CannotAnchor, read_anchor
from trials.audit.verification import Verification
from trials.models import UserSession

OWN = "default"
FILE_NAME = "ecrf.sqlite3"
TOLD = 20
"""So many differences are named; the others are counted."""

Manifest = Mapping[str, Any]
Heads = Mapping[str, tuple[int, str]]


def restore(path: Path, into: str, *, public_key: Path | None = None, anchor: Path | None = None) -> Manifest:
    """Restore the archive at `path`; returns its manifest when the restored database proved to be whole.

    `into` is a new file or a folder (SQLite), `postgresql://...` naming an empty database, or `default`: the
    installation's own database, where it is empty. With a `public_key`, the anchor in the backup (or the one
    given, kept elsewhere) must be signed with it and fit. Raises BackupError; a file is then removed again.
    """
    with archive.opened(path) as (manifest, content):
        check_manifest(manifest)
        anchored = anchored_heads(manifest, public_key, anchor)
        if into == OWN:
            target: dict[str, Any] = dict(connection.settings_dict)
        elif "://" in into:
            target = _named(into)
        else:
            target = embedded(_file(Path(into)))
        vendor = "sqlite" if str(target["ENGINE"]).endswith("sqlite3") else "postgresql"
        if vendor != manifest["database"]:
            raise BackupError(
                f"The backup is of {manifest['database']}; it cannot be restored into {vendor}."
            )
        size, sha256 = manifest["content"]["bytes"], manifest["content"]["sha256"]
        with LOADERS[vendor](content, target, size=size, sha256=sha256), on_database(target):
            prove(manifest, anchored)
            end_logins()
    return manifest


def _named(url: str) -> dict[str, Any]:
    try:
        return from_url(url)
    except ValueError as error:
        raise BackupError(str(error)) from None


def _file(into: Path) -> Path:
    return into / FILE_NAME if into.is_dir() else into


def check_manifest(manifest: Manifest) -> None:
    """Refuse what this version of the software does not understand. Raises BackupError."""
    if manifest.get("format") != FORMAT:
        raise BackupError(f"The backup has format {manifest.get('format')}; this software reads {FORMAT}.")
    own, theirs = set(known_migrations()), set(manifest["migrations"])
    if own != theirs:
        raise BackupError(
            f"The backup was taken by {manifest['software']} with other migrations "
            f"({len(theirs - own)} that this software does not know, {len(own - theirs)} that it lacks): "
            "restore it with that version, then migrate."
        )


@contextmanager
def _load_sqlite(content: Any, target: dict[str, Any], *, size: int, sha256: str) -> Iterator[None]:
    """The file beside its place; it gets its name when the block ends without an error."""
    final = Path(str(target["NAME"]))
    if not final.parent.is_dir():
        raise BackupError(f"There is no folder {final.parent}.")
    beside = [final.with_name(final.name + suffix) for suffix in ("", "-wal", "-shm", "-journal")]
    if present := [each for each in beside if each.exists()]:
        raise BackupError(f"{present[0]} exists already; a backup is restored into an empty place only.")
    folder = Path(tempfile.mkdtemp(prefix=".restore-", dir=final.parent))
    part = folder / final.name
    target["NAME"] = str(part)
    try:
        archive.extract(content, part, size=size, sha256=sha256)
        _check_pages(part)
        yield
        os.link(part, final)
        final.chmod(archive.OWNER_ONLY)
    except FileExistsError:
        raise BackupError(f"{final} exists already; a backup is restored into an empty place only.") from None
    except OSError as error:
        raise BackupError(f"The backup could not be restored ({error.strerror}).") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_pages(file: Path) -> None:
    try:
        with closing(sqlite3.connect(file)) as restored:
            found = restored.execute("PRAGMA integrity_check(1)").fetchone()[0]
            lost = restored.execute("PRAGMA foreign_key_check").fetchone()
    except sqlite3.DatabaseError:
        found, lost = "no database", None
    if found != "ok" or lost is not None:
        raise BackupError("The database in the backup is damaged.")


@contextmanager
def _load_postgresql(content: Any, target: dict[str, Any], *, size: int, sha256: str) -> Iterator[None]:
    """All tables in one transaction of pg_restore."""
    folder = Path(tempfile.mkdtemp(prefix="ecrf-restore-"))
    try:
        dump = folder / archive.CONTENT
        archive.extract(content, dump, size=size, sha256=sha256)
        with on_database(target) as empty:
            with empty.cursor() as cursor:
                if empty.introspection.table_names(cursor):
                    raise BackupError(
                        "The database is not empty; a backup is restored into an empty one only."
                    )
            name = str(empty.settings_dict["NAME"])
            options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
            run(empty, "pg_restore", [*options, f"--dbname={name}", str(dump)])
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)


LOADERS = {"sqlite": _load_sqlite, "postgresql": _load_postgresql}


def anchored_heads(manifest: Manifest, public_key: Path | None, anchor: Path | None) -> Heads:
    """The heads that somebody signed; none without a key. Raises BackupError."""
    if public_key is None:
        if anchor is not None:
            raise BackupError("--anchor needs the --public-key that it must be signed with.")
        return {}
    if anchor is None and not manifest.get("anchor"):
        raise BackupError("There is no anchor in the backup: take it with --key, or give one with --anchor.")
    with tempfile.TemporaryDirectory() as folder:
        given = anchor or Path(folder) / "anchor.json"
        if anchor is None:
            given.write_text(manifest["anchor"], encoding="utf-8")
        try:
            return read_anchor(given, public_key).heads
        except CannotAnchor as error:
            raise BackupError(f"The anchor is not to be trusted: {error}.") from None


def prove(manifest: Manifest, anchored: Heads) -> None:
    """Hold the restored database to its manifest and its own chains. Raises BackupError."""
    found = state_of_database()
    told = differences(dict(manifest), found)
    if told:
        more = f" (and {len(told) - TOLD} more)" if len(told) > TOLD else ""
        raise BackupError(
            "The restored database is not the one of the backup: " + "; ".join(told[:TOLD]) + more
        )
    if finding := next(Verification(anchored=anchored).findings(), None):
        raise BackupError(f"The record in the backup is not as it was written: {finding}")


def end_logins() -> None:
    """A session or token that was ended after the backup must not come back to life with it."""
    for logins in (Session, UserSession, get_token_model()):
        logins.objects.all().delete()
