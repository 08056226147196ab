"""The documentation as tests read it."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])

_BLOCK = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its content."""

    language: str
    content: str


def read(name: str) -> str:
    """The text of a page, by its path from the root of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def section(name: str, title: str) -> str:
    """A section of a page, from its heading to the next of the same level."""
    _before, _heading, rest = read(name).partition(f"\n## {title}\n")
    assert rest, f"{name} has no section “{title}”"
    return rest.partition("\n## ")[0]


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a text, in order."""
    return [Block(language, content) for language, content in _BLOCK.findall(text)]
