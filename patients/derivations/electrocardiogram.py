"""QTcF of an electrocardiogram, from what was read off it."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from patients.derivations.known import Known
from patients.models import Row
from trials.clinical.cardiac import qtcf
from trials.clinical.undetermined import Undetermined

FOUR_PLACES = Decimal("0.0001")  # what the column holds


def derive_qtcf(form: Any, rows: Mapping[str, Sequence[Row]], known: Known) -> None:
    """Set QTcF (ms) of an Electrocardiogram and, in words, what it was computed from or why it was not."""
    found = qtcf(
        qt_ms=_decimal(form.qt_interval),
        rr_ms=_decimal(form.rr_interval),
        heart_rate=_decimal(form.heart_rate),
    )
    if isinstance(found, Undetermined):
        form.qtcf, form.qtcf_note = None, found.sentence()
        return
    form.qtcf = found.quantize(FOUR_PLACES, ROUND_HALF_UP)
    rr = (
        f"RR {form.rr_interval} ms"
        if form.rr_interval is not None
        else f"RR 60 000 ms / {form.heart_rate} beats per minute"
    )
    form.qtcf_note = f"QT {form.qt_interval} ms / cube root of RR in seconds (Fridericia); {rr}"


def _decimal(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)
