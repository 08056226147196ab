"""From the content of protocol files to records whose every value and reference is sound."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trials.protocol.errors import ProtocolError
from trials.protocol.reading import read_directory
from trials.protocol.records import Protocol, Record
from trials.protocol.rules import CROSS_CHECKS, further_checks
from trials.protocol.schema import (
    ADDITIONS,
    FILES,
    OPTIONAL_FILES,
    READING_ORDER,
    SECTION_OF,
    SETTINGS,
    STUDY,
    UNITS,
    Section,
    every_section,
    file_of,
)
from trials.protocol.values import BadValue, column_value

MAX_RECORDS = 5000
_WHOLE = re.compile(r"[0-9]{1,4}", re.ASCII)


def read_protocol(paths: Sequence[Path]) -> Protocol:
    """The protocol of a directory; further directories may add sites, laboratories and ranges.

    Raises ProtocolError with every fault that was found: file, record, field, reason.
    """
    content, lines = _sections(paths)
    reader = _Reader(Protocol({section.name: [] for section in every_section()}), lines)
    for section in READING_ORDER:
        for entry in content.get(section.name, []):
            reader.read(section, entry.raw, entry.where)
    reader.find_duplicates()
    if not reader.lines:
        checks = (*CROSS_CHECKS, *further_checks)
        reader.lines += [line for check in checks for line in check(reader.protocol)]
    if reader.lines:
        raise ProtocolError(reader.lines)
    return reader.protocol


@dataclass(frozen=True)
class _Entry:
    where: str
    raw: Any


def _sections(paths: Sequence[Path]) -> tuple[dict[str, list[_Entry]], list[str]]:
    content: dict[str, list[_Entry]] = {}
    lines: list[str] = []
    for position, path in enumerate(paths):
        base = position == 0
        wanted = {file_of(section) for section in (READING_ORDER if base else ADDITIONS)}
        files = read_directory(path, wanted)
        if base:
            missing = FILES.keys() - OPTIONAL_FILES - files.keys()
            lines += [f"{name}: is missing" for name in FILES if name in missing]
        for name, document in files.items():
            label = name if base else f"{path.name}/{name}"
            allowed = [section for section in FILES[name] if base or section in ADDITIONS]
            lines += _enter(document, label, allowed, content, required=base)
    return content, lines


def _enter(
    document: dict[str, Any],
    label: str,
    allowed: Sequence[Section],
    content: dict[str, list[_Entry]],
    *,
    required: bool,
) -> Iterator[str]:
    for name in sorted(document.keys() - {section.name for section in allowed}):
        yield f"{label}: {name}: is not a section of this file"
    for section in allowed:
        if section.name not in document:
            if required:
                yield f"{label}: {section.name}: is required"
            continue
        raw = document[section.name]
        entries = content.setdefault(section.name, [])
        if section.single:
            entries.append(_Entry(f"{label}: {section.name}", raw))
        elif not isinstance(raw, list) or len(raw) > MAX_RECORDS:
            yield f"{label}: {section.name}: must be a list of at most {MAX_RECORDS} records"
        else:
            entries += [_Entry(f"{label}: {section.name}[{i}]", item) for i, item in enumerate(raw)]


@dataclass
class _Reader:
    """Collects records and faults; a record with a fault stays out, so that one fault is told once."""

    protocol: Protocol
    lines: list[str]
    faulty: set[tuple[str, str]] = field(default_factory=set)

    def read(self, section: Section, raw: Any, where: str, parent: Record | None = None) -> None:
        raw = {section.word: raw} if section.word and isinstance(raw, str) else raw
        if not isinstance(raw, dict):
            self.lines.append(f"{where}: must be a record of named fields")
            return
        where = _labeled(section, raw, where)
        before = len(self.lines)
        self._refuse_unknown(section, raw, where)
        record = Record(section, where, {}, {section.parent: parent} if parent else {})
        for name, column in section.fields.items():
            self._read_field(record, name, column, raw)
        if section.numbered:
            record.values["order"] = len(self.protocol.records[section.name]) + 1
        if len(self.lines) > before:
            self.faulty.add((section.name, str(raw.get("code"))))
        else:
            self.protocol.records[section.name].append(record)
        for child in section.children:
            self._read_children(child, raw, record)

    def _refuse_unknown(self, section: Section, raw: dict[str, Any], where: str) -> None:
        known = section.fields.keys() | {child.name for child in section.children}
        self.lines += [f"{where}: {name}: is not known" for name in sorted(raw.keys() - known)]

    def _read_field(self, record: Record, name: str, column: Any, raw: dict[str, Any]) -> None:
        section = record.section
        if name not in raw:
            optional = column.has_default() or column.blank
            if name in section.required or not optional:
                self.lines.append(f"{record.where}: {name}: is required")
            elif name not in section.references:
                record.values[name] = column.get_default()
            return
        try:
            if name in section.references:
                self._link(record, name, column, raw[name])
            else:
                value = self._setting(raw[name]) if name in section.settings else raw[name]
                record.values[name] = column_value(column, value)
        except BadValue as error:
            self.lines.append(f"{record.where}: {name}: {error}")

    def _link(self, record: Record, name: str, column: Any, code: Any) -> None:
        if code is None and column.null:
            return
        target = SECTION_OF[column.related_model]
        found = self._named(record, target, code) if isinstance(code, str) else None
        if found is not None:
            record.links[name] = found
        elif (target.name, str(code)) not in self.faulty:
            raise BadValue(f"“{code}” is not one of the {target.name}")

    def _named(self, record: Record, target: Section, code: str) -> Record | None:
        """The record with this code; where it stands in the same parent, that of the parent alone."""
        parent = record.section.parent
        if not parent or target.parent != parent:
            return self.protocol.by_code(target, code)
        siblings = self.protocol.linked(target, parent, record.links[parent])
        return next((each for each in siblings if each["code"] == code), None)

    def _setting(self, value: Any) -> Any:
        """The value of the setting that is named.

        "name + 1" adds a whole number, as day 1 is the anchor; "name.key.key" is a value within a mapping.
        """
        if not isinstance(value, str):
            return value
        name, _plus, number = value.partition(" + ")
        added = int(number) if _WHOLE.fullmatch(number) else None
        for setting in self.protocol.records[SETTINGS.name]:
            key, known = setting.values["key"], setting.values["value"]
            if key == value:
                return known
            if key == name and added is not None and type(known) is int:
                return known + added
            if value.startswith(f"{key}."):
                return _within(known, value.removeprefix(f"{key}."), value)
        raise BadValue(f"“{value}” is not one of the settings")

    def _read_children(self, section: Section, raw: dict[str, Any], parent: Record) -> None:
        entries = raw.get(section.name, [])
        where = f"{parent.where}: {section.name}"
        if not isinstance(entries, list) or len(entries) > MAX_RECORDS:
            self.lines.append(f"{where}: must be a list of at most {MAX_RECORDS} records")
            return
        if section is UNITS:
            entries = _with_preferred_unit(raw, entries)
        for index, entry in enumerate(entries):
            self.read(section, entry, f"{where}[{index}]", parent)

    def find_duplicates(self) -> None:
        for section in every_section():
            seen: set[tuple[Any, ...]] = set()
            for record in self.protocol.records[section.name]:
                if record.key in seen:
                    given = [name for name in section.key if name != section.parent]
                    self.lines.append(f"{record.where}: {', '.join(given)}: is given twice")
                seen.add(record.key)


def _within(mapping: Any, path: str, named: str) -> Any:
    """The value at a path of keys, divided by dots, in the mapping of a setting. Raises BadValue."""
    found = mapping
    for key in path.split("."):
        if not isinstance(found, dict) or key not in found:
            raise BadValue(f"“{named}” is not in the setting: it has no “{key}” there")
        found = found[key]
    return found


def _with_preferred_unit(test: dict[str, Any], others: list[Any]) -> list[Any]:
    """The units of a test: the preferred one first, then the others in which a laboratory may report."""
    preferred = test.get("unit")
    return [preferred, *others] if isinstance(preferred, str) and preferred else others


def _labeled(section: Section, raw: dict[str, Any], where: str) -> str:
    if section is STUDY:
        return where
    given = [raw[name] for name in section.key if isinstance(raw.get(name), str | int)]
    label = " ".join(str(value) for value in given if value != "")[:60]
    return f"{where} ({label})" if label else where
