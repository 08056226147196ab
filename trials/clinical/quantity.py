"""What every measured quantity must satisfy, and the arithmetic in which thresholds are decided."""

from decimal import ROUND_HALF_EVEN, Context, Decimal

# Fixed here, so that a result does not depend on the decimal context of the caller.
ARITHMETIC = Context(prec=28, rounding=ROUND_HALF_EVEN)

# No quantity of medicine in its usual unit lies outside; exact arithmetic on larger exponents could
# exhaust memory.
MAX_MAGNITUDE = 15
MAX_DIGITS = 60


def measurable(name: str, value: Decimal) -> Decimal:
    """Return the value when it is a finite Decimal of a size that can be measured, of either sign.

    Raises TypeError for a float (its binary rounding may decide a threshold) and ValueError otherwise;
    the message names the input and never repeats the value.

    >>> measurable("base_excess", Decimal("NaN"))
    Traceback (most recent call last):
    ValueError: base_excess must be a finite number
    """
    if not isinstance(value, Decimal):
        raise TypeError(f"{name} must be a Decimal, not {type(value).__name__}")
    if not value.is_finite():
        raise ValueError(f"{name} must be a finite number")
    if abs(value.adjusted()) > MAX_MAGNITUDE or len(value.as_tuple().digits) > MAX_DIGITS:
        raise ValueError(f"{name} is not of a size that can be measured")
    return value


def positive(name: str, value: Decimal) -> Decimal:
    """Return the value when it is measurable and above zero; raises like `measurable`.

    >>> positive("weight_kg", Decimal(0))
    Traceback (most recent call last):
    ValueError: weight_kg must be above zero
    """
    if measurable(name, value) <= 0:
        raise ValueError(f"{name} must be above zero")
    return value


def not_negative(name: str, value: Decimal) -> Decimal:
    """Return the value when it is measurable and zero or more; raises like `measurable`.

    >>> not_negative("from_kg", Decimal(0))
    Decimal('0')
    """
    if measurable(name, value) < 0:
        raise ValueError(f"{name} must not be negative")
    return value
