"""The dose-modification table that is in force on a day, as it stood at the moment of the facts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from patients.facts import Facts
from patients.models import Subject
from patients.reading import read
from trials.clinical.dose_level import Level, Rhythm
from trials.clinical.dose_modification import DERIVED_VALUES, Rule
from trials.models import DoseLevel, DoseModification, DoseModificationTable, Drug, LabTest, RegimenElement


@dataclass(frozen=True)
class DoseTable:
    """A version with its rows and levels, by the key of their drug."""

    version: DoseModificationTable
    rows: dict[int, list[Rule]]
    levels: dict[tuple[int, Decimal], list[Level]]

    def rules_of(self, drug: Drug) -> list[Rule]:
        return self.rows.get(drug.pk, [])

    def levels_of(self, element: RegimenElement, planned: Decimal) -> list[Level]:
        """The planned dose (in the unit of the regimen) and its lower levels."""
        first = Level(planned, Rhythm(element.frequency))
        return [first, *self.levels.get((element.drug_id, planned), [])]


def table_on(facts: Facts, subject: Subject, on: date) -> DoseTable | None:
    """The version in force on a day: the one with the latest first day up to it; None where there is none."""
    versions = [each for each in facts.once(_tables, subject) if each.version.valid_from <= on]
    return max(versions, key=lambda each: each.version.valid_from, default=None)


def _tables(facts: Facts, subject: Subject) -> list[DoseTable]:
    versions: list[DoseModificationTable] = read(
        DoseModificationTable, facts.moment.as_of, study_id=subject.study_id
    )
    if not versions:
        return []
    names = dict(LabTest.objects.filter(study_id=subject.study_id).values_list("code", "name"))
    names |= {each.code: each.name for each in DERIVED_VALUES.values()}
    # An approved version never changes: its rows are read as they are.
    rows = DoseModification.objects.filter(table__in=versions).select_related("events", "other_than")
    steps = DoseLevel.objects.filter(table__in=versions).order_by("reductions")
    return [_table(each, list(rows.order_by("order")), list(steps), names) for each in versions]


def _table(
    version: DoseModificationTable,
    rows: Sequence[DoseModification],
    steps: Sequence[DoseLevel],
    names: dict[str, str],
) -> DoseTable:
    by_drug: dict[int, list[Rule]] = {}
    for row in rows:
        if row.table_id == version.pk:
            by_drug.setdefault(row.drug_id, []).append(row.rule(names.get(row.test, row.test).lower()))
    levels: dict[tuple[int, Decimal], list[Level]] = {}
    for step in steps:
        if step.table_id == version.pk:
            key = (step.drug_id, step.starting_dose)
            levels.setdefault(key, []).append(Level(step.dose, Rhythm(step.frequency)))
    return DoseTable(version, by_drug, levels)
