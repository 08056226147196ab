"""The file of a backup: written whole or not at all, read only when no byte of it has changed."""

import contextlib
import hashlib
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from ecrf.backup.errors import BackupError

MANIFEST, CONTENT = "manifest.json", "content"
SEAL_BYTES = 65
"""64 hexadecimal digits and the end of the line."""
MANIFEST_LIMIT_BYTES = 64 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
OWNER_ONLY = 0o600


def sha256_of(path: Path, length: int | None = None) -> str:
    """SHA-256 (hex) of a file, or of its first `length` bytes."""
    whole, left = hashlib.sha256(), path.stat().st_size if length is None else length
    with path.open("rb") as file:
        while left and (chunk := file.read(min(CHUNK_BYTES, left))):
            whole.update(chunk)
            left -= len(chunk)
    return whole.hexdigest()


def write(path: Path, manifest: dict[str, Any], content: Path) -> None:
    """Write the archive at `path`, readable by its owner only. Raises BackupError when something is there."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_CREAT | os.O_EXCL | os.O_RDWR, OWNER_ONLY), "w+b") as file:
            with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
                told = json.dumps(manifest, sort_keys=True, indent=1).encode()
                _add(tar, MANIFEST, io.BytesIO(told), len(told))
                with content.open("rb") as source:
                    _add(tar, CONTENT, source, content.stat().st_size)
            file.flush()
            file.write(f"{sha256_of(part)}\n".encode())
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # unlike a rename it never takes the place of a file
    except FileExistsError:
        raise BackupError(f"{path} exists already; a backup never replaces a file.") from None
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _add(tar: tarfile.TarFile, name: str, source: IO[bytes], size: int) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, OWNER_ONLY
    tar.addfile(member, source)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def opened(path: Path) -> Iterator[tuple[dict[str, Any], IO[bytes]]]:
    """The manifest and the content of an archive of which no byte has changed. Raises BackupError."""
    _check_seal(path)
    try:
        with tarfile.open(path, mode="r:") as tar:
            members = tar.getmembers()
            if [(each.name, each.isreg()) for each in members] != [(MANIFEST, True), (CONTENT, True)]:
                raise BackupError(f"{path} is no backup of this software.")
            first, second = (tar.extractfile(each) for each in members)
            if first is None or second is None or members[0].size > MANIFEST_LIMIT_BYTES:
                raise BackupError(f"{path} is no backup of this software.")
            yield json.loads(first.read()), second
    except (tarfile.TarError, ValueError) as error:
        raise BackupError(f"{path} is no backup of this software ({type(error).__name__}).") from None


def _check_seal(path: Path) -> None:
    try:
        length = path.stat().st_size - SEAL_BYTES
        with path.open("rb") as file:
            file.seek(max(length, 0))
            seal = file.read(SEAL_BYTES)
    except OSError as error:
        raise BackupError(f"{path} cannot be read ({error.strerror}).") from None
    if length <= 0 or seal != f"{sha256_of(path, length)}\n".encode():
        raise BackupError(f"{path} is cut off or was changed: its last line is not the SHA-256 of the rest.")


def extract(content: IO[bytes], target: Path, *, size: int, sha256: str) -> None:
    """Write the content to a new file, no byte more than the manifest says. Raises BackupError."""
    whole, left = hashlib.sha256(), size
    with os.fdopen(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, OWNER_ONLY), "wb") as file:
        while left and (chunk := content.read(min(CHUNK_BYTES, left))):
            whole.update(chunk)
            file.write(chunk)
            left -= len(chunk)
        file.flush()
        os.fsync(file.fileno())
    if left or content.read(1) or whole.hexdigest() != sha256:
        raise BackupError("The content of the backup is not the one that its manifest describes.")
