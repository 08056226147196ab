from datetime import date, timedelta
from decimal import Decimal

import pytest

from tests.clinical.recist_cases import DAY_0, measurement
from trials.clinical.recist.counting import AfterCompleteResponse, Assessment, Rules
from trials.clinical.recist.course import ProgressionDate, Scans, Settings, course
from trials.clinical.recist.lesion import Lesion, Measurement, Method, Role
from trials.clinical.recist.new_lesion import new_lesions
from trials.clinical.recist.non_target_response import Markers, NonTargetState
from trials.clinical.recist.overall_response import NewLesion
from trials.clinical.recist.response import Response

T1 = Lesion("T1", Role.TARGET, organ="LIVER", node=False, method=Method.CT, slice_thickness_mm=Decimal(5))
T2 = Lesion("T2", Role.TARGET, organ="LUNG", node=False, method=Method.CT, slice_thickness_mm=Decimal(5))
NODE = Lesion("T3", Role.TARGET, organ="LYMPH NODE", node=True, method=Method.CT)
NT1 = Lesion("NT1", Role.NON_TARGET, organ="BONE", node=False)
NO, YES, EQUIVOCAL = NewLesion.NO, NewLesion.YES, NewLesion.EQUIVOCAL


def scans(week: int, sizes: dict | None = None, last: int = 0, new=NO, **options) -> Scans:
    """The scans of a week; `last`: how many days later the last of them was made."""
    first = DAY_0 + timedelta(weeks=week)
    measurements = {label: measurement(size) for label, size in (sizes or {}).items()}
    label = f"week {week}" if week else "baseline"
    return Scans(label, first, first + timedelta(days=last), measurements, new_lesions=new, **options)


def followed(lesions, *assessments: Scans, settings=None, **options):
    """The course of a subject whose baseline is the first of the assessments."""
    given = {"reference": DAY_0} | options
    return course(lesions, assessments[0], assessments[1:], settings or Settings(), **given)


def overall(found) -> list[str]:
    return [point.overall.response.value for point in found.time_points]


def new(label="N1", week=6, **options) -> Lesion:
    return Lesion(label, Role.NEW, identified_on=DAY_0 + timedelta(weeks=week), **options)


def test_the_nadir_is_the_smallest_sum_so_far_baseline_included():
    sums = ("60", "50", "80", "40", "49")
    found = followed([T1], *(scans(6 * number, {"T1": size}) for number, size in enumerate(sums)))
    assert [point.nadir.mm for point in found.time_points] == [60, 50, 50, 40]
    assert [point.nadir.where for point in found.time_points] == ["baseline", "week 6", "week 6", "week 18"]
    assert overall(found) == ["SD", "PD", "PR", "PD"]
    assert [point.after_progression for point in found.time_points] == [False, False, True, True]


def test_an_incomplete_sum_never_becomes_a_nadir():
    both = [T1, T2]
    found = followed(
        both,
        scans(0, {"T1": "30", "T2": "30"}),
        scans(6, {"T1": "10", "T2": "NE"}),
        scans(12, {"T1": "30", "T2": "30"}),
    )
    assert overall(found) == ["NE", "SD"]
    assert found.time_points[1].nadir.where == "baseline"


def test_lesions_that_merge_and_split_keep_the_sum_of_what_was_chosen():
    merged = Lesion("T2", Role.TARGET, node=False, merged_into="T1", changed_on=DAY_0 + timedelta(weeks=12))
    part = Lesion("T3.1", Role.TARGET, node=False, split_from="T3", identified_on=DAY_0 + timedelta(weeks=12))
    whole = Lesion("T3", Role.TARGET, node=False)
    found = followed(
        [T1, merged, whole, part],
        scans(0, {"T1": "30", "T2": "20", "T3": "40"}),
        scans(6, {"T1": "30", "T2": "20", "T3": "40"}),
        scans(12, {"T1": "48", "T3.1": "38"}),
    )
    assert [point.sum.mm for point in found.time_points] == [90, 86]


