"""What a criterion may ask about: the variables, the options each takes, and whether a rule is sound.

The variables are read from captured data elsewhere; here stands what they are, so that a protocol can be
judged when it is loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trials.clinical.eligibility.operands import Codes, Episodes, Number, Pressures
from trials.clinical.eligibility.operators import OPERATORS
from trials.clinical.eligibility.options import ANY_RULE, ASKED_ONLY, OPTIONS, Names, faults, possible
from trials.clinical.eligibility.thresholds import ULN


@dataclass(frozen=True)
class Variable:
    """`kind`: what operators can do with it; `unit`: that of its number (None: any, it is converted).

    `needs` and `takes` name options; `measured`: it may be found several times before randomization, so
    that the study has to say which time counts.
    """

    meaning: str
    kind: type
    unit: str | None = ""
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    measured: bool = False


def _options(*names: str) -> frozenset[str]:
    return frozenset(names)


VARIABLES: Mapping[str, Variable] = {
    "AGE_AT_CONSENT": Variable("age in completed years on the day of consent", Number, "a"),
    "CHILD_PUGH_CLASS": Variable(
        "class of the Child-Pugh score", Codes, takes=_options("control"), measured=True
    ),
    "CONTRACEPTION": Variable("agreement to contraception", Codes),
    "CREATININE_CLEARANCE": Variable(
        "creatinine clearance (Cockcroft-Gault)", Number, "mL/min", measured=True
    ),
    "DISEASE_EXTENT": Variable("extent of the disease at enrollment", Codes),
    "ECOG": Variable("ECOG performance status", Codes, measured=True),
    "HISTOLOGY": Variable("histology of the tumor", Codes),
    "LAB": Variable(
        "number of a laboratory test",
        Number,
        None,
        needs=_options("tests"),
        takes=_options("copies_per_iu", "control", "over_control"),
        measured=True,
    ),
    "LAB_WORD": Variable("word of a laboratory test", Codes, needs=_options("tests"), measured=True),
    "MEAN_BLOOD_PRESSURE": Variable(
        "mean of at least 3 readings on at least 2 occasions", Pressures, "mm[Hg]", measured=True
    ),
    "MEASURABLE_LESIONS": Variable("measurable lesions at baseline (RECIST 1.1)", Number),
    "MEDICAL_HISTORY": Variable(
        "conditions of the medical history by their term", Episodes, needs=_options("terms", "anchor")
    ),
    "PREGNANCY_TEST": Variable("pregnancy test", Codes, takes=_options("tests"), measured=True),
    "PRIOR_THERAPY": Variable("prior anticancer therapy", Episodes, needs=_options("therapies", "anchor")),
    "STUDY_PROCEDURE": Variable("examinations for the study", Episodes, needs=_options("anchor")),
    "TISSUE_CONSENT": Variable("agreement to give tumor tissue", Codes),
    "WEIGHT": Variable("body weight", Number, "kg", measured=True),
}


def rule_faults(
    rule: Mapping[str, Any], names: Names, units: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """The faults of an atomic criterion by field: variable, operator, threshold, unit, options.

    `rule` holds the columns of the criterion, `units` the units in which results of each test are reported.
    A criterion that only the investigator judges may ask about anything.

    >>> rule = {"kind": "INCLUSION", "evaluation": "AUTOMATIC", "variable": "ECOG", "operator": "in"}
    >>> rule |= {"threshold": "0,1", "unit": "", "options": {}}
    >>> list(rule_faults(rule, Names(), {}))
    []
    >>> list(rule_faults({**rule, "options": {"tests": ["ALT"]}}, Names(), {}))
    [('options: tests', 'is not an option of this rule')]
    """
    asked_only = rule["evaluation"] == "HUMAN"
    options = rule["options"]
    if not isinstance(options, Mapping):
        yield "options", "must be a mapping"
        return
    variable = VARIABLES.get(rule["variable"])
    if variable is None and not asked_only:
        yield "variable", f"is not known; a rule that data decide asks about one of {', '.join(VARIABLES)}"
        return
    allowed = ASKED_ONLY if asked_only or variable is None else ANY_RULE | variable.needs | variable.takes
    yield from _option_faults(options, allowed, names)
    if "joined_with" in options and rule["kind"] != "EXCLUSION":
        yield "options: joined_with", "belongs to exclusion criteria"
    if asked_only or variable is None:
        return
    for name in sorted(variable.needs - options.keys()):
        yield f"options: {name}", "is required for this variable"
    yield from _comparison_faults(rule, variable, names)
    if variable is VARIABLES["LAB"]:
        yield from _laboratory_unit_faults(rule, names, units)


def _option_faults(
    options: Mapping[str, Any], allowed: frozenset[str], names: Names
) -> Iterator[tuple[str, str]]:
    for name, value in options.items():
        if name not in OPTIONS or name not in allowed:
            yield f"options: {name}", "is not an option of this rule"
            continue
        for fault in faults(name, value, names):
            yield f"options: {name}", fault


def _comparison_faults(
    rule: Mapping[str, Any], variable: Variable, names: Names
) -> Iterator[tuple[str, str]]:
    """Every operator, threshold and unit that the rule may have under some setting must go together."""
    told = set()
    for operator in _variants(rule, "operator", names):
        known = OPERATORS.get(operator)
        if known is None:
            yield "operator", f"is not known; known: {', '.join(OPERATORS)}"
            return
        if known.kind is not variable.kind:
            fitting = ", ".join(name for name, each in OPERATORS.items() if each.kind is variable.kind)
            yield "operator", f"does not fit the variable; fitting: {fitting}"
            return
        for threshold in _variants(rule, "threshold", names):
            for unit in _variants(rule, "unit", names):
                try:
                    known.read(threshold, unit)
                except ValueError as error:
                    told.add(("threshold", str(error)))
                if known.kind is Number and variable.unit not in (None, unit):
                    told.add(("unit", f"must be {variable.unit or 'empty'} for this variable"))
    yield from sorted(told)


def _laboratory_unit_faults(
    rule: Mapping[str, Any], names: Names, units: Mapping[str, Sequence[str]]
) -> Iterator[tuple[str, str]]:
    """A result in another unit is converted, but the threshold has one in which the test is reported."""
    if set(_variants(rule, "operator", names)) == {"normal"}:
        return
    tests = {test for test in _flat(_values(rule["options"].get("tests"), names)) if test in names.tests}
    for test in sorted(tests):
        for unit in _variants(rule, "unit", names):
            if unit != ULN and unit not in units.get(test, ()):
                yield "unit", f"“{unit}” is neither {ULN} nor a unit of the test {test}"


def _flat(values: Any) -> Iterator[str]:
    for each in values:
        if isinstance(each, list):
            yield from _flat(each)
        elif isinstance(each, str):
            yield each


def _values(option: Any, names: Names) -> list[Any]:
    try:
        return list(possible(option, names))
    except ValueError:  # told already, as a fault of the option
        return []


def _variants(rule: Mapping[str, Any], name: str, names: Names) -> list[str]:
    if name not in rule["options"]:
        return [rule[name]]
    return [each for each in _values(rule["options"][name], names) if isinstance(each, str)]
