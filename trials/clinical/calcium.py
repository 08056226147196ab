"""Serum calcium corrected for albumin."""

from decimal import Decimal, localcontext

from trials.clinical.quantity import ARITHMETIC, positive
from trials.clinical.undetermined import Undetermined, absent

NORMAL_ALBUMIN_G_L = Decimal(40)
MMOL_PER_G_OF_ALBUMIN = Decimal("0.02")


def corrected_calcium(
    *, calcium_mmol_l: Decimal | None, albumin_g_l: Decimal | None
) -> Decimal | Undetermined:
    """Corrected calcium in mmol/L: calcium + 0.02 x (40 - albumin in g/L) (Payne et al., BMJ 1973;4:643-646).

    Total calcium in mmol/L, albumin in g/L, of the same sample. Albumin above 40 lowers the result.
    Undetermined when either is None. Raises ValueError for a value that is not above zero.

    >>> corrected_calcium(calcium_mmol_l=Decimal("2.10"), albumin_g_l=Decimal(30))
    Decimal('2.30')
    """
    if calcium_mmol_l is None or albumin_g_l is None:
        return Undetermined(absent(calcium=calcium_mmol_l, albumin=albumin_g_l))
    positive("calcium_mmol_l", calcium_mmol_l)
    positive("albumin_g_l", albumin_g_l)
    with localcontext(ARITHMETIC):
        return calcium_mmol_l + MMOL_PER_G_OF_ALBUMIN * (NORMAL_ALBUMIN_G_L - albumin_g_l)
