"""Taking a backup while others write."""

import shutil
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from ecrf.backup import archive
from ecrf.backup.errors import BackupError
from ecrf.backup.postgresql import run
from ecrf.backup.state import State, on_database, state_of_database
from ecrf.settings.database import embedded
from trials.audit import clock
from trials.audit.anchors import CannotAnchor, anchor_of, read_private_key, software, write_anchor

FORMAT = 1


def take(path: Path, *, key: Path | None = None) -> dict[str, Any]:
    """Write a backup of the installation's database to a new file; returns its manifest.

    The copy is of one moment, although others go on writing. With a private `key` the manifest carries a
    signed anchor of the same moment. Raises BackupError.
    """
    if path.exists():
        raise BackupError(f"{path} exists already; a backup never replaces a file.")
    if not path.parent.is_dir():
        raise BackupError(f"There is no folder {path.parent}.")
    # Beside its place: the copy needs as much room there again, and nowhere else.
    folder = Path(tempfile.mkdtemp(prefix=".backup-", dir=path.parent))
    try:
        content = folder / archive.CONTENT
        taken_at = clock.now()
        state = COPIERS[connection.vendor](content, key)
        manifest = {
            "format": FORMAT,
            "software": software(),
            "database": connection.vendor,
            "taken_at": taken_at.isoformat().replace("+00:00", "Z"),
            "content": {"bytes": content.stat().st_size, "sha256": archive.sha256_of(content)},
            **state,
        }
        archive.write(path, manifest, content)
    except CannotAnchor as error:
        raise BackupError(str(error)) from None
    except OSError as error:
        raise BackupError(f"The backup could not be written ({error.strerror}).") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return manifest


def _described(content: Path, key: Path | None) -> State:
    """The state of the database, with an anchor of it where a key is given. Raises CannotAnchor."""
    state = state_of_database()
    if key is not None:
        signed = content.with_name("anchor.json")
        write_anchor(signed, read_private_key(key), anchor_of())
        state["anchor"] = signed.read_text(encoding="utf-8")
    return state


def _copy_sqlite(content: Path, key: Path | None) -> State:
    """One moment of the file, page by page under a reader's lock: writers do not wait."""
    served = Path(str(connection.settings_dict["NAME"]))
    if not served.is_file():
        raise BackupError("There is no database file.")
    content.touch(mode=archive.OWNER_ONLY)
    with (
        closing(sqlite3.connect(served.resolve().as_uri() + "?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(content)) as copy,
    ):
        source.backup(copy)
    with on_database(embedded(content)):
        state = _described(content, key)
    # One file: what a write-ahead log would keep beside it belongs into it.
    with closing(sqlite3.connect(content)) as copy:
        copy.execute("PRAGMA journal_mode = DELETE")
    return state


def _copy_postgresql(content: Path, key: Path | None) -> State:
    """One snapshot, shared by pg_dump and by our own counting."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
        state = _described(content, key)
        content.touch(mode=archive.OWNER_ONLY)
        run(connection, "pg_dump", ["--format=custom", f"--snapshot={snapshot}", f"--file={content}"])
    return state


COPIERS = {"sqlite": _copy_sqlite, "postgresql": _copy_postgresql}
