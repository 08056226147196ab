"""The registered study, and its criterion table of a subject."""

from collections.abc import Callable
from typing import Any

import pytest

from patients.derivations.eligibility import Eligibility, Line, eligibility
from patients.facts import Facts
from patients.models import Subject
from tests.factories import save
from tests.screening import Clinic
from trials.models import StudySetting


@pytest.fixture
def clinic(db: None) -> Clinic:
    return Clinic()


@pytest.fixture
def decide(clinic: Clinic) -> Callable[..., None]:
    """`decide(i6_anchor="RANDOMIZATION")`: what the principal investigator chose."""

    def change(**values: Any) -> None:
        for key, value in values.items():
            setting = StudySetting.objects.get(study=clinic.study, key=key)
            setting.value = value
            save(clinic.study.chain, setting)

    return change


def judged(subject: Subject) -> Eligibility:
    return eligibility(Facts([subject]), subject)


def line_of(subject: Subject, code: str) -> Line:
    return next(line for line in judged(subject).lines if line.rule.code == code)


def verdict_of(subject: Subject, code: str) -> str | None:
    verdict = line_of(subject, code).data.verdict
    return verdict.value if verdict is not None else None


def words_of(subject: Subject, code: str) -> str:
    return line_of(subject, code).data.words


@pytest.fixture(scope="module", autouse=True)
def _registered_once(registered_once: None) -> None:
    """Each file here is about the registered study."""
