"""What an answer rests on: values as they were recorded, and what was found of a variable."""

from dataclasses import dataclass
from datetime import date

from patients.facts import Source
from trials.clinical.eligibility.operands import Operand
from trials.clinical.undetermined import Undetermined
from trials.clinical.words import with_unit


@dataclass(frozen=True)
class Evidence:
    """A recorded value: of what, as typed, with its unit (UCUM), its day and the limits of normal that apply.

    `label` is a code in words; `remarks` say what is to be known beside it: its age, a transfusion before it.
    """

    name: str
    value: str
    source: Source
    unit: str = ""
    day: date | None = None
    normal: str = ""
    remarks: tuple[str, ...] = ()
    label: str = ""

    @property
    def in_words(self) -> str:
        """The value as people read it."""
        return self.label or with_unit(self.value, self.unit)


Group = tuple[Operand | Undetermined, ...]
"""Alternatives: one of them is enough (free or total thyroxine)."""


@dataclass(frozen=True)
class Found:
    """What captured data say of a variable: each group must comply."""

    groups: tuple[Group, ...]
    evidence: tuple[Evidence, ...] = ()


def found(operand: Operand | Undetermined, *evidence: Evidence) -> Found:
    """One thing that was found, or could not be."""
    return Found(((operand,),), evidence)


def missing(*names: str) -> Found:
    """Nothing was found; `names` are noun phrases without "no"."""
    return found(Undetermined(names))
