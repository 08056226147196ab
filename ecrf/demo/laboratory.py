"""Laboratory results of a life: a baseline for each test, and what treatment makes of it.

Values are in the preferred unit of the study's test. A result is the person's baseline, times the influence
of the day, times a little noise; reported with the decimals that a laboratory prints.
"""

import math
import random
from dataclasses import dataclass
from decimal import Decimal

from ecrf.demo.plans import Plan


@dataclass(frozen=True)
class Test:
    """Typical value (women, men), spread between people and from day to day (of the logarithm), decimals.

    `eligible`: bounds at baseline of whoever may be randomized.
    """

    women: float
    men: float
    between: float
    within: float
    decimals: int
    eligible: tuple[float, float] = (0, math.inf)


TESTS = {
    "NEUT": Test(3.9, 4.1, 0.22, 0.10, 2, (2.2, 8)),
    "LYM": Test(1.6, 1.6, 0.25, 0.12, 2),
    "MONO": Test(0.42, 0.45, 0.22, 0.15, 2),
    "HGB": Test(124, 138, 0.08, 0.02, 0, (98, 175)),
    "PLAT": Test(196, 184, 0.22, 0.07, 0, (135, 400)),
    "ALT": Test(27, 30, 0.42, 0.16, 0, (6, 95)),
    "AST": Test(29, 31, 0.38, 0.14, 0, (10, 90)),
    "ALP": Test(112, 116, 0.38, 0.08, 0),
    "GGT": Test(74, 92, 0.60, 0.12, 0),
    "BILI": Test(11.5, 12.5, 0.28, 0.12, 1, (4, 26)),
    "BILDIR": Test(4.2, 4.5, 0.30, 0.15, 1),
    "ALB": Test(41, 41.5, 0.06, 0.03, 1, (33, 52)),
    "CREAT": Test(58, 72, 0.13, 0.05, 0, (40, 92)),
    "UREA": Test(4.9, 5.2, 0.20, 0.12, 1),
    "GLUC": Test(5.4, 5.5, 0.14, 0.08, 1),
    "SODIUM": Test(140, 140, 0.008, 0.008, 0),
    "K": Test(4.1, 4.1, 0.06, 0.06, 1),
    "CA": Test(2.28, 2.28, 0.025, 0.02, 2),
    "MG": Test(0.88, 0.88, 0.06, 0.04, 2),
    "LDH": Test(190, 190, 0.14, 0.08, 0),
    "CK": Test(78, 98, 0.30, 0.15, 0),
    "AMYLASE": Test(64, 64, 0.22, 0.10, 0),
    "LIPASET": Test(36, 36, 0.22, 0.12, 0),
    "PT": Test(11.9, 11.9, 0.04, 0.03, 1, (10.5, 13.4)),
    "INR": Test(1.02, 1.02, 0.04, 0.03, 2, (0.9, 1.18)),
    "APTT": Test(27.6, 27.6, 0.07, 0.04, 1),
    "TSH": Test(2.0, 1.8, 0.30, 0.12, 2, (0.6, 3.9)),
    "T3FR": Test(4.7, 4.9, 0.08, 0.05, 2, (3.7, 6.3)),
    "T4FR": Test(15.8, 16.2, 0.08, 0.05, 2, (12.8, 20.5)),
    "CA19_9AG": Test(160, 160, 1.7, 0.12, 1),
    "CEA": Test(4.2, 4.4, 0.8, 0.12, 1),
    "AFP": Test(3.2, 3.2, 0.5, 0.10, 1),
}

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
    "VIROLOGY": ("HBSAG", "HBVDNA", "HCVAB", "HIVAB"),
    "PREGNANCY": ("HCG",),
}  # fmt: skip

