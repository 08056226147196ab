"""The findings as text: ratios that may be compared, absolute numbers that may not."""

import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

Findings = Mapping[str, Mapping[str, Any]]
"""What each database's measurements came to, by its name."""

PACKAGES = ("Django", "djangorestframework", "django-simple-history", "psycopg", "gunicorn")

HEADING = """# Benchmarks

Written by `python benchmarks/run.py{options} --write`. Every measurement stands beside its raw limit: the
same rows, columns and durability in plain SQL, taken in the same run, turn and turn about. Only the ratio
(time of the application / time of the raw limit) may be compared between machines; the absolute numbers say
something about this run only.
"""

CAVEATS = """## What these numbers do not say

- They were taken on a machine that other work shares. Look at the range of the ratio, not at its last digit;
  a rerun moves it.
- Clients, server, database and raw limit share {processors} processors. The raw limit runs in the process of
  the clients: it parses no HTTP and waits for no other process but the database.
- Both databases flush every commit to disk (SQLite: WAL with synchronous=FULL; PostgreSQL: fsync,
  synchronous_commit and full_page_writes on), for the application and for the raw limit alike. How long the
  disk took to flush 4 KiB in this run: {flushes}.
- The raw limit checks no right, validates, derives and questions nothing, computes no hash and reads nothing
  back; its rows are copies that would not verify. It is a limit, not a rival.
- The server is gunicorn with {workers} workers of {threads} threads, demo settings, on loopback, without TLS.
- A median of few rounds: {rounds}.
"""


def report(findings: Findings, options: str) -> str:
    """The whole text of RESULTS.md."""
    from benchmarks.server import THREADS, WORKERS

    flushes = ", ".join(f"{name} {_time(found['flush'])}" for name, found in findings.items())
    rounds = sorted({each["rounds"] for found in findings.values() for each in found["compared"]})
    caveats = CAVEATS.format(
        processors=os.cpu_count(),
        flushes=flushes,
        workers=WORKERS,
        threads=THREADS,
        rounds=" or ".join(map(str, rounds)),
    )
    parts = [HEADING.format(options=options), *(_section(name, found) for name, found in findings.items())]
    return "\n".join([*parts, versions(findings), caveats])


def _section(name: str, found: Mapping[str, Any]) -> str:
    compared = _table(
        ("Work", "Ratio", "Lowest to highest", "Ours, this run only", "Raw, this run only", "Queries"),
        (
            (
                each["name"],
                f"{each['ratio']:.1f}",
                f"{each['lowest']:.1f} to {each['highest']:.1f}",
                f"{_time(each['ours'])} a {each['unit']}",
                _time(each["raw"]),
                each["note"].removesuffix(" queries"),
            )
            for each in found["compared"]
        ),
    )
    pages = _table(
        ("Page", "Subjects in the study", "Queries", "Time, this run only"),
        (
            (each["name"], str(each["subjects"]), str(each["queries"]), _time(each["seconds"]))
            for each in found["pages"]
        ),
    )
    return f"## {name}\n\n{compared}\n{pages}"


def versions(findings: Findings) -> str:
    """The software that was measured."""
    lines = [f"- Python {platform.python_version()}"]
    lines += [f"- {name} {version(name)}" for name in PACKAGES]
    lines += [f"- {found['version']}" for found in findings.values()]
    return "## Software\n\n" + "\n".join(lines) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _time(seconds: float) -> str:
    """Seconds with three digits at most, in the unit that suits.

    >>> _time(0.00123), _time(0.0123), _time(4.2)
    ('1.23 ms', '12.3 ms', '4.2 s')
    """
    return f"{seconds:.3g} s" if seconds >= 1 else f"{seconds * 1000:.3g} ms"
