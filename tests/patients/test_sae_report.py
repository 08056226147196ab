"""Reports of a serious adverse event: one initial report of each, versions as records of their own."""

from typing import Any

import pytest

from patients.actions.import_forms import import_forms
from patients.actions.save_form import mark_entered_in_error
from patients.models import AdverseEvent, SeriousAdverseEventReport, Subject
from tests.factories import person
from tests.patients.conftest import correct, errors_of
from trials.actions.errors import Refused
from trials.models import Role, Study, User

EVENT = {"term": "Colitis", "ctcae_term": "Colitis", "grade": "3", "started": "2021-03-10", "serious": "Y"}
INITIAL = {
    "kind": "INITIAL",
    "became_aware_on": "2021-03-10",
    "reported_on": "2021-03-11",
    "susar": "N",
    "narrative": "Bloody diarrhea.",
}


@pytest.fixture
def event(enter: Any) -> AdverseEvent:
    return enter(AdverseEvent, **EVENT)


def test_each_version_of_a_report_is_a_record_of_its_own(enter: Any, event: AdverseEvent) -> None:
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL | {"kind": "FOLLOW-UP", "number": 1})
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL | {"kind": "FINAL", "number": 2})
    reports = SeriousAdverseEventReport.objects.filter(adverse_event=event).order_by("repeat")
    assert [report.kind for report in reports] == ["INITIAL", "FOLLOW-UP", "FINAL"]


def test_a_second_initial_report_of_the_same_event_is_refused(enter: Any, event: AdverseEvent) -> None:
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    with pytest.raises(Refused) as refusal:
        enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    assert "follow-up report" in errors_of(refusal)["kind"][0]


def test_a_follow_up_cannot_be_corrected_into_a_second_initial_report(
    enter: Any, event: AdverseEvent, coordinator: User
) -> None:
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    second = enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL | {"kind": "FOLLOW-UP"})
    with pytest.raises(Refused):
        correct(coordinator, second, kind="INITIAL")
    assert SeriousAdverseEventReport.objects.get(pk=second.pk).kind == "FOLLOW-UP"


def test_an_initial_report_can_be_corrected_and_entered_again_after_it_was_in_error(
    enter: Any, event: AdverseEvent, coordinator: User
) -> None:
    first = enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    first = correct(coordinator, first, susar="Y")
    mark_entered_in_error(actor=coordinator, record=first, version=first.version, reason="other event")
    assert enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL).repeat == 2


def test_another_event_has_an_initial_report_of_its_own(enter: Any, event: AdverseEvent) -> None:
    enter(AdverseEvent, **EVENT | {"term": "Fever", "ctcae_term": "Fever"})
    enter(SeriousAdverseEventReport, adverse_event=1, **INITIAL)
    assert enter(SeriousAdverseEventReport, adverse_event=2, **INITIAL).kind == "INITIAL"


def test_an_import_with_two_initial_reports_of_one_event_stores_none_and_names_the_line(
    event: AdverseEvent, study: Study, subject: Subject
) -> None:
    manager = person(Role.DATA_MANAGER, study)
    line = {"subject": subject.code, "adverse_event": 1, **INITIAL}
    report = import_forms(
        actor=manager, study=study, form=SeriousAdverseEventReport, lines=[line, line], reason="safety system"
    )
    assert set(report.rejected) == {2}
    assert "kind" in report.rejected[2]
    assert not SeriousAdverseEventReport.objects.exists()


def test_an_import_of_an_initial_report_may_be_repeated(
    event: AdverseEvent, study: Study, subject: Subject
) -> None:
    manager = person(Role.DATA_MANAGER, study)
    line = {"subject": subject.code, "adverse_event": 1, "external_id": "S-1", **INITIAL}
    options = {"actor": manager, "study": study, "form": SeriousAdverseEventReport, "reason": "safety system"}
    assert import_forms(lines=[line], **options).stored == 1
    again = import_forms(lines=[line], **options)
    assert (again.rejected, again.unchanged) == ({}, 1)
