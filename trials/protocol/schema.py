"""Which protocol files there are, which sections stand in them, and what identifies a record.

The fields of a record are those of its model: a field added to a model can be loaded without a change
here. A record names other records by their code.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db import models

from trials.models import (
    Arm,
    AtomicCriterion,
    Criterion,
    DoseBand,
    DoseLevel,
    DoseModification,
    DoseModificationTable,
    Drug,
    EventGroup,
    Laboratory,
    LabTest,
    LabUnit,
    ProhibitedMedication,
    Reference,
    ReferenceRange,
    RegimenElement,
    ScheduledForm,
    Site,
    Study,
    StudyContact,
    StudySetting,
    VisitDefinition,
)

# Given by the server, not by a file: `order` is the position in the file.
NEVER_IN_A_FILE = frozenset({"id", "study", "chain", "order", "version", "approved_by", "approved_on"})


@dataclass(frozen=True)
class Section:
    """One kind of record.

    `key`: the model fields that tell its records apart; `parent`: the model field that leads to the record
    it stands in; `children`: sections inside each record; `required`: fields that must be given although
    the model accepts their absence; `settings`: fields in which the key of a study setting may stand for
    its value; `word`: the field that is meant where a record is a single word.
    """

    name: str
    model: Any  # a regulated model; all but the study itself have a field `study`
    key: tuple[str, ...] = ("code",)
    parent: str = ""
    children: tuple["Section", ...] = ()
    required: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    word: str = ""
    single: bool = field(default=False, kw_only=True)

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The model fields that a record gives, by name."""
        left_out = NEVER_IN_A_FILE | {self.parent}
        return {each.name: each for each in self.model._meta.concrete_fields if each.name not in left_out}

    @property
    def references(self) -> dict[str, Any]:
        """Those of the fields that name a record of another section."""
        return {name: each for name, each in self.fields.items() if isinstance(each, models.ForeignKey)}

    @cached_property
    def links(self) -> tuple[str, ...]:
        """The fields that lead to another record: the references and the parent."""
        return (*self.references, self.parent) if self.parent else tuple(self.references)

    def column(self, name: str) -> str:
        """The attribute of a row that holds a field: the key of the other row for a reference."""
        return self.model._meta.get_field(name).attname

    @property
    def numbered(self) -> bool:
        return any(each.name == "order" for each in self.model._meta.concrete_fields)


STUDY = Section("study", Study, single=True)
SETTINGS = Section("settings", StudySetting, key=("key",), required=frozenset({"value", "default"}))
SITES = Section("sites", Site)
ARMS = Section("arms", Arm)
DRUGS = Section("drugs", Drug)
BANDS = Section("bands", DoseBand, key=("element", "from_kg"), parent="element")
REGIMEN = Section(
    "regimen",
    RegimenElement,
    key=("arm", "drug"),
    children=(BANDS,),
    settings=frozenset({"minimum_cycles", "maximum_cycles"}),
)
FORMS = Section("forms", ScheduledForm, key=("visit", "form", "panel"), parent="visit", word="form")
VISITS = Section(
    "visits",
    VisitDefinition,
    children=(FORMS,),
    settings=frozenset({"day", "window_before_days", "window_after_days", "every_days"}),
)
RULES = Section("rules", AtomicCriterion, parent="criterion")
CRITERIA = Section("criteria", Criterion, key=("kind", "number"), children=(RULES,))
UNITS = Section("units", LabUnit, key=("test", "code"), parent="test", word="code")
TESTS = Section("tests", LabTest, children=(UNITS,))
LABORATORIES = Section("laboratories", Laboratory)
RANGES = Section(
    "ranges", ReferenceRange, key=("laboratory", "test", "unit", "sex", "age_from", "valid_from")
)
DOSE_LEVELS = Section(
    "levels", DoseLevel, key=("table", "drug", "starting_dose", "reductions"), parent="table"
)
EVENT_GROUPS = Section("event_groups", EventGroup, key=("table", "code"), parent="table")
DOSE_MODIFICATIONS = Section(
    "modifications",
    DoseModification,
    key=("table", "code"),
    parent="table",
    settings=frozenset({"within_days", "above", "at_least", "below", "at_most"}),
)
DOSE_TABLES = Section(
    "dose_modification_tables",
    DoseModificationTable,
    children=(DOSE_LEVELS, EVENT_GROUPS, DOSE_MODIFICATIONS),
)
PROHIBITED = Section("prohibited_medications", ProhibitedMedication)
CONTACTS = Section("contacts", StudyContact, key=("name", "role"))
REFERENCES = Section("references", Reference, key=("pubmed_id",))

FILES: Mapping[str, tuple[Section, ...]] = {
    "study.yaml": (STUDY,),
    "settings.yaml": (SETTINGS,),
    "sites.yaml": (SITES,),
    "arms.yaml": (ARMS,),
    "drugs_and_regimen.yaml": (DRUGS, REGIMEN),
    "schedule.yaml": (VISITS,),
    "eligibility.yaml": (CRITERIA,),
    "laboratory.yaml": (TESTS, LABORATORIES),
    "reference_ranges.yaml": (RANGES,),
    "dose_modifications.yaml": (DOSE_TABLES,),
    "prohibited_medications.yaml": (PROHIBITED,),
    "contacts_and_references.yaml": (CONTACTS, REFERENCES),
}

# A study may do without them.
OPTIONAL_FILES = frozenset({"dose_modifications.yaml", "prohibited_medications.yaml"})

# Read in an order in which everything that is named is known already.
READING_ORDER = (
    STUDY,
    SETTINGS,
    SITES,
    ARMS,
    DRUGS,
    REGIMEN,
    TESTS,
    VISITS,
    CRITERIA,
    LABORATORIES,
    RANGES,
    DOSE_TABLES,
    PROHIBITED,
    CONTACTS,
    REFERENCES,
)

# What a second directory may add to a study: another site with its laboratory.
ADDITIONS = (SITES, LABORATORIES, RANGES)


def file_of(section: Section) -> str:
    """The name of the file in which a section stands."""
    return next(name for name, sections in FILES.items() if section in sections)


def every_section() -> Iterator[Section]:
    """All sections, each before its children, in the order of reading and saving."""
    for section in READING_ORDER:
        yield section
        yield from section.children


SECTION_OF: Mapping[type[models.Model], Section] = {section.model: section for section in every_section()}
