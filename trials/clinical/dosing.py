"""Planned doses: by bands of body weight and by body surface area."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from math import floor
from typing import overload

from trials.clinical.quantity import not_negative, positive
from trials.clinical.undetermined import Undetermined

DEFAULT_STEP_MG = Decimal("0.01")


@dataclass(frozen=True)
class WeightBand:
    """One dose in mg for weights from `from_kg` (included) to `below_kg` (excluded; None: no upper end)."""

    from_kg: Decimal
    below_kg: Decimal | None
    dose_mg: Decimal

    def __post_init__(self) -> None:
        not_negative("from_kg", self.from_kg)
        positive("dose_mg", self.dose_mg)
        if self.below_kg is not None and positive("below_kg", self.below_kg) <= self.from_kg:
            raise ValueError("below_kg must be above from_kg")

    def holds(self, weight_kg: Decimal) -> bool:
        """Whether the weight lies in the band; the lower end belongs to it, the upper end does not."""
        return self.from_kg <= weight_kg and (self.below_kg is None or weight_kg < self.below_kg)


@overload
def dose_by_weight(bands: Sequence[WeightBand], weight_kg: Decimal) -> Decimal: ...
@overload
def dose_by_weight(bands: Sequence[WeightBand], weight_kg: Decimal | None) -> Decimal | Undetermined: ...
def dose_by_weight(bands: Sequence[WeightBand], weight_kg: Decimal | None) -> Decimal | Undetermined:
    """The planned dose in mg for a weight in kg. The weight is compared as recorded, never rounded first.

    Undetermined when the weight is None. Raises ValueError when the bands overlap or leave a gap, or
    when the weight lies outside all of them.

    >>> light = WeightBand(Decimal(0), Decimal(60), Decimal(8))
    >>> heavy = WeightBand(Decimal(60), None, Decimal(12))
    >>> dose_by_weight([light, heavy], Decimal("59.9")), dose_by_weight([light, heavy], Decimal(60))
    (Decimal('8'), Decimal('12'))
    """
    _require_contiguous(bands)
    if weight_kg is None:
        return Undetermined(("weight",))
    positive("weight_kg", weight_kg)
    for band in bands:
        if band.holds(weight_kg):
            return band.dose_mg
    raise ValueError("weight_kg lies in none of the weight bands")


@overload
def dose_by_body_surface(
    *, mg_per_m2: Decimal, bsa: Decimal, cap_m2: Decimal | None, round_to_mg: Decimal | None
) -> Decimal: ...
@overload
def dose_by_body_surface(
    *,
    mg_per_m2: Decimal,
    bsa: Decimal | Undetermined | None,
    cap_m2: Decimal | None,
    round_to_mg: Decimal | None,
) -> Decimal | Undetermined: ...
def dose_by_body_surface(
    *,
    mg_per_m2: Decimal,
    bsa: Decimal | Undetermined | None,
    cap_m2: Decimal | None,
    round_to_mg: Decimal | None,
) -> Decimal | Undetermined:
    """The planned dose in mg: mg/m2 times body surface area in m2, capped and rounded as the study says.

    The surface is capped at `cap_m2` (None: no cap). The exact product is rounded half up to a multiple
    of `round_to_mg` (None: 0.01 mg). Undetermined when the surface is None; an Undetermined surface is
    handed on with its own reason. Raises ValueError for a value that is not above zero and for a dose
    that would be rounded to nothing.

    >>> dose_by_body_surface(mg_per_m2=Decimal(85), bsa=Decimal("1.70"), cap_m2=None, round_to_mg=None)
    Decimal('144.50')
    >>> dose_by_body_surface(
    ...     mg_per_m2=Decimal(1000), bsa=Decimal("2.13"), cap_m2=Decimal(2), round_to_mg=Decimal(50)
    ... )
    Decimal('2000')
    """
    positive("mg_per_m2", mg_per_m2)
    if cap_m2 is not None:
        positive("cap_m2", cap_m2)
    step = DEFAULT_STEP_MG if round_to_mg is None else positive("round_to_mg", round_to_mg)
    if bsa is None:
        return Undetermined(("body surface area",))
    if isinstance(bsa, Undetermined):
        return bsa
    surface = positive("bsa", bsa)
    if cap_m2 is not None:
        surface = min(surface, cap_m2)
    return _rounded_half_up(Fraction(mg_per_m2) * Fraction(surface), step)


def _rounded_half_up(dose_mg: Fraction, step_mg: Decimal) -> Decimal:
    # Fractions are exact: a product cut to 28 digits could reach a half it does not have.
    steps = floor(dose_mg / Fraction(step_mg) + Fraction(1, 2))
    if steps == 0:
        raise ValueError("round_to_mg is so large that the dose would be rounded to zero")
    return steps * step_mg


def _require_contiguous(bands: Sequence[WeightBand]) -> None:
    if not bands:
        raise ValueError("bands must hold at least one weight band")
    for lower, upper in pairwise(sorted(bands, key=lambda band: band.from_kg)):
        if lower.below_kg is None or lower.below_kg > upper.from_kg:
            raise ValueError(f"two weight bands overlap at {upper.from_kg} kg")
        if lower.below_kg < upper.from_kg:
            raise ValueError(f"the weight bands leave a gap from {lower.below_kg} to {upper.from_kg} kg")
