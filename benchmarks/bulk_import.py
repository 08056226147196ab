"""A transfer from a laboratory system: 10,000 results for 61 subjects in one transaction."""

from time import perf_counter

from benchmarks import ledger, plain
from benchmarks.rounds import Compared, compare
from benchmarks.study import TESTS, Setting, samples, transfer
from patients.models import LabSample
from trials.models import Chain
from trials.models.audit import event_id

RESULTS = 10_000


def measure(setting: Setting, rounds: int) -> Compared:
    """Seconds for one transfer; raw: the same live rows, history rows and events, as copies."""
    subjects = setting.subjects
    connection = plain.connect()
    last: list[ledger.Ledger] = []
    copies = 0

    def ours() -> float:
        lines = list(samples(setting, subjects, RESULTS // TESTS))
        start = perf_counter()
        transfer(setting, LabSample, lines)
        seconds = perf_counter() - start
        last[:] = [ledger.written_by(newest_events(setting))]
        return seconds

    def raw() -> float:
        nonlocal copies
        copies += 1
        rows = ledger.copied(last[0], copies)
        start = perf_counter()
        plain.store_in_bulk(connection, rows)
        return perf_counter() - start

    found = compare(f"import of {RESULTS:,} results", ours, raw, rounds=rounds, unit="import")
    connection.close()
    return found


def newest_events(setting: Setting) -> list[int]:
    """The last event of each casebook."""
    chains = Chain.objects.filter(pk__in=[subject.chain_id for subject in setting.subjects])
    return [event_id(chain.pk, chain.last_number) for chain in chains]
