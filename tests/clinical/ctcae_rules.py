"""Reads the laboratory criteria of CTCAE as rules in words and applies them, grade 4 first: a second reading
of the criteria, against which the tables of the software are held.

A rule is a list of conditions between " , "; the first grade of which one holds is the grade. "missing(LLN) ~
ungradable" ends the reading where the lower limit is missing. Worst case: flags are not read.
"""

import re
from decimal import Decimal

from tests.clinical.reference import rows

Values = dict[str, Decimal | None]

CRITERIA = rows("ctcae_lab_criteria.csv")
COMPARISON = re.compile(r"(x|PCHG) (<=|>=|<|>) (?:(-?[0-9.]+)\*)?(ULN|LLN|BASE|-?[0-9.]+)(?: \+ ([0-9.]+))?")
# Its rule names both values, and is decided as soon as one of them is not exceeded.
BOTH_NEEDED = ("6.0", "Alkaline phosphatase increased")


class Ungradable(Exception):
    pass


def rules(row: dict[str, str]) -> dict[int, list[str]]:
    return {
        grade: [each.strip() for each in row[f"grade{grade}_rule"].split(",") if each.strip()]
        for grade in (4, 3, 2, 1)
    }


def may_be_missing(row: dict[str, str]) -> set[str]:
    """The values that the rules of a row expect to be missing at times."""
    if (row["ctcae_version"], row["term"]) == BOTH_NEEDED:
        return set()
    return set(re.findall(r"missing\((\w+)\)", " ".join(row[f"grade{grade}_rule"] for grade in range(1, 5))))


def expected(row: dict[str, str], values: Values, flag: str) -> int | None:
    """The grade by the rules; None where they give none."""
    try:
        for grade, conditions in rules(row).items():
            if any(_holds(condition, values, flag) for condition in conditions):
                return grade
    except Ungradable:
        return None
    return 0


def _holds(condition: str, values: Values, flag: str) -> bool:
    if match := re.fullmatch(r"missing\((\w+)\) ?~ ungradable", condition):
        if values[match[1]] is None:
            raise Ungradable
        return False
    return all(_part(part.strip(), values, flag) for part in condition.split("&"))


def _part(part: str, values: Values, flag: str) -> bool:
    if match := re.fullmatch(r"(!?)\(?base_(high|low)\)?", part):
        return (flag == match[2].upper()) is not bool(match[1])
    if match := re.fullmatch(r"!missing\((\w+)\)", part):
        return values[match[1]] is not None
    match = COMPARISON.fullmatch(part)
    assert match, part
    left, operator, factor, reference, plus = match.groups()
    found = values[left]
    value = values[reference] if reference.isalpha() else Decimal(reference)
    if found is None or value is None:
        return False  # the part before this one has asked
    right = Decimal(factor or 1) * value + Decimal(plus or 0)
    return {"<": found < right, "<=": found <= right, ">": found > right, ">=": found >= right}[operator]


def numbers(row: dict[str, str]) -> list[Decimal]:
    """The numbers that stand in the rules of a row, 1 among them."""
    text = " ".join(row[f"grade{grade}_rule"] for grade in range(1, 5))
    return [Decimal(1), *(Decimal(each) for each in re.findall(r"(?<![\w.])[0-9]+(?:\.[0-9]+)?", text))]
