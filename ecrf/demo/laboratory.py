"""Laboratory results of a life: a baseline for each test, and what treatment makes of it.

Values are in the preferred unit of the study's test. A result is the person's baseline, times the influence
of the day, times a little noise; reported with the decimals that a laboratory prints.
"""

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from ecrf.demo.histories import HEPATITIS_B, draw_conditions
from ecrf.demo.plans import Plan
from ecrf.demo.terms import WITH_TORIPALIMAB

NOTHING_TOLD: Mapping[str, str] = {}


@dataclass(frozen=True)
class Test:
    """Typical value (women, men), spread between people and from day to day (of the logarithm), decimals.

    `eligible`: bounds at baseline of whoever may be randomized. `borne`: bounds under treatment, so that no
    result is worse than grade 1 (neutrophils, platelets, hemoglobin and transaminases: 2) unless it is told.
    """

    women: float
    men: float
    between: float
    within: float
    decimals: int
    eligible: tuple[float, float] = (0, math.inf)
    borne: tuple[float, float] = (0, math.inf)


# fmt: off
TESTS = {
    "NEUT": Test(3.9, 4.1, 0.22, 0.10, 2, (2.2, 6.2), (1.03, 7.5)),
    "LYM": Test(1.6, 1.6, 0.22, 0.10, 2, (1.15, 3.1), (0.83, 3.1)),
    "MONO": Test(0.42, 0.45, 0.22, 0.15, 2, (0.18, 0.75), (0.12, 0.75)),
    "HGB": Test(124, 138, 0.07, 0.02, 0, (101, 170), (82, 170)),
    "PLAT": Test(206, 194, 0.20, 0.07, 0, (138, 340), (52, 345)),
    "ALT": Test(22, 25, 0.35, 0.14, 0, (9, 33), (7, 190)),
    "AST": Test(23, 25, 0.30, 0.12, 0, (16, 30), (14, 165)),
    "ALP": Test(84, 92, 0.30, 0.07, 0, (50, 180), (40, 190)),
    "GGT": Test(74, 92, 0.55, 0.10, 0, (15, 320), (10, 600)),
    "BILI": Test(11.0, 12.0, 0.25, 0.10, 1, (4, 17), (4, 29.5)),
    "BILDIR": Test(3.9, 4.2, 0.25, 0.12, 1, (1, 6.6), (1, 10)),
    "ALB": Test(42.5, 43, 0.05, 0.025, 1, (36, 51), (31, 52)),
    "CREAT": Test(58, 72, 0.12, 0.05, 0, (43, 88), (40, 105)),
    "UREA": Test(4.9, 5.2, 0.18, 0.10, 1, (3, 8), (2.5, 9)),
    "GLUC": Test(5.3, 5.4, 0.10, 0.06, 1, (4.2, 7.8), (4.0, 9)),
    "SODIUM": Test(141, 141, 0.006, 0.006, 0, (138, 146), (132, 147)),
    "K": Test(4.2, 4.2, 0.05, 0.05, 1, (3.6, 5.1), (3.5, 5.2)),
    "CA": Test(2.28, 2.28, 0.02, 0.015, 2, (2.15, 2.48), (2.12, 2.5)),
    "MG": Test(0.88, 0.88, 0.05, 0.03, 2, (0.77, 1.0), (0.76, 1.01)),
    "LDH": Test(185, 185, 0.12, 0.08, 0, (125, 330), (125, 400)),
    "CK": Test(78, 98, 0.25, 0.15, 0, (52, 180), (52, 195)),
    "AMYLASE": Test(68, 68, 0.18, 0.10, 0, (40, 120), (38, 130)),
    "LIPASET": Test(36, 36, 0.18, 0.10, 0, (16, 56), (15, 58)),
    "PT": Test(11.7, 11.7, 0.03, 0.02, 1, (10.6, 12.8), (10.5, 13.6)),
    "INR": Test(1.00, 1.00, 0.03, 0.02, 2, (0.9, 1.13), (0.88, 1.19)),
    "APTT": Test(27.8, 27.8, 0.04, 0.03, 1, (25.3, 31.0), (25.1, 31.2)),
    "TSH": Test(1.9, 1.7, 0.25, 0.12, 2, (0.7, 3.6), (0.5, 40)),
    "T3FR": Test(4.5, 4.6, 0.06, 0.04, 2, (3.7, 5.5), (3.2, 5.6)),
    "T4FR": Test(15.6, 15.9, 0.06, 0.04, 2, (12.8, 18.6), (8.0, 18.9)),
    "CA19_9AG": Test(160, 160, 1.7, 0.12, 1),
    "CEA": Test(4.2, 4.4, 0.8, 0.12, 1),
    "AFP": Test(3.2, 3.2, 0.5, 0.10, 1),
    "TROPONI": Test(0.012, 0.013, 0.25, 0.15, 3, (0.004, 0.03), (0.004, 0.035)),
    "CKMB": Test(1.6, 1.9, 0.2, 0.12, 1, (0.6, 4.2), (0.6, 4.5)),
    "BNPPRONT": Test(58, 46, 0.3, 0.15, 0, (12, 105), (12, 115)),
    "CORTISOL": Test(330, 340, 0.15, 0.10, 0, (190, 480), (180, 490)),
    "ACTH": Test(5.6, 5.9, 0.2, 0.12, 1, (2.2, 12), (2.0, 13)),
    "CHOL": Test(4.5, 4.4, 0.10, 0.05, 2, (2.9, 6.4), (2.8, 7)),
    "TRIG": Test(1.2, 1.3, 0.25, 0.10, 2, (0.5, 2.9), (0.5, 3.2)),
    "HDL": Test(1.35, 1.22, 0.10, 0.05, 2, (0.9, 2.1), (0.9, 2.2)),
    "LDL": Test(2.6, 2.6, 0.15, 0.06, 2, (1.4, 4.2), (1.4, 4.5)),
}
# fmt: on