def test_disease_that_returns_after_a_complete_response_is_progression_however_small():
    found = followed(
        [T1], scans(0, {"T1": "20"}), scans(6, {"T1": "0"}), scans(12, {"T1": "3"}), scans(18, {"T1": "3"})
    )
    assert overall(found) == ["CR", "PD", "PR"]
    assert found.time_points[1].target.response is Response.PR
    assert found.time_points[1].overall.words == (
        "PD: disease is seen again after the complete response of 2021-02-15 (week 6)"
    )
    assert found.time_points[2].after_progression
    assert found.history.progression.on == DAY_0 + timedelta(weeks=12)


def test_a_lesion_that_returns_while_others_remained_is_added_to_the_sum():
    found = followed(
        [T1, NT1],
        scans(0, {"T1": "20"}, non_targets={"NT1": NonTargetState.PRESENT}),
        scans(6, {"T1": "0"}, non_targets={"NT1": NonTargetState.PRESENT}),
        scans(12, {"T1": "3"}, non_targets={"NT1": NonTargetState.PRESENT}),
        scans(18, {"T1": "TS"}, non_targets={"NT1": NonTargetState.PRESENT}),
    )
    assert overall(found) == ["PR", "PR", "PD"]


def test_a_complete_response_read_as_never_complete_leaves_the_time_point_as_it_was():
    rules = Rules(after_complete_response=AfterCompleteResponse.NEVER_COMPLETE)
    found = followed(
        [T1],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "0"}),
        scans(12, {"T1": "3"}),
        settings=Settings(rules=rules),
    )
    assert overall(found) == ["CR", "PR"]
    assert found.history.unconfirmed.response is Response.PR


@pytest.mark.parametrize(
    ("setting", "days"), [(ProgressionDate.LAST_SCAN, 9), (ProgressionDate.FIRST_SCAN, 0)]
)
def test_progression_by_sums_is_dated_by_the_scan_that_the_setting_names(setting, days):
    found = followed(
        [T1],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "40"}, last=9),
        settings=Settings(progression_date=setting),
    )
    assert found.history.progression.on == DAY_0 + timedelta(weeks=6, days=days)


@pytest.mark.parametrize("setting", list(ProgressionDate))
def test_a_response_is_dated_by_the_last_scan_whatever_the_setting_says(setting):
    found = followed(
        [T1],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "10"}, last=9),
        settings=Settings(progression_date=setting),
    )
    assert found.time_points[0].on == DAY_0 + timedelta(weeks=6, days=9)


def test_disease_seen_again_is_dated_like_other_progression():
    found = followed(
        [T1],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "0"}),
        scans(12, {"T1": "3"}, last=4),
        settings=Settings(progression_date=ProgressionDate.FIRST_SCAN),
    )
    assert found.history.progression.on == DAY_0 + timedelta(weeks=12)


def test_a_new_lesion_dates_progression_by_its_own_scan():
    lesion = Lesion("N1", Role.NEW, identified_on=DAY_0 + timedelta(weeks=6, days=2), certain=True)
    found = followed([T1, lesion], scans(0, {"T1": "20"}), scans(6, {"T1": "40"}, last=9, new=YES))
    assert found.history.progression.on == DAY_0 + timedelta(weeks=6, days=2)
    assert overall(found) == ["PD"]


def test_an_equivocal_lesion_confirmed_later_dates_progression_back_to_when_it_was_first_seen():
    def seen(**options):
        return followed(
            [T1, new(week=6, certain=False, **options)],
            scans(0, {"T1": "20"}),
            scans(6, {"T1": "20"}, new=EQUIVOCAL),
            scans(12, {"T1": "20"}, new=EQUIVOCAL),
        )

    assert overall(seen()) == ["SD", "SD"]
    confirmed = seen(confirmed_on=DAY_0 + timedelta(weeks=12))
    assert overall(confirmed) == ["PD", "PD"]
    assert confirmed.history.progression.on == DAY_0 + timedelta(weeks=6)
    assert confirmed.time_points[0].new_lesions.words == (
        "new lesion N1 first seen on 2021-02-15 (confirmed on 2021-03-29)"
    )


