"""The database goes away, or is busy for long, while clients write."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Prepared
from tests.faults.load import Ledger, clients, finish, write_ledger
from tests.faults.server import Server, run_script, serving

A_FEW_SECONDS = 12
"""A request may wait for a connection as long as the pool does, on a machine that does other work as well."""


def wrote_something(ledger: Ledger) -> int:
    return len(ledger.acknowledged)


def until_each_wrote_again(server: Server, writing: list[Any]) -> None:
    """Wait until every client got an acknowledgment after now."""
    before = [wrote_something(client.ledger) for client in writing]
    until = time.monotonic() + 60
    while any(wrote_something(client.ledger) <= count for client, count in zip(writing, before, strict=True)):
        assert time.monotonic() < until, "the service did not recover"
        assert server.process.poll() is None
        assert not [client.failure for client in writing if client.failure]
        time.sleep(0.1)


@pytest.mark.requirement("R44")
@pytest.mark.parametrize("restarts", [1, pytest.param(20, marks=pytest.mark.heavy)])
def test_a_postgresql_that_restarts_under_load_is_answered_503_and_every_key_makes_one_record(
    restarts: int, on_postgres: Prepared, postgres: Any, tmp_path: Path
) -> None:
    env = on_postgres.environment()
    with serving(env, tmp_path / "server.log", workers=2) as server:
        writing = clients(server, on_postgres.world, 4)
        for _restart in range(restarts):
            until_each_wrote_again(server, writing)
            postgres.restart_at_once()
        until_each_wrote_again(server, writing)
        ledgers = finish(writing)
    statuses: dict[int, int] = {}
    for ledger in ledgers:
        for status, times in ledger.statuses.items():
            statuses[status] = statuses.get(status, 0) + times
    assert set(statuses) <= {200, 201, 412, 503}, statuses
    assert statuses[503] >= 1
    assert max(ledger.slowest_seconds for ledger in ledgers) < A_FEW_SECONDS
    found = run_script(env, "tests.faults.judge", str(write_ledger(ledgers, tmp_path / "ledger.json")))
    print(f"\nPostgreSQL restarted {restarts} times: replies {statuses}, {found}")
    assert (found["lost"], found["torn"], found["doubled"]) == (0, 0, 0), found["findings"]


def test_an_sqlite_file_that_another_program_holds_for_long_is_answered_503_and_can_still_be_read(
    on_sqlite: Prepared, tmp_path: Path
) -> None:
    entry = {"subject": on_sqlite.world["subjects"][0], "term": "Gout"}
    file = on_sqlite.url.removeprefix("sqlite:///")
    env = on_sqlite.environment(LOCK_WAIT_SECONDS="1")
    with (
        serving(env, tmp_path / "server.log", workers=1) as server,
        closing(sqlite3.connect(file, isolation_level=None)) as other,
    ):
        bearer = {"Authorization": f"Bearer {server.token(on_sqlite.world)}"}
        once = {**bearer, "Idempotency-Key": "gout"}
        other.execute("BEGIN IMMEDIATE")
        refused = server.ask("POST", "/api/v1/medical-histories/", entry, once)
        read = server.ask("GET", "/api/v1/medical-histories/", headers=bearer)
        other.execute("ROLLBACK")
        stored = server.ask("POST", "/api/v1/medical-histories/", entry, once)
        again = server.ask("POST", "/api/v1/medical-histories/", entry, once)
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert "busy; nothing was changed" in refused.json()["errors"]["detail"][0]
    assert (read.status, read.json()["results"]) == (200, [])
    assert (stored.status, again.status) == (201, 201)
    assert stored.json() == again.json()


def test_a_page_whose_database_is_away_says_so_with_503(tmp_path: Path, on_sqlite: Prepared) -> None:
    """The login page of an installation whose file was moved away: a page, not a crash."""
    file = Path(on_sqlite.url.removeprefix("sqlite:///"))
    with serving(on_sqlite.environment(), tmp_path / "server.log", workers=1) as server:
        file.rename(file.with_suffix(".away"))
        file.mkdir()
        page = server.ask("GET", "/admin/", headers={"Cookie": "sessionid=" + "x" * 32})
        reply = server.ask("GET", "/api/v1/subjects/", headers={"Authorization": "Bearer " + "a" * 64})
        alive, ready = server.ask("GET", "/healthz"), server.ask("GET", "/readyz")
    assert (page.status, reply.status) == (503, 503)
    assert b"The database is away" in page.body
    assert b"The database is away" in reply.body
    assert (alive.status, ready.status) == (200, 503)
