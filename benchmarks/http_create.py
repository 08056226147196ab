"""One audited form after another over HTTP, on eight connections at once."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter

from benchmarks import ledger, plain
from benchmarks.rounds import Compared, compare
from benchmarks.server import CONNECTIONS, Client
from benchmarks.study import FIRST_DAY, VISIT, Setting
from trials.models import Chain
from trials.models.audit import event_id

PATH = "/api/v1/ecog-assessments/"


def measure(setting: Setting, port: int, token: str, rounds: int, each: int) -> Compared:
    """Seconds for one form, each connection with a subject of its own; raw: the same rows, durable, one
    transaction for each, by prepared statements on as many connections."""
    subjects = setting.subjects[:CONNECTIONS]
    clients = [Client(port, token) for _ in subjects]
    connections = [plain.connect() for _ in subjects]
    copies = 0

    def ours() -> float:
        def enter(number: int) -> None:
            body = {"subject": subjects[number].code, "visit": VISIT, "grade": "1"}
            for _ in range(each):
                clients[number].post(PATH, {**body, "assessed_on": FIRST_DAY.isoformat()})

        return _together(enter)

    def raw() -> float:
        nonlocal copies
        acts = [_copies(template, copies, each) for template in templates]
        copies += each

        def store(number: int) -> None:
            for act in acts[number]:
                plain.store(connections[number], act)

        return _together(store)

    ours()
    templates = [_newest(subject.chain_id) for subject in subjects]
    name = f"audited form over HTTP, {CONNECTIONS} connections"
    found = compare(name, ours, raw, rounds=rounds, per=each * CONNECTIONS, unit="form")
    for client, connection in zip(clients, connections, strict=True):
        client.close()
        connection.close()
    return found


def _newest(chain: int) -> ledger.Ledger:
    return ledger.written_by([event_id(chain, Chain.objects.get(pk=chain).last_number)])


def _copies(template: ledger.Ledger, before: int, count: int) -> Sequence[ledger.Ledger]:
    return [ledger.copied(template, before + ahead + 1, ahead) for ahead in range(count)]


def _together(work: Callable[[int], None]) -> float:
    """The seconds until every connection has done its work."""
    with ThreadPoolExecutor(CONNECTIONS) as pool:
        start = perf_counter()
        for done in [pool.submit(work, number) for number in range(CONNECTIONS)]:
            done.result()
        return perf_counter() - start
