"""Tumor response from captured forms: what a coordinator enters, and what the rules say of it."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from patients.actions.enroll import enroll
from patients.actions.save_form import change_form, mark_entered_in_error
from patients.derivations.tumor_response import INDEPENDENT, tumor_course
from patients.facts import Facts, Moment
from patients.models import SubsequentTherapy, TumorAssessment, TumorLesion
from tests.factories import CONSENT_DAY, opened
from tests.patients.clinic import BASELINE_ON, Clinic, after, both, clinic, liver, set_to
from trials.audit import clock
from trials.clinical.recist.best_response import BestResponse
from trials.clinical.recist.response import Response
from trials.clinical.undetermined import Undetermined
from trials.models import Site, Study, User

__all__ = ["clinic", "liver"]


def test_sums_nadir_and_response_follow_the_scans(liver: Clinic) -> None:
    for week, sizes in ((6, both("40", "30")), (12, both("30", "20")), (18, both("35", "27"))):
        liver.scan(after(week), sizes)
    course = liver.course()
    assert course.baseline is not None
    assert course.baseline.sum.mm == 100
    found = [point.found for point in course.points]
    assert [each.sum.mm for each in found] == [70, 50, 62]
    assert [each.nadir.mm for each in found if each.nadir] == [100, 70, 50]
    assert [each.target.from_baseline_percent for each in found] == [-30, -50, -38]
    assert [each.overall.response for each in found] == [Response.PR, Response.PR, Response.PD]
    assert found[2].target.words == "PD: sum 62 mm is 24 % and 12 mm above the nadir of 50 mm (UNS2)"
    assert [point.visit for point in course.points] == ["UNS1", "UNS2", "UNS3"]
    assert (course.findings, course.remarks) == ((), ())


def test_best_responses_first_responses_and_progression_follow_the_time_points(liver: Clinic) -> None:
    for week, sizes in ((6, both("40", "30")), (12, both("30", "20")), (18, both("35", "27"))):
        liver.scan(after(week), sizes)
    course = liver.course()
    assert course.best_unconfirmed.response is Response.PR  # type: ignore[union-attr]
    assert course.best_confirmed.words == (  # type: ignore[union-attr]
        "PR: met on 2021-04-21 (UNS1), confirmed by PR on 2021-06-02 (UNS2), 42 days later"
    )
    assert course.first_response.on == after(6)  # type: ignore[union-attr]
    assert course.first_confirmed_response.confirmed_on == after(12)  # type: ignore[union-attr]
    assert course.progression.on == after(18)  # type: ignore[union-attr]


def test_a_time_point_names_every_answer_it_rests_on(liver: Clinic) -> None:
    liver.scan(after(6), {"T1": "40", "T2": "NOT EVALUATED"})
    [point] = liver.course().points
    told = {(source.row, source.field, source.value) for source in point.sources}
    assert told == {
        ("measurements 1", "diameter", "40"),
        ("measurements 2", "state", "NOT EVALUATED"),
        ("", "first_scan_on", "2021-04-21"),
        ("", "new_lesions", "N"),
    }


@pytest.mark.parametrize(
    ("answers", "differences"),
    [
        ({}, ()),
        ({"overall_response": "SD", "target_response": "SD", "non_target_response": "NA"}, ()),
        ({"overall_response": "PR"}, ("overall: PR by the investigator, SD by the rules",)),
        (
            {"overall_response": "SD", "target_response": "PR", "non_target_response": "CR"},
            (
                "target lesions: PR by the investigator, SD by the rules",
                "non-target lesions: CR by the investigator, NA by the rules",
            ),
        ),
    ],
)
def test_what_the_investigator_said_is_compared_part_by_part(
    liver: Clinic, answers: dict[str, str], differences: tuple[str, ...]
) -> None:
    form = liver.scan(after(6), both("55", "40"), **answers)
    course = liver.course()
    [point] = course.points
    assert (point.differences, point.differs) == (differences, bool(differences))
    assert course.point_of(form) == point


def test_disease_that_returns_after_a_complete_response_is_progression(liver: Clinic) -> None:
    liver.scan(after(6), both("ABSENT", "0"))
    liver.scan(after(12), both("3", "0"), overall_response="PR")
    point = liver.course().points[1]
    assert (point.found.target.response, point.found.overall.response) == (Response.PR, Response.PD)
    assert point.differences == ("overall: PR by the investigator, PD by the rules",)
    assert liver.course().best_unconfirmed.response is Response.CR  # type: ignore[union-attr]


def test_after_progression_time_points_are_shown_but_do_not_count(liver: Clinic) -> None:
    liver.scan(after(6), both("90", "40"))
    liver.scan(after(12), both("20", "10"))
    course = liver.course()
    assert [point.does_not_count for point in course.points] == ["", "it follows progression"]
    assert course.best_unconfirmed.response is Response.PD  # type: ignore[union-attr]


def test_a_new_lesion_dates_progression_by_the_scan_that_showed_it(liver: Clinic) -> None:
    lesion = liver.lesion("N1", "NEW", on=after(6, 2), organ="LUNG", certain="UNEQUIVOCAL")
    liver.scan(after(6), both("90", "40"), last_scan_on=after(6, 5).isoformat(), new_lesions="Y")
    course = liver.course()
    assert course.progression.on == after(6, 2)  # type: ignore[union-attr]
    assert (lesion.pk, "identified_on") in {(each.record_id, each.field) for each in course.points[0].sources}


def test_an_equivocal_lesion_counts_from_when_it_was_first_seen_once_it_is_confirmed(liver: Clinic) -> None:
    lesion = liver.lesion("N1", "NEW", on=after(6), organ="LUNG", certain="EQUIVOCAL")
    liver.scan(after(6), both("60", "40"), new_lesions="EQUIVOCAL")
    liver.scan(after(12), both("60", "40"), new_lesions="EQUIVOCAL")
    assert liver.responses() == ["SD", "SD"]
    change_form(
        actor=liver.coordinator,
        record=lesion,
        version=1,
        data={"confirmed_on": after(12).isoformat()},
        reason="It has grown",
    )
    assert liver.responses() == ["PD", "PD"]
    assert liver.course().progression.on == after(6)  # type: ignore[union-attr]


def test_a_new_lesion_seen_between_assessments_is_a_time_point_without_a_form(liver: Clinic) -> None:
    liver.scan(after(6), both("60", "40"))
    liver.lesion("N1", "NEW", on=after(9), organ="LUNG", certain="UNEQUIVOCAL")
    course = liver.course()
    assert [point.form is None for point in course.points] == [False, True]
    assert course.progression.on == after(9)  # type: ignore[union-attr]


def test_parts_of_a_split_lesion_are_added_and_merged_ones_measured_once(liver: Clinic) -> None:
    shown = {"changed_on": after(6).isoformat()}
    for label in ("T1.1", "T1.2"):
        liver.lesion(label, on=after(6), split_from=liver.number("T1"), **shown)
    liver.scan(after(6), {"T1.1": "20", "T1.2": "25", "T2": "40"})
    assert [point.found.sum.mm for point in liver.course().points] == [85]


def test_merged_lesions_are_measured_once(liver: Clinic) -> None:
    second = TumorLesion.objects.get(subject=liver.subject, label="T2")
    merger = {"merged_into": liver.number("T1"), "changed_on": after(12).isoformat()}
    change_form(actor=liver.coordinator, record=second, version=1, data=merger, reason="Seen on the scan")
    liver.scan(after(6), both("60", "40"))
    liver.scan(after(12), {"T1": "95"})
    assert [point.found.sum.mm for point in liver.course().points] == [100, 95]


def test_a_part_of_a_lesion_that_was_entered_in_error_is_left_out_and_said(liver: Clinic) -> None:
    whole = liver.lesion("T3")
    liver.lesion("T3.1", on=after(6), split_from=whole.repeat)
    mark_entered_in_error(actor=liver.coordinator, record=whole, version=1, reason="Wrong subject")
    [finding] = liver.course().findings
    assert (finding.rule, finding.lesions) == ("part_of_no_lesion", ("T3.1",))


def test_a_lesion_that_is_not_measured_leaves_the_response_open_and_is_named(liver: Clinic) -> None:
    liver.scan(after(6), {"T1": "40"})
    [point] = liver.course().points
    assert point.found.target.words == "NE: T2 has no measurement"
    assert point.found.overall.response is Response.NE


def test_what_cannot_be_placed_is_left_out_and_said(liver: Clinic) -> None:
    liver.lesion("NT1", "NON-TARGET", organ="BONE")
    liver.scan(after(6), both("40", "30") | {"NT1": "12"}, {"T1": "PRESENT"})
    undated = liver.enter(
        TumorAssessment, visit=liver.visit(after(12)), method="CT SCAN", assessor="INVESTIGATOR"
    )
    course = liver.course()
    assert course.remarks == (
        "UNS1: NT1 is a non-target lesion; its row 3 is left out",
        "UNS1: T1 is a target lesion; its row 1 is left out",
        "UNS2 has no date of a scan and is left out",
    )
    assert course.point_of(undated) is None


def test_baseline_may_be_told_by_two_forms(clinic: Clinic) -> None:
    for label in ("T1", "T2"):
        clinic.lesion(label)
    clinic.scan(BASELINE_ON, {"T1": "60"})
    clinic.scan(BASELINE_ON + timedelta(days=2), {"T2": "40", "T1": "NOT EVALUATED"}, method="MRI")
    course = clinic.course()
    assert course.baseline is not None
    assert (course.baseline.sum.mm, len(course.baseline.forms)) == (100, 2)
    assert (course.baseline.first_on, course.baseline.last_on) == (date(2021, 3, 5), date(2021, 3, 7))


def test_baseline_scans_made_after_randomization_are_taken_and_said(clinic: Clinic) -> None:
    clinic.lesion("T1", on=after(0, 2))
    clinic.enter(
        TumorAssessment,
        visit=clinic.screening,
        first_scan_on=after(0, 2).isoformat(),
        method="CT SCAN",
        assessor="INVESTIGATOR",
        rows={"measurements": [{"lesion": clinic.number("T1"), "state": "MEASURED", "diameter": "60"}]},
    )
    course = clinic.course()
    assert course.baseline is not None
    assert course.baseline.sum.mm == 60
    assert course.remarks == (
        "the scans of SCR (2021-03-12) were made after randomization (2021-03-10), and are taken as baseline",
    )


def test_the_choice_of_target_lesions_is_judged(clinic: Clinic) -> None:
    clinic.lesion("T1", lymph_node="Y", organ="LYMPH NODE")
    clinic.scan(BASELINE_ON, {"T1": "14"})
    [finding] = clinic.course().findings
    assert finding.words == ("not measurable, no target: T1: short axis 14 mm, measurable from 15 mm on (CT)")


def test_without_any_assessment_the_best_response_is_not_evaluable_and_says_so(clinic: Clinic) -> None:
    course = clinic.course()
    assert (course.baseline, course.points) == (None, ())
    assert course.best_confirmed.words == "NE: no assessment counts"  # type: ignore[union-attr]
    assert [finding.rule for finding in course.findings] == ["no_baseline"]


def test_markers_still_raised_keep_non_target_disease_from_a_complete_response(liver: Clinic) -> None:
    liver.lesion("NT1", "NON-TARGET", organ="BONE")
    gone = {"T1": "0", "T2": "0"}
    for week, answer in ((6, {"markers_normal": "N"}), (12, {}), (18, {"markers_normal": "Y"})):
        liver.scan(after(week), gone, {"NT1": "ABSENT"}, **answer)
    not_asked = {"missing_reasons": {"markers_normal": "NOT_APPLICABLE"}}
    liver.scan(after(24), gone, {"NT1": "ABSENT"}, **not_asked)
    assert liver.responses() == ["PR", "PR", "CR", "CR"]
    assert liver.course().points[1].found.non_target.words == (
        "NE: NT1 gone; tumor markers, raised at baseline, are not measured"
    )


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        ("2021-05-03", "SD"),
        ("2021-05", "SD"),
        ("2021-07-01", "PR"),
        ("2021-06", None),
        ("2021", None),
    ],
)
def test_assessments_after_new_therapy_do_not_count_and_a_partial_date_decides_only_what_it_can(
    liver: Clinic, started: str, expected: str | None
) -> None:
    liver.scan(after(6), both("60", "40"))
    liver.scan(after(12), both("30", "20"))
    liver.enter(SubsequentTherapy, kind="SYSTEMIC", agents="Capecitabine", started=started)
    course = liver.course()
    if expected is None:
        assert course.best_unconfirmed == Undetermined(
            ("complete date on which new anticancer therapy began",)
        )
        assert "cannot be determined" in course.points[1].does_not_count
    else:
        assert course.best_unconfirmed.response == expected  # type: ignore[union-attr]
    assert course.new_therapy is not None
    assert course.new_therapy.value == started


def test_an_assessment_that_was_not_done_is_said_and_stands_between(liver: Clinic, study: Study) -> None:
    set_to(study, "bor_ne_between_max", 0)
    liver.scan(after(6), both("40", "30"))
    liver.enter(TumorAssessment, visit=liver.visit(after(12)), not_done_reason="Scanner broken")
    liver.scan(after(18), both("40", "30"))
    course = liver.course()
    assert course.remarks == ("UNS2: not done (Scanner broken)",)
    assert course.best_unconfirmed.response is Response.PR  # type: ignore[union-attr]
    assert course.best_confirmed.response is Response.SD  # type: ignore[union-attr]


def test_what_was_not_done_and_then_made_up_for_at_the_same_visit_leaves_no_gap(
    liver: Clinic, study: Study
) -> None:
    set_to(study, "bor_ne_between_max", 0)
    liver.scan(after(6), both("40", "30"))
    visit = liver.visit(after(12))
    liver.enter(TumorAssessment, visit=visit, not_done_reason="Scanner broken")
    rows = [{"lesion": liver.number(label), "state": "MEASURED", "diameter": "30"} for label in ("T1", "T2")]
    seen = {"method": "CT SCAN", "assessor": "INVESTIGATOR", "new_lesions": "N"}
    day = after(12, 1).isoformat()
    liver.enter(TumorAssessment, rows={"measurements": rows}, visit=visit, first_scan_on=day, **seen)
    liver.scan(after(18), both("40", "30"))
    confirmed = liver.course().best_confirmed
    assert isinstance(confirmed, BestResponse)
    assert (confirmed.response, confirmed.on, confirmed.confirmed_on) == (Response.PR, after(6), after(12, 1))


def test_the_assessment_of_an_independent_reader_is_a_course_of_its_own(liver: Clinic) -> None:
    liver.scan(BASELINE_ON, {"T1": "50"}, assessor="INDEPENDENT ASSESSOR")
    liver.scan(after(6), {"T1": "30"}, assessor="INDEPENDENT ASSESSOR")
    assert liver.responses() == []
    own = liver.course(assessors=INDEPENDENT)
    assert [point.found.overall.response for point in own.points] == [Response.NE]
    assert own.baseline is not None
    assert own.baseline.sum.missing == ("T2 has no measurement",)


def test_up_to_a_cutoff_later_scans_are_not_known(liver: Clinic) -> None:
    liver.scan(after(6), both("60", "40"))
    liver.scan(after(12), both("30", "20"))
    course = liver.course(Moment(cutoff=after(12, -1)))
    assert [point.found.overall.response for point in course.points] == [Response.SD]


def test_as_of_an_instant_a_size_is_what_it_was_recorded_as_then(liver: Clinic) -> None:
    form = liver.scan(after(6), both("60", "40"))
    before = clock.now()
    change_form(
        actor=liver.coordinator,
        record=form,
        version=1,
        data={},
        rows={"measurements": [{"repeat": 1, "diameter": "20"}]},
        reason="Read again",
    )
    assert liver.responses() == ["PR"]
    [then] = liver.course(Moment(as_of=before)).points
    assert then.found.overall.response is Response.SD


def test_a_subject_who_is_not_randomized_has_a_baseline_and_no_time_point(
    study: Study, site: Site, coordinator: User
) -> None:
    subject = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    clinic = Clinic(coordinator, subject, opened(coordinator, subject, "SCR", CONSENT_DAY))
    clinic.lesion("T1")
    clinic.scan(BASELINE_ON, {"T1": "60"})
    course = clinic.course()
    assert course.baseline is not None
    assert (course.baseline.sum.mm, course.points) == (60, ())


def test_the_course_of_a_second_subject_asks_the_database_nothing_more(
    liver: Clinic, site: Site, coordinator: User
) -> None:
    liver.scan(after(6), both("60", "40"))
    other = enroll(actor=coordinator, site=site, screened_on=CONSENT_DAY)
    second = Clinic(coordinator, other, opened(coordinator, other, "SCR", CONSENT_DAY))
    second.lesion("T1")
    second.scan(BASELINE_ON, {"T1": "60"})
    facts = Facts([other, liver.subject])
    tumor_course(facts, other)
    with CaptureQueriesContext(connection) as queries:
        found = tumor_course(facts, liver.subject)
    assert (len(found.points), len(queries)) == (1, 0)
