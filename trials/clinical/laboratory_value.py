"""Laboratory results as they are typed, and where they lie in a reference range."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from trials.clinical.quantity import measurable

MAX_LENGTH = 40
MAX_SIGNIFICANT_DIGITS = 15

Flag = Literal["LOW", "NORMAL", "HIGH", "ABNORMAL", ""]

NEGATIVE = "NEGATIVE"
POSITIVE = "POSITIVE"
TRACE = "TRACE"
GRADED = ("1+", "2+", "3+", "4+")

# Chinese input methods type these for the plain characters; nothing else is folded (a general Unicode
# normalization would read 10 with a raised 2 as 102).
_PLAIN_CHARACTERS = str.maketrans("０１２３４５６７８９．＋－−＜＞\u3000", "0123456789.+--<> ") | {
    ord("≤"): "<=",
    ord("≦"): "<=",
    ord("≥"): ">=",
    ord("≧"): ">=",
}

_WORDS = {
    "negative": NEGATIVE,
    "neg": NEGATIVE,
    "阴性": NEGATIVE,
    "positive": POSITIVE,
    "pos": POSITIVE,
    "阳性": POSITIVE,
    "trace": TRACE,
    "±": TRACE,
    **{grade: grade for grade in GRADED},
    **{"+" * int(grade[0]): grade for grade in GRADED},
}

# A sign before a number is read only as minus: "+1" may mean 1 or 1+.
_NUMBER = re.compile(r"(<=|>=|<|>)? *(-?[0-9]+(?:\.[0-9]+)?)(?:(?:[eE]|[x×*]10\^)([+-]?[0-9]{1,2}))?")

_REFUSALS = (
    (r".*[0-9][,，、][0-9].*", "a comma may be a decimal point or separate thousands: write 5.1 or 1000"),
    (r".*\b(s?nan|inf(inity)?)[0-9]*", "NaN and infinity are not results"),
    (r"-", "a lone dash may mean negative or not done: write negative, or leave the result empty"),
    (r"\+[0-9].*", "a number after a plus sign may be a number or a grade: write 1 or 1+"),
    (r"\.[0-9].*", "a number begins with a digit: write 0.5"),
    (r".*[<>=].*", "a comparator (<, <=, >, >=) is followed by one number"),
    (r"[0-9.]+ ?[-~] ?[0-9].*", "a range is not a result"),
    (r"-?[0-9].*", "only the result belongs here; unit and flag have fields of their own"),
)


class LaboratoryValueError(ValueError):
    """The text is not a result this module knows; the message gives the reason, never the text."""


@dataclass(frozen=True)
class LaboratoryValue:
    """A result as typed and as understood: either a number, perhaps with a comparator, or a word.

    `comparator` is '', '<', '<=', '>' or '>='; `number` is None for a word; `word` is '' for a number, else
    NEGATIVE, POSITIVE, TRACE, 1+, 2+, 3+ or 4+.
    """

    text: str
    comparator: str
    number: Decimal | None
    word: str


def parse_result(text: str) -> LaboratoryValue:
    """Read a laboratory result as typed.

    Known: numbers with a decimal point (5.1, -2, 1.2e3, 1.2x10^3), the same after <, <=, >, >=; negative,
    positive, trace and the graded 1+ to 4+ (or + to ++++, and ± for trace), in any case; Chinese words for
    negative and positive; full-width characters. `text` keeps what was typed, without outer blanks.
    Raises LaboratoryValueError for everything else: commas, ranges, units, NaN and infinity, more than
    40 characters or 15 significant digits, unknown words. An unknown result is never kept as a word.

    >>> parse_result(">= 1000")
    LaboratoryValue(text='>= 1000', comparator='>=', number=Decimal('1000'), word='')
    >>> parse_result("+++").word
    '3+'
    >>> parse_result("2-3")
    Traceback (most recent call last):
    trials.clinical.laboratory_value.LaboratoryValueError: a range is not a result
    """
    if not isinstance(text, str):
        raise LaboratoryValueError("a result must be text")
    if len(text) > MAX_LENGTH:
        raise LaboratoryValueError(f"a result has at most {MAX_LENGTH} characters")
    typed = text.strip()
    if not typed:
        raise LaboratoryValueError("the result is empty")
    plain = typed.translate(_PLAIN_CHARACTERS).lower()
    if word := _WORDS.get(plain):
        return LaboratoryValue(typed, "", None, word)
    if match := _NUMBER.fullmatch(plain):
        comparator, digits, exponent = match.groups()
        return LaboratoryValue(typed, comparator or "", _number(digits, exponent or "0"), "")
    raise LaboratoryValueError(_refusal(plain))


def flag(value: LaboratoryValue, low: Decimal | None, high: Decimal | None, normal_word: str = "") -> Flag:
    """Where a result lies: LOW, NORMAL, HIGH, ABNORMAL (words), or '' when that cannot be determined.

    Bounds belong to the range; None means there is no bound on that side, and without any bound nothing
    is determined. A result with a comparator is flagged only when every number it may stand for gets the
    same flag. A range that begins at 0 is of a quantity that cannot be negative, so <2 lies in 0 to 20.
    A word is compared with `normal_word` (NEGATIVE or POSITIVE; '' when none is expected). Raises
    ValueError for a range whose low lies above its high and for another normal word.

    >>> flag(parse_result("<20"), Decimal(10), None), flag(parse_result("<20"), None, Decimal(30))
    ('', 'NORMAL')
    >>> trace = parse_result("trace")
    >>> flag(trace, None, None), flag(trace, None, None, normal_word="NEGATIVE")
    ('', 'ABNORMAL')
    """
    if normal_word not in ("", NEGATIVE, POSITIVE):
        raise ValueError("normal_word must be NEGATIVE, POSITIVE or empty")
    _require_range(low, high)
    if value.number is None:
        return _word_flag(value.word, normal_word)
    if low is None and high is None:
        return ""
    possible = _possible_flags(value.comparator, value.number, low, high)
    return possible[0] if len(possible) == 1 else ""


def _number(digits: str, exponent: str) -> Decimal:
    # Leading zeros and the point are not significant digits.
    if len(digits.lstrip("-0.").replace(".", "")) > MAX_SIGNIFICANT_DIGITS:
        raise LaboratoryValueError(f"a result has at most {MAX_SIGNIFICANT_DIGITS} significant digits")
    try:
        return measurable("result", Decimal(f"{digits}e{exponent}"))
    except ValueError:
        raise LaboratoryValueError("the number is not of a size that can be measured") from None


def _refusal(plain: str) -> str:
    for pattern, reason in _REFUSALS:
        if re.fullmatch(pattern, plain):
            return reason
    return "unknown result: a number, negative, positive, trace or 1+ to 4+ is expected"


def _require_range(low: Decimal | None, high: Decimal | None) -> None:
    for name, bound in (("low", low), ("high", high)):
        if bound is not None:
            measurable(name, bound)
    if low is not None and high is not None and low > high:
        raise ValueError("low must not be above high")


def _word_flag(word: str, normal_word: str) -> Flag:
    if not normal_word or (normal_word == POSITIVE and word == TRACE):
        return ""
    normal = {NEGATIVE: (NEGATIVE,), POSITIVE: (POSITIVE, *GRADED)}[normal_word]
    return "NORMAL" if word in normal else "ABNORMAL"


def _possible_flags(
    comparator: str, number: Decimal, low: Decimal | None, high: Decimal | None
) -> list[Flag]:
    """The flags of all numbers that a result such as <20 may stand for."""
    above, below = comparator.startswith(">"), comparator.startswith("<")
    excluded = comparator in ("<", ">")  # the number itself is not one of them
    never_negative = low == 0 and number > 0
    possible: list[Flag] = []
    if low is not None and (number < low or (below and not never_negative)):
        possible.append("LOW")
    if _reaches(number, low, open_ended=above, excluded=excluded) and _reaches(
        -number, None if high is None else -high, open_ended=below, excluded=excluded
    ):
        possible.append("NORMAL")
    if high is not None and (number > high or above):
        possible.append("HIGH")
    return possible


def _reaches(number: Decimal, bound: Decimal | None, *, open_ended: bool, excluded: bool) -> bool:
    """Whether a result has a possible value at or above the bound."""
    if bound is None or open_ended:
        return True
    return number > bound or (number == bound and not excluded)
