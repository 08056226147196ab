"""Numeric criteria of CTCAE for blood pressure, QTc, body weight, temperature and protein in the urine.

CTCAE v5.0 (2017) and v6.0 (2025), adults. Numbers alone are graded: drugs, symptoms and how long a blood
pressure persisted are the investigator's to add.
"""

from trials.clinical.ctcae.criterion import (
    NEVER,
    Grades,
    Of,
    above,
    at_least,
    changed_by,
)
from trials.clinical.ctcae.version_5 import high, low

QTC = "Electrocardiogram QT corrected interval prolonged"
WEIGHT_LOSS, WEIGHT_GAIN = "Weight loss", "Weight gain"
FEVER = "Fever"
SYSTOLIC, DIASTOLIC = "Hypertension (Systolic)", "Hypertension (Diastolic)"
PROTEINURIA = {"5.0": "Proteinuria", "6.0": "Urinary protein increased"}


def _from(*numbers: str) -> Grades:
    return tuple((at_least(number),) if number else NEVER for number in numbers)


def _percent(*numbers: str) -> Grades:
    return tuple((changed_by(number),) if number else NEVER for number in numbers)


_PROTEIN = {
    unit: ((at_least("1", Of.ULN),), (at_least(one),), (at_least(three_and_a_half),), NEVER)
    for unit, one, three_and_a_half in (("g/(24.h)", "1", "3.5"), ("mg/(24.h)", "1000", "3500"))
}

BOTH_VERSIONS = (
    high(
        QTC,
        {
            "ms": (
                (at_least("450"),),
                (above("480"),),
                (above("500"), above("1", Of.BASELINE, "60", if_known=True)),
                NEVER,
            )
        },
        "CTCAE v5.0 says nothing of results between 480 and 481 or between 500 and 501: they have the "
        "graver grade, as in v6.0. Without a baseline value the interval decides alone.",
    ),
    low(WEIGHT_LOSS, {"kg": _percent("-5", "-10", "-20", "")}),
    high(WEIGHT_GAIN, {"kg": _percent("5", "10", "20", "")}),
)

VERSION_5 = (
    *BOTH_VERSIONS,
    high(SYSTOLIC, {"mm[Hg]": _from("120", "140", "160", "")}),
    high(DIASTOLIC, {"mm[Hg]": _from("80", "90", "100", "")}),
    high(PROTEINURIA["5.0"], _PROTEIN),
    high(
        FEVER,
        {"Cel": ((at_least("38"),), (above("39"),), (above("40"),), NEVER)},
        "Above 40 °C for over 24 hours is grade 4.",
    ),
)

VERSION_6 = (
    *BOTH_VERSIONS,
    high(SYSTOLIC, {"mm[Hg]": _from("", "140", "160", "180")}, "Grade 3 and 4 persist for over 1 hour."),
    high(DIASTOLIC, {"mm[Hg]": _from("", "90", "100", "110")}, "Grade 3 and 4 persist for over 1 hour."),
    high(PROTEINURIA["6.0"], _PROTEIN, "A collection over 24 hours takes precedence over the strip."),
)
