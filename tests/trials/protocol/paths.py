"""Where the protocols of the tests lie."""

import shutil
from pathlib import Path

from django.conf import settings

from trials.protocol.errors import ProtocolError
from trials.protocol.parsing import read_protocol

FIXTURES = Path(settings.BASE_DIR) / "fixtures"
REGISTRY = FIXTURES / "protocol" / "NCT04361331"
DEMO_SITE = FIXTURES / "demo_site"
SECOND = Path(__file__).parent / "second_study"


def copied(directory: Path, to: Path) -> Path:
    """A copy that a test may edit."""
    return Path(shutil.copytree(directory, to / directory.name))


def edited(path: Path, old: str, new: str) -> None:
    """Replace a text that stands in the file exactly once."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {path.name}"
    path.write_text(text.replace(old, new), encoding="utf-8")


def faults(directory: Path) -> list[str]:
    """What the reader says about a faulty protocol."""
    try:
        read_protocol([directory])
    except ProtocolError as error:
        return list(error.lines)
    return []
