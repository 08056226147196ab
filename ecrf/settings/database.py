"""Database connections, with every guarantee of durability spelled out."""

from pathlib import Path
from typing import Any

import environ

LOCK_WAIT_SECONDS = 20
SCHEMES = {"postgresql", "postgres", "sqlite"}

# A worker with more threads than connections makes requests wait for each other. While the server is away a
# request waits for a connection as long as `timeout`, then it is answered 503.
POOL = {"min_size": 2, "max_size": 16, "timeout": 5}
CONNECT_SECONDS = 5

SQLITE: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    # Opening the file and setting its pragmas takes longer than most requests: a thread keeps its connection.
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        # A DEFERRED transaction that turns into a write fails at once when another writer is active.
        "transaction_mode": "IMMEDIATE",
        "timeout": LOCK_WAIT_SECONDS,
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON; "
            # What is redacted is overwritten in the file, not only given up.
            "PRAGMA secure_delete=ON"
        ),
    },
}

POSTGRESQL: dict[str, Any] = {
    "ATOMIC_REQUESTS": False,
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": CONNECT_SECONDS,
        "options": f"-c lock_timeout={LOCK_WAIT_SECONDS}s -c idle_in_transaction_session_timeout=60s",
    },
}


def embedded(path: Path) -> dict[str, Any]:
    """An SQLite file at `path`."""
    return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(path), **SQLITE}


def postgresql(connection: dict[str, Any], *, pool: bool) -> dict[str, Any]:
    """A PostgreSQL database; `connection` holds Django's NAME, USER, PASSWORD, HOST, PORT, OPTIONS."""
    options = {**POSTGRESQL["OPTIONS"], **connection.get("OPTIONS", {})}
    if pool:
        options["pool"] = dict(POOL)
    return {"ENGINE": "django.db.backends.postgresql", **POSTGRESQL, **connection, "OPTIONS": options}


def from_url(url: str) -> dict[str, Any]:
    """Read `postgresql://user:password@host:port/name` or `sqlite:////path/to/file`.

    Raises ValueError for any other engine, without repeating the URL, which may hold a password.
    """
    refusal = ValueError("DATABASE_URL must start with postgresql:// or sqlite:/// and name a database")
    # The scheme is judged first: the parser's warning about one it does not know prints the password.
    if url.partition("://")[0] not in SCHEMES:
        raise refusal
    parsed = dict(environ.Env.db_url_config(url))
    engine, name = parsed.pop("ENGINE"), str(parsed["NAME"])
    if name in {"", ":memory:"}:
        raise refusal
    return embedded(Path(name)) if engine.endswith("sqlite3") else postgresql(parsed, pool=True)
