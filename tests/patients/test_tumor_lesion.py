"""A lesion keeps its identity: one label, one record, from scan to scan."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet

from patients.actions.enroll import enroll
from patients.actions.import_forms import import_forms
from patients.actions.save_form import create_form, mark_entered_in_error
from patients.models import (
    EntryState,
    NonTargetState,
    Subject,
    TargetMeasurement,
    TumorAssessment,
    TumorLesion,
    Visit,
)
from tests.factories import CONSENT_DAY, person
from tests.patients.conftest import correct, errors_of
from trials.actions.errors import Refused
from trials.models import Role, Site, Study, User

LESION = {
    "role": "TARGET",
    "organ": "LIVER",
    "lymph_node": "N",
    "identified_on": "2021-03-01",
    "method": "CT SCAN",
}
Enter = Callable[..., Any]


@pytest.fixture
def lesion(enter: Enter) -> Callable[..., TumorLesion]:
    """`lesion("T1", organ="LUNG")`"""
    return lambda label, **more: enter(TumorLesion, label=label, **(LESION | more))


def test_a_lesion_with_its_label_role_organ_and_scan_is_complete(lesion: Any) -> None:
    assert lesion("T1").entry_state == EntryState.COMPLETE


def test_a_label_names_one_lesion_of_a_subject(lesion: Any) -> None:
    lesion("T1")
    with pytest.raises(Refused) as refusal:
        lesion("T1", organ="LUNG")
    assert errors_of(refusal) == {"label": ["T1 is another lesion of this subject already"]}
    assert TumorLesion.objects.count() == 1


def test_a_label_is_not_taken_by_a_correction_either(coordinator: User, lesion: Any) -> None:
    lesion("T1")
    second = lesion("T2")
    with pytest.raises(Refused, match="T1 is another lesion"):
        correct(coordinator, second, label="T1")


def test_the_label_of_a_lesion_entered_in_error_is_free_again(coordinator: User, lesion: Any) -> None:
    wrong = lesion("T1")
    mark_entered_in_error(actor=coordinator, record=wrong, version=1, reason="a vessel")
    assert lesion("T1").repeat == 2


def test_another_subject_has_labels_of_its_own(coordinator: User, site: Site, lesion: Any) -> None:

    lesion("T1")
    other = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    made = create_form(actor=coordinator, form=TumorLesion, subject=other, data=LESION | {"label": "T1"})
    assert made.label == "T1"


@pytest.mark.parametrize("label", ["t1", "T 1", "1", "T1!", "Ä1", "T1234567890"])
def test_a_label_is_written_in_capital_letters_and_digits(lesion: Any, label: str) -> None:
    with pytest.raises(Refused) as refusal:
        lesion(label)
    assert list(errors_of(refusal)) == ["label"]


def test_a_lesion_that_split_is_followed_as_its_parts(lesion: Any) -> None:
    whole = lesion("T1")
    part = lesion("T1.1", split_from=1, changed_on="2021-03-01")
    assert part.split_from == whole


def test_no_lesion_comes_from_itself_or_merges_into_itself(coordinator: User, lesion: Any) -> None:
    record = lesion("T1")
    with pytest.raises(Refused) as refusal:
        correct(coordinator, record, split_from=1, merged_into=1)
    assert errors_of(refusal) == {
        "split_from": ["is this record itself"],
        "merged_into": ["is this record itself"],
    }


@pytest.mark.parametrize("field", ["split_from", "merged_into"])
def test_lesions_do_not_split_or_merge_in_a_circle(field: str, coordinator: User, lesion: Any) -> None:
    first = lesion("T1")
    lesion("T2", **{field: 1})
    with pytest.raises(Refused) as refusal:
        correct(coordinator, first, **{field: 2})
    assert errors_of(refusal) == {field: ["leads back to this record, over no. 2"]}


def test_a_part_may_merge_again_with_the_lesion_it_split_from(coordinator: User, lesion: Any) -> None:
    lesion("T1")
    part = lesion("T1A", split_from=1, changed_on="2021-03-01")
    assert correct(coordinator, part, merged_into=1).merged_into_id == part.split_from_id


def test_the_database_itself_holds_a_label_to_one_lesion(subject: Subject, lesion: Any) -> None:
    lesion("T1")
    lesion("T2")
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(TumorLesion).filter(label="T2").update(label="T1")
    with pytest.raises(IntegrityError), transaction.atomic():
        QuerySet(TumorLesion).filter(label="T1").update(merged_into=F("pk"))


def test_an_import_brings_no_two_lesions_of_one_label_and_may_be_repeated(
    study: Study, subject: Subject
) -> None:
    manager = person(Role.DATA_MANAGER, study)
    lines = [
        LESION | {"subject": subject.code, "label": label, "external_id": f"R{number}"}
        for number, label in enumerate(("T1", "T2", "T1"), 1)
    ]

    def run(sent: Any) -> Any:
        return import_forms(actor=manager, study=study, form=TumorLesion, lines=sent, reason="radiology")

    refused = run(lines)
    assert refused.rejected == {3: {"label": ["T1 is another lesion of this subject already"]}}
    assert not TumorLesion.objects.exists()
    assert run(lines[:2]).stored == 2
    assert run(lines[:2]).unchanged == 2
    again = run([lines[2] | {"external_id": "R9"}])
    assert again.rejected == {1: {"label": ["T1 is another lesion of this subject already"]}}


# ---------------------------------------------------------------- measured at a time point
def assess(enter: Enter, visit: Visit, *measurements: Any, **rows: Any) -> TumorAssessment:
    return enter(
        TumorAssessment,
        visit=visit,
        rows={"measurements": list(measurements)} | rows,
        first_scan_on="2021-03-01",
        method="CT SCAN",
        assessor="INVESTIGATOR",
    )


def test_a_time_point_holds_a_measurement_of_each_lesion_by_its_number(
    enter: Enter, visit: Visit, lesion: Any
) -> None:
    first, second = lesion("T1"), lesion("T2", organ="LYMPH NODE", lymph_node="Y")
    record = assess(
        enter,
        visit,
        {"lesion": first.repeat, "state": "MEASURED", "diameter": "42.5"},
        {"lesion": second.repeat, "state": "TOO SMALL TO MEASURE"},
        non_targets=[{"lesion": lesion("NT1", role="NON-TARGET").repeat, "state": "PRESENT"}],
    )
    measured = TargetMeasurement.objects.filter(parent=record).order_by("repeat")
    assert [(row.lesion.label, row.diameter) for row in measured] == [("T1", 42.5), ("T2", None)]
    assert NonTargetState.objects.get(parent=record).lesion.label == "NT1"
    assert record.entry_state == EntryState.COMPLETE


def test_a_lesion_has_one_measurement_at_a_time_point(enter: Enter, visit: Visit, lesion: Any) -> None:
    number = lesion("T1").repeat
    twice = {"lesion": number, "state": "MEASURED", "diameter": "42"}
    with pytest.raises(Refused, match="row 2 repeats"):
        assess(enter, visit, twice, twice)


def test_a_row_entered_in_error_leaves_room_for_another_of_the_same_lesion(
    coordinator: User, enter: Enter, visit: Visit, lesion: Any
) -> None:
    number = lesion("T1").repeat
    record = assess(enter, visit, {"lesion": number, "state": "MEASURED", "diameter": "24"})
    rows = [
        {"repeat": 1, "entered_in_error": True},
        {"lesion": number, "state": "MEASURED", "diameter": "42"},
    ]
    correct(coordinator, record, rows={"measurements": rows})
    kept = TargetMeasurement.objects.filter(parent=record, entered_in_error=False)
    assert [row.diameter for row in kept] == [42]


@pytest.mark.parametrize("diameter", ["-1", "501", "4,2", "big"])
def test_a_diameter_is_a_number_of_millimeters(
    enter: Enter, visit: Visit, lesion: Any, diameter: str
) -> None:
    row = {"lesion": lesion("T1").repeat, "state": "MEASURED", "diameter": diameter}
    with pytest.raises(Refused) as refusal:
        assess(enter, visit, row)
    assert list(errors_of(refusal)["measurements"][0]) == ["diameter"]


def test_a_lesion_of_another_subject_cannot_be_measured(
    coordinator: User, site: Site, enter: Enter, visit: Visit
) -> None:

    other = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    create_form(actor=coordinator, form=TumorLesion, subject=other, data=LESION | {"label": "T1"})
    with pytest.raises(Refused, match="there is no record 1"):
        assess(enter, visit, {"lesion": 1, "state": "MEASURED", "diameter": "42"})
