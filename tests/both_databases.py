"""Runs the suite on SQLite and on PostgreSQL from the one command `pytest`, and says how much ran on each.

The SQLite leg is the ordinary session. Then a second pytest, given the same arguments and a PostgreSQL server
that was started for it, runs every test that touches a database; pure tests run once. `--db sqlite` or
`--db postgres` runs one leg alone.

Tests of rules over facts that were read (checks, derivations, reports) and of pages over the same actions
ask nothing of a database that the others do not: after SQLite they run on PostgreSQL with `--heavy` or
`--db postgres` only. The demonstration, which goes through all of these rules, is loaded and reported on
both.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from tests.postgresql import CannotStart, temporary_server

Totals = dict[str, int]

OUTCOMES = ("passed", "failed", "error", "skipped", "deselected", "xfailed", "xpassed")
ALWAYS_SHOWN = ("passed", "failed")

LEG = "TEST_DATABASE"  # read by the test settings too
TOTALS_FILE = "ECRF_TEST_TOTALS"
DATABASE_TESTS_ONLY = "ECRF_TEST_DATABASE_ONLY"
WITHOUT_POSTGRESQL = "ECRF_ALLOW_NO_POSTGRES"

TOTALS = pytest.StashKey[Totals]()
FOR_POSTGRESQL = pytest.StashKey[int]()

RULES = (
    "tests/access/",
    "tests/browser/",
    "tests/ecrf/access/test_administrators_enter_nothing.py",
    "tests/ecrf/access/test_credentials_for_a_signature.py",
    "tests/ecrf/access/test_headers.py",
    "tests/ecrf/access/test_login.py",
    "tests/ecrf/access/test_second_factor.py",
    "tests/ecrf/access/test_sessions.py",
    "tests/ecrf/access/test_token_limits.py",
    "tests/ecrf/admin/",
    "tests/ecrf/demo/test_defects.py",
    "tests/ecrf/reports/",
    "tests/patients/admin/",
    "tests/patients/checks/",
    "tests/patients/dosing/",
    "tests/patients/eligibility/",
    "tests/patients/participation/",
    "tests/patients/privacy/test_de_identified.py",
    "tests/patients/test_grades.py",
    "tests/patients/test_tumor_response.py",
    "tests/patients/test_tumor_settings.py",
    "tests/patients/test_tumor_told.py",
    "tests/trials/admin/",
)

DATABASE_FIXTURES = {"db", "transactional_db", "django_db_reset_sequences", "live_server"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("databases")
    group.addoption(
        "--db",
        choices=["both", "sqlite", "postgres"],
        default="both",
        help="database to run on (default: both, one after the other)",
    )
    group.addoption("--heavy", action="store_true", help="run the tests marked heavy, too")


@pytest.hookimpl(wrapper=True)
def pytest_cmdline_main(config: pytest.Config) -> Generator[None, object, object]:
    """Put the PostgreSQL leg behind the ordinary session, or in its place."""
    if LEG in os.environ or hasattr(config, "workerinput"):
        return (yield)
    if config.option.db == "postgres":
        raise SystemExit(postgresql_leg(config, everything=True)[0])
    code = yield
    sqlite = config.stash.get(TOTALS, None)
    if config.option.db == "sqlite" or sqlite is None or config.option.collectonly:
        return code
    return with_postgresql(config, int(code), sqlite)  # type: ignore[call-overload]


def with_postgresql(config: pytest.Config, code: int, sqlite: Totals) -> int:
    """Run the second leg if there is anything to run, print both totals, return one exit status."""
    second: Totals | str
    if code in {pytest.ExitCode.INTERRUPTED, pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR}:
        second = "not run, the first leg did not finish"
    elif code == pytest.ExitCode.TESTS_FAILED and config.option.maxfail:
        second = "not run, stopped at a failure"
    elif config.stash.get(FOR_POSTGRESQL, None) == 0:
        second = "nothing to run, no test chosen touches a database"
    else:
        other, second = postgresql_leg(config, everything=False)
        code = combined(code, other)
    print_totals(config, {"SQLite": sqlite, "PostgreSQL": second})
    return code


def combined(first: int, second: int) -> int:
    """Exit status of two legs: a leg without tests counts only if the other has none either."""
    real = [code for code in (first, second) if code != pytest.ExitCode.NO_TESTS_COLLECTED]
    return max(real, default=int(pytest.ExitCode.NO_TESTS_COLLECTED))


def postgresql_leg(config: pytest.Config, *, everything: bool) -> tuple[int, Totals | str]:
    """Run pytest again on a PostgreSQL server; its exit status, and its totals or why there are none."""
    sys.stdout.flush()
    print("\nPostgreSQL: starting a server for the tests ...", flush=True)
    try:
        with temporary_server() as url, tempfile.TemporaryDirectory(prefix="ecrf-totals-") as directory:
            totals_file = Path(directory) / "totals.json"
            environment = {
                **os.environ,
                LEG: "postgres",
                "TEST_POSTGRES_URL": url,
                TOTALS_FILE: str(totals_file),
                **({} if everything else {DATABASE_TESTS_ONLY: "1"}),
            }
            command = [sys.executable, "-m", "pytest", *map(str, config.invocation_params.args)]
            # A cache of its own, or --last-failed would mean the failures of the other leg.
            command += [
                "-o",
                f"cache_dir={config.inipath.parent if config.inipath else '.'}/.pytest_cache/postgres",
            ]
            code = subprocess.run(
                command, env=environment, cwd=config.invocation_params.dir, check=False
            ).returncode
            if not totals_file.exists():
                return code or int(pytest.ExitCode.INTERNAL_ERROR), f"did not finish (exit status {code})"
            return code, json.loads(totals_file.read_text(encoding="utf-8"))
    except CannotStart as error:
        if os.environ.get(WITHOUT_POSTGRESQL) == "1":
            return 0, f"SKIPPED, {WITHOUT_POSTGRESQL}=1 and the server cannot start: {error}"
        return (
            int(pytest.ExitCode.TESTS_FAILED),
            f"FAILED, the server cannot start ({WITHOUT_POSTGRESQL}=1 lets the suite pass without): {error}",
        )


def print_totals(config: pytest.Config, legs: dict[str, Totals | str]) -> None:
    """The last lines of the run: what ran on each database."""
    print("\n" + " on each database ".center(80, "="))
    for name, totals in legs.items():
        print(f"{name}: {totals if isinstance(totals, str) else in_words(totals)}")
    sys.stdout.flush()


def in_words(totals: Totals) -> str:
    """For example `312 passed, 0 failed, 2 skipped`."""
    return ", ".join(
        f"{totals[name]} {name}" for name in OUTCOMES if totals.get(name) or name in ALWAYS_SHOWN
    )


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Keep the totals of this leg, for the lines that come after both."""
    totals = {name: len(terminalreporter.stats.get(name, [])) for name in OUTCOMES}
    config.stash[TOTALS] = totals
    if path := os.environ.get(TOTALS_FILE):
        Path(path).write_text(json.dumps(totals), encoding="utf-8")


