"""Arithmetic of diameters without any rounding, so that exactly 30 % and exactly 5 mm are decided as such."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact

from trials.clinical.quantity import ARITHMETIC

# A measurable quantity has 60 digits at most; sums and products of a few of them fit, or the trap says so.
_EXACT = Context(prec=400, traps=[Inexact])
_ONE_PLACE = Decimal("0.1")


def total(values: Iterable[Decimal]) -> Decimal:
    """The exact sum.

    >>> total([Decimal("9.8"), Decimal("0.1")])
    Decimal('9.9')
    """
    result = Decimal(0)
    for value in values:
        result = _EXACT.add(result, value)
    return result


def difference(value: Decimal, reference: Decimal) -> Decimal:
    """The exact difference of a value from a reference.

    >>> difference(Decimal("8.2"), Decimal("3.2"))
    Decimal('5.0')
    """
    return _EXACT.subtract(value, reference)


def is_at_least_percent(change: Decimal, percent: int, reference: Decimal) -> bool:
    """Whether a change is at least so many percent of a reference, without dividing.

    >>> is_at_least_percent(Decimal("5.4"), 20, Decimal(27)), is_at_least_percent(Decimal(5), 20, Decimal(27))
    (True, False)
    """
    return _EXACT.multiply(change, 100) >= _EXACT.multiply(percent, reference)


def is_at_most_percent(change: Decimal, percent: int, reference: Decimal) -> bool:
    """Whether a change is at most so many percent of a reference, without dividing.

    >>> is_at_most_percent(Decimal(-3), -30, Decimal(10)), is_at_most_percent(Decimal(-2), -30, Decimal(10))
    (True, False)
    """
    return _EXACT.multiply(change, 100) <= _EXACT.multiply(percent, reference)


def percent_of(change: Decimal, reference: Decimal) -> Decimal | None:
    """A change in percent of a reference, to 28 digits; None where the reference is 0. For showing only.

    >>> percent_of(Decimal(12), Decimal(50)), percent_of(Decimal(3), Decimal(0))
    (Decimal('24'), None)
    """
    return None if reference == 0 else ARITHMETIC.divide(ARITHMETIC.multiply(change, 100), reference)


def shown_percent(percent: Decimal, limits: Iterable[int]) -> str:
    """A percentage to one place, or to as many as keep it on its side of each limit.

    >>> shown_percent(Decimal("-29.96"), (-30, 20)), shown_percent(Decimal("24.04"), (-30, 20))
    ('-29.96', '24')
    """
    places = _ONE_PLACE
    rounded = percent.quantize(places, ROUND_HALF_UP, ARITHMETIC)
    while any(
        (rounded >= limit) != (percent >= limit) or (rounded <= limit) != (percent <= limit)
        for limit in limits
    ):
        places = places.scaleb(-1)
        rounded = percent.quantize(places, ROUND_HALF_UP, ARITHMETIC)
    return format(rounded.normalize(), "f") if rounded else "0"
