"""Laboratory criteria of CTCAE v5.0 (National Cancer Institute, November 27, 2017), SI and US units.

Grade 1 to 4 from left to right. Counts in 10*3/uL have the numbers of 10*9/L. Where CTCAE asks for more than
a number (transfusion, hospitalization, intervention), the number alone is graded.
"""

from collections.abc import Mapping
from decimal import Decimal

from trials.clinical.ctcae.criterion import (
    ABOVE_ULN,
    ANY_UNIT,
    BELOW_LLN,
    NEVER,
    NO_UNIT,
    Criterion,
    Direction,
    Grades,
    Of,
    When,
    above,
    at_least,
    at_most,
    below,
    falling,
    low_and_fallen_by,
    multiples,
    rising,
)
from trials.text import plain

NOT_HIGH, HIGH, SYMPTOMS = When.BASELINE_NOT_HIGH, When.BASELINE_HIGH, When.SYMPTOMS
IONIZED = "Ionized calcium stands in the same term of CTCAE; mg/dL is mmol/L x 4."
CORRECTED = "CTCAE means calcium corrected for albumin."


def high(term: str, by_unit: Mapping[str, Grades], note: str = "") -> Criterion:
    return Criterion(term, Direction.HIGH, by_unit, note)


def low(term: str, by_unit: Mapping[str, Grades], note: str = "") -> Criterion:
    return Criterion(term, Direction.LOW, by_unit, note)


def by_baseline(of_uln: tuple[str, ...], lowest: str, of_baseline: tuple[str, ...]) -> Mapping[str, Grades]:
    """Above multiples of the ULN where baseline was normal, else above multiples of baseline.

    `lowest` is the operator of grade 1 where baseline was above normal.
    """
    of_base = [at_least if position == 0 and lowest == ">=" else above for position in range(4)]
    return {
        ANY_UNIT: tuple(
            (above(uln, Of.ULN).if_(NOT_HIGH), compare(base, Of.BASELINE).if_(HIGH))
            for uln, base, compare in zip(of_uln, of_baseline, of_base, strict=True)
        )
    }


def counts(*numbers: str) -> Mapping[str, Grades]:
    """A falling count, in 10*9/L and in the two US units.

    >>> [arm.words("10*3/mL") for arms in counts("LLN", "1.5", "1", "0.5")["10*3/mL"] for arm in arms]
    ['below LLN', 'below 1500 ×10³/mL', 'below 1000 ×10³/mL', 'below 500 ×10³/mL']
    """
    thousandfold = tuple(plain(Decimal(each) * 1000) if each and each != "LLN" else each for each in numbers)
    grades = falling(*numbers)
    return {"10*9/L": grades, "10*3/uL": grades, "10*3/mL": falling(*thousandfold)}


_TRANSAMINASES = by_baseline(("1", "3", "5", "20"), ">=", ("1.5", "3", "5", "20"))
_PANCREAS: Mapping[str, Grades] = {
    ANY_UNIT: (
        (ABOVE_ULN,),
        (above("1.5", Of.ULN),),
        (above("2", Of.ULN).if_(SYMPTOMS), above("5", Of.ULN)),
        (above("5", Of.ULN).if_(SYMPTOMS),),
    )
}
_FIBRINOGEN = {
    unit: (
        (BELOW_LLN,),
        (below("0.75", Of.LLN), low_and_fallen_by("25")),
        (below("0.5", Of.LLN), low_and_fallen_by("50")),
        (below(lowest), below("0.25", Of.LLN), low_and_fallen_by("75")),
    )
    for unit, lowest in (("g/L", "0.5"), ("mg/dL", "50"))
}
_LEUKOCYTOSIS = {
    unit: (NEVER, NEVER, (above(number),), NEVER)
    for unit, number in (("10*9/L", "100"), ("10*3/uL", "100"), ("10*3/mL", "100000"))
}
_LYMPHOCYTOSIS = {
    unit: (NEVER, (above(two),), (above(three),), NEVER)
    for unit, two, three in (("10*9/L", "4", "20"), ("10*3/uL", "4", "20"), ("10*3/mL", "4000", "20000"))
}
_HEMOGLOBIN_HIGH = {
    unit: ((ABOVE_ULN,), (above("1", Of.ULN, two),), (above("1", Of.ULN, four),), NEVER)
    for unit, two, four in (("g/L", "20", "40"), ("g/dL", "2", "4"))
}