def test_a_new_lesion_seen_after_the_last_assessment_is_a_time_point_of_its_own():
    found = followed([T1, new(week=8, certain=True)], scans(0, {"T1": "20"}), scans(6, {"T1": "20"}))
    assert overall(found) == ["SD", "PD"]
    assert found.time_points[1].label == "between assessments"
    assert found.history.progression.on == DAY_0 + timedelta(weeks=8)


def test_a_time_point_says_whether_it_grew_or_shows_a_new_lesion_and_since_when():
    lesion = new(week=6, certain=True)
    found = followed(
        [T1, lesion],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "20"}),
        scans(12, {"T1": "20"}),
        scans(18, {"T1": "40"}),
    )
    assert [(point.new_lesion_on, point.grew) for point in found.time_points] == [
        (DAY_0 + timedelta(weeks=6), False),
        (None, True),
        (None, True),
    ]
    assert [point.on for point in found.time_points] == [
        DAY_0 + timedelta(weeks=week) for week in (6, 12, 18)
    ]


def test_a_new_lesion_seen_between_two_assessments_dates_progression_before_the_second():
    found = followed(
        [T1, new(week=8, certain=True)],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "20"}),
        scans(12, {"T1": "20"}),
    )
    assert overall(found) == ["SD", "PD"]
    assert found.history.progression.on == DAY_0 + timedelta(weeks=8)


@pytest.mark.parametrize(
    ("lesions", "answer", "expected"),
    [
        ([], NO, NO),
        ([], EQUIVOCAL, EQUIVOCAL),
        ([], YES, YES),
        ([], None, None),
        ([new(certain=True)], YES, YES),
        ([new(certain=True)], NO, YES),
        ([new(certain=True)], None, YES),
        ([new(certain=False)], NO, EQUIVOCAL),
        ([new(certain=False)], YES, None),
        ([new()], NO, None),
        ([new()], YES, YES),
        ([new(week=18, certain=True)], NO, NO),
        ([new(week=0, certain=True)], NO, None),
        ([Lesion("N1", Role.NEW, certain=True)], NO, None),
        ([Lesion("N1", Role.NEW, certain=True)], YES, YES),
    ],
)
def test_records_of_new_lesions_and_the_answer_are_read_together(lesions, answer, expected):
    found = new_lesions(lesions, baseline_on=DAY_0, on=DAY_0 + timedelta(weeks=6), answer=answer)
    assert found.answer is expected
    assert bool(found.missing) is (expected is None)
    assert found.words


def test_a_new_lesion_dated_before_baseline_is_named_as_a_contradiction():
    found = new_lesions([new(week=0)], baseline_on=DAY_0, on=DAY_0 + timedelta(weeks=6), answer=NO)
    assert found.words == (
        "N1 is recorded as new, but first seen on 2021-01-04, not after baseline (2021-01-04)"
    )


def test_without_a_baseline_no_response_is_evaluable_but_a_new_lesion_still_is_progression():
    found = course(
        [T1, new(certain=True, week=12)],
        None,
        [scans(6, {"T1": "20"}), scans(12)],
        Settings(),
        reference=DAY_0,
    )
    assert overall(found) == ["NE", "PD"]
    assert [each.rule for each in found.findings] == ["no_baseline"]
    assert found.time_points[0].target.words == "NE: the sum of diameters at baseline is not known"


def test_a_target_lesion_without_a_baseline_measurement_leaves_the_sum_open():
    found = followed([T1, T2], scans(0, {"T1": "20"}), scans(6, {"T1": "20", "T2": "20"}))
    assert overall(found) == ["NE"]
    assert found.baseline_sum.missing == ("T2 has no measurement",)


def test_the_choice_of_target_lesions_is_judged_by_their_measurement_at_baseline():
    found = followed([T1, NODE], scans(0, {"T1": "9", "T3": "14"}))
    assert [each.lesions for each in found.findings] == [("T1",), ("T3",)]


