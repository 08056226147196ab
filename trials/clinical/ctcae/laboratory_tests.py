"""Which CTCAE terms the results of a laboratory test are graded by, as data.

Tests are named by CDISC LBTESTCD (CD4 is ours); LOINC codes are of the usual serum, plasma or blood test, by
substance and by mass where there are two. A term that a version does not have is left out of it.
"""

from dataclasses import dataclass

from trials.clinical.ctcae.criterion import Direction

FASTING = "Hyperglycemia (Fasting)"
NOT_FASTING = "Hyperglycemia"


@dataclass(frozen=True)
class GradedTest:
    """A laboratory test with its terms for low and for high results, by version of CTCAE."""

    code: str
    loinc: tuple[str, ...]
    low: dict[str, str]
    high: dict[str, str]

    def terms(self, version: str) -> dict[Direction, str]:
        """The term of each direction that this version grades."""
        both = {Direction.LOW: self.low, Direction.HIGH: self.high}
        return {direction: terms[version] for direction, terms in both.items() if version in terms}


def _both(term: str) -> dict[str, str]:
    return {"5.0": term, "6.0": term} if term else {}


def _test(code: str, *loinc: str, low: str = "", high: str = "") -> GradedTest:
    return GradedTest(code, loinc, _both(low), _both(high))


_TESTS = (
    # ---- hematology
    _test("HGB", "718-7", low="Anemia", high="Hemoglobin increased"),
    _test("WBC", "6690-2", low="White blood cell decreased", high="Leukocytosis"),
    _test("NEUT", "751-8", low="Neutrophil count decreased"),
    GradedTest(
        "LYM",
        ("731-0",),
        {"5.0": "Lymphocyte count decreased", "6.0": "Lymphopenia"},
        _both("Lymphocyte count increased"),
    ),
    GradedTest("PLAT", ("777-3",), {"5.0": "Platelet count decreased", "6.0": "Thrombocytopenia"}, {}),
    _test("CD4", "24467-3", low="CD4 lymphocytes decreased"),
    _test("HAPTOG", "4542-7", low="Haptoglobin decreased"),
    # ---- coagulation
    _test("APTT", "14979-9", "3173-2", high="Activated partial thromboplastin time prolonged"),
    _test("INR", "6301-6", high="INR increased"),
    _test("FIBRINO", "3255-7", low="Fibrinogen decreased"),
    # ---- chemistry
    _test("ALT", "1742-6", high="Alanine aminotransferase increased"),
    _test("AST", "1920-8", high="Aspartate aminotransferase increased"),
    _test("ALP", "6768-6", high="Alkaline phosphatase increased"),
    _test("GGT", "2324-2", high="GGT increased"),
    _test("BILI", "14631-6", "1975-2", high="Blood bilirubin increased"),
    _test("LDH", "14804-9", "2532-0", high="Blood lactate dehydrogenase increased"),
    GradedTest("CK", ("2157-6",), {}, {"5.0": "CPK increased"}),
    _test("AMYLASE", "1798-8", high="Serum amylase increased"),
    _test("LIPASET", "3040-3", high="Lipase increased"),
    _test("CREAT", "14682-9", "2160-0", high="Creatinine increased"),
    GradedTest("CREATCLR", ("2164-2",), {"6.0": "Creatinine clearance decreased"}, {}),
    _test("ALB", "1751-7", low="Hypoalbuminemia"),
    _test("SODIUM", "2951-2", low="Hyponatremia", high="Hypernatremia"),
    _test("K", "2823-3", low="Hypokalemia", high="Hyperkalemia"),
    _test("CA", "2000-8", "17861-6", low="Hypocalcemia", high="Hypercalcemia"),
    _test("CAION", "1995-0", low="Hypocalcemia (Ionized)", high="Hypercalcemia (Ionized)"),
    _test("MG", "2601-3", "19123-9", low="Hypomagnesemia", high="Hypermagnesemia"),
    GradedTest("GLUC", ("14749-6", "2345-7"), _both("Hypoglycemia"), {"6.0": NOT_FASTING}),
    _test("URATE", "14933-6", "3084-1", high="Hyperuricemia"),
    _test("CHOL", "14647-2", "2093-3", high="Cholesterol high"),
    _test("TRIG", "14927-8", "2571-8", high="Hypertriglyceridemia"),
    GradedTest("HDL", ("14646-4", "2085-9"), {"6.0": "HDL decreased"}, {}),
    GradedTest("LDL", ("22748-8", "13457-7"), {}, {"6.0": "LDL increased"}),
    _test("PH", "2744-1", low="Acidosis", high="Alkalosis"),
)

TESTS = {each.code: each for each in _TESTS}

# CTCAE grades calcium corrected for albumin, which is calculated from both of one sample.
CORRECTED_FOR_ALBUMIN = "CA"


def terms_of(code: str, version: str, *, fasting: bool | None = None) -> dict[Direction, str]:
    """The terms by which results of a test are graded; empty for a test that CTCAE does not grade.

    `fasting`: whether the sample was taken fasting, where the version asks (glucose in v6.0). Not known
    (None) reads as not fasting; the caller grades fasting glucose too and compares.

    >>> terms_of("PLAT", "6.0")
    {<Direction.LOW: 'LOW'>: 'Thrombocytopenia'}
    >>> terms_of("GLUC", "6.0", fasting=True)[Direction.HIGH]
    'Hyperglycemia (Fasting)'
    """
    if code not in TESTS:
        return {}
    found = TESTS[code].terms(version)
    if fasting and found.get(Direction.HIGH) == NOT_FASTING:
        found[Direction.HIGH] = FASTING
    return found
