"""What a study decides about the doses of its drugs: the values of its settings, read strictly.

Drugs and laboratory tests are named by their codes. Every reader raises ValueError with the reason, which
begins with the place in the value; a value that is read says one thing.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from trials.clinical.laboratory_value import GRADED

DOSE_TOLERANCE = "dose_tolerance_percent"
MINIMUM_COUNTS = "minimum_counts_before_dose"
DAYS_OF_COUNTS = "hematology_before_dose_days"
AFTER_COURSES = "after_courses_of_others"
COMPLIANCE = "compliance_percent"
INFUSION_MINUTES = "minimum_infusion_minutes"
FOLLOW_UP_TESTS = "follow_up_tests"

MOST = 10_000
"""The largest whole number of days or minutes: a longer time leads out of the calendar."""

_NUMBER = re.compile(r"-?\d{1,9}(\.\d{1,9})?", re.ASCII)
_DAY = re.compile(r"[1-9]\d{0,2}", re.ASCII)

T = TypeVar("T")


class Onward(StrEnum):
    """What happens to a drug without a last course once the other drugs of the arm had theirs."""

    CONTINUE_TO_PROGRESSION = "CONTINUE_TO_PROGRESSION"
    STOP = "STOP"


class Flagged(StrEnum):
    """Where a result lies that asks for a further test."""

    LOW = "LOW"
    HIGH = "HIGH"
    ABNORMAL = "ABNORMAL"


@dataclass(frozen=True)
class MinimumCount:
    """A test and the least result at which a drug is given on a day of the cycle.

    `at_least` in `unit` (UCUM). `full_dose_only`: a reduced dose is the answer to a lower result.
    """

    day: int
    test: str
    at_least: Decimal
    unit: str
    full_dose_only: bool = False


@dataclass(frozen=True)
class InfusionMinutes:
    """The shortest duration of the first infusion of a drug and of the later ones, in minutes."""

    first: int
    later: int


@dataclass(frozen=True)
class FollowUpTest:
    """A result that asks for another test, taken at most so many days before or after it.

    It asks by its word (`from_word` or more: 1+ to 4+) or by its place against the range (`flag`).
    """

    test: str
    needs: str
    days_before: int
    days_after: int
    from_word: str | None = None
    flag: Flagged | None = None

    def is_asked_for_by(self, *, word: str | None, flag: str | None) -> bool:
        """Whether a result of the test asks, by its word or its flag.

        >>> rule = FollowUpTest("PROT", "PROTEXR", 1, 14, from_word="2+")
        >>> rule.is_asked_for_by(word="3+", flag=None), rule.is_asked_for_by(word="1+", flag=None)
        (True, False)
        """
        if self.from_word is not None:
            return word in GRADED[GRADED.index(self.from_word) :]
        return flag is not None and flag == self.flag


def by_drug(value: Any, read: Callable[[Any], T]) -> dict[str, T]:
    """What a setting says of each drug, by its code.

    >>> by_drug({"GEMCITABINE": "5"}, percent)
    {'GEMCITABINE': Decimal('5')}
    """
    return _each(value, "the code of a drug", read)


def percent(value: Any) -> Decimal:
    """A share from 0 to 100 %."""
    number = _number(value)
    if not 0 <= number <= 100:
        raise ValueError("must be a percentage from 0 to 100")
    return number


def shares(value: Any) -> tuple[Decimal, Decimal]:
    """The lowest and the highest share in percent, both included."""
    if not isinstance(value, list) or len(value) != 2:
        raise ValueError("must be the lowest and the highest percentage")
    low, high = (_number(each) for each in value)
    if not 0 <= low < high:
        raise ValueError("the lowest percentage must lie below the highest")
    return low, high


def onward(value: Any) -> Onward:
    """What happens to a drug after the last courses of the others."""
    if value not in list(Onward):
        raise ValueError(f"must be one of {', '.join(Onward)}")
    return Onward(value)


def infusion_minutes(value: Any) -> InfusionMinutes:
    """The shortest durations of a drug: {first: 60, later: 30}."""
    _require_fields(value, {"first", "later"})
    first, later = (_at(name, whole, value[name], 1) for name in ("first", "later"))
    return InfusionMinutes(first, later)


def minimum_counts(value: Any) -> tuple[MinimumCount, ...]:
    """The least results of a drug, by the day of the cycle and the test.

    >>> minimum_counts({"1": {"PLAT": {"at_least": 100, "unit": "10*9/L"}}})
    (MinimumCount(day=1, test='PLAT', at_least=Decimal('100'), unit='10*9/L', full_dose_only=False),)
    """
    of_days = _each(value, "the day of the cycle", lambda tests: _each(tests, "the code of a test", _limit))
    return tuple(
        MinimumCount(_at(day, whole, _day(day), 1), test, **limit)
        for day, tests in of_days.items()
        for test, limit in tests.items()
    )


def follow_up_tests(value: Any) -> tuple[FollowUpTest, ...]:
    """The results that ask for another test, in order."""
    if not isinstance(value, list):
        raise ValueError("must be a list of tests that ask for another")
    return tuple(_at(str(number), _follow_up, each) for number, each in enumerate(value))


def whole(value: Any, least: int = 0) -> int:
    """A whole number from `least` to `MOST`."""
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= MOST:
        raise ValueError(f"must be a whole number from {least} to {MOST}")
    return value


def _day(text: str) -> int | str:
    """The number of a day, written in one way only: “1” and “01” would be two entries for one day."""
    return int(text) if _DAY.fullmatch(text) else text


def _limit(value: Any) -> dict[str, Any]:
    _require_fields(value, {"at_least", "unit"}, optional={"full_dose_only"})
    at_least = _at("at_least", _number, value["at_least"])
    if at_least <= 0:
        raise ValueError("at_least: must be above 0")
    full_dose_only = value.get("full_dose_only", False)
    if not isinstance(full_dose_only, bool):
        raise ValueError("full_dose_only: must be true or false")
    return {
        "at_least": at_least,
        "unit": _at("unit", _text, value["unit"]),
        "full_dose_only": full_dose_only,
    }


def _follow_up(value: Any) -> FollowUpTest:
    _require_fields(value, {"test", "needs", "days_before", "days_after"}, optional={"from_word", "flag"})
    if ("from_word" in value) == ("flag" in value):
        raise ValueError("must have either from_word or flag")
    if "from_word" in value and value["from_word"] not in GRADED:
        raise ValueError(f"from_word: must be one of {', '.join(GRADED)}")
    if "flag" in value and value["flag"] not in list(Flagged):
        raise ValueError(f"flag: must be one of {', '.join(Flagged)}")
    if value["needs"] == value["test"]:
        raise ValueError("needs: must be another test than the one that asks for it")
    return FollowUpTest(
        test=_at("test", _text, value["test"]),
        needs=_at("needs", _text, value["needs"]),
        days_before=_at("days_before", whole, value["days_before"]),
        days_after=_at("days_after", whole, value["days_after"]),
        from_word=value.get("from_word"),
        flag=Flagged(value["flag"]) if "flag" in value else None,
    )


def _each(value: Any, by: str, read: Callable[[Any], T]) -> dict[str, T]:
    if not isinstance(value, Mapping):
        raise ValueError(f"must be a mapping by {by}")
    return {key: _at(key, read, item) for key, item in value.items()}


def _at(place: str, read: Callable[..., T], *given: Any) -> T:
    """What is read, or the reason with the place before it."""
    try:
        return read(*given)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from None


def _require_fields(value: Any, names: set[str], optional: frozenset[str] | set[str] = frozenset()) -> None:
    if not isinstance(value, Mapping) or not names <= set(value) <= names | optional:
        more = f", and perhaps {', '.join(sorted(optional))}" if optional else ""
        raise ValueError(f"must have {', '.join(sorted(names))}{more}")


def _number(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | str | Decimal):
        raise ValueError("must be a number")
    if not _NUMBER.fullmatch(str(value)):
        raise ValueError("must be a number of at most 9 digits before and after the point, such as 2.5")
    return Decimal(value)


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("must be text")
    return value
