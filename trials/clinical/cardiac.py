"""The QT interval, corrected for the heart rate by Fridericia's formula."""

from decimal import Decimal, localcontext

from trials.clinical.quantity import ARITHMETIC, positive
from trials.clinical.undetermined import Undetermined, absent

MS_PER_MINUTE = Decimal(60_000)

# RR is read from single beats and the rate is a mean of ten seconds: they differ by a few beats. More than
# this share apart, one of them was misread.
AGREEMENT = Decimal("0.10")


def qtcf(
    *, qt_ms: Decimal | None, rr_ms: Decimal | None = None, heart_rate: Decimal | None = None
) -> Decimal | Undetermined:
    """QTcF in ms, unrounded: QT / cube root of RR in seconds (Fridericia, Acta Med Scand 1920;53:469-486).

    QT and RR in ms, heart rate in beats per minute. Where RR was not read, RR is 60 s / heart rate. Where
    both are given RR is used; Undetermined when they lie more than 10 % apart, and when QT, or both RR and
    heart rate, are None. Raises ValueError for a value that is not above zero.

    >>> value = qtcf(qt_ms=Decimal(400), rr_ms=Decimal(800))
    >>> round(value, 1)
    Decimal('430.9')
    >>> qtcf(qt_ms=Decimal(400), heart_rate=Decimal(60)) == 400
    True
    """
    interval = _rr(rr_ms, heart_rate)
    if qt_ms is None or isinstance(interval, Undetermined):
        missing = interval.missing if isinstance(interval, Undetermined) else ()
        return Undetermined((*absent(QT_interval=qt_ms), *missing))
    positive("qt_ms", qt_ms)
    with localcontext(ARITHMETIC):
        return qt_ms / (interval / 1000) ** (Decimal(1) / 3)


def _rr(rr_ms: Decimal | None, heart_rate: Decimal | None) -> Decimal | Undetermined:
    for name, value in (("rr_ms", rr_ms), ("heart_rate", heart_rate)):
        if value is not None:
            positive(name, value)
    if heart_rate is None:
        return Undetermined(("RR interval or heart rate",)) if rr_ms is None else rr_ms
    with localcontext(ARITHMETIC):
        implied = MS_PER_MINUTE / heart_rate
        if rr_ms is None:
            return implied
        if abs(implied - rr_ms) > AGREEMENT * rr_ms:
            return Undetermined(("agreement between the RR interval and the heart rate",))
    return rr_ms