def test_a_subject_with_non_target_disease_only_has_the_responses_of_the_second_table():
    states = (
        NonTargetState.PRESENT,
        NonTargetState.PRESENT,
        NonTargetState.ABSENT,
        NonTargetState.PROGRESSION,
    )
    found = followed([NT1], *(scans(6 * n, non_targets={"NT1": state}) for n, state in enumerate(states)))
    assert overall(found) == ["NON-CR/NON-PD", "CR", "PD"]


def test_a_subject_without_disease_has_no_evidence_of_disease():
    found = followed([], scans(0), scans(6))
    assert overall(found) == ["NED"]
    assert found.history.confirmed.response is Response.NED


def test_markers_still_raised_keep_a_complete_response_from_being_one():
    found = followed([T1], scans(0, {"T1": "20"}), scans(6, {"T1": "0"}, markers=Markers.ELEVATED))
    assert overall(found) == ["PR"]


def test_a_non_target_lesion_that_split_needs_a_state_for_each_part():
    parts = [
        Lesion(label, Role.NON_TARGET, split_from="NT1", identified_on=DAY_0 + timedelta(weeks=6))
        for label in ("NT1.1", "NT1.2")
    ]
    present = NonTargetState.PRESENT
    found = followed(
        [NT1, *parts],
        scans(0, non_targets={"NT1": present}),
        scans(6, non_targets={"NT1.1": present}),
    )
    assert found.time_points[0].non_target.words == "NE: NT1.2 has no state"


def test_a_non_target_lesion_that_merged_needs_no_state_any_more():
    merged = Lesion("NT2", Role.NON_TARGET, merged_into="NT1", changed_on=DAY_0 + timedelta(weeks=6))
    present = NonTargetState.PRESENT
    found = followed(
        [NT1, merged],
        scans(0, non_targets={"NT1": present, "NT2": present}),
        scans(6, non_targets={"NT1": present}),
    )
    assert overall(found) == ["NON-CR/NON-PD"]


def test_another_method_than_at_baseline_is_remarked_on():
    measurements = {"T1": Measurement(Decimal(20), method=Method.MRI)}
    start = {"T1": Measurement(Decimal(20), method=Method.CT)}
    found = course(
        [T1],
        Scans("baseline", DAY_0, DAY_0, start),
        [
            Scans(
                "week 6", DAY_0 + timedelta(weeks=6), DAY_0 + timedelta(weeks=6), measurements, new_lesions=NO
            )
        ],
        Settings(),
        reference=DAY_0,
    )
    assert found.time_points[0].remarks == ("T1 was assessed by mri, at baseline by ct scan",)


def test_an_assessment_that_was_not_done_stands_between_like_one_that_is_not_evaluable():
    day = DAY_0 + timedelta(weeks=12)
    seen = (scans(0, {"T1": "20"}), scans(6, {"T1": "10"}), scans(18, {"T1": "10"}))
    strict = Settings(rules=Rules(not_evaluable_between=0))
    missed = [Assessment(day, Response.ND, "week 12")]
    assert followed([T1], *seen, settings=strict).history.confirmed.response is Response.PR
    assert followed([T1], *seen, settings=strict, not_done=missed).history.confirmed.response is Response.SD


def test_assessments_after_new_therapy_are_shown_but_do_not_count():
    found = followed(
        [T1],
        scans(0, {"T1": "20"}),
        scans(6, {"T1": "20"}),
        scans(12, {"T1": "10"}),
        new_therapy_on=DAY_0 + timedelta(weeks=8),
    )
    assert overall(found) == ["SD", "PR"]
    assert found.history.unconfirmed.response is Response.SD


def test_the_words_of_a_time_point_tell_each_part():
    found = followed([T1], scans(0, {"T1": "50"}), scans(6, {"T1": "62"}))
    assert found.time_points[0].words == (
        "PD: progression of the target lesions. "
        "PD: sum 62 mm is 24 % and 12 mm above the nadir of 50 mm (baseline). "
        "no non-target lesions. no new lesion"
    )


def test_scans_that_end_before_they_begin_are_refused_by_name():
    with pytest.raises(ValueError, match="last_on"):
        Scans("week 6", date(2021, 2, 2), date(2021, 2, 1))
