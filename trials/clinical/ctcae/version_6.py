"""Laboratory criteria of CTCAE v6.0 (National Cancer Institute, 2025), SI and US units.

Criteria that v6.0 left as they were in v5.0 are named and taken over; the others stand here whole.
"""

from trials.clinical.ctcae.criterion import (
    ABOVE_ULN,
    ANY_UNIT,
    BELOW_LLN,
    NEVER,
    Arm,
    Criterion,
    Direction,
    Of,
    When,
    above,
    at_most,
    below,
    multiples,
    rising,
)
from trials.clinical.ctcae.version_5 import CRITERIA as VERSION_5
from trials.clinical.ctcae.version_5 import SYMPTOMS, by_baseline, counts, high, low

UNCHANGED = frozenset(
    {
        "Anemia",
        "Leukocytosis",
        "Activated partial thromboplastin time prolonged",
        "Blood lactate dehydrogenase increased",
        "CD4 lymphocytes decreased",
        "Cholesterol high",
        "Fibrinogen decreased",
        "Haptoglobin decreased",
        "Hemoglobin increased",
        "INR increased",
        "Lymphocyte count increased",
        "Serum amylase increased",
        "White blood cell decreased",
        "Acidosis",
        "Alkalosis",
        "Hypercalcemia",
        "Hypercalcemia (Ionized)",
        "Hyperkalemia",
        "Hypermagnesemia",
        "Hypernatremia",
        "Hypertriglyceridemia",
        "Hyperuricemia",
        "Hypoalbuminemia",
        "Hypocalcemia",
        "Hypocalcemia (Ionized)",
        "Hypoglycemia",
        "Hypokalemia",
        "Hypomagnesemia",
    }
)


def _uln(factor: str) -> Arm:
    return above(factor, Of.ULN, if_known=True)


_TRANSAMINASES = by_baseline(("1", "3", "5", "20"), ">=", ("1", "1.5", "2", "4"))

CHANGED = (
    # ---- Blood and lymphatic system disorders
    low(
        "Lymphopenia",
        {ANY_UNIT: ((BELOW_LLN,), NEVER, NEVER, NEVER)},
        "CTCAE v6.0 grades its presence alone; it takes the place of Lymphocyte count decreased.",
    ),
    low("Thrombocytopenia", counts("LLN", "75", "50", "10")),
    # ---- Investigations
    high("Alanine aminotransferase increased", _TRANSAMINASES),
    high(
        "Alkaline phosphatase increased",
        {ANY_UNIT: ((above("1", Of.BASELINE) & ABOVE_ULN,), NEVER, NEVER, NEVER)},
    ),
    high("Aspartate aminotransferase increased", _TRANSAMINASES),
    high("Blood bilirubin increased", by_baseline(("1", "1.5", "3", "10"), ">=", ("1", "1.5", "2.5", "10"))),
    Criterion(
        "Creatinine clearance decreased",
        Direction.LOW,
        {"mL/min": (NEVER, (at_most("49"),), (at_most("25"),), NEVER)},
        "CTCAE says nothing of results between 25 and 26 or 49 and 50: they have the milder grade. "
        "Below 10 mL/min, report Acute kidney injury or Chronic kidney disease.",
        no_grade=below("10"),
    ),
    high(
        "Creatinine increased",
        {
            ANY_UNIT: (
                (ABOVE_ULN,),
                (_uln("1.5").if_(When.BASELINE_NOT_LOW), above("1.5", Of.BASELINE).if_(When.BASELINE_LOW)),
                (_uln("3").if_(When.BASELINE_NOT_LOW), above("3", Of.BASELINE).if_(When.BASELINE_LOW)),
                (_uln("6"),),
            )
        },
        "Without any baseline the multiples of the ULN decide alone.",
    ),
    high("GGT increased", by_baseline(("1", "2.5", "5", "20"), ">=", ("1", "1.5", "3", "10"))),
    low("HDL decreased", {ANY_UNIT: ((BELOW_LLN,), NEVER, NEVER, NEVER)}),
    high("LDL increased", {ANY_UNIT: multiples("1", "", "", "")}),
    high(
        "Lipase increased",
        {
            ANY_UNIT: (
                (ABOVE_ULN,),
                (above("1.5", Of.ULN),),
                (above("3", Of.ULN).if_(SYMPTOMS), above("5", Of.ULN)),
                (above("5", Of.ULN).if_(SYMPTOMS),),
            )
        },
    ),
    low("Neutrophil count decreased", counts("1.5", "1", "0.5", "0.1")),
    # ---- Metabolism and nutrition disorders
    high(
        "Hyperglycemia",
        {
            "mmol/L": rising("", "", "13.9", "27.8"),
            "mg/dL": rising("", "", "250", "500"),
        },
        "Of a sample that was not taken fasting; grade 1 and 2 exist for fasting glucose only.",
    ),
    high(
        "Hyperglycemia (Fasting)",
        {
            "mmol/L": rising("ULN", "8.9", "13.9", "27.8"),
            "mg/dL": rising("ULN", "160", "250", "500"),
        },
    ),
    low(
        "Hyponatremia",
        {
            "mmol/L": (
                (BELOW_LLN,),
                (below("130"),),
                (below("130").if_(SYMPTOMS), below("125")),
                (below("120"),),
            )
        },
    ),
)

CRITERIA = (*(each for each in VERSION_5 if each.term in UNCHANGED), *CHANGED)
