"""Body surface area from height and weight.

Which formula a trial uses is a setting of the study and is stored with each dose: the same patient
differs by several percent between them.
"""

from collections.abc import Callable
from decimal import Decimal, localcontext
from enum import StrEnum
from typing import overload

from trials.clinical.quantity import ARITHMETIC, positive
from trials.clinical.undetermined import Undetermined, absent


class Formula(StrEnum):
    """Published formulas for body surface area."""

    MOSTELLER = "MOSTELLER"
    DUBOIS = "DUBOIS"
    STEVENSON = "STEVENSON"
    XU = "XU"


_FORMULAS: dict[Formula, Callable[[Decimal, Decimal], Decimal]] = {
    # Mosteller, N Engl J Med 1987;317:1098
    Formula.MOSTELLER: lambda cm, kg: (cm * kg / 3600).sqrt(),
    # Du Bois and Du Bois, Arch Intern Med 1916;17:863-871
    Formula.DUBOIS: lambda cm, kg: Decimal("0.007184") * cm ** Decimal("0.725") * kg ** Decimal("0.425"),
    # Stevenson, 1937, measured in Chinese adults
    Formula.STEVENSON: lambda cm, kg: Decimal("0.0061") * cm + Decimal("0.0128") * kg - Decimal("0.1529"),
    # Xu Wensheng, measured in Chinese adults
    Formula.XU: lambda cm, kg: Decimal("0.00659") * cm + Decimal("0.0126") * kg - Decimal("0.1603"),
}


@overload
def body_surface_area(*, height_cm: Decimal, weight_kg: Decimal, formula: Formula) -> Decimal: ...
@overload
def body_surface_area(
    *, height_cm: Decimal | None, weight_kg: Decimal | None, formula: Formula
) -> Decimal | Undetermined: ...
def body_surface_area(
    *, height_cm: Decimal | None, weight_kg: Decimal | None, formula: Formula
) -> Decimal | Undetermined:
    """Body surface area in m2, unrounded (28 significant digits); sources stand beside the formulas.

    Height in cm, weight in kg. Undetermined when either is None. Raises ValueError for a height or
    weight that is not above zero, or so small that a linear formula leaves no surface.

    >>> area = body_surface_area(height_cm=Decimal(170), weight_kg=Decimal(75), formula=Formula.MOSTELLER)
    >>> round(area, 4)
    Decimal('1.8819')
    """
    if height_cm is None or weight_kg is None:
        return Undetermined(absent(height=height_cm, weight=weight_kg))
    positive("height_cm", height_cm)
    positive("weight_kg", weight_kg)
    with localcontext(ARITHMETIC):
        area = _FORMULAS[Formula(formula)](height_cm, weight_kg)
    if area <= 0:
        raise ValueError("height_cm and weight_kg are too small for this formula")
    return area
