"""Serving processes are killed in mid-work: what was acknowledged stays, and nothing is half there."""

import random
import time
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Prepared
from tests.faults.load import Client, clients, finish, write_ledger
from tests.faults.server import run_script, serving

WORKERS = 3
CLIENTS = 4
FEW, MANY = 8, 110


def killed_under_load(prepared: Prepared, folder: Path, kills: int) -> dict[str, Any]:
    """Kill workers at random moments while clients write; what the judge finds afterwards."""
    chance, done = random.Random(kills), 0
    env = prepared.environment()
    with serving(env, folder / "server.log", workers=WORKERS) as server:
        writing = clients(server, prepared.world, CLIENTS)
        while done < kills:
            wait_for_acknowledgments(writing, chance.randint(1, 6))
            time.sleep(chance.uniform(0, 0.1))
            workers = server.workers()
            done += bool(workers) and server.kill(chance.choice(workers))
        ledgers = finish(writing)
    found: dict[str, Any] = run_script(
        env, "tests.faults.judge", str(write_ledger(ledgers, folder / "ledger.json"))
    )
    found["kills"], found["unanswered"] = done, sum(each.unanswered for each in ledgers)
    statuses = {status for each in ledgers for status in each.statuses}
    assert statuses <= {200, 201, 412, 503}, statuses
    return found


def wait_for_acknowledgments(writing: list[Client], count: int) -> None:
    """Wait until the clients together were told so many times more that something is stored."""

    def told() -> int:
        return sum(len(client.ledger.acknowledged) for client in writing)

    wanted, until = told() + count, time.monotonic() + 60
    while told() < wanted:
        assert time.monotonic() < until, "nothing is acknowledged any more"
        assert not [client.failure for client in writing if client.failure]
        time.sleep(0.005)


def assert_nothing_is_lost(found: dict[str, Any], kills: int) -> None:
    assert (found["lost"], found["torn"], found["doubled"]) == (0, 0, 0), found["findings"]
    assert found["kills"] >= kills
    assert found["acknowledged"] >= kills  # they were killed under load, not idle
    assert found["unanswered"] > 0  # some of them in the middle of a request


def said(database: str, found: dict[str, Any]) -> None:
    words = ", ".join(f"{found[name]} {name}" for name in (
        "kills", "acknowledged", "unanswered", "events", "lost", "torn", "doubled"
    ))  # fmt: skip
    print(f"\n{database}: {words}")


@pytest.mark.requirement("R52")
def test_what_was_acknowledged_outlives_killed_workers_on_sqlite(on_sqlite: Prepared, tmp_path: Path) -> None:
    assert_nothing_is_lost(killed_under_load(on_sqlite, tmp_path, FEW), FEW)


@pytest.mark.requirement("R52")
def test_what_was_acknowledged_outlives_killed_workers_on_postgresql(
    on_postgres: Prepared, tmp_path: Path
) -> None:
    assert_nothing_is_lost(killed_under_load(on_postgres, tmp_path, FEW), FEW)


@pytest.mark.heavy
def test_100_kills_lose_nothing_that_was_acknowledged_on_sqlite(on_sqlite: Prepared, tmp_path: Path) -> None:
    found = killed_under_load(on_sqlite, tmp_path, MANY)
    said("SQLite, synchronous FULL", found)
    assert_nothing_is_lost(found, MANY)


@pytest.mark.heavy
def test_100_kills_lose_nothing_that_was_acknowledged_on_postgresql(
    on_postgres: Prepared, tmp_path: Path
) -> None:
    found = killed_under_load(on_postgres, tmp_path, MANY)
    said("PostgreSQL, fsync on", found)
    assert_nothing_is_lost(found, MANY)
