"""Values that rows may name beside laboratory tests: computed from what was captured."""

from dataclasses import dataclass


@dataclass(frozen=True)
class DerivedValue:
    """Code as in CDISC (QTCFCHG is ours), name in messages, UCUM unit."""

    code: str
    name: str
    unit: str


DERIVED_VALUES = {
    each.code: each
    for each in (
        DerivedValue("CREATCLR", "creatinine clearance", "mL/min"),
        DerivedValue("QTCF", "QTcF", "ms"),
        DerivedValue("QTCFCHG", "change of QTcF since baseline", "ms"),
    )
}