CRITERIA = (
    # ---- Blood and lymphatic system disorders
    low("Anemia", {"g/L": falling("LLN", "100", "80", ""), "g/dL": falling("LLN", "10", "8", "")}),
    high("Leukocytosis", _LEUKOCYTOSIS),
    # ---- Investigations
    high(
        "Activated partial thromboplastin time prolonged",
        {ANY_UNIT: multiples("1", "1.5", "2.5", "")},
    ),
    high("Alanine aminotransferase increased", _TRANSAMINASES),
    high(
        "Alkaline phosphatase increased",
        by_baseline(("1", "2.5", "5", "20"), ">=", ("2", "2.5", "5", "20")),
    ),
    high("Aspartate aminotransferase increased", _TRANSAMINASES),
    high("Blood bilirubin increased", by_baseline(("1", "1.5", "3", "10"), ">", ("1", "1.5", "3", "10"))),
    high("Blood lactate dehydrogenase increased", {ANY_UNIT: multiples("1", "", "", "")}),
    low(
        "CD4 lymphocytes decreased",
        {"10*9/L": falling("LLN", "0.5", "0.2", "0.05"), "/uL": falling("LLN", "500", "200", "50")},
    ),
    high(
        "Cholesterol high",
        {"mmol/L": rising("ULN", "7.75", "10.34", "12.92"), "mg/dL": rising("ULN", "300", "400", "500")},
    ),
    high("CPK increased", {ANY_UNIT: multiples("1", "2.5", "5", "10")}),
    high(
        "Creatinine increased",
        {
            ANY_UNIT: (
                (ABOVE_ULN,),
                (above("1.5", Of.ULN, if_known=True), above("1.5", Of.BASELINE, if_known=True)),
                (above("3", Of.ULN, if_known=True), above("3", Of.BASELINE, if_known=True)),
                (above("6", Of.ULN, if_known=True),),
            )
        },
        "Without a baseline value the multiples of the ULN decide alone.",
    ),
    low("Fibrinogen decreased", _FIBRINOGEN),
    high("GGT increased", by_baseline(("1", "2.5", "5", "20"), ">", ("2", "2.5", "5", "20"))),
    low("Haptoglobin decreased", {ANY_UNIT: ((BELOW_LLN,), NEVER, NEVER, NEVER)}),
    high("Hemoglobin increased", _HEMOGLOBIN_HIGH, "Baseline is not considered."),
    high(
        "INR increased",
        {
            NO_UNIT: (
                (above("1.2"), above("1", Of.BASELINE).if_(When.ANTICOAGULATED)),
                (above("1.5"), above("1.5", Of.BASELINE, if_known=True).if_(When.ANTICOAGULATED)),
                (above("2.5"), above("2.5", Of.BASELINE, if_known=True).if_(When.ANTICOAGULATED)),
                NEVER,
            )
        },
    ),
    high("Lipase increased", _PANCREAS),
    low("Lymphocyte count decreased", counts("LLN", "0.8", "0.5", "0.2")),
    high("Lymphocyte count increased", _LYMPHOCYTOSIS),
    low("Neutrophil count decreased", counts("LLN", "1.5", "1", "0.5")),
    low("Platelet count decreased", counts("LLN", "75", "50", "25")),
    high("Serum amylase increased", _PANCREAS),
    low("White blood cell decreased", counts("LLN", "3", "2", "1")),
    # ---- Metabolism and nutrition disorders
    low("Acidosis", {NO_UNIT: falling("LLN", "", "7.3", "")}, "Of the arterial pH."),
    high("Alkalosis", {NO_UNIT: rising("ULN", "", "7.5", "")}, "Of the arterial pH."),
    high(
        "Hypercalcemia",
        {"mmol/L": rising("ULN", "2.9", "3.1", "3.4"), "mg/dL": rising("ULN", "11.5", "12.5", "13.5")},
        CORRECTED,
    ),
    high(
        "Hypercalcemia (Ionized)",
        {"mmol/L": rising("ULN", "1.5", "1.6", "1.8"), "mg/dL": rising("ULN", "6", "6.4", "7.2")},
        IONIZED,
    ),
    high("Hyperkalemia", {"mmol/L": rising("ULN", "5.5", "6", "7")}),
    high(
        "Hypermagnesemia",
        {"mmol/L": rising("ULN", "", "1.23", "3.3"), "mg/dL": rising("ULN", "", "3", "8")},
    ),
    high("Hypernatremia", {"mmol/L": rising("ULN", "150", "155", "160")}),
    high(
        "Hypertriglyceridemia",
        {
            "mmol/L": rising("1.71", "3.42", "5.7", "11.4"),
            "mg/dL": rising("150", "300", "500", "1000"),
        },
    ),
    high(
        "Hyperuricemia",
        {ANY_UNIT: ((ABOVE_ULN,), NEVER, (ABOVE_ULN.if_(SYMPTOMS),), NEVER)},
        "Signs or symptoms are its physiologic consequences.",
    ),
    low("Hypoalbuminemia", {"g/L": falling("LLN", "30", "20", ""), "g/dL": falling("LLN", "3", "2", "")}),
    low(
        "Hypocalcemia",
        {"mmol/L": falling("LLN", "2", "1.75", "1.5"), "mg/dL": falling("LLN", "8", "7", "6")},
        CORRECTED,
    ),
    low(
        "Hypocalcemia (Ionized)",
        {"mmol/L": falling("LLN", "1", "0.9", "0.8"), "mg/dL": falling("LLN", "4", "3.6", "3.2")},
        IONIZED,
    ),
    low(
        "Hypoglycemia",
        {"mmol/L": falling("LLN", "3", "2.2", "1.7"), "mg/dL": falling("LLN", "55", "40", "30")},
    ),
    low(
        "Hypokalemia",
        {"mmol/L": ((BELOW_LLN,), (BELOW_LLN.if_(SYMPTOMS),), (below("3"),), (below("2.5"),))},
    ),
    low(
        "Hypomagnesemia",
        {"mmol/L": falling("LLN", "0.5", "0.4", "0.3"), "mg/dL": falling("LLN", "1.2", "0.9", "0.7")},
    ),
    low(
        "Hyponatremia",
        {
            "mmol/L": (
                (BELOW_LLN,),
                (at_most("129"),),
                (at_most("129").if_(SYMPTOMS), at_most("124")),
                (below("120"),),
            )
        },
        "CTCAE says nothing of results between 129 and 130 or 124 and 125: they have the milder grade.",
    ),
)