UNDER_TREATMENT = {
    "HEMATOLOGY": ("WBC", "NEUT", "MONO", "HGB", "PLAT"),
    "CHEMISTRY": ("ALT", "AST", "BILI", "ALB", "CREAT", "K"),
    "TUMOR_MARKERS": ("CA19_9AG",),
    "URINALYSIS": ("PROT",),
}
"""What is measured of a panel after screening."""

REPORTED = {
    "HEMATOLOGY": ("WBC", "NEUT", "LYM", "MONO", "HGB", "PLAT"),
    "CHEMISTRY": ("ALT", "AST", "ALP", "GGT", "BILI", "BILDIR", "ALB", "CREAT", "UREA", "GLUC", "SODIUM", "K",
                  "CA", "MG", "LDH", "CK", "AMYLASE", "LIPASET"),
    "COAGULATION": ("PT", "INR", "APTT"),
    "THYROID": ("TSH", "T3FR", "T4FR"),
    "TUMOR_MARKERS": ("CA19_9AG", "CEA", "AFP"),
    "URINALYSIS": ("PROT", "OCCBLD"),
    "VIROLOGY": ("HBSAG", "HBVDNA", "HCVAB", "HCVRNA", "HIVAB"),
    "PREGNANCY": ("HCG",),
    "CARDIAC": ("TROPONI", "CKMB", "BNPPRONT"),
    "ENDOCRINE": ("CORTISOL", "ACTH"),
    "LIPIDS": ("CHOL", "TRIG", "HDL", "LDL"),
}  # fmt: skip

WORDS = {
    "PROT": (("negative", 88), ("trace", 12)),
    "OCCBLD": (("negative", 94), ("trace", 6)),
    "HBVDNA": (("negative", 100),),
    "HCVAB": (("negative", 100),),
    "HCVRNA": (("negative", 100),),
    "HIVAB": (("negative", 100),),
    "HCG": (("<1.2", 100),),
}
# How much a result may fall to or rise above the typical value without being a mistake.
PLAUSIBLE = {"CA19_9AG": (2.0, 12000.0), "CEA": (0.6, 300.0), "AFP": (1.0, 60.0), "ALB": (24.0, 52.0)}
PRINTED_AT_MOST = {"CA19_9AG": 1000.0}

Influence = dict[str, float]
WOMEN_CLEAR, UMOL_PER_MG_DL, CLEARANCE_NEEDED = 0.85, 88.4, 63.0


