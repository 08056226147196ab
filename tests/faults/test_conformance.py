"""The service keeps what its OpenAPI document promises, whatever a generator of requests thinks of.

Schemathesis asks every operation, as a person with every role: no error of the server, and no status, header,
content type or shape that the document does not name.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.faults.conftest import Prepared
from tests.faults.server import ROOT, serving

pytest.importorskip("schemathesis")

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
WHAT_EXISTS = """
[parameters]
"path.id" = 1
"path.code" = "ZS-001"
"""
"""Places in addresses are filled with keys and codes that exist, or nearly every answer would be 404."""

ENDS_THE_LOGIN = r"/auth/(logout|token|tokens)/|/sessions?/|/second-factor/|/password/"
"""What ends or locks the login under which everything else is asked; it has tests of its own."""


def asked(prepared: Prepared, folder: Path, *options: str) -> dict[str, Any]:
    """The report of a run; its output is shown when the test fails."""
    document = folder / "openapi.json"
    env = prepared.environment()
    with serving(env, folder / "server.log", workers=1) as server:
        token = server.token(prepared.world, prepared.world["everybody"])
        bearer = f"Authorization: Bearer {token}"
        told = server.ask("GET", "/api/schema/", headers={"Authorization": f"Bearer {token}"})
        assert told.status == 200
        document.write_bytes(told.body)
        (folder / "schemathesis.toml").write_text(WHAT_EXISTS, encoding="utf-8")
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", str(document),
            "--url", f"http://127.0.0.1:{server.port}", "--header", bearer,
            "--checks", ",".join(CHECKS), "--workers", "1", "--generation-database", "none",
            "--exclude-path-regex", ENDS_THE_LOGIN, "--request-timeout", "60",
            "--warnings", "off", "--report", "json",
            "--report-json-path", str(folder / "report.json"), *options,
        ]  # fmt: skip
        done = subprocess.run(command, cwd=folder, env={**env, "PYTHONPATH": str(ROOT)}, check=False,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    print(done.stdout[-12000:])
    report: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    report["exit"] = done.returncode
    return report


def test_examples_of_some_operations_are_answered_as_documented(on_sqlite: Prepared, tmp_path: Path) -> None:
    only = ["--include-path-regex", r"^/api/v1/(subjects|vital-signs|queries|forms)/"]
    report = asked(on_sqlite, tmp_path, *only, "--phases", "fuzzing", "--max-examples", "3", "--seed", "4711")
    assert report["exit"] == 0


@pytest.mark.heavy
def test_every_operation_is_answered_as_documented(on_sqlite: Prepared, tmp_path: Path) -> None:
    report = asked(
        on_sqlite, tmp_path, "--phases", "examples,fuzzing", "--max-examples", "8", "--seed", "4711",
        "--continue-on-failure",
    )  # fmt: skip
    print(json.dumps({name: value for name, value in report.items() if not isinstance(value, list)})[:3000])
    assert report["exit"] == 0
