"""A secret that an installation makes for itself and keeps."""

import os
from collections.abc import Callable
from pathlib import Path


def kept_secret(path: Path, *, make: Callable[[], str]) -> str:
    """Return the secret in `path`; the first caller writes it, readable by its owner only.

    Two processes that start at once agree: the file appears whole, by a link that only one of them can make.
    """
    if not path.exists():
        draft = path.with_name(f".{path.name}.{os.getpid()}")
        handle = os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(make())
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink(missing_ok=True)
    return path.read_text(encoding="ascii")
