"""Vital signs and electrocardiograms show at once what CTCAE says of their numbers."""

from patients.derivations.tellers import told
from patients.derivations.told import Told
from patients.models import CaseReportForm, Electrocardiogram, VitalSigns
from tests.patients.dosing.ward import Ward, day


def shown(ward: Ward, form: CaseReportForm) -> list[tuple[str, str]]:
    return [(each.about, each.answer) for each in tellings(ward, form)]


def tellings(ward: Ward, form: CaseReportForm) -> list[Told]:
    return told(ward.facts(), form)


def recorded(ward: Ward, later: int, qt: int) -> Electrocardiogram:
    """At 60 beats per minute QTcF is the QT interval itself."""
    answers = {
        "performed_on": day(later).isoformat(),
        "qt_interval": qt,
        "heart_rate": 60,
        "interpretation": "NORMAL",
    }
    form: Electrocardiogram = ward.enter(Electrocardiogram, ward.subject, answers, visit=ward.screening)
    return form


def read(ward: Ward, later: int, *pressures: tuple[int, int]) -> VitalSigns:
    rows = [{"systolic": systolic, "diastolic": diastolic} for systolic, diastolic in pressures]
    form: VitalSigns = ward.enter(
        VitalSigns,
        ward.subject,
        {"measured_on": day(later).isoformat(), "weight": "60"},
        visit=ward.screening,
        rows={"blood_pressures": rows},
    )
    return form


def test_each_reading_of_the_blood_pressure_has_its_grade_beside_it(in_a: Ward) -> None:
    form = read(in_a, -1, (118, 76), (138, 92))
    found = tellings(in_a, form)
    assert [(each.about, each.answer) for each in found] == [
        ("Hypertension", "grade 0"),
        ("Hypertension", "grade 2"),
    ]
    assert [each.row.repeat for each in found if each.row] == [1, 2]
    assert "diastolic at or above 90" in found[1].reason


def test_a_reading_without_its_diastolic_part_is_not_graded_as_normal(in_a: Ward) -> None:
    form = in_a.enter(
        VitalSigns,
        in_a.subject,
        {"measured_on": day(-1).isoformat(), "weight": "60"},
        visit=in_a.screening,
        rows={"blood_pressures": [{"systolic": 118}]},
    )
    [found] = tellings(in_a, form)
    assert found.answer == ""
    assert found.reason.startswith("cannot be determined: no diastolic")


def test_a_loss_of_weight_is_graded_against_the_last_weight_before_treatment(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    found = tellings(in_a, in_a.weigh(42, "53.9"))
    assert [(each.about, each.answer) for each in found] == [("Weight loss", "grade 2")]
    assert "baseline 60 kg on 2021-03-01" in found[0].reason
    assert [source.value for source in found[0].sources] == ["53.9", "60"]


def warm(ward: Ward, temperature: str) -> Told:
    answers = {"measured_on": day(-1).isoformat(), "temperature": temperature}
    [found] = tellings(ward, ward.enter(VitalSigns, ward.subject, answers, visit=ward.screening))
    return found


def test_a_temperature_has_its_grade_of_fever_beside_it(in_a: Ward) -> None:
    found = warm(in_a, "39.5")
    assert (found.about, found.answer, found.reason) == ("Fever", "grade 2", "above 39 °C")
    assert [source.field for source in found.sources] == ["temperature"]


def test_a_temperature_above_40_is_grade_3_or_4_by_its_duration(in_a: Ward) -> None:
    found = warm(in_a, "40.2")
    assert found.answer == ""
    assert found.reason.endswith("up to 24 hours is grade 3, longer is grade 4")


def test_before_treatment_there_is_no_loss_of_weight(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    assert tellings(in_a, in_a.weigh(-2, "50")) == []


def test_recordings_of_one_day_are_graded_by_their_mean_and_against_baseline(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    baseline = recorded(in_a, -2, 400)
    assert shown(in_a, baseline) == [("Electrocardiogram QT corrected interval prolonged", "grade 0")]
    recorded(in_a, 21, 470)
    [found] = tellings(in_a, recorded(in_a, 21, 454))
    # 462 ms: over 450, and 62 ms above baseline.
    assert found.answer == "grade 3"
    assert "mean of 2 recordings of the day: 462 ms; baseline 400 ms" in found.reason


def test_a_recording_of_the_day_without_its_interval_leaves_the_mean_open(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    recorded(in_a, -2, 400)
    unread = {"performed_on": day(21).isoformat(), "interpretation": "NORMAL"}
    in_a.enter(Electrocardiogram, in_a.subject, unread, visit=in_a.screening)
    [found] = tellings(in_a, recorded(in_a, 21, 470))
    assert found.answer == ""
    assert found.reason == f"cannot be determined: no QTcF of every electrocardiogram of {day(21)}"


def test_without_a_baseline_the_interval_is_graded_and_that_is_said(in_a: Ward) -> None:
    in_a.take(0, None, "12")
    [found] = tellings(in_a, recorded(in_a, 21, 470))
    assert found.answer == "grade 1"
    assert "no baseline to compare with" in found.reason


def test_a_study_without_a_version_of_ctcae_is_told_so(in_a: Ward) -> None:
    in_a.decide(ctcae_version="")
    [found] = tellings(in_a, read(in_a, -1, (150, 95)))
    assert (found.answer, "names no version of CTCAE" in found.reason) == ("", True)
