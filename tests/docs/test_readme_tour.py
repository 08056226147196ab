"""The commands of the README's tour of the REST interface, run as they stand there."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as project

from ecrf.demo.accounts import make_accounts, open_accounts
from ecrf.demo.new_list import make_new_list
from tests.docs.pages import blocks, section
from trials.models import User
from trials.protocol.loading import load_protocol

TITLE = "Tour of the REST interface"
ADDRESS = "http://127.0.0.1:8123"
PROTOCOL = ("protocol/NCT04361331", "demo_site")
MARK = "==== step "
LONGEST_SECONDS = 300


@pytest.fixture
def demonstration(settings: Any, transactional_db: None) -> None:
    """What the demo has and the tour needs: protocol, accounts with the public password, a list."""
    settings.DEMO = True
    fixtures = Path(project.BASE_DIR) / "fixtures"
    report = load_protocol(actor=User.objects.system_user(), paths=[fixtures / name for name in PROTOCOL])
    make_accounts(report.study)
    open_accounts()
    make_new_list(report.study)


def steps() -> list[tuple[str, list[str]]]:
    """Commands, and the lines that the README gives below them."""
    found = blocks(section("README.md", TITLE))
    assert [block.language for block in found] == ["sh", "text"] * (len(found) // 2)
    commands, outputs = found[::2], found[1::2]
    return [
        (command.content, output.content.splitlines())
        for command, output in zip(commands, outputs, strict=True)
    ]


def run(commands: list[str], address: str) -> tuple[list[str], str]:
    """Output of each step of one shell, and what went to standard error."""
    script = "\n".join(f"echo '{MARK}{number}'\n{command}" for number, command in enumerate(commands))
    ended = subprocess.run(
        ["bash", "-u", "-c", script.replace(ADDRESS, address)],
        capture_output=True,
        text=True,
        timeout=LONGEST_SECONDS,
        check=False,
    )
    return re.split(rf"^{MARK}\d+\n", ended.stdout, flags=re.MULTILINE)[1:], ended.stderr


def in_order(lines: list[str], output: str) -> str:
    """The first line that does not occur in the output after the ones before it; empty when all do."""
    position = 0
    for line in lines:
        found = output.find(line, position)
        if found < 0:
            return line
        position = found + len(line)
    return ""


def test_a_line_out_of_order_is_noticed() -> None:
    assert in_order(["b", "a"], "a b") == "a"
    assert in_order(["a", "b"], "a b") == ""


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed")
def test_every_command_of_the_rest_tour_answers_as_the_readme_says(
    demonstration: None, live_server: Any
) -> None:
    expected = steps()
    outputs, errors = run([command for command, _lines in expected], live_server.url)
    assert errors == ""
    assert len(outputs) == len(expected) > 10
    for (command, lines), output in zip(expected, outputs, strict=True):
        assert in_order(lines, output) == "", f"{command}\n{output}"