class Laboratory:
    """The body chemistry of one life."""

    def __init__(self, plan: Plan) -> None:
        draw = plan.draws("baseline")
        self.plan = plan
        self.baseline = {code: self._draw_baseline(test, draw) for code, test in TESTS.items()}
        self.carrier = any(condition.term == HEPATITIS_B for condition, _ in draw_conditions(plan))
        for code, value in UNFIT.get(plan.failing_rule, {}).items():
            self.baseline[code] = value

    def _draw_baseline(self, test: Test, draw: random.Random) -> float:
        typical = test.men if self.plan.body.sex == "M" else test.women
        value = typical * math.exp(draw.gauss(0, test.between))
        low, high = test.eligible
        return min(high, max(low, value))

    def number(self, code: str, influence: Influence, draw: random.Random) -> float:
        """One result as a number, in the preferred unit."""
        test = TESTS[code]
        value = self.baseline[code] * influence.get(code, 1.0) * math.exp(draw.gauss(0, test.within))
        low, high = PLAUSIBLE.get(code, (0.02, math.inf))
        if not self.plan.failing_rule:
            bounds = test.borne if influence else test.eligible
            low, high = max(low, bounds[0]), min(high, bounds[1])
            if code == "CREAT" and not influence:
                high = min(high, _creatinine_limit(self.plan))
        return min(high, max(low, value))

    def results(
        self, influence: Influence, draw: random.Random, told: Mapping[str, str] = NOTHING_TOLD
    ) -> dict[str, str]:
        """All tests of one day as the laboratory prints them, by code; `told` is printed as it stands."""
        printed = {code: printed_number(code, self.number(code, influence, draw)) for code in TESTS}
        whites = sum(Decimal(printed[code]) for code in ("NEUT", "LYM", "MONO")) + Decimal("0.11")
        printed["WBC"] = str(whites)
        for code, words in WORDS.items():
            printed[code] = _choose(words, draw)
        printed["HBSAG"] = "positive" if self.carrier else "negative"
        return printed | dict(told)


def _creatinine_limit(plan: Plan) -> float:
    """The creatinine in umol/L up to which this body clears enough (Cockcroft and Gault), with a margin."""
    body = plan.body
    share = WOMEN_CLEAR if body.sex == "F" else 1.0
    return (140 - body.age) * body.weight * share * UMOL_PER_MG_DL / (72 * CLEARANCE_NEEDED)


UNFIT = {
    "I7.1b": {"PLAT": 81.0},
    "I7.4b": {"CREAT": 103.0},
    "I7.3a": {"BILI": 47.0},
    "I4": {"ALB": 32.0, "BILI": 27.0},
}
"""Baseline of who fails screening by a result: rule, test, value."""


def printed_number(code: str, value: float) -> str:
    """The number as a laboratory prints it; beyond the range of its method with a comparator."""
    limit = PRINTED_AT_MOST.get(code)
    if limit is not None and value > limit:
        return f">{limit:.0f}"
    return f"{value:.{TESTS[code].decimals}f}"


def _choose(words: tuple[tuple[str, int], ...], draw: random.Random) -> str:
    return draw.choices([word for word, _ in words], weights=[weight for _, weight in words])[0]


def before_course(plan: Plan, cycle: int, chemotherapy: bool) -> Influence:
    """Day 1 of a cycle: recovered from the last course, tired by all of them."""
    tired = min(cycle - 1, 8) * (0.030 if chemotherapy else 0.012) * plan.response.marrow
    influence = {"NEUT": 1 - 1.4 * tired, "PLAT": 0.98 - tired, "LYM": 1 - tired, "HGB": 1 - 0.5 * tired}
    if plan.arm in WITH_TORIPALIMAB and cycle > 1:
        influence["MONO"] = 0.85
    return {**influence, **under_lenvatinib(plan, cycle)}


def after_course(plan: Plan, cycle: int) -> Influence:
    """Day 8 of a cycle with gemcitabine and oxaliplatin: on the way down."""
    base = before_course(plan, cycle, chemotherapy=True)
    depth = plan.response.marrow
    return {
        **base,
        "NEUT": base["NEUT"] * math.exp(-0.46 * depth),
        "PLAT": base["PLAT"] * math.exp(-0.24 * depth),
    }


def under_lenvatinib(plan: Plan, cycle: int) -> Influence:
    """Liver and protein, in those who are prone, from the second cycle on."""
    influence: Influence = {"ALB": 0.985 ** min(cycle, 6)}
    if plan.response.liver and cycle >= 2:
        peak = 1 + 1.1 * max(0, 3 - abs(cycle - 4))
        influence |= {"ALT": peak, "AST": 0.85 * peak + 0.15, "GGT": 1.3, "BILI": 1 + 0.08 * peak}
    return influence


def underactive_thyroid(grade: int) -> Influence:
    """What hypothyroidism shows: TSH high, free hormone low where it needs replacement."""
    return {"TSH": 4.5 if grade > 1 else 3.2, "T4FR": 0.66 if grade > 1 else 0.85}


def tumor_marker(share: float) -> Influence:
    """CA 19-9 follows the tumor, roughly."""
    return {"CA19_9AG": max(0.15, share**1.5)}
