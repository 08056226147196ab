"""A protocol in memory: records by section, each with its values and the records it names."""

from dataclasses import dataclass, field
from typing import Any

from trials.protocol.schema import Section


@dataclass(eq=False)
class Record:
    """One record. `where` names file and place for messages; `instance` is its row once it is saved."""

    section: Section
    where: str
    values: dict[str, Any]
    links: dict[str, "Record"]
    instance: Any = None

    @property
    def key(self) -> tuple[Any, ...]:
        """What tells the record apart from the others of its section."""
        return tuple(
            id(self.links[name]) if name in self.links else self.values.get(name) for name in self.section.key
        )

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass
class Protocol:
    """Everything the files say about one study."""

    records: dict[str, list[Record]]
    _codes: dict[str, dict[str, Record]] = field(default_factory=dict)

    @property
    def study(self) -> Record:
        return self.records["study"][0]

    def by_code(self, section: Section, code: str) -> Record | None:
        """The record of a section with this code, or None."""
        known = self._codes.setdefault(section.name, {})
        records = self.records[section.name]
        if len(known) < len(records):
            known |= {each.values["code"]: each for each in records}
        return known.get(code)

    def linked(self, section: Section, name: str, target: Record) -> list[Record]:
        """The records of a section that name `target` in a field."""
        return [each for each in self.records[section.name] if each.links.get(name) is target]
