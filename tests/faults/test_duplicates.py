"""One request, sent many times at once to several processes: one record and one reply."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.conftest import Prepared
from tests.faults.server import Reply, run_script, serving

MH = "/api/v1/medical-histories/"
TIMES = 20


def sent_at_once(prepared: Prepared, folder: Path) -> None:
    body = {"subject": prepared.world["subjects"][0], "term": "same"}
    with serving(prepared.environment(), folder / "server.log", workers=3) as server:
        once = {"Authorization": f"Bearer {server.token(prepared.world)}", "Idempotency-Key": "same"}

        def send(_number: int) -> Reply:
            return server.ask("POST", MH, body, once)

        with ThreadPoolExecutor(TIMES) as pool:
            replies = list(pool.map(send, range(TIMES)))
        other = server.ask("POST", MH, {**body, "term": "other"}, once)
        listed = server.ask("GET", MH, headers=once).json()["results"]
    assert Counter(reply.status for reply in replies) == {201: TIMES}
    assert len({reply.body for reply in replies}) == 1
    assert sum("Idempotency-Replayed" not in reply.headers for reply in replies) == 1
    assert other.status == 422
    assert [each["term"] for each in listed] == ["same"]
    ledger = folder / "ledger.json"
    ledger.write_text('{"acknowledged": [], "keys": ["same"]}', encoding="utf-8")
    found = run_script(prepared.environment(), "tests.faults.judge", str(ledger))
    assert (found["torn"], found["doubled"]) == (0, 0), found["findings"]


def test_20_posts_with_one_key_to_several_processes_make_one_record_on_sqlite(
    on_sqlite: Prepared, tmp_path: Path
) -> None:
    sent_at_once(on_sqlite, tmp_path)


@pytest.mark.heavy
def test_20_posts_with_one_key_to_several_processes_make_one_record_on_postgresql(
    on_postgres: Prepared, tmp_path: Path
) -> None:
    sent_at_once(on_postgres, tmp_path)
