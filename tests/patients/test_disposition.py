"""A subject's status follows from its dispositions and its allocation."""

from typing import Any

import pytest

from patients.actions.save_form import change_form, create_form, mark_entered_in_error
from patients.models import Disposition, Subject, SubjectStatus
from tests.patients.conftest import events_of_casebook
from trials.models import User


@pytest.fixture
def end(coordinator: User) -> Any:
    def run(subject: Subject, scope: str, reason: str = "OTHER") -> Disposition:
        data = {"scope": scope, "ended_on": "2021-03-05", "reason": reason}
        return create_form(actor=coordinator, form=Disposition, subject=subject, data=data)

    return run


def status(subject: Subject) -> str:
    return Subject.objects.get(pk=subject.pk).status


def test_the_end_of_screening_makes_a_screening_failure(end: Any, subject: Subject) -> None:
    end(subject, "SCREENING", "SCREEN FAILURE")
    assert status(subject) == SubjectStatus.SCREEN_FAILURE
    # The form, the status of the subject, and the query about the criterion that nobody named.
    assert events_of_casebook(subject)[-1].rows == 3


def test_a_screening_failure_taken_back_returns_to_screening(
    coordinator: User, end: Any, subject: Subject
) -> None:
    record = end(subject, "SCREENING", "SCREEN FAILURE")
    mark_entered_in_error(actor=coordinator, record=record, version=1, reason="wrong subject")
    assert status(subject) == SubjectStatus.SCREENING


def test_the_end_of_the_study_ends_it_and_taken_back_returns_to_randomized(
    coordinator: User, end: Any, in_arm_a: Subject
) -> None:
    record = end(in_arm_a, "STUDY", "DEATH")
    assert status(in_arm_a) == SubjectStatus.ENDED
    mark_entered_in_error(actor=coordinator, record=record, version=1, reason="wrong subject")
    assert status(in_arm_a) == SubjectStatus.RANDOMIZED


def test_the_end_of_treatment_with_a_drug_leaves_the_status(end: Any, in_arm_a: Subject) -> None:
    end(in_arm_a, "TREATMENT", "ADVERSE EVENT")
    assert status(in_arm_a) == SubjectStatus.RANDOMIZED


def test_a_randomized_subject_never_becomes_a_screening_failure(end: Any, in_arm_a: Subject) -> None:
    end(in_arm_a, "SCREENING", "SCREEN FAILURE")
    assert status(in_arm_a) == SubjectStatus.RANDOMIZED


def test_a_scope_corrected_moves_the_status(coordinator: User, end: Any, subject: Subject) -> None:
    record = end(subject, "STUDY", "WITHDRAWAL BY SUBJECT")
    change_form(actor=coordinator, record=record, version=1, reason="misread", data={"scope": "SCREENING"})
    assert status(subject) == SubjectStatus.SCREEN_FAILURE


def test_the_status_of_a_subject_is_recorded_with_its_version(end: Any, subject: Subject) -> None:
    end(subject, "SCREENING")
    end(subject, "SCREENING")
    assert Subject.objects.get(pk=subject.pk).version == 2
    assert Subject.history.filter(id=subject.pk).count() == 2
