"""Eligibility: each criterion evaluated from captured data, beside the investigator's answer.

rules         the rules of the study, and the washouts that its settings ask for
case          which recorded values count, and which settings decide
readers       the vocabulary: each variable with the function that reads it
person, measurements, laboratory, kidney, liver, lesions, history, support
              those functions, by noun
judged        one rule, judged from captured data
table         all rules with the investigator's answers, and what stands against randomization
told          what the data say beside each answer of the eligibility form
"""

from patients.derivations.eligibility.evidence import Evidence
from patients.derivations.eligibility.table import (
    Answer,
    Eligibility,
    Finding,
    Line,
    eligibility,
    findings_of_forms,
    lines_of,
)

__all__ = [
    "Answer",
    "Eligibility",
    "Evidence",
    "Finding",
    "Line",
    "eligibility",
    "findings_of_forms",
    "lines_of",
]
