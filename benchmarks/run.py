"""Measure the application beside its raw limits on SQLite and PostgreSQL: `python benchmarks/run.py --quick`.

Everything it starts is on loopback or a socket file, bounded in count and time, and stopped and removed at
the end. Nothing is judged: a slow run is a finding, not a failure.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "RESULTS.md"

QUICK = {"creates": 5, "forms": 20, "reads": 5, "imports": 3}
FULL = {"creates": 9, "forms": 100, "reads": 15, "imports": 7}
"""Rounds of each kind, and forms that each of the eight connections enters in a round."""
QUICK_SECONDS, FULL_SECONDS = 150, 1200
"""What one database may take before its measurement is given up."""


def main() -> int:
    chosen = arguments()
    sys.path.insert(0, str(ROOT))
    from benchmarks.databases import DATABASES
    from benchmarks.table import report

    names = [chosen.database] if chosen.database else list(DATABASES)
    findings = {}
    for name in names:
        print(f"{name}: measuring ...", file=sys.stderr, flush=True)
        with DATABASES[name]() as url, tempfile.TemporaryDirectory(prefix="ecrf-bench-") as var:
            findings[name] = measured(url, Path(var), quick=chosen.quick)
    text = report(findings, options=" --quick" if chosen.quick else "")
    print(text)
    if chosen.write:
        RESULTS.write_text(text, encoding="utf-8")
    return 0


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--quick", action="store_true", help="few rounds, a few minutes for both databases")
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], help="this one only")
    parser.add_argument("--write", action="store_true", help="write benchmarks/RESULTS.md")
    return parser.parse_args()


def measured(url: str, var: Path, *, quick: bool) -> dict[str, Any]:
    """The findings of one database. Raises RuntimeError when the measurement fails or takes too long."""
    output = var / "findings.json"
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "ecrf.settings.demo",
        "DATABASE_URL": url,
        "ECRF_VAR": str(var),
        "LOG_LEVEL": "ERROR",
        "THROTTLE_USER": "1000000/min",
    }
    counts = json.dumps(QUICK if quick else FULL)
    command = [sys.executable, "-m", "benchmarks.measure", counts, str(output)]
    # A group of its own, so that a measurement that is given up takes its server with it.
    child = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True)
    try:
        code = child.wait(QUICK_SECONDS if quick else FULL_SECONDS)
    except subprocess.TimeoutExpired:
        raise RuntimeError("the measurement took too long and was given up") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGTERM)
            child.wait()
    if code:
        raise RuntimeError(f"the measurement ended with exit status {code}")
    found: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return found


if __name__ == "__main__":
    sys.exit(main())
