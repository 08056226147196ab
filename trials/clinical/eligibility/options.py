"""Options of a criterion: what its variable asks for, and the settings that decide an open point.

The value of an option is given as it is, or taken from a setting: `{setting: i6_anchor}` stands for the
value of that setting, `{setting: e3_scope, choices: {FIRST_CLAUSE: ever, BOTH_CLAUSES: "6"}}` for the
choice that belongs to it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from trials.clinical.quantity import positive
from trials.clinical.undetermined import Undetermined


class Anchor(StrEnum):
    """The day from which a time is counted back."""

    CONSENT = "CONSENT"
    RANDOMIZATION = "RANDOMIZATION"


class Applicability(StrEnum):
    """Of whom a criterion is asked; everybody where it does not say."""

    WOMEN = "WOMEN"
    CHILDBEARING = "CHILDBEARING"
    CHILDBEARING_AND_MEN = "CHILDBEARING_AND_MEN"


class Therapy(StrEnum):
    """What a prior therapy may have been or held."""

    SYSTEMIC = "SYSTEMIC"
    LENVATINIB = "LENVATINIB"
    GEMCITABINE = "GEMCITABINE"
    PLATINUM = "PLATINUM"
    PD1_PDL1 = "PD1_PDL1"
    RADIOTHERAPY = "RADIOTHERAPY"
    SURGERY = "SURGERY"


class Support(StrEnum):
    """Medication that may have lifted a result: it is shown beside the result, never judged."""

    RED_CELLS = "RED CELL TRANSFUSION"
    PLATELETS = "PLATELET TRANSFUSION"
    ALBUMIN = "ALBUMIN"
    G_CSF = "G-CSF"
    THROMBOPOIETIC = "THROMBOPOIETIC"
    ERYTHROPOIETIN = "ERYTHROPOIETIN"


@dataclass(frozen=True)
class Names:
    """What options may name: codes of tests, of criteria, keys of settings."""

    tests: frozenset[str] = frozenset()
    rules: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)


Check = Callable[[Any, Names], None]
"""Raises ValueError with the reason."""


def _word_of(words: type[StrEnum]) -> Check:
    def check(value: Any, names: Names) -> None:
        if value not in {each.value for each in words}:
            raise ValueError(f"must be one of {', '.join(words)}")

    return check


def _list_of(check_each: Check) -> Check:
    def check(value: Any, names: Names) -> None:
        if not isinstance(value, list):
            raise ValueError("must be a list")
        for each in value:
            check_each(each, names)

    return check


def _one_of(known: Callable[[Names], Any], what: str) -> Check:
    def check(value: Any, names: Names) -> None:
        if not isinstance(value, str) or value not in known(names):
            raise ValueError(f"“{value}” is not one of the {what}")

    return check


def _flag(value: Any, names: Names) -> None:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")


def _text(value: Any, names: Names) -> None:
    if not isinstance(value, str) or not value:
        raise ValueError("must be text")


def _factor(value: Any, names: Names) -> None:
    factor_of(value)


def factor_of(value: Any) -> Decimal:
    """A factor above zero. Raises ValueError.

    >>> factor_of("5.6")
    Decimal('5.6')
    """
    try:
        return positive("factor", Decimal(str(value)))
    except (InvalidOperation, ValueError):
        raise ValueError("must be a factor above zero") from None


_test = _one_of(lambda names: names.tests, "tests")
_tests = _list_of(_test)


def _test_or_alternatives(value: Any, names: Names) -> None:
    (_tests if isinstance(value, list) else _test)(value, names)


OPTIONS: Mapping[str, Check] = {
    # of any criterion
    "operator": _text,  # these three take the place of the columns of the same name
    "threshold": _text,
    "unit": _text,
    "applies_to": _word_of(Applicability),
    "joined_with": _list_of(_one_of(lambda names: names.rules, "rules")),  # excludes only together with them
    "judgment_too": _flag,  # the data decide alone only where the condition does not hold
    "read_with": _list_of(_one_of(lambda names: names.settings, "settings")),  # shown beside the question
    "support": _list_of(_word_of(Support)),
    "reason_needed": _flag,  # an answer that excludes is given with its reason in words
    # of some variables
    "tests": _list_of(_test_or_alternatives),  # each must comply; of a list within, the one that was done
    "control": _test,
    "over_control": _flag,
    "copies_per_iu": _factor,
    "anchor": _word_of(Anchor),
    "therapies": _list_of(_word_of(Therapy)),
    "terms": _list_of(_text),
}
ANY_RULE = frozenset(
    ("operator", "threshold", "unit", "applies_to", "joined_with")
    + ("judgment_too", "read_with", "support", "reason_needed")
)
ASKED_ONLY = frozenset({"applies_to", "read_with", "reason_needed"})
"""What a criterion that only the investigator judges may have."""


def faults(name: str, value: Any, names: Names) -> Iterator[str]:
    """What is wrong with an option, whatever its setting is; nothing when it is sound."""
    check = OPTIONS[name]
    try:
        for each in possible(value, names):
            if each is not None:
                check(each, names)
    except ValueError as error:
        yield str(error)


def possible(value: Any, names: Names) -> Iterator[Any]:
    """Every value that an option can take. Raises ValueError for a setting or a choice that is not there."""
    if not is_reference(value):
        yield value
        return
    key, choices = value["setting"], value.get("choices")
    if key not in names.settings:
        raise ValueError(f"“{key}” is not one of the settings")
    if choices is None:
        yield names.settings[key]
        return
    if not isinstance(choices, Mapping) or written(names.settings[key]) not in choices:
        raise ValueError(f"has no choice for the value of the setting {key}")
    yield from choices.values()


def is_reference(value: Any) -> bool:
    return isinstance(value, Mapping) and "setting" in value and value.keys() <= {"setting", "choices"}


def chosen(value: Any, setting: Callable[[str], Any], used: dict[str, Any]) -> Any:
    """The value of an option under the settings of the study; the settings it rests on are put into `used`.

    Undetermined where the setting has a value without a choice.

    >>> used = {}
    >>> scope = {"setting": "scope", "choices": {"FIRST": None, "BOTH": "6"}}
    >>> chosen(scope, {"scope": "BOTH"}.get, used), used
    ('6', {'scope': 'BOTH'})
    """
    if not is_reference(value):
        return value
    key = value["setting"]
    now = used[key] = setting(key)
    choices = value.get("choices")
    if choices is None:
        return now
    if written(now) not in choices:
        return Undetermined((f"reading of the setting {key} ({written(now)})",))
    return choices[written(now)]


def written(value: Any) -> str:
    """The value of a setting as the key of a choice.

    >>> written(True), written(None), written("OR")
    ('true', 'null', 'OR')
    """
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
