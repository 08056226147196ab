"""All laboratory samples of a study as CSV, streamed over HTTP."""

import csv
import io

from benchmarks import plain, wide
from benchmarks.rounds import Compared, compare, timed
from benchmarks.server import Client

PATH = "/api/v1/exports/csv/?form=LB"
TIMES = 3


def measure(port: int, token: str, rounds: int, queries: int) -> Compared:
    """Seconds for one file; raw: one joined SELECT and csv.writer."""
    client, connection = Client(port, token), plain.connect()
    lines = len(client.get(PATH).splitlines()) - 1
    raw_lines = len(raw_file(connection).splitlines()) - 1
    assert lines == raw_lines, (lines, raw_lines)
    found = compare(
        f"CSV export of {lines} lines over HTTP",
        timed(lambda: client.get(PATH), TIMES),
        timed(lambda: raw_file(connection), TIMES),
        rounds=rounds,
        per=TIMES,
        unit="file",
        note=f"{queries} queries",
    )
    client.close()
    connection.close()
    return found


def raw_file(connection: plain.Plain) -> bytes:
    """The same lines as a file in memory."""
    columns, lines = wide.everything(connection)
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows(lines)
    return file.getvalue().encode()