WORDS = {
    "PROT": (("negative", 88), ("trace", 12)),
    "OCCBLD": (("negative", 94), ("trace", 6)),
    "HBVDNA": (("negative", 100),),
    "HCVAB": (("negative", 100),),
    "HIVAB": (("negative", 100),),
    "HCG": (("<1.2", 100),),
}
PROTEINURIA = (("1+", 55), ("2+", 35), ("3+", 10))

# How much a result may fall to or rise above the typical value without being a mistake.
PLAUSIBLE = {"CA19_9AG": (2.0, 12000.0), "CEA": (0.6, 300.0), "AFP": (1.0, 60.0), "ALB": (24.0, 52.0)}
PRINTED_AT_MOST = {"CA19_9AG": 1000.0}

Influence = dict[str, float]


class Laboratory:
    """The body chemistry of one life."""

    def __init__(self, plan: Plan) -> None:
        draw = plan.draws("baseline")
        self.plan = plan
        self.baseline = {code: self._draw_baseline(test, draw) for code, test in TESTS.items()}
        self.carrier = draw.random() < 0.3
        for code, value in UNFIT.get(plan.failing_rule, {}).items():
            self.baseline[code] = value

    def _draw_baseline(self, test: Test, draw: random.Random) -> float:
        typical = test.men if self.plan.body.sex == "M" else test.women
        value = typical * math.exp(draw.gauss(0, test.between))
        low, high = test.eligible
        return min(high, max(low, value))

    def number(self, code: str, influence: Influence, draw: random.Random) -> float:
        """One result as a number, in the preferred unit."""
        value = self.baseline[code] * influence.get(code, 1.0) * math.exp(draw.gauss(0, TESTS[code].within))
        low, high = PLAUSIBLE.get(code, (0.02, math.inf))
        if not influence and not self.plan.failing_rule:
            low, high = max(low, TESTS[code].eligible[0]), min(high, TESTS[code].eligible[1])
        return min(high, max(low, value))

    def results(self, influence: Influence, draw: random.Random) -> dict[str, str]:
        """All tests of one day as the laboratory prints them, by code."""
        printed = {code: printed_number(code, self.number(code, influence, draw)) for code in TESTS}
        whites = sum(Decimal(printed[code]) for code in ("NEUT", "LYM", "MONO")) + Decimal("0.11")
        printed["WBC"] = str(whites)
        for code, words in WORDS.items():
            printed[code] = _choose(words, draw)
        if influence.get("PROT"):
            printed["PROT"] = _choose(PROTEINURIA, draw)
        printed["HBSAG"] = "positive" if self.carrier else "negative"
        return printed


UNFIT = {
    "I7.1b": {"PLAT": 81.0},
    "I7.4b": {"CREAT": 128.0},
    "I7.3a": {"BILI": 47.0},
    "I4": {"ALB": 27.0, "BILI": 41.0},
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
    tired = min(cycle - 1, 8) * (0.030 if chemotherapy or plan.arm == "B" else 0.012) * plan.response.marrow
    influence = {"NEUT": 1 - 1.4 * tired, "PLAT": 0.98 - tired, "LYM": 1 - tired, "HGB": 1 - 0.5 * tired}
    if plan.arm == "A" and cycle > 1:
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
    """Thyroid, liver and urine, in those who are prone, from the second cycle on."""
    influence: Influence = {"CA19_9AG": 0.82 ** min(cycle, 5), "ALB": 0.985 ** min(cycle, 6)}
    if plan.response.thyroid and cycle >= 3:
        influence |= {"TSH": 1.5 + 0.7 * min(cycle, 6), "T4FR": 0.85}
    if plan.response.liver and cycle >= 2:
        peak = 1 + 1.1 * max(0, 3 - abs(cycle - 4))
        influence |= {"ALT": peak, "AST": 0.85 * peak + 0.15, "GGT": 1.3, "BILI": 1 + 0.12 * peak}
    if plan.response.proteinuria and cycle in (2, 3, 4, 5):
        influence["PROT"] = 1.0
    return influence
