"""Load dictionaries of terms: new terms are added, others changed with a reason, none is removed."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trials.actions.errors import Refused
from trials.actions.given import needed, text
from trials.audit.recording import Act, Recording, recording
from trials.models.dictionary import Dictionary, DictionaryName, DictionaryTerm, TermLevel, folded
from trials.models.staff import User, system_chain
from trials.roles import Verb, require
from trials.terminology.ctcae_sheet import sheet_terms
from trials.terminology.entries import DictionaryError, TermEntry
from trials.terminology.medascii import read_medascii
from trials.terminology.shipped import SOURCE, VERSIONS, shipped_terms

VERSION_LENGTH = 20
SHIPPED_FIELDS = ("term", "system_organ_class", "grades")
SHEET_FIELDS = ("code", "descriptions", "definition", "note")
MEDDRA_FIELDS = (
    "term",
    "system_organ_class",
    "high_level_term",
    "high_level_group_term",
    "is_current",
)


@dataclass
class DictionaryReport:
    """What a load did to one dictionary, in numbers of terms."""

    dictionary: Dictionary
    created: int = 0
    changed: int = 0
    unchanged: int = 0


def load_shipped_ctcae(
    *, actor: User, versions: Iterable[str] = VERSIONS, reason: str = ""
) -> list[DictionaryReport]:
    """Load the CTCAE terms that come with the software. Loading them again writes nothing.

    Grade descriptions that a site has added stay. Raises NotPermitted, ReasonRequired where a stored term
    differs and no reason is given, Refused for a stored term that is not shipped, DictionaryError.
    """
    role = require(actor, Verb.MANAGE_PROTOCOL)
    wanted = {version: shipped_terms(version) for version in versions}
    reports = []
    with recording(system_chain(), Act(actor, role, "load dictionary", reason.strip())) as record:
        for version, entries in wanted.items():
            report = DictionaryReport(_dictionary(DictionaryName.CTCAE, version, SOURCE))
            _Level(record, report, TermLevel.TERM, SHIPPED_FIELDS, reason).store(entries)
            reports.append(report)
    return reports


def add_ctcae_descriptions(*, actor: User, version: str, path: Path, reason: str) -> DictionaryReport:
    """Add what each grade means, from the spreadsheet of the NCI, to the terms of a version that is loaded.

    Raises NotPermitted, ReasonRequired, Refused (the version is not loaded), and DictionaryError with every
    fault of the file: among them a term the version does not have, one it has and the file has not, and a
    grade that exists in one of the two only. Nothing is stored then.
    """
    role = require(actor, Verb.MANAGE_PROTOCOL)
    reason = needed(reason)
    entries = sheet_terms(path)
    with recording(system_chain(), Act(actor, role, "load dictionary", reason)) as record:
        dictionary = Dictionary.objects.filter(name=DictionaryName.CTCAE, version=version).first()
        if dictionary is None:
            raise Refused({"version": ["is not loaded: load the shipped terms first"]})
        report = DictionaryReport(dictionary)
        level = _Level(record, report, TermLevel.TERM, SHEET_FIELDS, reason)
        _require_same_terms(entries, level.stored)
        level.store(entries)
    return report


def load_meddra(*, actor: User, version: str, directory: Path, reason: str = "") -> DictionaryReport:
    """Load a licensed MedDRA from its distribution: classes, preferred terms, lowest level terms.

    Loading it again writes nothing. Raises NotPermitted, ReasonRequired where a stored term differs and no
    reason is given, Refused for a version that is none or a stored term that the files do not hold, and
    DictionaryError naming file, line and field.
    """
    role = require(actor, Verb.MANAGE_PROTOCOL)
    version = text("version", version, limit=VERSION_LENGTH, required=True)
    if not all(part.isdigit() for part in version.split(".")):
        raise Refused({"version": ["is no version such as 27.0"]})
    found = read_medascii(directory)
    with recording(system_chain(), Act(actor, role, "load dictionary", reason.strip())) as record:
        report = DictionaryReport(
            _dictionary(DictionaryName.MEDDRA, version, "MedAscii files of the licensee")
        )
        above: Mapping[str, DictionaryTerm] = {}
        for level, entries in (
            (TermLevel.SYSTEM_ORGAN_CLASS, found.system_organ_classes),
            (TermLevel.PREFERRED_TERM, found.preferred_terms),
            (TermLevel.LOWEST_LEVEL_TERM, found.lowest_level_terms),
        ):
            above = _Level(record, report, level, MEDDRA_FIELDS, reason, above).store(entries)
    return report


def _dictionary(name: DictionaryName, version: str, source: str) -> Dictionary:
    stored = Dictionary.objects.filter(name=name, version=version).first()
    if stored is None:
        stored = Dictionary(name=name, version=version, source=source, chain=system_chain())
        stored.save(force_insert=True)
    return stored


def _require_same_terms(entries: Sequence[TermEntry], stored: Mapping[str, DictionaryTerm]) -> None:
    """The spreadsheet must be of the version: the same terms, with the same grades."""
    faults = []
    for entry in entries:
        known = stored.get(folded(entry.term))
        if known is None:
            faults.append(f"{entry.where}, column CTCAE Term: is no term of this version")
            continue
        for grade in "12345":
            if (grade in entry.grades) != (grade in known.grades):
                state = "has no grade" if grade in entry.grades else "has a grade"
                faults.append(
                    f"{entry.where}, column Grade {grade}: this version {state} {grade} of the term"
                )
    missing = stored.keys() - {folded(entry.term) for entry in entries}
    faults += [f"the term “{stored[key].term}” is missing from the sheet" for key in sorted(missing)]
    if faults:
        raise DictionaryError(faults)


class _Level:
    """The terms of one level of a dictionary, brought in line with a file inside a recording."""

    def __init__(
        self,
        record: Recording,
        report: DictionaryReport,
        level: TermLevel,
        fields: Sequence[str],
        reason: str,
        above: Mapping[str, DictionaryTerm] | None = None,
    ) -> None:
        self.record = record
        self.report = report
        self.level = level
        self.fields = fields
        self.reason = reason
        self.above = above or {}
        self.key: Callable[[Any], str] = _text_of if level is TermLevel.TERM else _code_of
        terms = DictionaryTerm.objects.filter(dictionary=report.dictionary, level=level)
        self.stored = {self.key(each): each for each in terms}
        for each in self.stored.values():
            each.dictionary = report.dictionary  # known: not read again for every term

    def store(self, entries: Sequence[TermEntry]) -> Mapping[str, DictionaryTerm]:
        """Write the differences; the terms of the level by their key."""
        wanted = {self.key(entry): entry for entry in entries}
        if extra := sorted(self.stored.keys() - wanted.keys()):
            named = self.stored[extra[0]].term
            raise Refused(f"“{named}” is stored and missing from the files; nothing is ever removed.")
        created = [self._new(entry) for key, entry in wanted.items() if key not in self.stored]
        changed = [term for key, term in self.stored.items() if self._takes_over(term, wanted[key])]
        self.report.created += len(created)
        self.report.changed += len(changed)
        self.report.unchanged += len(self.stored) - len(changed)
        if changed:
            needed(self.reason)
            self.record.update_all(changed, [*self.fields, "folded", "parent"])
        for term in self.record.save_all(created):
            self.stored[self.key(term)] = term  # type: ignore[assignment]
        return self.stored

    def _new(self, entry: TermEntry) -> DictionaryTerm:
        term = DictionaryTerm(dictionary=self.report.dictionary, level=self.level, code=entry.code)
        self._takes_over(term, entry)
        return term

    def _takes_over(self, term: DictionaryTerm, entry: TermEntry) -> bool:
        """Give the term what the file says; whether that differs from what it had."""
        values = {name: getattr(entry, name) for name in self.fields}
        values["folded"] = folded(entry.term)
        if entry.parent:
            values["parent_id"] = self.above[entry.parent].pk
        before = {name: getattr(term, name) for name in values}
        for name, value in values.items():
            setattr(term, name, value)
        return before != values


def _text_of(term: Any) -> str:
    return folded(term.term)


def _code_of(term: Any) -> str:
    return str(term.code)
