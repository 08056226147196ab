"""Grades of the Common Terminology Criteria for Adverse Events (CTCAE), v5.0 and v6.0.

Laboratory results: `grade`; the criteria are the tables of version_5 and version_6. Blood pressure, QTc,
weight and proteinuria: `findings`. Which terms a laboratory test is graded by: `laboratory_tests`.
"""

from trials.clinical.ctcae.criterion import Criterion, Direction
from trials.clinical.ctcae.grading import (
    VERSIONS,
    BaselineFlag,
    Convention,
    Graded,
    criterion_of,
    grade,
)

__all__ = [
    "VERSIONS",
    "BaselineFlag",
    "Convention",
    "Criterion",
    "Direction",
    "Graded",
    "criterion_of",
    "grade",
]
