"""The verification of the whole record: every event, history row and live row."""

from benchmarks import plain
from benchmarks.rounds import Compared, compare, timed
from trials.audit.kinds import tables_of_the_record
from trials.audit.verification import Verification

CHUNK = 500


def measure(rounds: int) -> Compared:
    """Seconds for one verification; raw: the same rows fetched, a statement for each table.

    Taken before the raw limits of the others: what those store would not verify.
    """
    tables = [table.name for table in tables_of_the_record()]
    connection = plain.connect()
    counts: list[int] = []

    def verified() -> None:
        verification = Verification()
        assert not list(verification.findings())
        found = verification.counts
        counts[:] = [found.events + found.history_rows + found.live_rows]

    def fetched() -> None:
        for table in tables:
            cursor = connection.execute(f"SELECT * FROM {table}")
            while cursor.fetchmany(CHUNK):
                pass

    verified()
    name = f"verification of {counts[0]:,} rows"
    found = compare(name, timed(verified), timed(fetched), rounds=rounds, unit="record")
    connection.close()
    return found
