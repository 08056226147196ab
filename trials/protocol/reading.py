"""Reads protocol files: YAML as text, whole numbers, exact decimals, true and false; nothing else.

Refused: aliases and merge keys (a small file could stand for a huge one), a key given twice, tags, more
than 1 MiB, deep nesting. Dates and words such as `no` stay text; the schema says what they must be.
"""

import re
from collections.abc import Hashable
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from trials.protocol.errors import ProtocolError

MAX_BYTES = 1_048_576
MAX_DEPTH = 12
MAX_NUMBER_LENGTH = 30

_WHOLE = re.compile(r"-?(0|[1-9][0-9]*)")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)\.[0-9]+")
_CORE = "tag:yaml.org,2002:"


class ProtocolLoader(yaml.SafeLoader):
    """YAML whose plain values cannot mean two things."""

    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.composer.ComposerError(
                None, None, "aliases (*name) are not allowed", self.peek_event().start_mark
            )
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise yaml.composer.ComposerError(
                None, None, f"more than {MAX_DEPTH} levels deep", self.peek_event().start_mark
            )
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_CORE}str":
                raise _refusal("a key must be text", key)
            if key.value in seen:
                raise _refusal(f"the key {key.value} is given twice", key)
            seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


def _refusal(what: str, node: yaml.Node) -> yaml.constructor.ConstructorError:
    return yaml.constructor.ConstructorError(None, None, what, node.start_mark)


def _whole(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    if len(node.value) > MAX_NUMBER_LENGTH or not _WHOLE.fullmatch(node.value):
        raise _refusal("a whole number is written with digits only, without leading zero", node)
    return int(node.value)


def _decimal(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> Decimal:
    if len(node.value) > MAX_NUMBER_LENGTH or not _DECIMAL.fullmatch(node.value):
        raise _refusal("a decimal is written as 1.5, without exponent", node)
    return Decimal(node.value)


def _truth(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> bool | str:
    # YAML 1.1 reads yes, no, on and off as truth values; here they are words.
    return node.value == "true" if node.value in ("true", "false") else node.value


def _text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> str:
    return node.value


ProtocolLoader.add_constructor(f"{_CORE}int", _whole)
ProtocolLoader.add_constructor(f"{_CORE}float", _decimal)
ProtocolLoader.add_constructor(f"{_CORE}bool", _truth)
ProtocolLoader.add_constructor(f"{_CORE}timestamp", _text)


def read_file(path: Path) -> dict[str, Any]:
    """The content of one protocol file, a mapping of section names. Raises ProtocolError naming the file."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise ProtocolError([f"{path.name}: cannot be read ({error.strerror})"]) from None
    if len(content) > MAX_BYTES:
        raise ProtocolError([f"{path.name}: is larger than {MAX_BYTES} bytes"])
    try:
        # A loader of our own, derived from SafeLoader: no tag of Python's is known to it.
        document = yaml.load(content.decode("utf-8"), Loader=ProtocolLoader)  # noqa: S506
    except UnicodeDecodeError:
        raise ProtocolError([f"{path.name}: is not UTF-8 text"]) from None
    except yaml.YAMLError as error:
        raise ProtocolError([f"{path.name}: {_where_and_what(error)}"]) from None
    if not isinstance(document, dict):
        raise ProtocolError([f"{path.name}: must hold named sections"])
    return document


def _where_and_what(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or "is not YAML"
    return f"line {mark.line + 1}, column {mark.column + 1}: {what}" if mark else str(what)


def read_directory(directory: Path, known: set[str]) -> dict[str, dict[str, Any]]:
    """Every protocol file of a directory by file name. Raises ProtocolError, also for an unknown file."""
    if not directory.is_dir():
        raise ProtocolError([f"{directory.name}: is no directory of protocol files"])
    found: dict[str, dict[str, Any]] = {}
    lines: list[str] = []
    for path in sorted(directory.glob("*.y*ml")):
        if path.name not in known:
            lines.append(f"{path.name}: is not a protocol file; known: {', '.join(sorted(known))}")
            continue
        try:
            found[path.name] = read_file(path)
        except ProtocolError as error:
            lines += error.lines
    if lines:
        raise ProtocolError(lines)
    return found
