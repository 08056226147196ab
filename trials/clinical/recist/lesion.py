"""A lesion, and what was read of it at one assessment. The codes are CDISC terms where CDISC has one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from trials.clinical.quantity import not_negative, positive


class Role(StrEnum):
    """What a lesion is followed as (codelist C123650, TUIDRS)."""

    TARGET = "TARGET"
    NON_TARGET = "NON-TARGET"
    NEW = "NEW"


class Method(StrEnum):
    """How a lesion is assessed (codelist C85492, METHOD); any other way is OTHER."""

    CT = "CT SCAN"
    MRI = "MRI"
    PET_CT = "PET/CT SCAN"
    X_RAY = "X-RAY"
    ULTRASOUND = "ULTRASOUND"
    BONE_SCAN = "SCINTIGRAPHY"
    CALIPER = "CALIPER MEASUREMENT METHOD"
    EXAMINATION = "PHYSICAL EXAMINATION"
    ENDOSCOPY = "ENDOSCOPY"
    PATHOLOGY = "PATHOLOGICAL EVALUATION"
    OTHER = "OTHER"


class SizeState(StrEnum):
    """What could be said of the size of a target lesion."""

    MEASURED = "MEASURED"
    TOO_SMALL = "TOO SMALL TO MEASURE"
    ABSENT = "ABSENT"
    NOT_EVALUATED = "NOT EVALUATED"


@dataclass(frozen=True)
class Lesion:
    """A lesion as it was identified, and what became of its identity.

    `label` names it for the whole study ("T1"). `node`: a lymph node, measured by its short axis; any
    other lesion by its longest diameter. `diameter_mm` is the measurement at baseline. `certain`: a new
    lesion is unequivocal; `confirmed_on` is the day on which an equivocal one proved to be so.
    `split_from`: the label of the lesion of which this is a part; `merged_into`: the label of the lesion
    in which this one now lies; `changed_on`: the scan that showed it. `treated_before`: it lies where
    radiotherapy or another local therapy went; `grown_since`: it has grown since then. None stands for
    "not recorded", never for "no".
    Raises ValueError for an empty label, a negative diameter and a slice thickness of 0 or less.

    >>> Lesion("T1", Role.TARGET, organ="LIVER", node=False, diameter_mm=Decimal(42)).axis
    'longest diameter'
    """

    label: str
    role: Role
    organ: str | None = None
    node: bool | None = None
    diameter_mm: Decimal | None = None
    method: Method | None = None
    slice_thickness_mm: Decimal | None = None
    identified_on: date | None = None
    certain: bool | None = None
    confirmed_on: date | None = None
    split_from: str | None = None
    merged_into: str | None = None
    changed_on: date | None = None
    treated_before: bool | None = None
    grown_since: bool | None = None

    def __post_init__(self) -> None:
        if not self.label:
            raise ValueError("label must name the lesion")
        if self.diameter_mm is not None:
            not_negative("diameter_mm", self.diameter_mm)
        if self.slice_thickness_mm is not None:
            positive("slice_thickness_mm", self.slice_thickness_mm)

    @property
    def axis(self) -> str:
        """What is measured of it, in words."""
        if self.node is None:
            return "diameter"
        return "short axis" if self.node else "longest diameter"


@dataclass(frozen=True)
class Measurement:
    """What was read of one target lesion at one assessment: a state, a diameter in mm, or both.

    A diameter without a state is a measurement. Raises ValueError for a negative diameter.

    >>> Measurement(Decimal("12.5")).read_as, Measurement(state=SizeState.TOO_SMALL).diameter_mm
    (<SizeState.MEASURED: 'MEASURED'>, None)
    """

    diameter_mm: Decimal | None = None
    state: SizeState | None = None
    method: Method | None = None

    def __post_init__(self) -> None:
        if self.diameter_mm is not None:
            not_negative("diameter_mm", self.diameter_mm)

    @property
    def read_as(self) -> SizeState | None:
        """The state, or what a diameter without a state says."""
        if self.state is None and self.diameter_mm is not None:
            return SizeState.MEASURED
        return self.state


Measurements = Mapping[str, Measurement]
"""Measurements by label of lesion."""
