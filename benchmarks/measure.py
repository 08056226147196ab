"""Measures one database, in a process of its own: `python -m benchmarks.measure COUNTS FILE`.

The environment names the database (DATABASE_URL) and the settings; findings go to FILE as JSON.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import django

SMALL, LARGE = 61, 500
SAMPLES_OF_SMALL, SAMPLES_OF_LARGE = 3, 1


def measure_all(counts: Mapping[str, int]) -> dict[str, Any]:
    """Every measurement in turn, in a study that grows from 61 to 500 subjects."""
    from django.core.management import call_command

    from benchmarks import (
        bulk_import,
        casebook,
        csv_export,
        http_create,
        http_list,
        pages,
        study,
        verification,
    )
    from benchmarks.server import serving, token_of
    from tests.factories import PASSWORD

    call_command("migrate", verbosity=0)
    setting = study.prepare()
    study.grow(setting, SMALL, SAMPLES_OF_SMALL)
    verified = verification.measure(counts["imports"])
    compared = []
    with serving() as port:
        token = token_of(port, setting.coordinator.username, PASSWORD)
        exporter = token_of(port, setting.data_manager.username, PASSWORD)
        queries = pages.api_queries(token, http_list.PATH)
        compared.append(http_list.measure(port, token, counts["reads"], queries))
        queries = pages.api_queries(exporter, csv_export.PATH)
        compared.append(csv_export.measure(port, exporter, counts["reads"], queries))
        compared.insert(0, http_create.measure(setting, port, token, counts["creates"], counts["forms"]))
    compared.insert(1, bulk_import.measure(setting, counts["imports"]))
    compared.append(casebook.measure(setting, counts["reads"]))
    shown = pages.measure(setting)
    study.grow(setting, LARGE, SAMPLES_OF_LARGE)
    compared.append(casebook.measure(setting, counts["reads"]))
    compared.append(verified)
    shown += pages.measure(setting)
    return {
        "compared": [each.as_json() for each in compared],
        "pages": [each.as_json() for each in shown],
        "version": server_version(),
        "flush": flush_seconds(),
    }


def server_version() -> str:
    """The database and the settings that make a commit durable, as it states them itself."""
    from benchmarks import plain

    connection = plain.connect()
    asked = plain.durability()
    values = [f"{name} {connection.execute(statement).fetchone()[0]}" for name, statement in asked.items()]
    connection.close()
    return ", ".join(values)


def flush_seconds(times: int = 50) -> float:
    """Median seconds to write one page to a file beside the database and wait until it is on disk."""
    seconds = []
    with tempfile.TemporaryFile() as file:
        for _ in range(times):
            start = perf_counter()
            file.write(bytes(4096))
            file.flush()
            os.fsync(file.fileno())
            seconds.append(perf_counter() - start)
    return median(seconds)


if __name__ == "__main__":
    django.setup()
    Path(sys.argv[2]).write_text(json.dumps(measure_all(json.loads(sys.argv[1]))), encoding="utf-8")