def pytest_report_header(config: pytest.Config) -> str:
    from django.db import connection

    return f"database: {connection.vendor}"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out heavy tests unless asked for, tests of the other database, pure tests that ran already."""
    postgres = os.environ.get(LEG) == "postgres"
    database_only = DATABASE_TESTS_ONLY in os.environ
    heavy = config.option.heavy or "heavy" in (config.option.markexpr or "")
    other = "sqlite" if postgres else "postgres"

    light = [item for item in items if heavy or not item.get_closest_marker("heavy")]
    config.stash[FOR_POSTGRESQL] = sum(1 for item in light if runs_after_sqlite(item, heavy))
    kept = [
        item
        for item in light
        if not item.get_closest_marker(other) and (runs_after_sqlite(item, heavy) or not database_only)
    ]
    if len(kept) < len(items):
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = kept


def runs_after_sqlite(item: pytest.Item, heavy: bool) -> bool:
    """True for a test that the second leg repeats on PostgreSQL."""
    if item.get_closest_marker("sqlite") or not needs_database(item):
        return False
    return heavy or bool(item.get_closest_marker("postgres")) or not item.nodeid.startswith(RULES)


def needs_database(item: pytest.Item) -> bool:
    """True for a test that could behave differently on another database."""
    from django.test import TransactionTestCase

    if item.get_closest_marker("django_db") or item.get_closest_marker("postgres"):
        return True
    case = getattr(item, "cls", None)
    if case is not None and issubclass(case, TransactionTestCase):
        return True
    return bool(DATABASE_FIXTURES & set(getattr(item, "fixturenames", ())))
